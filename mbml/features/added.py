"""Features of plug-ins: computed by code of others, looked at before anything learns from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mbml.benchmarks import benchmark
from mbml.errors import CellError, UsageError
from mbml.features.parts import CellPart, MeasuringCost
from mbml.features.topology.columns import Column, Topology
from mbml.features.topology.moments import Moments
from mbml.plugins import WrongResultError, guard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mbml.benchmarks import MetaDataset
    from mbml.features.parts import Part
    from mbml.features.registry import FeatureSet
    from mbml.store import Warehouse

#: What a plug-in raises for a cell, or an argument, that does not fit.
_REFUSALS = (CellError, UsageError)


@dataclass(frozen=True)
class AddedPart:
    """A part of a plug-in's feature set.

    Attributes
    ----------
    part
        The part as the plug-in has it.
    owner
        The feature set and its package, for messages.
    columns
        As of any part. None is taken from a view: the plug-in computes them all.
    """

    part: Part
    owner: str
    columns: tuple[Column, ...]
    in_view = False

    def moments(self) -> Moments:
        """Mean and deviation of each column; raises `PluginError` if they are not."""
        with guard(self.owner, "failed in moments"):
            means, deviations = (np.asarray(one, dtype=np.float64) for one in self.part.moments())
            for values in (means, deviations):
                if values.shape != (len(self.columns),) or np.isinf(values).any():
                    raise WrongResultError(f"expected {len(self.columns)} numbers, got {values}")
            return Moments(means, deviations)

    def of_cells(self, cells: Sequence[str], dataset: str) -> pl.DataFrame:
        """Compute the columns of cells; raises `PluginError` if a cell has no number."""
        with guard(self.owner, "failed in of_cells", passes=_REFUSALS):
            frame = self._checked(self.part.of_cells(cells, dataset), len(cells))
            for series in frame:
                if series.null_count():
                    raise WrongResultError(f"column {series.name!r} is NULL for a cell")
            return frame

    def of_rows(
        self, warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series
    ) -> tuple[pl.DataFrame, MeasuringCost]:
        """Return the columns of architectures; raises `PluginError` if they do not fit the rows."""
        with guard(self.owner, "failed in of_rows", passes=_REFUSALS):
            frame, cost = self.part.of_rows(warehouse, dataset, arch_ids)
            if not isinstance(cost, MeasuringCost):
                raise WrongResultError(f"the cost is {type(cost).__name__}, expected a Cost")
            return self._checked(frame, len(arch_ids)), cost

    def _checked(self, frame: Any, rows: int) -> pl.DataFrame:
        """Return the declared columns; raises `WrongResultError` unless each row has a number."""
        if not isinstance(frame, pl.DataFrame):
            raise WrongResultError(f"got {type(frame).__name__}, expected a polars.DataFrame")
        names = [column.name for column in self.columns]
        if sorted(frame.columns) != sorted(names):
            raise WrongResultError(f"got the columns {frame.columns}, expected {names}")
        if frame.height != rows:
            raise WrongResultError(f"got {frame.height:,} rows, expected {rows:,}")
        for series in frame:
            _check_numbers(series)
        return frame.select(names)


def added(features: FeatureSet, owner: str) -> FeatureSet:
    """Return a plug-in's feature set with all of its parts inside `AddedPart`.

    Raises
    ------
    PluginError
        The parts are not what they should be.
    """
    make = features.with_argument

    def with_argument(argument: str) -> Mapping[str, tuple[Part, ...]]:
        assert make is not None  # noqa: S101
        with guard(owner, "failed in with_argument", passes=_REFUSALS):
            return _parts(make(argument), owner)

    with guard(owner, "cannot be used"):
        parts = _parts(features.parts, owner)
    made = None if make is None else with_argument
    return replace(features, parts=parts, with_argument=made, added_parts=None)


def added_topology(name: str) -> tuple[Part, ...]:
    """Return the topology features that a plug-in's benchmark has; empty if it has none.

    Raises
    ------
    PluginError
        They are not what they should be.
    """
    known = benchmark(name)
    if not known.topology:
        return ()
    with guard(known.owner, "has no topology features"):
        topology = known.load(known.topology)
        if not isinstance(topology, Topology):
            raise WrongResultError(f"{known.topology} is no Topology")
        columns = _columns(topology.columns())
    part = CellPart(columns=columns, compute=lambda cells, _: topology.frame(cells))
    return (AddedPart(part, f"{known.owner}", columns),)


def _parts(parts: Mapping[str, tuple[Part, ...]], owner: str) -> dict[str, tuple[Part, ...]]:
    return {
        benchmark: tuple(AddedPart(part, owner, _columns(part.columns)) for part in of_it)
        for benchmark, of_it in parts.items()
    }


def _columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    for column in columns:
        if not isinstance(column, Column):
            raise WrongResultError(f"a column is {type(column).__name__}, expected a Column")
    return tuple(columns)


def _check_numbers(series: pl.Series) -> None:
    kind = series.dtype
    if not (kind.is_float() or kind.is_integer() or kind == pl.Boolean):
        raise WrongResultError(f"column {series.name!r} is of type {kind}, expected numbers")
    if kind.is_float() and not series.is_finite().all():
        row = int((~series.is_finite()).arg_max() or 0)
        raise WrongResultError(f"column {series.name!r} is {series[row]} in row {row:,}")
