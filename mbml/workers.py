"""Work on the pieces of a file in other processes: in order, a few at a time, and no orphans."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_connection
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from mbml.errors import MbmlError
from mbml.shared_memory import Shared, receive, release, share
from mbml.text import described

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Iterator
    from concurrent.futures import Future
    from multiprocessing.process import BaseProcess

    from mbml.shared_memory import Place

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: More would wait for the one process that takes the results.
MAX_WORKERS: Final = 8
_WAITING_EACH: Final = 2
#: Seconds that workers without work have to end by themselves.
_PATIENCE: Final = 5.0

_starting = threading.Lock()


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_workers(
    function: Callable[[_Item], _Result], items: Iterable[_Item], *, workers: int | None = None
) -> Generator[_Result]:
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
    most = count * _WAITING_EACH
    taken: deque[Place] = deque(maxlen=most * count)
    calls = (_Call(function, item, tuple(taken)) for item in items)
    with worker_pool(count, follow_parent) as pool:
        for result in results_of(pool, _shared, calls, most=most, in_order=True):
            if isinstance(result, Shared):
                taken.append(result.place)
                yield receive(result)
            else:
                yield result


class _Call(NamedTuple):
    """A function with its argument, and results that its worker need not hold any more."""

    function: Callable[[Any], Any]
    item: Any
    taken: tuple[Place, ...]


def _shared(call: _Call) -> Any:
    release(call.taken)
    return share(call.function(call.item))


@contextmanager
def worker_pool(
    count: int, initializer: Callable[..., None], *arguments: object
) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of worker processes, none of which outlives the block.

    They are killed, whatever they are at, unless the block ends by itself: one that hangs in
    compiled code or ignores signals ends no other way.

    Parameters
    ----------
    count
        Number of processes.
    initializer, arguments
        What each calls first; `follow_parent` is part of it.

    Raises
    ------
    MbmlError
        A worker process was killed, or ended itself.
    """
    others = set(multiprocessing.active_children())
    # A fork would copy the threads' locks of DuckDB and Arrow in whatever state they are in.
    pool = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=initializer,
        initargs=arguments,
    )
    complete = False
    try:
        yield pool
        complete = True
    except BrokenProcessPool:
        raise MbmlError(
            "a worker process ended unexpectedly: was it killed for lack of memory, or did code of"
            " a plug-in end it?"
        ) from None
    finally:
        processes = set(multiprocessing.active_children()) - others
        late = threading.Timer(_PATIENCE, _kill, [processes])
        try:
            # No thread can be started when the interpreter ends, as it closes what still yields.
            if complete:
                late.start()
            else:
                _kill(processes)
            pool.shutdown(wait=True, cancel_futures=True)
        finally:
            late.cancel()
            _kill(processes)


def _kill(processes: Iterable[BaseProcess]) -> None:
    for one in processes:
        one.kill()


def apply(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call a function in a worker; an error that its parent could not read becomes its text.

    Where it cannot be read, the parent takes all workers for dead.
    """
    try:
        return function(*arguments)
    except BaseException as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 (of our own making)
        except Exception:  # noqa: BLE001 (as an exception of others may raise anything)
            raise MbmlError(described(error)) from None
        raise


def results_of(
    pool: ProcessPoolExecutor,
    function: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    most: int,
    in_order: bool,
) -> Generator[_Result]:
    """Apply a function to items in a pool, and yield the results as they come, or in order.

    Parameters
    ----------
    pool
        From `worker_pool`.
    function
        What is applied.
    items
        Read as needed; what reading raises comes out after the results of the items before.
    most
        Items under way at a time.
    in_order
        Whether the results come in the items' order.
    """
    waiting: deque[Future[_Result]] = deque()
    source = iter(items)
    failure: Exception | None = None
    more = True
    while True:
        while more and len(waiting) < most:
            try:
                item = next(source)
            except StopIteration:
                more = False
            except Exception as error:  # noqa: BLE001 (raised below, after the results before it)
                failure, more = error, False
            else:
                with quiet_start():
                    waiting.append(pool.submit(apply, function, item))
        if not waiting:
            break
        for future in _first_done([waiting[0]] if in_order else waiting):
            waiting.remove(future)
            yield future.result()
    if failure is not None:
        raise failure


def _first_done(futures: Collection[Future[_Result]]) -> set[Future[_Result]]:
    """Wait for the first of some futures; returns those that are done.

    In short turns: an interrupt does not wake a thread that waits for good, as Polars handles it.
    """
    while True:
        done, _ = wait_for(futures, timeout=0.2, return_when=FIRST_COMPLETED)
        if done:
            return done


def follow_parent() -> None:
    """Make this worker leave interrupts to its parent, and end when the parent does.

    A worker holds both ends of the queue it reads from, so would never learn of the parent's death.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was imported lives as long as the worker: the collector need not look at it again.
    gc.freeze()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for_connection([sentinel])
    os._exit(1)


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
