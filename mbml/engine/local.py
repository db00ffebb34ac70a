"""Work here, or in processes of this machine, which share one copy of the data's arrays."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import joblib

from mbml.errors import MbmlError
from mbml.workers import follow_parent, results_of, worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_shared: Any = None


def run(
    function: Callable[[Any, _Task], _Result], tasks: Iterable[_Task], *, shared: Any, jobs: int
) -> Generator[_Result]:
    """Apply a function as `mbml.engine.run` says, in a number of processes."""
    if jobs <= 1:
        for task in tasks:
            yield function(shared, task)
        return
    with TemporaryDirectory(prefix="mbml-") as folder:
        file = Path(folder) / "shared"
        _write(shared, file)
        with worker_pool(jobs, _receive, file) as pool:
            work = partial(_apply, function)
            yield from results_of(pool, work, tasks, most=jobs, in_order=False)


def _write(shared: Any, file: Path) -> None:
    try:
        joblib.dump(shared, file)
    except OSError as error:
        raise MbmlError(
            f"{file}: the data for the processes cannot be written: {error.strerror or error};"
            " make room, name another folder by TMPDIR, or leave out `jobs`"
        ) from error


def _receive(file: Path) -> None:
    global _shared  # noqa: PLW0603 (what an initializer leaves behind for its process)
    follow_parent()
    _shared = joblib.load(file, mmap_mode="r")


def _apply(function: Callable[[Any, _Task], _Result], task: _Task) -> _Result:
    return function(_shared, task)
