"""Writes the moments of topology features that ship: `python tools/write_moments.py`."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mbml.features.topology.moments import TOPOLOGIES, Moments, file_name
from mbml.spaces.registry import SPACES

if TYPE_CHECKING:
    from mbml.features.topology.columns import Topology


def computed(topology: Topology) -> Moments:
    """Compute the moments of all columns from the enumerated space, in seconds."""
    rows = topology.matrix(SPACES[topology.space].texts())
    means = rows.mean(axis=1, dtype=np.float64)
    deviations = np.array([row.std(dtype=np.float64) for row in rows])
    return Moments(means, deviations)


def write_moments(topology: Topology, folder: Path) -> None:
    """Write the moments of one space, over the file that is there."""
    moments = computed(topology)
    with (folder / file_name(topology)).open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("column", "mean", "deviation"))
        for column, mean, deviation in zip(topology.columns(), *moments, strict=True):
            writer.writerow((column.name, f"{mean:.9g}", f"{deviation:.9g}"))


if __name__ == "__main__":
    for _topology in TOPOLOGIES.values():
        write_moments(_topology, Path(str(files("mbml.features.topology"))) / "data")
