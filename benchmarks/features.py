"""Topology features of every cell: seconds and memory, from the cells' texts to one matrix.

    python benchmarks/features.py

The cells are enumerated first, so no data file is needed; memory is that of the whole process, with
their texts. Marks for NAS-Bench-101: 20 s and 2 GiB, aim 8 s.
"""

from __future__ import annotations

import argparse

from process_tree import measured

from mbml.features.topology_nasbench101 import TOPOLOGY as NASBENCH101
from mbml.features.topology_nasbench201 import TOPOLOGY as NASBENCH201
from mbml.spaces.registry import SPACES


def main():
    """Print a line for each space."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    for topology in (NASBENCH201, NASBENCH101):
        cells = [cell.format() for cell in SPACES[topology.space].enumerate()]
        with measured() as usage:
            features, rows = topology.matrix(cells).shape
        print(f"{topology.space}: {features} features of {rows:,} cells  {usage}")


if __name__ == "__main__":
    main()
