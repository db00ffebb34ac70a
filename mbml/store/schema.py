"""The schema of a warehouse: what `sql/` says, applied in the order of its file names."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import duckdb

from mbml._version import __version__
from mbml.benchmarks import BENCHMARK_PLUGINS, VIEW_COLUMNS, benchmark
from mbml.errors import MbmlError, OutdatedError, WarehouseError
from mbml.plugins import PluginError, WrongResultError, guard
from mbml.result_types import sql_text
from mbml.store.objects import (
    Object,
    Objects,
    created_by,
    drop,
    has_columns,
    is_in_force,
    record,
    record_added,
    recorded_packages,
    shadowing_macros,
    uncommented,
)

if TYPE_CHECKING:
    from mbml.benchmarks import Benchmark

#: Goes up when a file of `sql/10_tables` changes the shape of a table.
SCHEMA_VERSION = 8

#: Of that shape, so that a look at a file need not make the tables to compare with.
SHAPE_SHA256 = "35ecce7b60c53f29b4a63640394480d5cde541b14bbfe30cce009041dc7f49e1"

#: So many objects are named at once.
_SHOWN = 8

#: The columns and constraints of tables.
_SHAPE = """
    select 'column ' || column_name, table_name, data_type, is_nullable::text
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'main'
    and table_name in (select unnest($tables))
    union all
    select 'constraint', table_name, constraint_text, ''
    from duckdb_constraints()
    where database_name = current_database() and schema_name = 'main'
    and table_name in (select unnest($tables))
    order by all
"""


def sql_folder() -> Path:
    """Return the folder of SQL files: inside the installed package, else in the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


def sql_files(*parts: str) -> list[Path]:
    """Return the files of parts of `sql/`, such as ``40_checks``, in order."""
    return [file for part in parts for file in sorted((sql_folder() / part).rglob("*.sql"))]


def _record_file() -> Path:
    return sql_folder() / "10_tables" / "15_mbml_definition.sql"


