"""Why a warehouse's file cannot be opened or read: DuckDB's words, told with what to do next."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from mbml.errors import LockedError, MbmlError, UsageError, WarehouseError
from mbml.store.schema import own_macros
from mbml.text import first_line
from mbml.whole_file import check_local, is_full

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCKED = re.compile(r"^IO Error: Could not set lock on file|used by another process")
_IN_USE = re.compile("Unique file handle conflict")
_NEWER = re.compile(r"storage version|version number", re.IGNORECASE)
_DAMAGED = re.compile(
    "Corrupt database file|Could not read enough bytes|Failed to deserialize|Serialization Error"
    "|database has been invalidated"
)
_NO_MACRO = re.compile(r"Function with name (\w+) does not exist")
#: DuckDB's signature, and where it stands; other files begin with theirs.
_DUCKDB, _AT = b"DUCK", 8
_OTHERS = {
    b"SQLite format 3\0": "an SQLite database",
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\x80": "a pickle",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself",
    b"<": "a web page or XML",
}


def check_place(path: Path) -> None:
    """Refuse what can be no file of a warehouse, before anything waits for it to be read.

    Raises
    ------
    UsageError
        The path is an address, a folder, or a pipe, socket or device.
    """
    check_local(path)
    if path.is_dir():
        raise UsageError(f"{path}: a folder, where the file of a warehouse is meant")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: no regular file; choose another with `warehouse`")


def check_present(path: Path) -> None:
    """Refuse what can be no file of a warehouse, or is not there.

    Raises
    ------
    UsageError
        As `check_place` does.
    WarehouseError
        There is no such file.
    """
    check_place(path)
    if not path.exists():
        raise WarehouseError(
            f"{path}: no such warehouse; load a source into it first (mbml ingest), or run"
            " mbml demo, which needs no file"
        )


def why_not_opened(path: Path, error: duckdb.Error) -> WarehouseError:
    """Return what to tell of a file that DuckDB did not open."""
    text = str(error)
    if _LOCKED.search(text):
        holder = re.search(r"PID (\d+)", text)
        by = f" by process {holder.group(1)}" if holder else ""
        return LockedError(f"{path}: locked{by}; wait for it to end, or stop it, and try again")
    if isinstance(error, duckdb.ConnectionException) or _IN_USE.search(text):
        # A look into it would drop the lock that DuckDB holds.
        return WarehouseError(
            f"{path}: this process has the file open in another way. If that is an mbml warehouse"
            " that is open for writing, use it, or close it. If it is a DuckDB connection, close"
            " it, or open it as duckdb.connect(path, read_only=True), without `config`; then mbml"
            " can read beside it, but not write"
        )
    other = _other_kind(path)
    if other is not None:
        return WarehouseError(f"{path}: not a DuckDB file{other}; choose another with `warehouse`")
    if _NEWER.search(text):
        return WarehouseError(
            f"{path}: this DuckDB ({duckdb.__version__}) does not know its version of the file"
            f" format ({first_line(error)}); upgrade duckdb, or choose another with `warehouse`"
        )
    return damage_in(path, error) or WarehouseError(
        f"{path}: cannot be opened: {first_line(error)}; choose another with `warehouse`"
    )


@contextmanager
def reporting_full_disk(path: Path) -> Iterator[None]:
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


@contextmanager
def reporting_damage(path: Path) -> Iterator[None]:
    """Tell of a file that is not whole as such, whatever DuckDB was about at the time.

    Raises
    ------
    WarehouseError
        The file is damaged, or a macro of mbml is not in it.
    """
    try:
        yield
    except duckdb.Error as error:
        damage = damage_in(path, error)
        if damage is not None:
            raise damage from error
        raise


def damage_in(path: Path, error: BaseException) -> WarehouseError | None:
    """Return what to tell if an error comes of a file that is not whole, else None."""
    text = str(error)
    if _DAMAGED.search(text):
        return WarehouseError(
            f"{path}: damaged ({first_line(error)}); put a copy of it in its place, or load the"
            " sources into a new file"
        )
    lost = _NO_MACRO.search(text)
    if lost and lost[1] in own_macros():
        # To look for them whenever a file is opened takes longer than most queries.
        return WarehouseError(
            f"{path}: its macro {lost[1]} is gone; what writes puts it back, such as mbml ingest"
        )
    return None


def _other_kind(path: Path) -> str | None:
    """Return what a file is that is not DuckDB's, as far as its first bytes tell; else None."""
    try:
        with path.open("rb") as file:
            start = file.read(32)
    except OSError:
        return None
    if start[_AT : _AT + len(_DUCKDB)] == _DUCKDB:
        return None
    kinds = (kind for signature, kind in _OTHERS.items() if start.startswith(signature))
    kind = next(kinds, None if start else "empty")
    return f" ({kind})" if kind else ""
