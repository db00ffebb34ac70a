"""Parquet files that say what they hold: provenance as metadata, comments on the columns."""

from __future__ import annotations

import base64
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mbml.result_types import ResultColumn, sql_name, sql_text
from mbml.store.contents import describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from mbml.exports.provenance import Provenance
    from mbml.store import Warehouse

#: Rows of a row group, unless a file is to have fewer.
_GROUP = 122_880
#: Whole numbers that DuckDB writes into Parquet as the nearest floating-point numbers.
_AS_FLOATS = {"hugeint", "uhugeint"}
#: The key under which Arrow keeps a schema with comments on its fields, and reads it.
_ARROW_SCHEMA = "ARROW:schema"


def write_parquet(
    warehouse: Warehouse,
    selected: str,
    path: Path,
    origin: Provenance,
    *,
    parts: Sequence[str] = (),
    rows_per_file: int | None = None,
    also: Mapping[str, str] | None = None,
) -> None:
    """Write the rows of a view or table as Parquet, compressed with zstd.

    The metadata of each file holds the provenance. Fields of its Arrow schema hold under `comment`
    what the view says of the column.

    Parameters
    ----------
    warehouse
        The warehouse.
    selected
        What follows `from` in SQL, with its order.
    path
        The file, or the folder where there are `parts` or `rows_per_file`.
    origin
        What the rows are.
    parts
        Columns that become Hive folders.
    rows_per_file
        The most rows of a file, a multiple of DuckDB's 2,048; a file ends with a row group.
    also
        More keys and texts of the metadata.
    """
    meanings = describe(warehouse, origin.relation).drop_nulls("meaning")
    comments = dict(zip(meanings["column"], meanings["meaning"], strict=True))
    options = {"format": "parquet", "compression": "zstd"}
    if parts:
        options["partition_by"] = f"({', '.join(map(sql_name, parts))})"
    if rows_per_file:
        group = min(_GROUP, rows_per_file)
        options["row_group_size"] = str(group)
        options["row_groups_per_file"] = str(rows_per_file // group)
    with warehouse.reading() as con:
        selected = _exactly(con, selected)
        held = origin.metadata() | dict(also or {})
        held[_ARROW_SCHEMA] = _with_comments(con, selected, comments, parts)
        listed = ", ".join(f"{sql_text(key)}: {sql_text(text)}" for key, text in held.items())
        options["kv_metadata"] = f"{{{listed}}}"
        copy_to(con, selected, path, options)


def copy_to(
    con: duckdb.DuckDBPyConnection, selected: str, path: Path, options: Mapping[str, str]
) -> None:
    """Copy rows to a file by DuckDB; options and their values are SQL."""
    listed = ", ".join(f"{name} {value}" for name, value in options.items())
    con.execute(f"copy (from {selected}) to {sql_text(str(path.absolute()))} ({listed})")


def _exactly(con: duckdb.DuckDBPyConnection, selected: str) -> str:
    """Return what follows `from` to have whole numbers in place of DuckDB's rounded ones."""
    rows = con.sql(f"from {selected}")
    columns = (
        ResultColumn(name, sql_name(name), kind)
        for name, kind in zip(rows.columns, rows.types, strict=True)
    )
    replaced = [
        f"{one.parquet} as {one.place}" for one in columns if str(one.type.id) in _AS_FLOATS
    ]
    if not replaced:
        return selected
    return f"(select * replace ({', '.join(replaced)}) from {selected})"  # noqa: S608


def _with_comments(
    con: duckdb.DuckDBPyConnection,
    selected: str,
    comments: Mapping[str, str],
    parts: Sequence[str],
) -> str:
    """Return Arrow's schema of the columns in a file, with comments, as Parquet keeps it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    without = f" exclude ({', '.join(map(sql_name, parts))})" if parts else ""
    with TemporaryDirectory(prefix="mbml-") as folder:
        # Types are those that Arrow finds in a file of DuckDB, whatever the view has.
        path = Path(folder) / "none.parquet"
        none = f"(select *{without} from {selected} limit 0)"  # noqa: S608
        copy_to(con, none, path, {"format": "parquet"})
        fields: list[pa.Field] = list(pq.read_schema(path))
    said = [
        one.with_metadata({"comment": comments[one.name]}) if one.name in comments else one
        for one in fields
    ]
    return base64.b64encode(pa.schema(said).serialize()).decode()
