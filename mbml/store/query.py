"""Queries that a user typed: read-only, without any access to files, and within limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import duckdb
import polars as pl
from polars import selectors

from mbml.errors import MbmlError, UsageError
from mbml.store.waiting import wait_or_stop
from mbml.store.warehouse import open_warehouse
from mbml.whole_file import is_full

if TYPE_CHECKING:
    from pathlib import Path

#: What a query may write beside the warehouse when its memory does not suffice.
_SPILL = "4GB"

#: Seconds that a query may run unless told otherwise.
_TIME_LIMIT = 300.0


def query(path: Path, sql: str, *, time_limit: float | None = None) -> pl.DataFrame:
    """Run one SELECT statement over a warehouse and return its rows.

    Decimals and 128-bit integers come as 64-bit numbers, names of ENUM types as text.

    Parameters
    ----------
    path
        The warehouse.
    sql
        The statement.
    time_limit
        Seconds after which it is stopped; 300 by default.

    Raises
    ------
    UsageError
        The statement is not valid, is not a query, asks for something outside the warehouse, or
        takes more time or memory than it may.
    WarehouseError
        The warehouse cannot be opened.
    MbmlError
        The disk is full.
    """
    limit = _TIME_LIMIT if time_limit is None else time_limit
    with open_warehouse(path) as warehouse:
        con = warehouse.con
        con.execute(f"set max_temp_directory_size = '{_SPILL}'")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        try:
            _check_one_select(con, sql)
            frame = _run(con, sql, limit)
        except TimeoutError:
            raise UsageError(
                f"the query ran for more than {limit:g} seconds and was stopped; ask for less,"
                " or for more time with --time-limit"
            ) from None
        except duckdb.Error as error:
            if is_full(error):
                raise MbmlError(
                    f"{path}: the disk is full, and the query needs room for temporary files"
                    " beside it; free some space, or ask for less"
                ) from None
            raise UsageError(f"the query failed: {str(error).strip()}") from None
    return _in_common_types(frame)


def _check_one_select(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise UsageError(f"one statement is meant, {len(statements)} were given")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = str(statements[0].type).rpartition(".")[2]
        raise UsageError(f"only a query can be run here, not {kind}; the warehouse is read-only")


def _run(con: duckdb.DuckDBPyConnection, sql: str, seconds: float) -> pl.DataFrame:
    """Run a query; raises `TimeoutError` after so many seconds."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: con.sql(sql).pl())
        if not wait_or_stop(running, con.interrupt, seconds=seconds):
            raise TimeoutError
    frame: pl.DataFrame = running.result()
    return frame


def _in_common_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Return decimals and 128-bit integers as 64-bit numbers, names of ENUM types as text."""
    whole = [
        name
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Decimal) and kind.scale == 0
    ]
    return frame.with_columns(
        pl.col(whole).cast(pl.Int64),
        (selectors.decimal() - selectors.by_name(whole)).cast(pl.Float64),
        selectors.categorical().cast(pl.String),
    )
