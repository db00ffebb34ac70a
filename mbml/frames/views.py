"""A view as it is: its columns, its rows, and whether these are invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.benchmarks import MetaDataset
from mbml.datasets import Role, may_be_feature, meta_dataset, role_of
from mbml.errors import UsageError, unknown_name
from mbml.frames.own_views import own_dataset, read_own
from mbml.store.contents import packages_of_views
from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from mbml.store import Warehouse


def read_view(
    warehouse: Warehouse, dataset: str | MetaDataset, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Read a meta-dataset, or some columns, in the order that the published split draws from.

    Raises
    ------
    UsageError
        The view has no such column.
    """
    dataset = find_dataset(warehouse, dataset)
    if dataset.is_own:
        return read_own(warehouse, dataset, columns)
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


def find_dataset(warehouse: Warehouse, view: str | MetaDataset) -> MetaDataset:
    """Return the entry of a view of a warehouse, by name; an entry is returned as it is.

    Raises
    ------
    UsageError
        There is no such view, the package that made it is not installed, or it is the user's and no
        meta-dataset.
    """
    if isinstance(view, MetaDataset):
        return view
    if not isinstance(view, str):
        raise UsageError(f"expected the name of a meta-dataset, got {quoted(view)}")
    name = view
    try:
        return meta_dataset(name)
    except UsageError:
        package = packages_of_views(warehouse).get(name, "")
        if not package:
            own = own_dataset(warehouse, name)
            if own is None:
                raise
            return own
        raise UsageError(
            f"{name} is a view of {package}; install it again, or look what mbml doctor says of it"
        ) from None


def roles_of_view(warehouse: Warehouse, name: str) -> list[str] | None:
    """Return the role of each column of a view, in its order; None if it is no meta-dataset."""
    try:
        dataset = find_dataset(warehouse, name)
    except UsageError:
        return None
    return [
        "feature or outcome"
        if role_of(one, dataset) is Role.OUTCOME and may_be_feature(one, dataset)
        else role_of(one, dataset).value
        for one in view_columns(warehouse, name)
    ]


def view_columns(warehouse: Warehouse, name: str) -> list[str]:
    """Return the columns of a view, in its order."""
    rows = warehouse.rows(
        "select column_name from duckdb_columns() where table_name = ? and schema_name = 'main'"
        " order by column_index",
        [name],
    )
    return [column for (column,) in rows]


def is_surrogate(warehouse: Warehouse, benchmark: str) -> bool:
    """Tell whether any source of a benchmark holds invented numbers."""
    rows = warehouse.rows(
        "select count(*) from source where benchmark = ? and is_surrogate", [benchmark]
    )
    return rows != [(0,)]
