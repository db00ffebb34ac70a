"""Mean and deviation of every topology feature over its whole search space.

Predictors standardise with them. They use no labels, and being stored they let one cell be
predicted alone as it would be among all others. `tools/write_moments.py` writes the files, which a
new version of a feature set needs.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mbml.features.topology.columns import Topology

#: Of mbml's own benchmarks.
TOPOLOGIES: dict[str, Topology] = {
    name: known.load(known.topology) for name, known in BENCHMARKS.items()
}


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
    text = (files("mbml.features.topology") / "data" / file_name(topology)).read_text(
        encoding="ascii"
    )
    rows = {row["column"]: row for row in csv.DictReader(text.splitlines())}
    chosen = [rows[column.name] for column in topology.columns(groups)]
    return Moments(
        np.array([float(row["mean"]) for row in chosen]),
        np.array([float(row["deviation"]) for row in chosen]),
    )


def file_name(topology: Topology) -> str:
    """Return the name of the file of a version of a topology."""
    return f"{topology.name}_{topology.space}_{topology.version}.csv"
