"""What a warehouse holds: sources, tables, views, columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from mbml.errors import unknown_name

if TYPE_CHECKING:
    from mbml.store.warehouse import Warehouse

_TABLES = ("architecture", "op", "run", "epoch_metric", "cell_metric", "proxy")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The sources of a warehouse, and the number of rows of its tables."""

    schema_version: int
    sources: pl.DataFrame
    rows: tuple[tuple[str, int], ...]

    @property
    def has_surrogates(self) -> bool:
        """True if any source holds invented numbers."""
        return bool(self.sources["is_surrogate"].any())

    @property
    def row_counts(self) -> pl.DataFrame:
        """The number of rows of each table, as a frame."""
        return pl.DataFrame(self.rows, schema={"table": pl.String, "rows": pl.Int64}, orient="row")


def contents(warehouse: Warehouse) -> Contents:
    """Return what was loaded into a warehouse."""
    [(version,)] = warehouse.rows("select schema_version from warehouse")
    counts = ((name, warehouse.rows(f"select count(*) from {name}")[0][0]) for name in _TABLES)  # noqa: S608
    return Contents(
        schema_version=version,
        sources=warehouse.frame(
            "select source_id, benchmark::text as benchmark, release, published_file, format,"
            " file_name, sha256, bytes::bigint as bytes, records::bigint as records, is_surrogate,"
            " strftime(loaded_at, '%Y-%m-%d %H:%M:%S') as loaded_at from source order by source_id"
        ),
        rows=tuple(counts),
    )


def views(warehouse: Warehouse) -> pl.DataFrame:
    """Return the views: name, number of rows, and what they hold."""
    listed = warehouse.rows(
        "select view_name, comment from duckdb_views() where not internal order by view_name"
    )
    rows = [
        (name, warehouse.rows(f'select count(*) from "{name}"')[0][0], comment)  # noqa: S608
        for name, comment in listed
    ]
    return pl.DataFrame(
        rows, schema={"view": pl.String, "rows": pl.Int64, "holds": pl.String}, orient="row"
    )


def describe(warehouse: Warehouse, relation: str) -> pl.DataFrame:
    """Return the columns of a view or table, with their types and meanings.

    Tables of results may be named with their schema, as in ``results.fit``.

    Raises
    ------
    UsageError
        There is no such view or table; close names are told.
    """
    frame = warehouse.frame(
        "select column_name as column, data_type as type, comment as meaning from duckdb_columns()"
        " where ? in (table_name, schema_name || '.' || table_name) and not internal"
        " order by column_index",
        [relation],
    )
    if frame.is_empty():
        known = warehouse.rows(
            "select distinct table_name from duckdb_columns() where not internal"
        )
        raise unknown_name("view", relation, (name for (name,) in known), listed_by="mbml views")
    return frame.with_columns(
        type=pl.when(pl.col("type").str.starts_with("ENUM"))
        .then(pl.lit("ENUM"))
        .otherwise(pl.col("type"))
    )
