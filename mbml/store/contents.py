"""What a warehouse holds: sources, tables, views, columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from mbml.benchmarks import BENCHMARK_PLUGINS, benchmark_names
from mbml.errors import UsageError, unknown_name
from mbml.result_types import sql_name
from mbml.store.opening import opened
from mbml.store.query import limited
from mbml.store.schema import own_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from mbml.store.query import Worker
    from mbml.store.reader import Reader
    from mbml.store.warehouse import WarehouseOrPath

_TABLES = (
    "architecture",
    "op",
    "run",
    "epoch_metric",
    "cell_metric",
    "proxy",
    "device_measurement",
    "robustness_measurement",
)


#: What is told of a source, with the type of its values.
SOURCE_COLUMNS: dict[str, type] = {
    "source_id": int,
    "benchmark": str,
    "release": str,
    "published_file": str,
    "format": str,
    "file_name": str,
    "sha256": str,
    "bytes": int,
    "records": int,
    "is_surrogate": bool,
    "loaded_at": str,
}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The sources of a warehouse, the number of rows of its tables, and what of it is invented.

    Attributes
    ----------
    schema_version
        Version of its tables.
    source_rows
        A row per source, in the order of loading, with the columns of `SOURCE_COLUMNS`.
    rows
        Name and number of rows of each table.
    has_surrogate_results
        True if any fit or search is of invented numbers.
    """

    schema_version: int
    source_rows: tuple[tuple[Any, ...], ...]
    rows: tuple[tuple[str, int], ...]
    has_surrogate_results: bool

    @cached_property
    def sources(self) -> pl.DataFrame:
        """The sources as a frame."""
        import polars as pl

        return pl.DataFrame(self.source_rows, schema=SOURCE_COLUMNS, orient="row")

    @property
    def has_surrogate_sources(self) -> bool:
        """True if any source holds invented numbers."""
        place = list(SOURCE_COLUMNS).index("is_surrogate")
        return any(row[place] for row in self.source_rows)

    @property
    def has_surrogates(self) -> bool:
        """True if any source holds invented numbers, or any result comes of them."""
        return self.has_surrogate_sources or self.has_surrogate_results


def contents(warehouse: WarehouseOrPath) -> Contents:
    """Return what was loaded into a warehouse, an open one or that of a path."""
    with limited(warehouse) as reader:
        [(version,)] = reader.rows("select schema_version from warehouse")
        sources = reader.rows(
            "select source_id, benchmark, release, published_file, format, file_name, sha256,"
            " bytes::bigint as bytes, records::bigint as records, is_surrogate,"
            " strftime(loaded_at, '%Y-%m-%d %H:%M:%S') as loaded_at"
            " from source order by source_id"
        )
        counts = ((name, reader.rows(f"select count(*) from {name}")[0][0]) for name in _TABLES)  # noqa: S608
        return Contents(
            schema_version=version,
            source_rows=tuple(sources),
            rows=tuple(counts),
            has_surrogate_results=reader.has_surrogate_results(),
        )


class CountedView(NamedTuple):
    """A view: its number of rows, who made it, of which benchmark, and what it holds."""

    view: str
    rows: int | None
    made_by: str
    benchmark: str | None
    holds: str | None


def views(warehouse: WarehouseOrPath, *, time_limit: float | None = None) -> pl.DataFrame:
    """Return the views: name, number of rows, who made it, of which benchmark, what it holds.

    Made by mbml, by the package of a plug-in, or by the user (``user``), whose views are of no
    benchmark, as are those of all.

    One that cannot be read has no number of rows, and says why: it is over a table that is gone, it
    asks for something outside the warehouse, or it takes longer than the time that is left.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one. Of a path, views can read nothing but the warehouse.
    time_limit
        Seconds to count for, all views together; 300 by default. Those of mbml come first.

    Raises
    ------
    WarehouseError
        The warehouse cannot be opened, or is damaged.
    """
    with limited(warehouse, time_limit=time_limit) as worker:
        return views_frame(counted_views(worker))


def views_frame(counted: Sequence[CountedView]) -> pl.DataFrame:
    """Return views as a frame with a row each."""
    import polars as pl

    text = pl.String
    schema = {"view": text, "rows": pl.Int64, "made_by": text, "benchmark": text, "holds": text}
    return pl.DataFrame(counted, schema=schema, orient="row")


