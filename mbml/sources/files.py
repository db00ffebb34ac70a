"""Files as a user names them: opened only when there is something in them to read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, NoReturn

from mbml.errors import SourceError, UsageError

_MOST_ENTRIES = 200_000


def check_file(path: Path) -> int:
    """Check that a path names a regular, readable file that is not empty; return its size in bytes.

    Raises
    ------
    UsageError
        Nothing is there, or it is a folder, a pipe or a device.
    SourceError
        The file is empty, or must not be read.
    """
    with open_file(path) as stream:
        return os.fstat(stream.fileno()).st_size


def open_file(path: Path) -> IO[bytes]:
    """Open a file for reading, after the checks of `check_file`."""
    try:
        size = check_regular(path)
        stream = path.open("rb")
    except OSError as error:
        raise SourceError(path, "", f"cannot be read: {error.strerror}") from error
    if size == 0:
        stream.close()
        raise SourceError(path, "", "is empty", "Was the download interrupted?")
    return stream


def check_regular(path: Path) -> int:
    """Check that a path names a regular file, and return its size in bytes, without opening it.

    Opening a pipe would wait for a writer, and a device may never end.

    Raises
    ------
    UsageError
        Nothing is there, or it is a folder, a pipe or a device.
    SourceError
        It cannot be looked at.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path} does not exist") from None
    except OSError as error:
        raise SourceError(path, "", f"cannot be read: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{path} is a folder; name the file in it")
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{path} is not a regular file")
    return status.st_size


def files_under(folder: Path, ending: str) -> tuple[Path, ...]:
    """Return the files of a folder and its subfolders whose names end so, in order.

    Links are followed: what a link names is part of what the user named.

    Raises
    ------
    UsageError
        A file is no regular one, a link leads to a folder twice, or the folder holds far more
        than a table: `/`, or a home.
    SourceError
        A subfolder cannot be read.
    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    again: list[str] = []
    looked_at = 0

    if folder.resolve() == Path(folder.resolve().anchor):
        raise UsageError(f"{folder} is the root of the file system; name the folder of the files")

    def fail(error: OSError) -> NoReturn:
        raise SourceError(Path(error.filename), "", f"cannot be read: {error.strerror}") from error

    for top, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        looked_at += len(folders) + len(names)
        if looked_at > _MOST_ENTRIES:
            raise UsageError(
                f"{folder} holds more than {_MOST_ENTRIES:,} files and folders; name the folder"
                " of the files"
            )
        status = Path(top).stat()
        if (status.st_dev, status.st_ino) in seen:
            again.append(top)
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        found += (Path(top) / name for name in names if name.lower().endswith(ending))
    if found and again:
        raise UsageError(f"{again[0]} is a link to a folder that is read already; take it away")
    for path in found:
        check_regular(path)
    return tuple(sorted(found))


def read_bytes(stream: IO[bytes], path: Path, size: int) -> bytes:
    """Read some bytes, fewer only at the end of the file.

    Raises
    ------
    SourceError
        The disk or the network failed.
    """
    try:
        return stream.read(size)
    except OSError as error:
        raise SourceError(path, "", f"cannot be read on: {error.strerror}") from error