def definitions_sha256() -> str:
    """Return the SHA-256 of all macros and views as they stand in `sql/`."""
    digest = hashlib.sha256()
    for path in sql_files("20_macros", "30_views"):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def create_tables(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the tables of a database without any, with its macros and views.

    Raises
    ------
    WarehouseError
        A view, macro, type or schema of the user has a name that mbml needs.
    """
    tables = sql_files("10_tables")
    _refuse_shadowing_macros(con, path)
    _refuse_clashes(Objects(con, set()).clashes(created_by(tables) | _defined()), path)
    for file in tables:
        con.execute(file.read_text())
    con.execute(
        "insert into warehouse (schema_version, definitions_sha256, mbml_version, created_at)"
        " values (?, '', ?, ?)",
        [SCHEMA_VERSION, __version__, datetime.now(UTC)],
    )
    apply_definitions(con, path)


def add_tables(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the tables that a warehouse of an earlier version lacks, and comment on all.

    Raises
    ------
    WarehouseError
        An object of the user has the name of a table that is to be made.
    """
    # A warehouse without the record gets it with the definitions, which are its mbml's until then.
    files = [file for file in sql_files("10_tables") if file != _record_file()]
    # A table of mbml has a comment, and stays.
    tables = {one for one in created_by(files) if one.kind == "table"}
    taken = Objects(con, set()).clashes(tables)
    bare = uncommented(con)
    _refuse_clashes([one for one in taken if one.kind == "view" or one in bare], path)
    for file in files:
        con.execute(file.read_text())


def apply_definitions(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Put macros and views in force as `sql/` has them, and drop those that it no longer has.

    What mbml did not make stays as it is; `check_version` has refused the user's objects of names
    that are needed.
    """
    defined = _defined()
    objects = Objects(con, defined)
    drop(con, objects.made - objects.of_plugin() - defined - created_by([_record_file()]))
    for file in (_record_file(), *sql_files("20_macros", "30_views")):
        con.execute(file.read_text())
    _comment_view_columns(con)
    sha256 = definitions_sha256()
    record(con, defined, sha256)
    con.execute("update warehouse set definitions_sha256 = ?", [sha256])
    for name, package in recorded_packages(con):
        installed = BENCHMARK_PLUGINS.package(name)
        if installed not in ("", package):
            _renew_added(con, path, name, installed)


def apply_added(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Put the macros and views of a plug-in's benchmark in force, as its SQL files have them.

    Nothing is done for a benchmark of mbml, or one without SQL files.

    Parameters
    ----------
    con
        The connection, in a transaction.
    path
        The warehouse, for messages.
    name
        Name of the benchmark.

    Raises
    ------
    PluginError
        The files make anything else, lack a view that the benchmark names, or cannot be run.
    WarehouseError
        An object of the user has a name that they need.
    """
    known = benchmark(name)
    if known.sql is None:
        return
    objects = Objects(con, _defined())
    with guard(known.owner, "has SQL that cannot be used"):
        made = created_by(sql_of(known))
        _check_added(made, known, objects)
    _refuse_clashes(objects.clashes(made), path)
    drop(con, objects.of_plugin(name) - made)
    with guard(known.owner, "has SQL that cannot be run"):
        _run_added(con, known)
        _comment_added(con, made, BENCHMARK_PLUGINS.package(name))
    record_added(con, made, name, BENCHMARK_PLUGINS.package(name))


def sql_of(known: Benchmark) -> list[Path]:
    """Return the SQL files of a plug-in's benchmark, in order; mbml's own have none here."""
    return [] if known.sql is None else sorted(known.sql.rglob("*.sql"))


def _check_added(made: set[Object], known: Benchmark, objects: Objects) -> None:
    """Refuse what mbml does not make for a plug-in; raises `WrongResultError`."""
    of_others = objects.of_plugin() - objects.of_plugin(known.name)
    taken = {one.place for one in created_by(sql_files("10_tables")) | _defined() | of_others}
    for one in sorted(made):
        if one.kind not in ("view", "macro", "table macro"):
            raise WrongResultError(f"it makes {one.kind} {one.name}, not only views and macros")
        if one.place in taken:
            raise WrongResultError(f"{one.kind} {one.name} is there already, made by another")
    for view in known.meta_datasets:
        if Object("view", view.name) not in made:
            raise WrongResultError(f"it makes no view {view.name}")


def _run_added(con: duckdb.DuckDBPyConnection, known: Benchmark) -> None:
    """Run the files; raises `WrongResultError` for a view without a column that mbml reads."""
    for file in sql_of(known):
        con.execute(file.read_text(encoding="utf-8"))
    for view in known.meta_datasets:
        held = {row[0] for row in con.execute(f'describe "{view.name}"').fetchall()}
        for name in (*VIEW_COLUMNS, view.order_by, *sorted(view.features)):
            if name not in held:
                raise WrongResultError(f"view {view.name} lacks the column {name}")


def _comment_added(con: duckdb.DuckDBPyConnection, made: set[Object], package: str) -> None:
    """Comment on what a plug-in left without: its objects would be taken for the user's."""
    text = sql_text(f"Of {package}")
    for kind, name in sorted(uncommented(con) & made):
        words = "macro table" if kind == "table macro" else kind
        con.execute(f'comment on {words} "{name}" is {text}')
    views = {name for kind, name in made if kind == "view"}
    for view, column, meaning, comment in _view_columns(con, views):
        if comment is None and meaning is not None:
            _comment_column(con, view, column, meaning)


def _renew_added(con: duckdb.DuckDBPyConnection, path: Path, name: str, package: str) -> None:
    """Put the SQL of another version of a plug-in in force; where that fails, the old one stays."""
    con.execute("update mbml_definition set package = ? where benchmark = ?", [package, name])
    with suppress(PluginError, WarehouseError):
        known = benchmark(name)
        # What fails half-way in the warehouse would have replaced some of the old ones.
        with guard(known.owner, "has SQL that cannot be run"), duckdb.connect() as empty:
            for file in sql_files("10_tables", "20_macros", "30_views"):
                empty.execute(file.read_text())
            _run_added(empty, known)
        apply_added(con, path, name)


def own_views() -> set[str]:
    """Return the names of mbml's views; all others in a warehouse are the user's."""
    return {one.name for one in created_by(sql_files("30_views"))}


def own_macros() -> set[str]:
    """Return the names of mbml's macros, of values and of rows."""
    return {one.name for one in created_by(sql_files("20_macros"))}


def _defined() -> set[Object]:
    return created_by(sql_files("20_macros", "30_views"))


def _refuse_clashes(clashes: list[Object], path: Path) -> None:
    if clashes:
        shown = _first_of([f"{kind} {name}" for kind, name in clashes])
        raise WarehouseError(
            f"{path}: mbml needs these names, but objects that it did not make have them: {shown}"
            "; rename or drop them with DuckDB, then try again (nothing was changed)"
        )


def _refuse_shadowing_macros(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    if macros := shadowing_macros(con):
        shown = _first_of([f"{kind} {name}" for kind, name in macros])
        raise WarehouseError(
            f"{path}: mbml computes with DuckDB's functions, but macros have the names of some:"
            f" {shown}; drop them with DuckDB, then try again (nothing was changed)"
        )


def _first_of(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} others" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _comment_view_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Put the meaning that `view_column` has for each column of a view, or `cell_value`, on it."""
    for view, column, meaning, _ in _view_columns(
        con, own_views() - {"view_column"} | {"cell_value"}
    ):
        if meaning is None:
            raise MbmlError(
                f"column {column!r} of view {view!r} has no meaning;"
                " add one to sql/30_views/view_column.sql"
            )
        _comment_column(con, view, column, meaning)


def _comment_column(con: duckdb.DuckDBPyConnection, view: str, column: str, meaning: str) -> None:
    con.execute(f'comment on column "{view}"."{column}" is {sql_text(meaning)}')


def _view_columns(
    con: duckdb.DuckDBPyConnection, views: set[str]
) -> list[tuple[str, str, str | None, str | None]]:
    """Return the columns of views, with the meaning in `view_column` and the comment they have."""
    return con.execute(
        "select held.table_name, held.column_name,"
        " arg_max(said.meaning, length(said.view_pattern)), held.comment"
        " from duckdb_columns() as held left join view_column as said"
        " on held.column_name = said.column_name and held.table_name glob said.view_pattern"
        " where held.database_name = current_database() and held.schema_name = 'main'"
        " and held.table_name in (select unnest(?)) group by all",
        [sorted(views)],
    ).fetchall()


def shape(con: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    """Return each column and constraint of mbml's tables: what it is, its table, type and NULLs."""
    # A warehouse of an earlier release has no record yet.
    tables = created_by(sql_files("10_tables")) - created_by([_record_file()])
    names = [one.name for one in tables if one.kind == "table"]
    rows: list[tuple[str, ...]] = con.execute(_SHAPE, {"tables": names}).fetchall()
    return rows


def shape_sha256(rows: list[tuple[str, ...]]) -> str:
    """Return the SHA-256 of a shape."""
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def check_tables(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse tables that lack what mbml's have, or have it otherwise; raises `WarehouseError`."""
    held = shape(con)
    if shape_sha256(held) == SHAPE_SHA256:
        return
    with duckdb.connect() as reference:
        for file in sql_files("10_tables"):
            reference.execute(file.read_text())
        wanted = shape(reference)
    tables = {table for _, table, *_ in held}
    lost = [f"table {table}" for table in sorted({table for _, table, *_ in wanted} - tables)]
    lost += [
        f"{what} of table {table} ({kind})"
        for what, table, kind, nulls in wanted
        if table in tables and (what, table, kind, nulls) not in held
    ]
    if lost:
        raise WarehouseError(
            f"{path}: not as mbml makes it; it lacks {_first_of(lost)}; put a copy in its place, or"
            " ingest the sources into a new file"
        )


def schema_version(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Return the version of a warehouse's tables.

    Raises
    ------
    WarehouseError
        The file is no warehouse of mbml, a later mbml made its tables, or a macro has the name of
        a DuckDB function.
    """
    _refuse_shadowing_macros(con, path)
    if not has_columns(con, "warehouse", "schema_version", "definitions_sha256"):
        raise WarehouseError(
            f"{path}: a DuckDB file, but not a warehouse of mbml; choose another with `warehouse`"
        )
    found = con.execute("select schema_version from warehouse").fetchall()
    if len(found) != 1 or not isinstance(found[0][0], int):
        raise WarehouseError(
            f"{path}: its table of versions does not tell one; choose another with `warehouse`"
        )
    version: int = found[0][0]
    if version > SCHEMA_VERSION:
        raise WarehouseError(
            f"{path}: schema version {version} is newer than this mbml's {SCHEMA_VERSION};"
            " upgrade mbml"
        )
    return version


def outdated(path: Path, version: int) -> WarehouseError:
    """Return what to tell of a warehouse of an earlier version."""
    told = f"{path}: schema version {version} is older than this mbml's {SCHEMA_VERSION}"
    if migrations(version):
        return OutdatedError(f"{told}; upgrade it (mbml upgrade `warehouse={quote(str(path))}`)")
    return WarehouseError(f"{told}, and cannot be upgraded; ingest the sources into a new file")


def migrations(version: int) -> list[Path]:
    """Return the files that bring the tables of a version forward, in order; none if too old."""
    files = sql_files("70_migrations")
    later = [file for file in files if _version_made(file) > version]
    return later if version >= _version_made(files[0]) - 1 else []


def _version_made(migration: Path) -> int:
    return int(migration.name.partition("_")[0])


def check_version(con: duckdb.DuckDBPyConnection, path: Path, *, macros: bool = False) -> bool:
    """Refuse a file that is no warehouse of this schema; tell whether its definitions are current.

    They are not if `sql/` has changed, or if a view, or a macro where these are looked for, is
    missing, and may then be applied.

    Raises
    ------
    WarehouseError
        The file holds no warehouse, or one of another schema version (`OutdatedError` if mbml
        can upgrade it) or with other tables; a macro has the name of a DuckDB function; or the
        definitions are not current, and an object of the user has a name that they need.
    """
    version = schema_version(con, path)
    if version < SCHEMA_VERSION:
        raise outdated(path, version)
    check_tables(con, path)
    [(applied,)] = con.execute("select definitions_sha256 from warehouse").fetchall()
    if applied == definitions_sha256() and is_in_force(con, macros=macros):
        return all(
            BENCHMARK_PLUGINS.package(name) in ("", package)
            for name, package in recorded_packages(con)
        )
    defined = _defined()
    _refuse_clashes(Objects(con, defined).clashes(defined | created_by([_record_file()])), path)
    return False
