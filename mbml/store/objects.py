"""Whose the objects of a database are: mbml's by its record and their comment, else the user's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

_CREATE = re.compile(
    r"^create (?:or replace )?(schema|type|table|view|macro)(?: if not exists)?+ (\w+)"
    r"(?!\.)\b(?:\([^)]*\) as( table)?\b)?",
    re.MULTILINE,
)
#: Objects of one database outside of schemas that are not mbml's; DuckDB's own are left out.
_PRESENT = """
    select 'schema' as kind, schema_name as name, comment
    from duckdb_schemas()
    where database_name = current_database() and not internal
    union all
    select 'type', type_name, comment
    from duckdb_types()
    where database_name = current_database() and schema_name = 'main' and not internal
    union all
    select 'table', table_name, comment
    from duckdb_tables()
    where database_name = current_database() and schema_name = 'main' and not internal
    union all
    select 'view', view_name, comment
    from duckdb_views()
    where database_name = current_database() and schema_name = 'main' and not internal
    union all
    select distinct replace(function_type, '_', ' '), function_name, comment
    from duckdb_functions()
    where database_name = current_database() and schema_name = 'main' and not internal
"""
#: The record: its table and columns.
_RECORD = ("mbml_definition", "kind", "name", "definitions_sha256", "benchmark", "package")
_RECORDED = """
    select made.kind, made.name, made.benchmark,
        made.definitions_sha256 <> warehouse.definitions_sha256
        and regexp_full_match(warehouse.definitions_sha256, '[0-9a-f]{64}')
    from mbml_definition as made
    cross join warehouse
"""


class Object(NamedTuple):
    """A schema, type, table, view, macro or table macro of the main schema, by its name."""

    kind: str
    name: str

    @property
    def place(self) -> tuple[str, str]:
        """What DuckDB takes to be the same name: tables and views share theirs, in any case."""
        return "relation" if self.kind in ("table", "view") else self.kind, self.name.lower()


_RECORD_TABLE = Object("table", _RECORD[0])


def created_by(files: Iterable[Path]) -> set[Object]:
    """Return what SQL files create, but for what stands in a schema of its own."""
    return {
        Object(f"table {kind}" if of_rows else kind, name)
        for path in files
        for kind, name, of_rows in _CREATE.findall(path.read_text())
    }


def has_columns(con: duckdb.DuckDBPyConnection, table: str, *columns: str) -> bool:
    """Tell whether the main schema has a table with these columns."""
    [(found,)] = con.execute(
        "select count(*) from duckdb_columns() where database_name = current_database()"
        " and schema_name = 'main' and table_name = ? and column_name in (select unnest(?))",
        [table, list(columns)],
    ).fetchall()
    return bool(found == len(columns))


class Objects:
    """The objects of an open warehouse, and which of them mbml made.

    mbml comments on all that it makes, and ``create or replace`` drops the comment: an object
    without one is the user's, under a recorded name too. Releases before the record commented on
    few macros, so that nothing follows where one of them put its own definitions in force.

    Parameters
    ----------
    con
        The connection.
    defined
        What mbml is taken to have made if the warehouse has no record.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, defined: set[Object]) -> None:
        rows = con.execute(_PRESENT).fetchall()
        self._comments = {Object(kind, name): comment for kind, name, comment in rows}
        made, commented = defined, False
        self._of_plugins: dict[Object, str] = {}
        if has_columns(con, *_RECORD):
            rows = con.execute(_RECORDED).fetchall()
            made = {Object(kind, name) for kind, name, *_ in rows} | {_RECORD_TABLE}
            self._of_plugins = {Object(kind, name): of for kind, name, of, _ in rows if of}
            commented = not any(by_earlier_release for *_, by_earlier_release in rows)
        self.made = {
            one
            for one in made & self._comments.keys()
            if self._comments[one] is not None or not commented
        }

    def of_plugin(self, benchmark: str | None = None) -> set[Object]:
        """Return those of `made` that mbml made for a plug-in's benchmark; by default, for any."""
        every = self._of_plugins.items()
        return {one for one, of in every if one in self.made and benchmark in (None, of)}

    def clashes(self, wanted: set[Object]) -> list[Object]:
        """Return the user's objects that have names of wanted ones, in order."""
        needed = {one.place for one in wanted}
        return sorted(one for one in self._comments.keys() - self.made if one.place in needed)


def uncommented(con: duckdb.DuckDBPyConnection) -> set[Object]:
    """Return the objects of a database that have no comment."""
    rows = con.execute(_PRESENT).fetchall()
    return {Object(kind, name) for kind, name, comment in rows if comment is None}


def shadowing_macros(con: duckdb.DuckDBPyConnection) -> list[Object]:
    """Return the macros that have the name of a DuckDB function, which they take the place of."""
    # No function is called in the query: it might be one of them.
    rows = con.execute(
        "select distinct function_type, function_name, internal from duckdb_functions()"
        " where internal or schema_name = 'main'"
    ).fetchall()
    functions = {name.lower() for _, name, internal in rows if internal}
    return sorted(
        Object(kind.replace("_", " "), name)
        for kind, name, internal in rows
        if not internal and name.lower() in functions
    )


def is_in_force(con: duckdb.DuckDBPyConnection, *, macros: bool) -> bool:
    """Tell whether all views, and macros too, that mbml recorded are there as it made them."""
    if not has_columns(con, *_RECORD):
        return False
    [(lost,)] = con.execute(
        "select count(*) from mbml_definition as made left join duckdb_views() as there"
        " on made.name = there.view_name and there.schema_name = 'main'"
        " and there.database_name = current_database()"
        " where made.kind = 'view' and made.benchmark is null and there.comment is null"
    ).fetchall()
    if macros and not lost:
        [(lost,)] = con.execute(
            "select count(*) from mbml_definition where kind like '%macro' and benchmark is null"
            " and name not in (select function_name from duckdb_functions() where not internal)"
        ).fetchall()
    return bool(lost == 0)


def record(con: duckdb.DuckDBPyConnection, made: set[Object], sha256: str) -> None:
    """Write down what mbml made for itself, in place of an earlier record."""
    con.execute("delete from mbml_definition where benchmark is null")
    con.execute("update mbml_definition set definitions_sha256 = ?", [sha256])
    con.execute(
        "insert into mbml_definition (kind, name, definitions_sha256)"
        " select unnest(?), unnest(?), ?",
        [[one.kind for one in made], [one.name for one in made], sha256],
    )


def record_added(
    con: duckdb.DuckDBPyConnection, made: set[Object], benchmark: str, package: str
) -> None:
    """Write down what mbml made for a plug-in's benchmark, in place of an earlier record."""
    con.execute("delete from mbml_definition where benchmark = ?", [benchmark])
    con.execute(
        "insert into mbml_definition (kind, name, definitions_sha256, benchmark, package)"
        " select unnest(?), unnest(?), (select definitions_sha256 from warehouse), ?, ?",
        [[one.kind for one in made], [one.name for one in made], benchmark, package],
    )


def recorded_packages(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return the plug-ins' benchmarks that mbml made objects for, each with its package."""
    return con.execute(
        "select distinct benchmark, package from mbml_definition"
        " where benchmark is not null order by all"
    ).fetchall()


def drop(con: duckdb.DuckDBPyConnection, objects: Iterable[Object]) -> None:
    """Drop views and macros that mbml made."""
    for one in objects:
        kind = "macro table" if one.kind == "table macro" else one.kind
        con.execute(f'drop {kind} "{one.name}"')
