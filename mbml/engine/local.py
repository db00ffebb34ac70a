"""Work here, or in processes of this machine, which share one copy of the data's arrays."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import joblib

from mbml.errors import MbmlError
from mbml.workers import follow_parent, quiet_start

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

Task = TypeVar("Task")
Result = TypeVar("Result")

_shared: Any = None


def run(
    function: Callable[[Any, Task], Result], tasks: Iterable[Task], *, shared: Any, jobs: int
) -> Generator[Result]:
    """Apply a function as `mbml.engine.run` says, in a number of processes."""
    if jobs <= 1:
        for task in tasks:
            yield function(shared, task)
        return
    with TemporaryDirectory(prefix="mbml-") as folder:
        file = Path(folder) / "shared"
        _write(shared, file)
        yield from _in_processes(function, iter(tasks), file, jobs)


def _write(shared: Any, file: Path) -> None:
    try:
        joblib.dump(shared, file)
    except OSError as error:
        raise MbmlError(
            f"{file}: the data for the processes cannot be written: {error.strerror or error};"
            " make room, name another folder by TMPDIR, or leave out --jobs"
        ) from error


def _in_processes(
    function: Callable[[Any, Task], Result], tasks: Iterator[Task], file: Path, jobs: int
) -> Generator[Result]:
    others = set(multiprocessing.active_children())
    # A fork would copy the threads' locks of DuckDB and Arrow in whatever state they are in.
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_receive,
        initargs=(file,),
    )
    complete = False
    try:
        yield from _as_completed(pool, function, tasks, jobs)
        complete = True
    except BrokenProcessPool:
        raise MbmlError(
            "a worker process ended unexpectedly; was it killed for lack of memory?"
        ) from None
    finally:
        if not complete:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _as_completed(
    pool: ProcessPoolExecutor,
    function: Callable[[Any, Task], Result],
    tasks: Iterator[Task],
    jobs: int,
) -> Generator[Result]:
    running: set[Future[Result]] = set()
    while True:
        for task in islice(tasks, jobs - len(running)):
            with quiet_start():
                running.add(pool.submit(_apply, function, task))
        if not running:
            return
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        for one in finished:
            yield one.result()


def _receive(file: Path) -> None:
    global _shared  # noqa: PLW0603 (what an initializer leaves behind for its process)
    follow_parent()
    _shared = joblib.load(file, mmap_mode="r")


def _apply(function: Callable[[Any, Task], Result], task: Task) -> Result:
    return function(_shared, task)
