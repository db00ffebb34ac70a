"""A file or folder that is there as a whole, or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name to write under; what is there gets its final name, or is removed on any error.

    Raises
    ------
    OSError
        The disk is full, or the folder must not be written to; nothing is left behind.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        _move_into_place(unfinished, path)
    finally:
        _remove(unfinished)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a name beside its own, then move it into place.

    Raises
    ------
    OSError
        The disk is full, or the folder must not be written to; nothing is left behind.
    """
    with whole(path) as unfinished:
        unfinished.write_bytes(data)


def _move_into_place(unfinished: Path, path: Path) -> None:
    if not (path.is_dir() or (path.exists() and unfinished.is_dir())):
        unfinished.replace(path)
        return
    # A folder takes no other's place, nor a file a folder's: what is there steps aside first.
    old = unfinished.with_name(unfinished.name + ".old")
    path.rename(old)
    unfinished.rename(path)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
