"""Queries that a user typed: read-only, without any access to files, and within limits."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from mbml.errors import MbmlError, UsageError
from mbml.result_types import ResultColumn, cell_names, sql_text
from mbml.store.connection import CLOSED
from mbml.store.faults import damage_in, why_not_opened
from mbml.store.opening import connect_checked, path_of
from mbml.store.reader import Reader
from mbml.store.waiting import Working
from mbml.store.warehouse import Warehouse
from mbml.text import first_line, quoted
from mbml.whole_file import is_full

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import polars as pl
    import pyarrow as pa

    from mbml.store.warehouse import WarehouseOrPath

    #: Values of `$name` by name, or of `?` in order.
    Parameters = Mapping[str, Any] | Sequence[Any]

_Result = TypeVar("_Result")

#: What DuckDB may hold in memory for a query; vectors and results come on top of it.
_MEMORY = "480MB"

#: What a query may write beside the warehouse when its memory does not suffice.
_SPILL = "4GB"

#: Seconds that a query may run unless told otherwise.
_TIME_LIMIT = 300.0

#: Names that no attached database may have, as DuckDB uses them itself.
_TAKEN = frozenset({"main", "memory", "system", "temp"})

#: What DuckDB puts before a piece of the statement that failed.
_LINE = "\n\nLINE "

#: Rows that are fetched at once: as many as DuckDB computes at once.
_ROWS = 2048


def query(
    path: Path | str,
    sql: str,
    parameters: Parameters = (),
    *,
    time_limit: float | None = None,
) -> pl.DataFrame:
    """Run one SELECT statement over the file of a warehouse, as `mbml query` does.

    The statement can read the warehouse and nothing else, and use 480 MB of memory. An open
    warehouse has `sql` for statements of your own.

    Every value is exact. 128-bit integers and decimals have the types of Polars for them; types
    that Polars lacks (INTERVAL, TIMETZ, UNION, ...) come as text, as `docs/result-types.md` lists.
    A column name that occurs again gets `_1`.

    Parameters
    ----------
    path
        The warehouse.
    sql
        The statement.
    parameters
        Values of `$name` by name, or of `?` in order.
    time_limit
        Seconds after which it is stopped; 300 by default.

    Raises
    ------
    UsageError
        The statement is not valid, is not a query, asks for something outside the warehouse,
        takes more time or memory than it may, or gives a date that a frame cannot hold (infinity).
    WarehouseError
        The warehouse cannot be opened, or is damaged.
    MbmlError
        The disk is full.
    """
    with open_answer(path, sql, parameters, time_limit=time_limit) as answer:
        return answer.frame()


@contextmanager
def open_answer(
    warehouse: WarehouseOrPath,
    sql: str,
    parameters: Parameters = (),
    *,
    time_limit: float | None = None,
) -> Iterator[Answer]:
    """Prepare one SELECT statement over a warehouse, to read its rows as they come.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    sql
        The statement.
    parameters
        Values of `$name` by name, or of `?` in order.
    time_limit
        Seconds that DuckDB may work on it; 300 by default.

    Raises
    ------
    UsageError
        As for `query`, also while the rows are read.
    WarehouseError
        The warehouse cannot be opened, or is damaged.
    MbmlError
        The disk is full.
    """
    if not isinstance(sql, str):
        raise UsageError(f"expected a SELECT statement as text, got {quoted(sql)}")
    with limited(warehouse, time_limit=time_limit) as worker:
        asked = worker.run(lambda: _relation(worker.con, sql, parameters), as_typed=True)
        columns = worker.run(lambda: _columns(asked))
        with ExitStack() as readers:
            yield Answer(asked, columns, worker, readers, worker.has_surrogates())


@contextmanager
def limited(warehouse: WarehouseOrPath, *, time_limit: float | None = None) -> Iterator[Worker]:
    """Run SQL of others within the limits of a query: in time, and of a path alone with the file.

    An open warehouse is read through a connection of its own: to close a second instance of DuckDB
    would drop the lock that this process has on the file.
    """
    with ExitStack() as stack:
        path = path_of(warehouse)
        if isinstance(warehouse, Warehouse):
            con = stack.enter_context(warehouse.reading())
        else:
            con = stack.enter_context(closing(connect_checked(path, _alone)))
        yield Worker(path, con, _TIME_LIMIT if time_limit is None else time_limit)


def _alone(path: Path) -> duckdb.DuckDBPyConnection:
    """Connect to a warehouse by an instance of DuckDB of its own.

    Its limits hold for a whole instance, which all other readers in this process share.
    """
    con = duckdb.connect(config={"memory_limit": _MEMORY} | CLOSED)
    name = "warehouse" if path.stem in _TAKEN else path.stem.replace('"', '""')
    settings = (
        f'attach {sql_text(str(path.absolute()))} as "{name}" (read_only)',
        f'use "{name}"',
        "set enable_progress_bar = false",
        f"set temp_directory = {sql_text(f'{path.absolute()}.tmp')}",
        f"set max_temp_directory_size = '{_SPILL}'",
        "set enable_external_access = false",
        "set lock_configuration = true",
    )
    try:
        for setting in settings:
            con.execute(setting)
    except duckdb.Error as error:
        con.close()
        raise why_not_opened(path, error) from error
    return con


@dataclass(frozen=True)
class Answer:
    """A query that is ready to run, and its columns."""

    asked: duckdb.DuckDBPyRelation
    columns: tuple[ResultColumn, ...]
    worker: Worker
    #: Closed with the warehouse, whoever still holds them: an open one would keep it locked.
    readers: ExitStack
    #: Whether the warehouse holds invented numbers.
    has_surrogates: bool

    def batches(self, cells: Sequence[str], line: str = "*") -> Iterator[pa.RecordBatch]:
        """Run the query and yield its rows, a few thousand at a time, at least one batch.

        Parameters
        ----------
        cells
            SQL of each column, over the places of the columns of the query.
        line
            SQL of what to return, over `cell_names`; the cells unless said.
        """
        import pyarrow as pa

        reader = self.worker.run(
            lambda: _set_out(self.asked, self.columns, cells, line).to_arrow_reader(_ROWS)
        )
        self.readers.enter_context(reader)
        batch = self.worker.run(lambda: next(reader, None))
        if batch is None:
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
        while batch is not None:
            yield batch
            batch = self.worker.run(lambda: next(reader, None))

    def ends(self, cells: Sequence[str], most: int) -> tuple[int, list[tuple[Any, ...]]]:
        """Run the query once and return the number of its rows, and the first and last of them.

        Parameters
        ----------
        cells
            SQL of each column, over the places of the columns of the query.
        most
            Rows to return, at least one.
        """
        con = self.worker.con
        columns = self.columns
        # The rows are kept as they are, beside the warehouse if memory does not suffice. A table
        # has no column of the type TYPE: in place of such rows, what is shown of them is kept.
        if any("TYPE" in str(one.type) for one in columns):
            rows = self.worker.run(lambda: _set_out(self.asked, columns, cells))
            cells, columns = cell_names(cells), ()
        else:
            rows = self.asked
        keep = "create temp table kept_rows as select * from asked"
        [(count,)] = self.worker.run(lambda: _over(rows, "asked", keep).fetchall())
        first, last = most - most // 2, most // 2
        shown = (
            f"select * from kept_rows where rowid < {first} or rowid >= {count - last}"  # noqa: S608
            " order by rowid"
        )

        def kept() -> list[tuple[Any, ...]]:
            ends = con.sql(shown)
            return (_set_out(ends, columns, cells) if columns else ends).fetchall()

        return count, self.worker.run(kept)

    def frame(self) -> pl.DataFrame:
        """Run the query and return all its rows."""
        import polars as pl

        cells = [one.native for one in self.columns]
        frame: pl.DataFrame = self.worker.run(
            lambda: _set_out(self.asked, self.columns, cells).pl()
        )
        frame.columns = [one.name for one in self.columns]
        return frame.with_columns(
            pl.col(one.name).cast(getattr(pl, one.kind.polars))
            for one in self.columns
            if one.kind.polars
        )


@dataclass
class Worker(Reader):
    """Runs work of DuckDB in its thread, within the time that is left of a limit."""

    path: Path
    con: duckdb.DuckDBPyConnection
    limit: float
    used: float = 0.0

    def run(self, work: Callable[[], _Result], *, as_typed: bool = False) -> _Result:
        """Do some work, and say in one way why it failed.

        An error that points into a statement does so only if that is the one that was typed.
        """
        started = time.monotonic()
        working = Working(work)
        try:
            working.start()
            in_time = working.wait_or_stop(self.con.interrupt, seconds=self.limit - self.used)
            self.used += time.monotonic() - started
            if not in_time:
                raise UsageError(
                    f"the query ran for more than {self.limit:g} seconds and was stopped; ask for"
                    " less, or for a longer time limit"
                )
            return working.result()
        # Arrow passes on what DuckDB says as an OSError.
        except (duckdb.Error, OSError, MemoryError) as error:
            raise self._explained(error, as_typed=as_typed) from None

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement of mbml and return all its rows."""
        return self.run(lambda: self.con.execute(sql, list(parameters)).fetchall())

    def _explained(self, error: Exception, *, as_typed: bool) -> MbmlError:
        if _is_at_limit(str(error)):
            return UsageError(
                f"the query needs more than {_SPILL} of temporary files for its rows; ask for fewer"
            )
        if is_full(error):
            return MbmlError(
                f"{self.path}: the disk is full, and the query needs room for temporary files"
                " beside it; free some space, or ask for less"
            )
        damage = damage_in(self.path, error)
        if damage is not None:
            return damage
        text = str(error).strip()
        if isinstance(error, MemoryError) or "Out of Memory" in text:
            first = first_line(error) or "out of memory"
            return UsageError(f"the query failed: {first}; ask for fewer rows or smaller values")
        found = text if as_typed else text.split(_LINE)[0]
        return UsageError(*f"the query failed: {found}".splitlines())


