"""Feature sets that follow from the graph alone: named columns, computed for many cells at once.

A column's description stands beside its computation, so the two cannot drift apart. The numbers of
a version never change: a change of meaning, order or rounding is a new version.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import numpy as np
import polars as pl

from mbml.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

#: Cells handled together: their work arrays stay near the processor's cache.
CELLS_AT_ONCE = 16_384


class Column(NamedTuple):
    """What one feature says.

    Attributes
    ----------
    name
        Unique in its feature set.
    meaning
        In one line, for a cell with all that is on no path left out.
    unit
        What one more of it is.
    group
        Named group of columns.
    """

    name: str
    meaning: str
    unit: str
    group: str


class Feature(NamedTuple):
    """A column and its values, shape (cells,)."""

    column: Column
    values: NDArray[Any]


class CellBatch(Protocol):
    """Many cells as arrays."""

    def part(self, which: slice) -> Self:
        """Take some of the cells."""
        ...


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The topology features of one search space.

    Attributes
    ----------
    name
        `topology`, the name on the command line.
    space
        Name of the search space.
    version
        Names the columns and their numbers for good.
    groups
        Names of the groups of columns, and what they hold.
    example
        A cell, as the space's `parse` reads it.
    prepare
        Turn cells' texts into whatever `compute` takes, in the order given; raises `CellError`.
    compute
        Yield the features of some of the prepared cells.
    """

    name: str
    space: str
    version: str
    groups: dict[str, str]
    example: str
    prepare: Callable[[Sequence[str]], CellBatch]
    compute: Callable[[Any], Iterator[Feature]]

    def columns(self, groups: Iterable[str] | None = None) -> tuple[Column, ...]:
        """List the columns of some groups (default: all), in the order of the features."""
        wanted = self._wanted(groups)
        return tuple(column for column in self._columns if column.group in wanted)

    @cached_property
    def _columns(self) -> tuple[Column, ...]:
        return tuple(one.column for one in self.compute(self.prepare([self.example])))

    def matrix(
        self, cells: Sequence[str], groups: Iterable[str] | None = None
    ) -> NDArray[np.float32]:
        """Compute features of many cells.

        Parameters
        ----------
        cells
            Texts that the space's `parse` reads.
        groups
            Names of groups of columns; all if not given.

        Returns
        -------
        numpy.ndarray
            Shape (columns, cells): one row a column of `columns(groups)`.

        Raises
        ------
        CellError
            If a text is no cell of the space.
        UsageError
            If a group is unknown.
        """
        wanted = self._wanted(groups)
        result = np.empty((len(self.columns(wanted)), len(cells)), dtype=np.float32)
        prepared = self.prepare(cells)
        for start in range(0, len(cells), CELLS_AT_ONCE):
            part = slice(start, start + CELLS_AT_ONCE)
            features = (
                one for one in self.compute(prepared.part(part)) if one.column.group in wanted
            )
            # Nothing is asked for after the last row: groups that come later are not computed.
            for row, one in zip(result, features, strict=False):
                row[part] = one.values
        return result

    def frame(self, cells: Sequence[str], groups: Iterable[str] | None = None) -> pl.DataFrame:
        """Compute features of many cells as a frame of Float32 columns, one row a cell.

        Takes the parameters and raises the errors of `matrix`.
        """
        wanted = self._wanted(groups)
        names = [column.name for column in self.columns(wanted)]
        rows = self.matrix(cells, wanted)
        return pl.DataFrame([pl.Series(name, row) for name, row in zip(names, rows, strict=True)])

    def _wanted(self, groups: Iterable[str] | None) -> frozenset[str]:
        wanted = frozenset(self.groups if groups is None else groups)
        for group in sorted(wanted - set(self.groups)):
            raise unknown_name(f"group of {self.space} features", group, self.groups)
        return wanted
