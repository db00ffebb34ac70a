"""The registry of feature sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mbml.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """

    name: str
    meaning: str
    version: int
    view_columns: Mapping[str, tuple[str, ...]]

    def columns(self, benchmark: str) -> tuple[str, ...]:
        """Return the columns for a benchmark.

        Raises
        ------
        UsageError
            The set is not defined for this benchmark.
        """
        try:
            return self.view_columns[benchmark]
        except KeyError:
            known = ", ".join(self.view_columns)
            raise UsageError(
                f"feature set {self.name!r} is not defined for {benchmark}; it is for {known}"
            ) from None


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
