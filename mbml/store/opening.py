"""Opening a warehouse: by its path, or as one that is open already."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mbml.errors import LockedError, MbmlError, UsageError, WarehouseError
from mbml.store.connection import BETWEEN_TRIES, PATIENCE, connect, remove
from mbml.store.faults import check_place, check_present, reporting_damage
from mbml.store.schema import apply_definitions, check_version, create_tables
from mbml.store.warehouse import Warehouse, open_here
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb

    from mbml.store.warehouse import WarehouseOrPath

_Result = TypeVar("_Result")
_LOG = logging.getLogger(__name__)


def open_warehouse(path: Path | str, *, write: bool = False) -> Warehouse:
    """Open a warehouse; for writing, make the file when it is not there.

    Macros and views are put in force again when their text has changed. A reader that cannot do so,
    because another process reads or the file may not be written, goes on with those in the file.

    Parameters
    ----------
    path
        The DuckDB file.
    write
        Open for loading; only one process can do so at a time, and none reads meanwhile.

    Returns
    -------
    Warehouse
        The open warehouse, a context manager.

    Raises
    ------
    UsageError
        The path is an address, a folder, a device, or not a path at all.
    WarehouseError
        The file is missing (reading), locked, damaged, not a DuckDB file, or of another schema
        version; its tables are not mbml's; an object of the user has a name that mbml needs; or
        this process has the file open in another way.

    Examples
    --------
    >>> import mbml
    >>> db = mbml.open("warehouse/mbml.duckdb")
    >>> db
    <Warehouse 'warehouse/mbml.duckdb', reading>
    >>> mbml.open("nowhere.duckdb")
    Traceback (most recent call last):
    mbml.errors.WarehouseError: nowhere.duckdb: no such warehouse; load a source into it first ...
    """
    path = as_path(path)
    if write:
        check_place(path)
        return _open_for_writing(path)
    return Warehouse(path, connect_checked(path, partial(connect, read_only=True)))


def connect_checked(
    path: Path, connect_to: Callable[[Path], duckdb.DuckDBPyConnection]
) -> duckdb.DuckDBPyConnection:
    """Connect for reading to a warehouse of this schema, its definitions put in force if possible.

    Parameters
    ----------
    path
        The DuckDB file.
    connect_to
        Makes the connection.

    Raises
    ------
    UsageError, WarehouseError
        As `open_warehouse` does.
    """
    check_present(path)
    reader = connect_to(path)
    try:
        with reporting_damage(path):
            current = check_version(reader, path)
    except BaseException:
        reader.close()
        raise
    if not current:
        reader.close()
        with suppress(MbmlError):
            _open_for_writing(path).close()
        reader = connect_to(path)
    return reader


@contextmanager
def opened(warehouse: WarehouseOrPath, *, write: bool = False) -> Iterator[Warehouse]:
    """Give an open warehouse: the one that is given, or that of a path, which is closed again.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    write
        Whether it is to be written. One that is open for reading then makes way.

    Raises
    ------
    UsageError, WarehouseError
        As `open_warehouse` does.
    """
    if isinstance(warehouse, Warehouse) and (warehouse.writes or not write):
        yield warehouse
        return
    with open_warehouse(path_of(warehouse), write=write) as other:
        yield other


def path_of(warehouse: WarehouseOrPath) -> Path:
    """Return the path of a warehouse that is given as such, or by its path."""
    return warehouse.path if isinstance(warehouse, Warehouse) else as_path(warehouse)


def with_warehouse(
    warehouse: WarehouseOrPath,
    work: Callable[[Warehouse], _Result],
    *,
    write: bool = False,
    patience: float = PATIENCE,
    waiting: Callable[[str], None] | None = None,
) -> _Result:
    """Do some work on a warehouse as `opened` gives it; wait while another process holds the file.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    work
        What to do with the open warehouse.
    write
        Whether it writes.
    patience
        Seconds to wait at most.
    waiting
        Told once, after two seconds, why it takes so long; a warning of the logger `mbml` if not
        given.

    Raises
    ------
    LockedError
        The warehouse stayed locked for as long.
    """
    started = time.monotonic()
    notified = False
    with ExitStack() as stack:
        while True:
            try:
                held = stack.enter_context(opened(warehouse, write=write))
                break
            except LockedError as error:
                waited = time.monotonic() - started
                if waited > patience:
                    raise
                if waited > 2 and not notified:
                    (waiting or _LOG.warning)(f"{error}; waiting up to {patience:.0f} s for it")
                    notified = True
                time.sleep(BETWEEN_TRIES)
        return work(held)


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
        con = _connect_to_write(path)
    except BaseException:
        if is_new:
            remove(path)
        raise
    warehouse = Warehouse(path, con, writes=True, is_new=is_new)
    try:
        with reporting_damage(path):
            [(tables,)] = con.execute(
                "select count(*) from duckdb_tables() where not internal"
            ).fetchall()
            current = tables > 0 and check_version(con, path, macros=True)
        if tables == 0:
            warehouse.transaction(lambda: create_tables(con, path))
        elif not current:
            warehouse.transaction(lambda: apply_definitions(con, path))
    except BaseException:
        con.close()
        if is_new:
            remove(path)
        raise
    return warehouse


def _connect_to_write(path: Path) -> duckdb.DuckDBPyConnection:
    """Connect for writing, once the readers of this process have made way."""
    while True:
        readers = [one for one in open_here(path) if not one.writes]
        for reader in readers:
            reader.make_way()
        try:
            return connect(path, read_only=False)
        except WarehouseError:
            if all(one.is_aside for one in readers):
                raise
