"""One open warehouse: a DuckDB file of our schema, opened for reading or for writing."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

import duckdb

from mbml.errors import LockedError, MbmlError, UsageError, WarehouseError
from mbml.store.schema import apply_definitions, check_version, create_tables
from mbml.whole_file import is_full

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    import polars as pl

Result = TypeVar("Result")

#: Seconds to wait for a warehouse that another process holds, and between two tries.
_PATIENCE = 600.0
_BETWEEN_TRIES = 0.05

_READER = {"memory_limit": "640MB"}
_WRITER = {"memory_limit": "256MB", "storage_compatibility_version": "v1.5.0"}


class Warehouse:
    """An open warehouse; a context manager that closes the file at the end.

    Attributes
    ----------
    path
        The DuckDB file.
    con
        The connection, for the modules that may speak to DuckDB.
    is_new
        True if the file was made when it was opened.
    """

    def __init__(self, path: Path, con: duckdb.DuckDBPyConnection, *, is_new: bool = False) -> None:
        self.path = path
        self.con = con
        self.is_new = is_new

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
            _remove(self.path)

    def close(self) -> None:
        """Close the file; what was not committed is gone."""
        self.con.close()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows."""
        with disk_in_mind(self.path):
            return self.con.execute(sql, list(parameters)).fetchall()

    def frame(self, sql: str, parameters: Sequence[Any] = ()) -> pl.DataFrame:
        """Run a query and return its rows as a Polars frame."""
        with disk_in_mind(self.path):
            frame: pl.DataFrame = self.con.sql(sql, params=list(parameters)).pl()
        return frame

    def transaction(self, work: Callable[[], Result]) -> Result:
        """Do some work in one transaction: all of it is kept, or nothing."""
        self.con.execute("begin transaction")
        try:
            with disk_in_mind(self.path):
                result = work()
                self.con.execute("commit")
        except BaseException:
            # A failed commit has ended the transaction already.
            with suppress(duckdb.Error):
                self.con.execute("rollback")
            raise
        return result


def open_warehouse(path: Path, *, write: bool = False) -> Warehouse:
    """Open a warehouse; for writing, make the file when it is not there.

    Macros and views are put in force again when their text has changed. A reader that cannot do so,
    because another process reads or the file may not be written, goes on with those in the file.

    Parameters
    ----------
    path
        The DuckDB file.
    write
        Open for loading; only one process can do so at a time, and none reads meanwhile.

    Raises
    ------
    WarehouseError
        The file is missing (reading), locked, not a DuckDB file, or of another schema version.

    Examples
    --------
    >>> from pathlib import Path
    >>> open_warehouse(Path("nowhere.duckdb"))
    Traceback (most recent call last):
    ...
    mbml.errors.WarehouseError: nowhere.duckdb: no such warehouse; load a source first: ...
    """
    if path.is_dir():
        raise UsageError(f"{path}: a folder, where the file of a warehouse is meant")
    if write:
        return _open_for_writing(path)
    if not path.exists():
        raise WarehouseError(
            f"{path}: no such warehouse; load a source first: mbml ingest --help tells how"
            f" (with --warehouse {path}), and mbml demo needs no file"
        )
    reader = _connect(path, read_only=True)
    try:
        current = check_version(reader, path)
    except BaseException:
        reader.close()
        raise
    if not current:
        reader.close()
        with suppress(MbmlError):
            _open_for_writing(path).close()
        reader = _connect(path, read_only=True)
    return Warehouse(path, reader)


def with_warehouse(
    path: Path,
    work: Callable[[Warehouse], Result],
    *,
    write: bool = False,
    patience: float = _PATIENCE,
    waiting: Callable[[str], None] | None = None,
) -> Result:
    """Open a warehouse, do some work and close it; wait while another process holds it.

    Parameters
    ----------
    path
        The DuckDB file.
    work
        What to do with the open warehouse.
    write
        Whether it writes.
    patience
        Seconds to wait at most.
    waiting
        Told once, after two seconds, why it takes so long.

    Raises
    ------
    LockedError
        The warehouse stayed locked for as long.
    """
    started = time.monotonic()
    told = waiting is None
    while True:
        try:
            opened = open_warehouse(path, write=write)
        except LockedError as error:
            waited = time.monotonic() - started
            if waited > patience:
                raise
            if waited > 2 and not told and waiting is not None:
                waiting(f"{error}; waiting up to {patience:.0f} s for it")
                told = True
            time.sleep(_BETWEEN_TRIES)
            continue
        with opened:
            return work(opened)


def _open_for_writing(path: Path) -> Warehouse:
    if "?" in str(path):
        # DuckDB takes what follows it for options, and puts the name of its log before it.
        raise UsageError(f"{path}: a warehouse cannot lie under a name with '?'; choose another")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{path}: its folder cannot be made: {error.strerror}") from error
    is_new = not path.exists()
    try:
        con = _connect(path, read_only=False)
    except BaseException:
        if is_new:
            _remove(path)
        raise
    warehouse = Warehouse(path, con, is_new=is_new)
    try:
        tables = con.execute("select count(*) from duckdb_tables() where not internal").fetchall()
        if tables == [(0,)]:
            warehouse.transaction(lambda: create_tables(con))
        elif not check_version(con, path):
            warehouse.transaction(lambda: apply_definitions(con))
    except BaseException:
        con.close()
        if is_new:
            _remove(path)
        raise
    return warehouse


@contextmanager
def disk_in_mind(path: Path) -> Iterator[None]:
    """Tell of a full disk as such, whatever DuckDB or a temporary file was about at the time.

    Raises
    ------
    MbmlError
        The disk is full.
    """
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if is_full(error):
            raise MbmlError(f"{path}: the disk is full; free some space and try again") from error
        raise


def _remove(path: Path) -> None:
    """Remove a new warehouse in which nothing is, and its log."""
    for file in (path, path.with_name(f"{path.name}.wal")):
        with suppress(OSError):
            file.unlink()


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = _READER if read_only else _WRITER
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=config)
        con.execute("set python_enable_replacements = false")
        con.execute("set enable_progress_bar = false")  # it would stand on stdout
    except duckdb.Error as error:
        raise _why_not_opened(path, str(error)) from error
    return con


def _why_not_opened(path: Path, message: str) -> WarehouseError:
    if "lock" in message.lower():
        holder = re.search(r"PID (\d+)", message)
        by = f" by process {holder.group(1)}" if holder else ""
        return LockedError(f"{path}: locked{by}; wait for it to end, or stop it, and try again")
    if "not a valid DuckDB database file" in message:
        return WarehouseError(f"{path}: not a DuckDB file; choose another with --warehouse")
    first = message.strip().splitlines()[0]
    return WarehouseError(f"{path}: cannot be opened: {first}; choose another with --warehouse")
