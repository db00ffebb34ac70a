"""Files as a user names them: opened only when there is something in them to read."""

from __future__ import annotations

import os
import stat
from typing import IO, TYPE_CHECKING

from mbml.errors import SourceError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


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
        # Before opening: opening a pipe would wait for a writer.
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UsageError(f"{path} is a folder; name the file in it")
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path} is not a regular file")
        stream = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path} does not exist") from None
    except OSError as error:
        raise SourceError(path, "", f"cannot be read: {error.strerror}") from error
    if status.st_size == 0:
        stream.close()
        raise SourceError(path, "", "is empty", "Was the download interrupted?")
    return stream


def read(stream: IO[bytes], path: Path, size: int) -> bytes:
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
