"""Where features come from: columns of a view, the cell itself, or other measurements.

A feature set is made of such parts, and joining sets puts their parts side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mbml.errors import UsageError
from mbml.features.topology.moments import Moments, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from mbml.benchmarks import MetaDataset
    from mbml.features.topology.columns import Column, Topology
    from mbml.store import Warehouse


class Part(Protocol):
    """Some columns of a feature set, for one benchmark."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in order."""
        ...

    @property
    def in_view(self) -> bool:
        """True if every published view of the benchmark has the columns, which are read then."""
        ...

    def moments(self) -> Moments:
        """Mean and deviation of each column over the search space; NaN where not stored."""
        ...

    def of_cells(self, cells: Sequence[str], dataset: str) -> pl.DataFrame:
        """Compute the columns of cells without a warehouse.

        Raises
        ------
        CellError
            A text is no cell of the space.
        UsageError
            The columns are measured, so that the cell alone does not tell them.
        """
        ...

    def of_rows(
        self, warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series
    ) -> tuple[pl.DataFrame, MeasuringCost]:
        """Return the columns of architectures, NULL where not measured, and what they cost."""
        ...


@dataclass(frozen=True)
class MeasuringCost:
    """What it costs to know the features of one architecture.

    Attributes
    ----------
    epochs
        Epochs of training.
    seconds
        Mean seconds of training over the architectures asked for; None where not recorded.
    """

    epochs: int = 0
    seconds: float | None = 0.0

    def __add__(self, other: MeasuringCost) -> MeasuringCost:
        """Add up; what is not known stays unknown."""
        known = self.seconds is not None and other.seconds is not None
        seconds = (self.seconds or 0.0) + (other.seconds or 0.0) if known else None
        return MeasuringCost(self.epochs + other.epochs, seconds)


@dataclass(frozen=True, kw_only=True)
class CellPart:
    """Columns that follow from the cell.

    Attributes
    ----------
    columns
        The columns, in order.
    compute
        Compute them for cells' texts and a data set, one row a cell; raises `CellError`.
    in_view
        True if the views have them too.
    """

    columns: tuple[Column, ...]
    compute: Callable[[Sequence[str], str], pl.DataFrame]
    in_view: bool = False

    def moments(self) -> Moments:
        """Nothing is stored: the ranges of these columns are taken from training rows."""
        return unknown_moments(len(self.columns))

    def of_cells(self, cells: Sequence[str], dataset: str) -> pl.DataFrame:
        """Compute the columns of cells."""
        return self.compute(cells, dataset)

    def of_rows(
        self, warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series
    ) -> tuple[pl.DataFrame, MeasuringCost]:
        """Compute the columns of architectures of a warehouse; they cost no training."""
        from mbml.frames import cell_texts

        dataset.check_training(f"the feature {self.columns[-1].name}")
        cells = cell_texts(warehouse, arch_ids).to_list()
        return self.of_cells(cells, dataset.dataset), MeasuringCost()


@dataclass(frozen=True)
class TopologyPart:
    """The topology features of one search space."""

    topology: Topology
    in_view = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in order."""
        return self.topology.columns()

    def moments(self) -> Moments:
        """Mean and deviation over the whole space, which ship with the package."""
        return stored(self.topology)

    def of_cells(self, cells: Sequence[str], dataset: str) -> pl.DataFrame:  # noqa: ARG002
        """Compute the columns of cells; they are the same for all data sets."""
        return self.topology.frame(cells)

    def of_rows(
        self, warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series
    ) -> tuple[pl.DataFrame, MeasuringCost]:
        """Compute the columns of architectures of a warehouse; they cost no training."""
        from mbml.frames import cell_texts

        cells = cell_texts(warehouse, arch_ids).to_list()
        return self.of_cells(cells, dataset.dataset), MeasuringCost()


@dataclass(frozen=True, kw_only=True)
class MeasuredPart:
    """Columns that only a warehouse can tell.

    Attributes
    ----------
    columns
        The columns, in order.
    read
        Read them for architectures of a view.
    """

    columns: tuple[Column, ...]
    read: Callable[[Warehouse, MetaDataset, pl.Series], tuple[pl.DataFrame, MeasuringCost]]
    in_view = False

    def moments(self) -> Moments:
        """Nothing is stored: they are not known over the whole space."""
        return unknown_moments(len(self.columns))

    def of_cells(self, cells: Sequence[str], dataset: str) -> pl.DataFrame:  # noqa: ARG002
        """Refuse: the cell does not tell them."""
        names = ", ".join(column.name for column in self.columns)
        raise UsageError(
            f"{names}: measured, so that a cell alone does not tell it; choose features of the"
            " cell, such as topology"
        )

    def of_rows(
        self, warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series
    ) -> tuple[pl.DataFrame, MeasuringCost]:
        """Read the columns of architectures."""
        return self.read(warehouse, dataset, arch_ids)


@dataclass(frozen=True, kw_only=True)
class ViewPart:
    """Columns that a view has, named by the user.

    Attributes
    ----------
    columns
        The columns, in order.
    """

    columns: tuple[Column, ...]
    in_view = True

    def moments(self) -> Moments:
        """Nothing is stored: the ranges of these columns are taken from training rows."""
        return unknown_moments(len(self.columns))

    def of_cells(self, cells: Sequence[str], dataset: str) -> pl.DataFrame:  # noqa: ARG002
        """Refuse: the view tells them, not the cell."""
        names = ", ".join(column.name for column in self.columns)
        raise UsageError(f"{names}: read from a view, so that a cell alone does not tell it")

    def of_rows(
        self,
        warehouse: Warehouse,
        dataset: MetaDataset,
        arch_ids: pl.Series,  # noqa: ARG002
    ) -> tuple[pl.DataFrame, MeasuringCost]:
        """Refuse columns that a view lacks; those that it has are read with its target."""
        from mbml.frames import read_view

        names = [column.name for column in self.columns]
        return read_view(warehouse, dataset, names), MeasuringCost()


def unknown_moments(columns: int) -> Moments:
    """Return moments that are not known, shape (columns,) each."""
    return Moments(np.full(columns, np.nan), np.full(columns, np.nan))
