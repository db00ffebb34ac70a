"""Columns of the view as features, named one by one: `columns:parameters,flops`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.benchmarks import benchmark_names
from mbml.errors import UsageError
from mbml.features.parts import ViewPart
from mbml.features.topology.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mbml.features.parts import Part


def column_parts(argument: str) -> Mapping[str, tuple[Part, ...]]:
    """Make the part of `columns:<name>,<name>`.

    Raises
    ------
    UsageError
        A name is empty, or stands twice.
    """
    names = listed_names("columns", argument)
    columns = tuple(Column(name, "a column of the view", "its own", "columns") for name in names)
    return dict.fromkeys(benchmark_names(), (ViewPart(columns=columns),))


def listed_names(features: str, argument: str) -> list[str]:
    """Return the names that follow the name of a feature set, with commas between.

    Raises
    ------
    UsageError
        A name is empty, or stands twice.
    """
    names = [name.strip() for name in argument.split(",")]
    if "" in names or len(set(names)) < len(names):
        raise UsageError(f"{features}:{argument}: give each name once, with commas between")
    return names
