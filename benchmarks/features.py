"""Topology features of cells: seconds and memory, from the cells' texts to one matrix.

    python benchmarks/features.py [--shares 0.1 0.33 1]

The cells are enumerated first, so no data file is needed; memory is that of the whole process, with
their texts.
"""

from __future__ import annotations

from process_tree import measured
from row import Row, main

from mbml.features.topology.nasbench101 import TOPOLOGY as NASBENCH101
from mbml.features.topology.nasbench201 import TOPOLOGY as NASBENCH201
from mbml.spaces.registry import SPACES


def rows(share, _folder):
    """Measure both spaces."""
    for topology in (NASBENCH201, NASBENCH101):
        cells = SPACES[topology.space].texts()
        cells = cells[:: round(1 / share)]
        with measured() as usage:
            features, count = topology.matrix(cells).shape
        asked = {"mark": "20 s, 2 GiB", "aim": "8 s"}
        yield Row.of(
            usage,
            work=f"{features} features of {topology.space}",
            on=f"{count:,} cells",
            **(asked if share == 1 and topology is NASBENCH101 else {}),
        )


if __name__ == "__main__":
    main(rows, __doc__)
