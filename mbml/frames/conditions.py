"""Conditions on the columns of one row, as SQL: what they may say, and which rows satisfy them.

A condition is evaluated beside the warehouse, over the columns that it names and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from mbml.errors import UsageError
from mbml.store.connection import CLOSED
from mbml.text import first_line, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What DuckDB calls the parts that a condition may have.
_PARTS = (
    "BETWEEN",
    "CASE",
    "CAST",
    "COLLATE",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "FUNCTION",
    "OPERATOR",
    "TYPE",
)
_MEMORY = "480MB"


def columns_of_condition(condition: str) -> list[str]:
    """Return the columns that a condition names, in the order of their first occurrence.

    An empty condition names none.

    Raises
    ------
    UsageError
        It is no single SQL expression over the columns of one row: subqueries, aggregates, window
        functions, parameters and functions that depend on more than their arguments are refused.

    Examples
    --------
    >>> columns_of_condition("parameters < 1e6 and flops / 2 < parameters")
    ['parameters', 'flops']
    """
    if not condition:
        return []
    with _alone() as con:
        tree = _tree(con, condition)
        functions = {
            name
            for (name,) in con.execute(
                "select distinct function_name from duckdb_functions()"
                " where function_type = 'scalar' and stability = 'CONSISTENT'"
            ).fetchall()
        }
    found: dict[str, None] = {}
    for part in _parts(tree):
        kind = part["class"]
        if kind not in _PARTS:
            what = kind.lower().replace("_", " ")
            raise _refused(condition, f"it has a {what}")
        if kind == "FUNCTION" and part["function_name"] not in functions:
            name = part["function_name"]
            raise _refused(condition, f"{name} is no function that a condition may call")
        if kind == "COLUMN_REF":
            if len(part["column_names"]) != 1:
                name = ".".join(part["column_names"])
                raise _refused(condition, f"write the plain name of a column, not {name}")
            found.setdefault(part["column_names"][0])
    return list(found)


@dataclass(frozen=True)
class Restricted:
    """Rows that satisfy a condition, and how many did not: where it is false, and where NULL."""

    rows: pl.DataFrame
    not_satisfied: int = 0
    undecided: int = 0


def restricted(rows: pl.DataFrame, condition: str) -> Restricted:
    """Return the rows that satisfy a condition, in their order; all of them if it is empty.

    Parameters
    ----------
    rows
        The columns that the condition may name, and nothing else.
    condition
        One that `columns_of_condition` takes.

    Raises
    ------
    UsageError
        It names another column, is not true or false, or fails on a value.
    """
    if not condition:
        return Restricted(rows)
    named = {one.casefold() for one in columns_of_condition(condition)}
    seen = (one for one in rows.columns if one.casefold() in named)
    with _alone() as con:
        try:
            # Rows are counted where the condition names no column, too.
            numbered = rows.select(*seen, pl.int_range(pl.len()).alias(" "))
            con.register("candidates", numbered.to_arrow())
            found = con.sql(f"select (\n{condition}\n) as holds from candidates")  # noqa: S608
            if str(found.types[0]) != "BOOLEAN":
                raise _refused(condition, f"its values are {found.types[0]}, not true or false")
            holds = found.pl()["holds"]
        except duckdb.Error as error:
            raise UsageError(f"condition {quoted(condition)} failed: {first_line(error)}") from None
    kept = rows.filter(holds)
    return Restricted(kept, rows.height - kept.height - holds.null_count(), holds.null_count())


def _alone() -> duckdb.DuckDBPyConnection:
    """Open a database of its own, in which no table, view or macro of a warehouse exists."""
    closed = CLOSED | {"memory_limit": _MEMORY, "enable_external_access": False}
    return duckdb.connect(config=closed)


def _tree(con: duckdb.DuckDBPyConnection, condition: str) -> Any:
    """Return an expression as DuckDB parses it; refuse text that is more or less than one."""

    def parsed(expression: str) -> Any:
        statement = f"select {expression}"
        [[text]] = con.execute("select json_serialize_sql(?)", [statement]).fetchall()
        found = json.loads(text)
        if found["error"]:
            raise _refused(condition, found["error_message"])
        return found

    try:
        found, plain = parsed(condition), parsed("true")
    except (duckdb.Error, RecursionError) as error:
        raise _refused(condition, first_line(error)) from None
    trees = []
    for one in (found, plain):
        [statement, *_] = one["statements"]
        trees.append(statement["node"].pop("select_list", []))
        statement.pop("named_param_map")
    if found != plain or len(trees[0]) != 1:
        raise _refused(condition, "it is more than one expression")
    return trees[0][0]


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield all parts of an expression, in their order."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "class" in one:
                yield one
            waiting += reversed(list(one.values()))
        elif isinstance(one, list):
            waiting += reversed(one)


def _refused(condition: str, why: str) -> UsageError:
    return UsageError(
        f"condition {quoted(condition)}: {why}; expected an SQL condition on the columns of one"
        " row, such as parameters < 1000000"
    )
