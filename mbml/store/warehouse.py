"""One open warehouse: a DuckDB file of our schema, opened for reading or for writing."""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeAlias, TypeVar

import duckdb

from mbml.benchmarks import benchmark
from mbml.datasets import catalogue
from mbml.errors import MbmlError, WarehouseError, unknown_name
from mbml.store.connection import BETWEEN_TRIES, PATIENCE, connect, remove
from mbml.store.faults import reporting_damage, reporting_full_disk
from mbml.store.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import polars as pl

    from mbml.benchmarks import MetaDataset
    from mbml.spaces.space import Architecture

    #: What functions of the library take: an open warehouse, or the path of one.
    WarehouseOrPath: TypeAlias = "Warehouse | Path | str"

_Result = TypeVar("_Result")

#: The warehouses that this process has open: readers make way for one that writes.
_OPEN: weakref.WeakSet[Warehouse] = weakref.WeakSet()


class Warehouse(Reader):
    """An open warehouse; a context manager that closes the file at the end.

    `views`, `view`, `sql`, `results` and `curve` return Polars frames. Accuracies are fractions in
    [0, 1], times are seconds, and what was not measured is null.

    Threads may share it. All reads go through a connection that no other thread uses
    meanwhile, and see what is committed. Inside `transaction`, the thread that runs it reads
    through `con`, and sees its own rows, temporary tables and registered objects as well. One
    transaction runs at a time; another thread's waits for it. `close` waits for a transaction and
    stops reads, which raise `WarehouseError`.

    If this process opens the same file for writing, a warehouse that is open for reading lets go of
    the file and takes it up again at its next read. Until the other one is closed, reads of other
    threads wait, and reads of the thread that opened it raise `WarehouseError`.

    Processes cannot share it: in a forked process every use raises `WarehouseError`, and it cannot
    be pickled.

    Attributes
    ----------
    path
        The DuckDB file.
    writes
        Whether it was opened for writing.
    con
        The connection of `transaction`, for the modules that write or change settings. It serves
        one thread at a time; DuckDB refuses a second one.
    opener
        The thread that opened it.
    is_new
        True if the file was made when it was opened.
    is_aside
        True while it has let go of the file, for another one that writes.

    Examples
    --------
    >>> import mbml
    >>> with mbml.open("warehouse/mbml.duckdb") as db:
    ...     db.sql("select count(*) as cells from architecture where benchmark = 'nasbench201'")
    shape: (1, 1)
    ┌───────┐
    │ cells │
    │ ---   │
    │ i64   │
    ╞═══════╡
    │ 60    │
    └───────┘
    """

    def __init__(
        self,
        path: Path,
        con: duckdb.DuckDBPyConnection,
        *,
        writes: bool = False,
        is_new: bool = False,
    ) -> None:
        self.path = path
        self.con = con
        self.writes = writes
        self.is_new = is_new
        self.is_aside = False
        self.opener = threading.get_ident()
        self._process = os.getpid()
        self._is_closed = False
        self._transaction = threading.RLock()
        #: The thread that runs a transaction.
        self._writer: int | None = None
        #: Connections that read, each with its thread, and those that wait for a read.
        self._busy: dict[duckdb.DuckDBPyConnection, int] = {}
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._lending = threading.Lock()
        _OPEN.add(self)

    def __repr__(self) -> str:
        """Show the path, and what the warehouse is open for."""
        state = "closed" if self._is_closed else "writing" if self.writes else "reading"
        return f"<Warehouse {str(self.path)!r}, {state}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to travel to another process."""
        raise TypeError(
            f"{self.path}: an open warehouse cannot be pickled; pickle its path instead"
        )

    def __enter__(self) -> Self:
        """Return the warehouse itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; a new one that an error left empty is removed."""
        left_empty = False
        if kind is not None and self.is_new:
            with suppress(duckdb.Error, MbmlError):
                left_empty = self.rows("select count(*) from source") == [(0,)]
        self.close()
        if left_empty:
            remove(self.path)

    def close(self) -> None:
        """Close the file; what was not committed is gone. Reads of other threads are stopped."""
        if self._process != os.getpid():
            return  # the file is open in the parent
        with self._transaction:
            with self._lending:
                self._is_closed = True
            # DuckDB may wait for ever in closing a connection on which a statement begins.
            while busy := self._busy_elsewhere():
                for con in busy:
                    with suppress(duckdb.ConnectionException):
                        con.interrupt()
                time.sleep(BETWEEN_TRIES)
            for con in (*self._idle, self.con):
                con.close()
            _OPEN.discard(self)

    def _busy_elsewhere(self) -> list[duckdb.DuckDBPyConnection]:
        """Return the connections with which other threads read."""
        with self._lending:
            return [con for con, thread in self._busy.items() if thread != threading.get_ident()]

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection for one read.

        Raises
        ------
        WarehouseError
            The warehouse is closed, also while the read runs, or was opened by another process; or
            its file is damaged.
        """
        self._check_usable()
        with reporting_damage(self.path):
            if self._writer == threading.get_ident():
                yield self.con
            else:
                yield from self._lent()

    def _lent(self) -> Iterator[duckdb.DuckDBPyConnection]:
        con = self._lend()
        try:
            yield con
        except BaseException as error:
            # An interrupt may leave it half-read, which the next read must not meet.
            with suppress(duckdb.Error):
                con.close()
            self._take_back(con)
            if self._is_closed and isinstance(error, duckdb.Error):
                raise WarehouseError(f"{self.path}: was closed during a read") from error
            raise
        self._take_back(con, is_whole=True)

    def _lend(self) -> duckdb.DuckDBPyConnection:
        with self._lending:
            self._check_usable()
            if self.is_aside:
                self.con = self._connect_again()
                self.is_aside = False
            con = self._idle.pop() if self._idle else self.con.cursor()
            con.execute("set python_enable_replacements = false")  # of one connection, not of all
            self._busy[con] = threading.get_ident()
        return con

    def make_way(self) -> None:
        """Let go of the file for a moment, so that this process can open it for writing.

        Reads of other threads end first.

        Raises
        ------
        WarehouseError
            This thread is reading.
        """
        while True:
            with self._lending:
                if threading.get_ident() in self._busy.values():
                    raise WarehouseError(
                        f"{self.path}: cannot be opened for writing while this thread reads it;"
                        " finish reading first"
                    )
                if not self._busy:
                    for con in (*self._idle, self.con):
                        con.close()
                    self._idle.clear()
                    self.is_aside = True
                    return
            time.sleep(BETWEEN_TRIES)

    def _connect_again(self) -> duckdb.DuckDBPyConnection:
        started = time.monotonic()
        while True:
            # Asked first: a writer may close between a try and the question.
            is_written = self._is_written_elsewhere()
            try:
                return connect(self.path, read_only=True)
            except WarehouseError:
                if not is_written or time.monotonic() - started > PATIENCE:
                    raise
            time.sleep(BETWEEN_TRIES)

    def _is_written_elsewhere(self) -> bool:
        """Tell whether another thread of this process has the file open for writing."""
        writers = [one for one in open_here(self.path) if one.writes]
        return bool(writers) and all(one.opener != threading.get_ident() for one in writers)

    def _take_back(self, con: duckdb.DuckDBPyConnection, *, is_whole: bool = False) -> None:
        with self._lending:
            del self._busy[con]
            if is_whole:
                self._idle.append(con)

    def _check_usable(self) -> None:
        if self._process != os.getpid():
            raise WarehouseError(
                f"{self.path}: opened by process {self._process}, and a forked process cannot use"
                " it; start processes by the method 'spawn', and open it in each"
            )
        if self._is_closed:
            raise WarehouseError(f"{self.path}: is closed; open it again")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows; see `reading` for what it raises."""
        with reporting_full_disk(self.path), self.reading() as con:
            return con.execute(sql, list(parameters)).fetchall()

    def frame(self, sql: str, parameters: Sequence[Any] = ()) -> pl.DataFrame:
        """Run a query and return its rows as a Polars frame; see `reading` for what it raises."""
        with reporting_full_disk(self.path), self.reading() as con:
            frame: pl.DataFrame = con.sql(sql, params=list(parameters)).pl()
        return frame

    def sql(
        self,
        query: str,
        parameters: Mapping[str, Any] | Sequence[Any] = (),
        *,
        time_limit: float | None = None,
    ) -> pl.DataFrame:
        """Run one SELECT statement and return its rows.

        Every value is exact. Types that Polars lacks (INTERVAL, TIMETZ, UNION, ...) come as text.
        A column name that occurs again gets `_1`. No variable of Python is visible to SQL.

        Parameters
        ----------
        query
            The statement.
        parameters
            Values of `$name` by name, or of `?` in order.
        time_limit
            Seconds after which the statement is stopped; 300 by default.

        Raises
        ------
        UsageError
            The statement is not valid or not a query, a parameter is missing, it takes too much
            time or memory, or it returns a date that a frame cannot hold (infinity).
        WarehouseError
            The warehouse is closed or damaged.

        Examples
        --------
        >>> import mbml
        >>> db = mbml.open("warehouse/mbml.duckdb")
        >>> db.sql("select count(*) as cells from architecture where arch_id < $x", {"x": 5}).item()
        5
        """
        from mbml.store.query import open_answer

        with open_answer(self, query, parameters, time_limit=time_limit) as answer:
            return answer.frame()

    def views(self, *, time_limit: float | None = None) -> pl.DataFrame:
        """Return the views, each with its number of rows, who made it, and what it holds.

        Parameters
        ----------
        time_limit
            Seconds to count for, all views together; 300 by default.

        Returns
        -------
        polars.DataFrame
            `view, rows, made_by, holds`. `rows` is null where a view cannot be read; `holds` then
            gives the reason.

        Raises
        ------
        WarehouseError
            The warehouse is closed or damaged.

        Examples
        --------
        >>> import mbml
        >>> db = mbml.open("warehouse/mbml.duckdb")
        >>> db.views().filter(view="meta_nasbench201_cifar100_200epochs")["rows"].item()
        60
        """
        from mbml.store.contents import views

        return views(self, time_limit=time_limit)

    def view(self, view: str | MetaDataset) -> pl.DataFrame:
        """Read a view, one of mbml or of the user.

        Parameters
        ----------
        view
            Its name, or its record.

        Returns
        -------
        polars.DataFrame
            All its rows. Those of a meta-dataset have the order that the published split draws
            from.

        Raises
        ------
        UsageError
            There is no such view, or it cannot be read.
        WarehouseError
            The warehouse is closed or damaged.

        Examples
        --------
        >>> import mbml
        >>> db = mbml.open("warehouse/mbml.duckdb")
        >>> db.view("meta_nasbench201_cifar100_200epochs").height
        60
        """
        from mbml.store.contents import views_by_name

        name = view if isinstance(view, str) else getattr(view, "name", view)
        known = views_by_name(self)
        if name not in known:
            raise unknown_name("view", name, known, listed_by="`views`")
        dataset = catalogue().get(name)
        order = "" if dataset is None else f" order by {dataset.order_by}"
        return self.sql(f"from {known[name][0]}{order}")

    def results(self, cell: Architecture | str) -> pl.DataFrame:
        """Read what was measured of an architecture after the last epoch of each training.

        Parameters
        ----------
        cell
            The architecture, as `mbml.cell` returns it, or its text.

        Returns
        -------
        polars.DataFrame
            A row per data set and schedule: `dataset, schedule_epochs, epoch, trials`, accuracies
            as fractions, means over the trials, and `train_seconds`. Empty if nothing is held.

        Raises
        ------
        CellError
            The text is not an architecture.
        WarehouseError
            The warehouse is closed or damaged.

        Examples
        --------
        >>> import mbml
        >>> db = mbml.open("warehouse/mbml.duckdb")
        >>> db.results(mbml.cell("nasbench201", 28)).select("dataset", "epoch").rows()
        [('cifar100', 200)]
        """
        return self._measured(
            cell,
            "true",
            [],
            "qualify epoch = max(epoch) over (partition by dataset, schedule_epochs)",
        )

    def curve(self, cell: Architecture | str, dataset: str) -> pl.DataFrame:
        """Read the learning curve of an architecture: a row after each epoch that is held.

        Parameters
        ----------
        cell
            The architecture, as `mbml.cell` returns it, or its text.
        dataset
            Name of the data set, such as `cifar10-valid`.

        Returns
        -------
        polars.DataFrame
            The columns of `results`, ordered by schedule and epoch. Empty if nothing is held.

        Raises
        ------
        CellError
            The text is not an architecture.
        UsageError
            The benchmark has no such data set.
        WarehouseError
            The warehouse is closed or damaged.

        Examples
        --------
        >>> import mbml
        >>> db = mbml.open("warehouse/mbml.duckdb")
        >>> db.curve(mbml.cell("nasbench201", 28), "cifar100")["epoch"].to_list()
        [12, 200]
        """
        from mbml.spaces.registry import recognise

        space, _ = recognise(cell)
        known = benchmark(space.name).datasets
        if dataset not in known:
            raise unknown_name(f"data set of {space.name}", dataset, known)
        return self._measured(cell, "dataset = ?", [dataset])

    def _measured(
        self, cell: Architecture | str, condition: str, values: list[str], last: str = ""
    ) -> pl.DataFrame:
        from mbml.spaces.registry import recognise

        space, found = recognise(cell)
        return self.frame(
            "select dataset, schedule_epochs, epoch, trials, train_accuracy,"  # noqa: S608
            " valid_accuracy, test_accuracy, valid_test_accuracy, train_seconds"
            " from cell_metric inner join architecture using (arch_id)"
            f" where benchmark = ? and native_key = ? and {condition} {last} order by all",
            [space.name, space.key(found), *values],
        )

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Add a row to a table, values by the names of their columns; called in a transaction."""
        places = ", ".join("?" * len(row))
        self.con.execute(
            f"insert into {table} ({', '.join(row)}) values ({places})",  # noqa: S608
            list(row.values()),
        )

    def transaction(self, work: Callable[[], _Result]) -> _Result:
        """Do some work in one transaction: all of it is kept, or nothing.

        The work runs in the calling thread, after transactions of other threads.
        """
        self._check_usable()  # also before the lock, which a fork may have copied as held
        with self._transaction:
            self._check_usable()
            self.con.execute("begin transaction")
            try:
                self._writer = threading.get_ident()
                with reporting_full_disk(self.path), reporting_damage(self.path):
                    result = work()
                    self.con.execute("commit")
            except BaseException:
                # A failed commit has ended the transaction already.
                with suppress(duckdb.Error):
                    self.con.execute("rollback")
                raise
            finally:
                self._writer = None
        return result


def open_here(path: Path) -> list[Warehouse]:
    """Return the warehouses of one file that this process has open."""
    here = [one for one in list(_OPEN) if one._process == os.getpid()]  # noqa: SLF001
    return [one for one in here if one.path.resolve() == path.resolve()]
