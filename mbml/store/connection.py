"""Connections to the file of a warehouse: with which settings, and when one is refused."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb

from mbml.store.faults import why_not_opened

if TYPE_CHECKING:
    from pathlib import Path

#: Seconds to wait for a warehouse that another process or thread holds, and between two tries.
PATIENCE = 600.0
BETWEEN_TRIES = 0.05

#: Of every connection: SQL sees no variable of Python, and no file makes DuckDB fetch code.
CLOSED: dict[str, Any] = {
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_READER_MEMORY = "640MB"
_WRITER_MEMORY = "256MB"
_WRITER = {"storage_compatibility_version": "v1.5.0"} | CLOSED

#: DuckDB refuses two connections with different settings, also for the moment of a first look.
_CONNECTING = threading.Lock()


def connect(
    path: Path, *, read_only: bool, memory_limit: str = _WRITER_MEMORY
) -> duckdb.DuckDBPyConnection:
    """Connect to the file of a warehouse; the limit of memory is that of a writer.

    Raises
    ------
    WarehouseError
        DuckDB does not open the file.
    """
    # Absolute: DuckDB would take `~`, `:memory:` or `sqlite:` at the start for its own.
    name = str(path.absolute())
    try:
        with _CONNECTING:
            if read_only:
                con = _reader(name)
            else:
                con = duckdb.connect(name, config=_WRITER | {"memory_limit": memory_limit})
        # It would stand on stdout; connections made from this one have none.
        con.execute("set enable_progress_bar = false")
    except duckdb.Error as error:
        raise why_not_opened(path, error) from error
    return con


def _reader(name: str) -> duckdb.DuckDBPyConnection:
    """Connect for reading without settings, so that connections of the user may stand beside it."""
    # The first look is closed to code from elsewhere, which a file of another kind might ask for.
    # It is refused where this process has the file open: then it is one of DuckDB already.
    with suppress(duckdb.ConnectionException):
        duckdb.connect(name, read_only=True, config=CLOSED).close()
    con = duckdb.connect(name, read_only=True)
    for setting, value in (CLOSED | {"memory_limit": _READER_MEMORY}).items():
        con.execute(f"set {setting} = '{value}'")
    return con


def remove(path: Path) -> None:
    """Remove a new warehouse in which nothing is, and its log."""
    for file in (path, path.with_name(f"{path.name}.wal")):
        with suppress(OSError):
            file.unlink()
