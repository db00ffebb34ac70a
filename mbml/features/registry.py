"""The registry of feature sets: columns of the views, or computed from the cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mbml.errors import UsageError, unknown_name
from mbml.features.moments import TOPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mbml.features.topology import Topology


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """A named set of features.

    Attributes
    ----------
    name
        Name on the command line.
    meaning
        What it holds, in one line.
    version
        Goes up when a column changes its meaning.
    view_columns
        For each benchmark, the columns of its views, in order.
    topologies
        For each benchmark, what computes the columns from the cell.
    """

    name: str
    meaning: str
    version: int
    view_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    topologies: Mapping[str, Topology] = field(default_factory=dict)

    def columns(self, benchmark: str) -> tuple[str, ...]:
        """Return the columns for a benchmark.

        Raises
        ------
        UsageError
            The set is not defined for this benchmark.
        """
        return tuple(name for names in self.groups(benchmark).values() for name in names)

    def groups(self, benchmark: str) -> dict[str, tuple[str, ...]]:
        """Return the columns for a benchmark by their group, in order; raises as `columns`."""
        if benchmark in self.view_columns:
            return {self.name: self.view_columns[benchmark]}
        if benchmark not in self.topologies:
            known = ", ".join([*self.view_columns, *self.topologies])
            raise UsageError(
                f"feature set {self.name!r} is not defined for {benchmark}; it is for {known}"
            )
        topology = self.topologies[benchmark]
        return {
            group: tuple(column.name for column in topology.columns([group]))
            for group in topology.groups
        }


_CONVOLUTIONS = ("conv_num_layers", "conv_kernel_min", "conv_kernel_max", "conv_kernel_mode")

FEATURE_SETS: dict[str, FeatureSet] = {
    one.name: one
    for one in (
        FeatureSet(
            name="published",
            meaning="the paper's six meta-features: convolutions, kernels, pooling, parameters",
            version=1,
            view_columns={
                "nasbench101": (*_CONVOLUTIONS, "maxpool_num_layers", "parameters"),
                "nasbench201": (*_CONVOLUTIONS, "avg_pool_num_layers", "parameters"),
            },
        ),
        FeatureSet(
            name="topology",
            meaning="what the cell's graph alone says: paths, degrees, depths, random walks",
            version=1,
            topologies=TOPOLOGIES,
        ),
    )
}


def feature_set(name: str) -> FeatureSet:
    """Return a feature set by name.

    Raises
    ------
    UsageError
        There is none of that name; close names are told.
    """
    try:
        return FEATURE_SETS[name]
    except KeyError:
        raise unknown_name("feature set", name, FEATURE_SETS) from None
