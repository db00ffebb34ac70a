"""A view as it is: its columns, its rows, and whether these are invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from mbml.datasets import MetaDataset
    from mbml.store import Warehouse


def read_view(
    warehouse: Warehouse, dataset: MetaDataset, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Read a view, or some of its columns, in the order that the published split draws from.

    Raises
    ------
    UsageError
        The view has no such column.
    """
    known = view_columns(warehouse, dataset.name)
    wanted = list(columns) if columns is not None else known
    for name in wanted:
        if name not in known:
            raise unknown_name(f"column of {dataset.name}", name, known)
    order = dataset.order_by
    read = wanted if order in wanted else [*wanted, order]
    frame = warehouse.frame(f"select {', '.join(read)} from {dataset.name}")  # noqa: S608
    # Loaded files are in this order already, and looking costs less than sorting.
    if not frame[order].is_sorted():
        frame = frame.sort(order)
    return frame.select(wanted)


def view_columns(warehouse: Warehouse, name: str) -> list[str]:
    """Return the columns of a view, in its order."""
    rows = warehouse.rows(
        "select column_name from duckdb_columns() where table_name = ? order by column_index",
        [name],
    )
    return [column for (column,) in rows]


def is_surrogate(warehouse: Warehouse, benchmark: str) -> bool:
    """Tell whether any source of a benchmark holds invented numbers."""
    rows = warehouse.rows(
        "select count(*) from source where benchmark = ? and is_surrogate", [benchmark]
    )
    return rows != [(0,)]