def _is_at_limit(text: str) -> bool:
    """Tell whether DuckDB wrote as many temporary files as it may; if not, the disk is full."""
    found = re.search(r"failed to offload .*\(([\d.]+) (\w+)/([\d.]+) (\w+) used\)", text)
    if found is None:
        return False
    used, unit, most, unit_of_most = found.groups()
    return unit == unit_of_most and float(used) > 0.95 * float(most)


def _relation(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters
) -> duckdb.DuckDBPyRelation:
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise UsageError(f"expected one statement, got {len(statements)}")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = str(statements[0].type).rpartition(".")[2]
        if kind == "MULTI":
            raise UsageError("give a PIVOT its values: pivot … on column in (value, …)")
        raise UsageError(f"only a query can be run here, not {kind}; the warehouse is read-only")
    given = _given(parameters, statements[0].named_parameters)
    return con.sql(_without_end(sql), params=given or None)


def _given(parameters: Parameters, asked_for: set[str]) -> dict[str, Any] | list[Any]:
    """Return the parameters of a statement as DuckDB takes them; refuse too few and too many."""
    if isinstance(parameters, Mapping):
        for names, problem in (
            (asked_for - parameters.keys(), "of the statement has no value"),
            (parameters.keys() - asked_for, "is not in the statement"),
        ):
            if names:
                known = " ".join(f"${name}" for name in sorted(asked_for)) or "none"
                raise UsageError(f"the parameter {min(names)!r} {problem}; it asks for {known}")
        return dict(parameters)
    if len(parameters) != len(asked_for) or not all(name.isdecimal() for name in asked_for):
        known = " ".join(f"${name}" for name in sorted(asked_for)) or "none"
        raise UsageError(f"{len(parameters)} values are given in order; it asks for {known}")
    return list(parameters)