def counted_views(worker: Worker) -> list[CountedView]:
    """Return the views within the limits of a query, as `views` does, in the same order."""
    own = own_views()
    counted: dict[str, tuple[int | None, str | None]] = {}
    named = views_by_name(worker)
    added = packages_of_views(worker)
    for name in sorted(named, key=lambda name: name not in own):
        relation, comment = named[name]
        try:
            [(count,)] = worker.rows(f"select count(*) from {relation}")  # noqa: S608
            counted[name] = (count, comment)
        except UsageError as error:
            counted[name] = (None, f"cannot be read: {error.args[0]}")
    makers = {name: "mbml" if name in own else added.get(name, "user") for name in named}
    return [
        CountedView(
            name, counted[name][0], maker, None if maker == "user" else _of(name), counted[name][1]
        )
        for name, maker in sorted(makers.items(), key=lambda one: _in_order(one[0]))
    ]


def _of(view: str) -> str | None:
    """Return the benchmark that the name of a view names."""
    return next((name for name in benchmark_names() if f"_{name}_" in f"_{view}_"), None)


def _in_order(view: str) -> tuple[bool, list[str | int]]:
    """Sort 4 epochs before 12, and what stands in other schemas last."""
    parts = re.split(r"(\d+)", view)
    return "." in view, [int(one) if one.isdigit() else one for one in parts]


def packages_of_views(reader: Reader) -> dict[str, str]:
    """Return the views of plug-ins' benchmarks, with their packages and whether these are gone."""
    rows = reader.rows(
        "select made.name, made.benchmark, made.package from mbml_definition as made"
        " inner join duckdb_views() as there on made.name = there.view_name"
        " where made.benchmark is not null and there.comment is not null"
        " and there.schema_name = 'main' and there.database_name = current_database()"
    )
    return {
        name: package if BENCHMARK_PLUGINS.package(benchmark) else f"{package}, not installed"
        for name, benchmark, package in rows
    }


def views_by_name(reader: Reader) -> dict[str, tuple[str, str | None]]:
    """Return each view's name as SQL takes it, and its comment, by the name that users give it.

    Outside of the main schema a view is named with its schema.
    """
    listed = reader.rows(
        "select schema_name, view_name, comment from duckdb_views()"
        " where database_name = current_database() and not internal"
        " order by schema_name <> 'main', schema_name, view_name"
    )
    return {
        name if schema == "main" else f"{schema}.{name}": (sql_name(schema, name), comment)
        for schema, name, comment in listed
    }


#: Of `?`, a view or table with or without its schema, mbml's own before those of others.
_NAMED = (
    "from duckdb_columns()"
    " where ? in (table_name, schema_name || '.' || table_name) and not internal"
    " and database_name = current_database()"
    " qualify dense_rank() over (order by schema_name <> 'main', schema_name) = 1"
    " order by column_index"
)


def place_of(warehouse: WarehouseOrPath, relation: str) -> str:
    """Return a view or table that `describe` knows as SQL takes it, with its schema."""
    with opened(warehouse) as held:
        names = held.rows(f"select schema_name, table_name {_NAMED}", [relation])
    return sql_name(*names[0])


def describe(warehouse: WarehouseOrPath, relation: str) -> pl.DataFrame:
    """Return the columns of a view or table of a warehouse, with their types and meanings.

    Tables of results may be named with their schema, as in ``results.fit``.

    Raises
    ------
    UsageError
        There is no such view or table; close names are told.
    """
    with opened(warehouse) as held:
        frame = held.frame(
            f"select column_name as column, data_type as type, comment as meaning {_NAMED}",
            [relation],
        )
        if frame.is_empty():
            rows = held.rows("select distinct table_name from duckdb_columns() where not internal")
            known = (name for (name,) in rows)
            raise unknown_name("view", relation, known, listed_by="mbml views")
    import polars as pl

    return frame.with_columns(
        type=pl.when(pl.col("type").str.starts_with("ENUM"))
        .then(pl.lit("ENUM"))
        .otherwise(pl.col("type"))
    )
