"""A file or folder that is there as a whole, or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mbml.errors import MbmlError, UsageError
from mbml.text import quoted

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator


def as_path(place: object) -> Path:
    """Return a path that was given as text or as a path; `~` is a name like any other.

    Raises
    ------
    UsageError
        It is neither.

    Examples
    --------
    >>> as_path("warehouse/mbml.duckdb").name
    'mbml.duckdb'
    """
    if isinstance(place, (str, Path)):
        return Path(place)
    raise UsageError(f"expected a path (str or Path), got {quoted(place)}")


def is_address(place: Path | str) -> bool:
    """Tell whether a place begins with a scheme, as in ``s3://bucket``; no local name is taken so.

    Examples
    --------
    >>> [is_address(place) for place in ("s3://bucket", "file:/data/x", "x/s3:", "C:/x")]
    [True, True, False, False]
    """
    # A path has lost one of its two slashes.
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:(/|$)", str(place)) is not None


def check_local(path: Path) -> None:
    """Refuse an address, of which a path would make a local folder named like its scheme.

    Raises
    ------
    UsageError
        The path begins with a scheme.
    """
    if is_address(path):
        address = re.sub(":/*", "://", str(path), count=1)
        raise UsageError(
            f"{address}: expected a local path; only `mbml export` and `mbml export-tables` write"
            " to an address, which begins with s3://"
        )


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name to write under; what is there gets its final name, or is removed on any error.

    The folder that it is to stand in is made if missing.

    Raises
    ------
    MbmlError
        The disk is full, or the folder must not be written to; nothing is left behind.
    """
    check_local(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        _move_into_place(unfinished, path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        _remove(unfinished)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a name beside its own, then move it into place.

    Raises
    ------
    MbmlError
        The disk is full, or the folder must not be written to; nothing is left behind.
    """
    with whole(path) as unfinished:
        unfinished.write_bytes(data)


@contextmanager
def together(folder: Path) -> Iterator[Path]:
    """Give a folder to write files into; they join those of another when all are there.

    Parameters
    ----------
    folder
        Where they join; made if missing. Files of the same names give way, others stay.

    Raises
    ------
    MbmlError
        The disk is full, or the folder must not be written to; none of the files is left.
    """
    check_local(folder)
    unfinished = folder / f".{os.getpid()}"
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        for file in sorted(path for path in unfinished.rglob("*") if path.is_file()):
            target = folder / file.relative_to(unfinished)
            target.parent.mkdir(exist_ok=True)
            file.replace(target)
    except OSError as error:
        raise _not_written(folder, error) from error
    finally:
        _remove(unfinished)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises
    ------
    MbmlError
        It cannot be made.
    """
    check_local(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from error


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Wait until no other process writes here under this lock, which ends with its holder.

    Raises
    ------
    MbmlError
        The folder cannot be made.
    """
    make_folder(folder)
    if sys.platform == "win32":
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def is_full(error: BaseException) -> bool:
    """Tell whether a write failed because no space is left."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # Polars and DuckDB pass on the words alone; the last are DuckDB's, of pages it spills.
    text = str(error)
    return any(
        words in text
        for words in ("No space left on device", "Disk quota exceeded", "failed to offload")
    )


def _not_written(path: Path, error: OSError) -> MbmlError:
    next_step = "free some space and try again" if is_full(error) else "choose another place"
    reason = error.strerror or str(error)
    return MbmlError(f"{path}: cannot be written, nothing is left of it: {reason}; {next_step}")


def _move_into_place(unfinished: Path, path: Path) -> None:
    if path.is_dir() and not unfinished.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder has this name")
    if not (path.is_dir() or (path.exists() and unfinished.is_dir())):
        unfinished.replace(path)
        return
    # A folder takes no other's place, nor a file's: what is there steps aside first.
    old = unfinished.with_name(unfinished.name + ".old")
    path.rename(old)
    unfinished.rename(path)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # nothing is there where nothing could be written
            path.unlink()
