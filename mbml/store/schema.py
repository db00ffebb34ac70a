"""The schema of a warehouse: what `sql/` says, applied in the order of its file names."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mbml._version import __version__
from mbml.errors import MbmlError, WarehouseError

if TYPE_CHECKING:
    import duckdb

#: Goes up when a file of `sql/10_tables` changes the shape of a table.
SCHEMA_VERSION = 5


def sql_folder() -> Path:
    """Return the folder of SQL files: inside the installed package, else in the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


def sql_files(part: str) -> list[Path]:
    """Return the files of one part of `sql/`, such as ``40_checks``, in order."""
    return sorted((sql_folder() / part).rglob("*.sql"))


def definitions_sha256() -> str:
    """Return the SHA-256 of all macros and views as they stand in `sql/`."""
    digest = hashlib.sha256()
    for path in (*sql_files("20_macros"), *sql_files("30_views")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of an empty database, with its macros and views."""
    for path in sql_files("10_tables"):
        con.execute(path.read_text())
    con.execute(
        "insert into warehouse values (?, '', ?, ?)",
        [SCHEMA_VERSION, __version__, datetime.now(UTC)],
    )
    apply_definitions(con)


def apply_definitions(con: duckdb.DuckDBPyConnection) -> None:
    """Put macros and views in force as `sql/` has them, and drop views that it no longer has."""
    for path in (*sql_files("20_macros"), *sql_files("30_views")):
        con.execute(path.read_text())
    wanted = {path.stem for path in sql_files("30_views")}
    present = con.execute("select view_name from duckdb_views() where not internal").fetchall()
    for (name,) in present:
        if name not in wanted:
            con.execute(f'drop view "{name}"')
    _comment_view_columns(con)
    con.execute("update warehouse set definitions_sha256 = ?", [definitions_sha256()])


def _comment_view_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Put the meaning of each column, said once in `view_column`, on every view that has it."""
    meanings = dict(con.execute("select column_name, meaning from view_column").fetchall())
    columns = con.execute(
        "select table_name, column_name from duckdb_columns()"
        " where not internal and table_name in (select view_name from duckdb_views())"
        " and table_name <> 'view_column'"
    ).fetchall()
    for view, column in columns:
        if column not in meanings:
            raise MbmlError(
                f"column {column!r} of view {view!r} has no meaning;"
                " add one to sql/30_views/view_column.sql"
            )
        text = meanings[column].replace("'", "''")
        con.execute(f'comment on column "{view}"."{column}" is \'{text}\'')


def check_version(con: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Refuse a file that is no warehouse of this schema; tell whether its definitions are current.

    Raises
    ------
    WarehouseError
        The file holds no warehouse, or one of another schema version.
    """
    tables = con.execute(
        "select count(*) from duckdb_tables() where table_name = 'warehouse' and not internal"
    ).fetchall()
    if tables == [(0,)]:
        raise WarehouseError(
            f"{path}: a DuckDB file, but not a warehouse of mbml; choose another with --warehouse"
        )
    [(version,)] = con.execute("select schema_version from warehouse").fetchall()
    if version != SCHEMA_VERSION:
        other = "newer" if version > SCHEMA_VERSION else "older"
        step = "upgrade mbml" if version > SCHEMA_VERSION else "ingest the sources into a new file"
        raise WarehouseError(
            f"{path}: schema version {version} is {other} than this mbml's {SCHEMA_VERSION}; {step}"
        )
    [(applied,)] = con.execute("select definitions_sha256 from warehouse").fetchall()
    return bool(applied == definitions_sha256())
