"""The part of a user who may not do everything, which root may."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mbml.store.schema import sql_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOBODY = 65534


@contextmanager
def unprivileged(*paths: Path) -> Iterator[None]:
    """Be a user who may read these; skip where there is none, or none who may read mbml."""
    version("numpy")  # some of what it imports, it imports late
    with nullcontext() if os.geteuid() else _nobody(paths):
        for needed in (sql_folder(), Path(np.__file__).parent, Path.cwd()):
            if not os.access(needed, os.R_OK | os.X_OK, effective_ids=True):
                pytest.skip(f"no other user may read {needed}")
        yield


@contextmanager
def _nobody(paths: tuple[Path, ...]) -> Iterator[None]:
    with _readable_by_others(paths):
        try:
            os.seteuid(_NOBODY)
        except OSError as error:
            pytest.skip(f"there is no other user: {error.strerror}")
        try:
            yield
        finally:
            os.seteuid(0)


@contextmanager
def _readable_by_others(paths: tuple[Path, ...]) -> Iterator[None]:
    """Open these and the folders above, for one test at a time: other test runs share those."""
    alone = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(alone, fcntl.LOCK_EX)
        every = {one: one.stat().st_mode for path in paths for one in (path, *path.parents)}
        closed = {one: mode for one, mode in every.items() if mode & 0o055 != 0o055}
        try:
            for one, mode in closed.items():
                one.chmod(mode | 0o055)
            yield
        finally:
            for one, mode in closed.items():
                one.chmod(mode)
    finally:
        os.close(alone)
