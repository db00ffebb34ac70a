"""Work on the pieces of a file in other processes: in order, a few at a time, and no orphans."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import ModuleType
from typing import TYPE_CHECKING, Final, TypeVar

from mbml.errors import MbmlError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

#: More would wait for the one process that takes the results.
MAX_WORKERS: Final = 8
_WAITING_EACH: Final = 2

_starting = threading.Lock()


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_workers(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None = None
) -> Generator[Result]:
    """Apply a function to items in worker processes; the results come in the items' order.

    At most twice as many items as workers are under way, so memory does not grow with their
    number. An error from the function, or from the iterable, comes out where its result would.
    Closing the iterator, or an interrupt, ends the workers before it returns.

    Parameters
    ----------
    function
        A function at the top level of an importable module: not of the script that is running.
    items
        What it is applied to; read as needed, in the calling thread.
    workers
        Processes to use; by default one a core, up to `MAX_WORKERS`. One means none: the work is
        done here.

    Raises
    ------
    MbmlError
        A worker process was killed.
    """
    count = min(available_cores(), MAX_WORKERS) if workers is None else workers
    if count <= 1:
        yield from map(function, items)
        return
    # A fork would copy the threads' locks of DuckDB and Arrow in whatever state they are in.
    pool = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=follow_parent
    )
    try:
        yield from _in_order(pool, function, items, count * _WAITING_EACH)
    except BrokenProcessPool:
        raise MbmlError(
            "a worker process ended unexpectedly; was it killed for lack of memory?"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    limit: int,
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    source = iter(items)
    failure: Exception | None = None
    while True:
        try:
            while failure is None and len(waiting) < limit:
                item = next(source)
                with quiet_start():
                    waiting.append(pool.submit(function, item))
        except StopIteration:
            break
        except Exception as error:  # noqa: BLE001 (raised below, after the results before it)
            failure = error
            break
        yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
    if failure is not None:
        raise failure


def follow_parent() -> None:
    """Make this worker leave interrupts to its parent, and end when the parent does.

    A worker holds both ends of the queue it reads from, so would never learn of the parent's death.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: (wait([sentinel]), os._exit(1)), daemon=True).start()


@contextmanager
def quiet_start() -> Iterator[None]:
    """Let a worker start without the user's script and without the user's interrupts.

    A spawned process first runs the parent's main script again; one without an
    ``if __name__ == "__main__"`` guard would load the file a second time. And an interrupt before
    `follow_parent` would print a traceback.
    """
    with _starting:
        main = sys.modules["__main__"]
        blocked = hasattr(signal, "pthread_sigmask")
        if blocked:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            if blocked:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
