"""Mean and deviation of every topology feature over its whole search space.

Predictors standardise with them. They use no labels, and being stored they let one cell be
predicted alone as it would be among all others. `python -m mbml.features.topology.moments` writes
the files anew, which a new version of a feature set needs.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.features.topology import nasbench101, nasbench201, natsbench_sss
from mbml.spaces.registry import SPACES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mbml.features.topology.columns import Topology

TOPOLOGIES: dict[str, Topology] = {
    one.space: one
    for one in (
        nasbench101.TOPOLOGY,
        nasbench201.TOPOLOGY,
        natsbench_sss.TOPOLOGY,
    )
}

_HEADER = ("column", "mean", "deviation")


class Moments(NamedTuple):
    """Shape (columns,) each, in the columns' own units.

    Attributes
    ----------
    means
        Over all architectures that the benchmark measured.
    deviations
        Population standard deviations; 0 where a column is the same for all of them.
    """

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]


def stored(topology: Topology, groups: Iterable[str] | None = None) -> Moments:
    """Read the moments that ship with the package.

    Parameters
    ----------
    topology
        One of `TOPOLOGIES`.
    groups
        Names of groups of columns; all if not given.

    Returns
    -------
    Moments
        Of `topology.columns(groups)`, in their order.
    """
    text = (files("mbml.features.topology") / "data" / _file_name(topology)).read_text(
        encoding="ascii"
    )
    rows = {row["column"]: row for row in csv.DictReader(text.splitlines())}
    chosen = [rows[column.name] for column in topology.columns(groups)]
    return Moments(
        np.array([float(row["mean"]) for row in chosen]),
        np.array([float(row["deviation"]) for row in chosen]),
    )


def computed(topology: Topology) -> Moments:
    """Compute the moments of all columns from the enumerated space, in seconds."""
    rows = topology.matrix(SPACES[topology.space].texts())
    means = rows.mean(axis=1, dtype=np.float64)
    deviations = np.array([row.std(dtype=np.float64) for row in rows])
    return Moments(means, deviations)


def _file_name(topology: Topology) -> str:
    return f"{topology.name}_{topology.space}_{topology.version}.csv"


def _write(topology: Topology, folder: Path) -> None:
    moments = computed(topology)
    with (folder / _file_name(topology)).open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADER)
        for column, mean, deviation in zip(topology.columns(), *moments, strict=True):
            writer.writerow((column.name, f"{mean:.9g}", f"{deviation:.9g}"))


if __name__ == "__main__":
    for _topology in TOPOLOGIES.values():
        _write(_topology, Path(__file__).parent / "data")