def _without_end(sql: str) -> str:
    """Return one statement without its semicolon and what follows: it becomes part of another."""
    data = sql.encode()
    ends = (
        place
        for place, kind in duckdb.tokenize(sql)
        if kind == duckdb.token_type.operator and data[place : place + 1] == b";"
    )
    return data[: next(ends, len(data))].decode()


def _columns(asked: duckdb.DuckDBPyRelation) -> tuple[ResultColumn, ...]:
    # As a subquery, its columns have names that differ.
    inner: Any = _over(asked, "asked", "from asked")
    return tuple(
        ResultColumn(name, f"c{number}", kind)
        for number, (name, kind) in enumerate(zip(inner.columns, inner.types, strict=True))
    )


def _set_out(
    rows: duckdb.DuckDBPyRelation,
    columns: Sequence[ResultColumn],
    cells: Sequence[str],
    line: str = "*",
) -> duckdb.DuckDBPyRelation:
    places = ", ".join(one.place for one in columns)
    named = [f"{cell} as {name}" for cell, name in zip(cells, cell_names(cells), strict=True)]
    inner = f"select {', '.join(named)} from rows as answer({places})"  # noqa: S608
    return _over(rows, "rows", f"select {line} from ({inner})")  # noqa: S608


def _over(rows: duckdb.DuckDBPyRelation, name: str, sql: str) -> duckdb.DuckDBPyRelation:
    """Return a statement over the rows of a query, which keeps the parameters of that."""
    found: duckdb.DuckDBPyRelation = rows.query(name, sql)  # type: ignore[assignment]
    return found
