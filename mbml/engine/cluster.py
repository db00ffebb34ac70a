"""Work on the workers of a Dask cluster, which others start: `dask scheduler`, `dask worker`.

A worker that is lost takes no result with it: Dask makes its tasks again on another. Dask is used
directly, since joblib's Dask backend waits for ever for a task that was given up.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from mbml._version import __version__
from mbml.errors import MbmlError, UsageError
from mbml.text import described, quoted
from mbml.workers import apply

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

#: Seconds to wait for the first worker, and for the scheduler to answer.
PATIENCE = 30
ANSWER = 6
#: One that is worked on and one that waits, so that no worker waits for a message.
_TASKS_PER_WORKER = 2
#: How often a task may lose its workers and its data; Dask has the same limit for workers alone.
_MOST_LOSSES = 3
_GOES_ON = "what was finished is kept: run the same command again, and it goes on from there"


def run(
    function: Callable[[Any, _Task], _Result],
    tasks: Iterable[_Task],
    *,
    shared: Any,
    scheduler: tuple[str, int],
) -> Generator[_Result]:
    """Apply a function as `mbml.engine.run` says, on the workers of a scheduler."""
    client = connect(scheduler)
    with client, _as_mbml_error(scheduler):
        workers = _Workers(client)
        workers.wait_for_first()
        yield from _as_completed(client, workers, function, iter(tasks), shared)


def connect(scheduler: tuple[str, int]) -> Any:
    """Return a client of a scheduler.

    Raises
    ------
    UsageError
        Dask is not installed.
    MbmlError
        No scheduler answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("dask is not installed; pip install 'mbml[dask]'") from None
    host, port = scheduler
    # What Dask itself says of lost workers and connections would stand among our own messages.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    address = f"tcp://{host}:{port}"
    try:
        # Dask would try again for a while where nobody listens.
        socket.create_connection(scheduler, timeout=ANSWER).close()
        with ThreadPoolExecutor(1) as pool:  # as this thread may have a loop that runs
            kind = pool.submit(asyncio.run, asyncio.wait_for(_kind(address), ANSWER)).result()
        if kind != "Scheduler":
            raise ValueError(f"what answers there is {quoted(kind)}")  # noqa: TRY301
        return Client(address, timeout=ANSWER, set_as_default=False)
    # Dask takes the first bytes for lengths: what is no scheduler makes it raise anything.
    except Exception as error:
        raise MbmlError(
            f"no Dask scheduler answers at {host}:{port} ({_reason(error)}); start one there with"
            f" `dask scheduler --port {port}`, or look at its address"
        ) from error


async def _kind(address: str) -> object:
    """Ask what answers, before a client of Dask's waits for it longer than it should."""
    from distributed.comm import connect as open_connection

    connection = await open_connection(address, timeout=ANSWER)
    try:
        await connection.write({"op": "identity", "reply": True})
        answer = await connection.read()
    finally:
        connection.abort()
    return answer.get("type") if isinstance(answer, dict) else None


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing there speaks as one within {ANSWER} s"
    if isinstance(error, OSError | ValueError | ImportError):
        return described(error)
    return "what answers there speaks another protocol"


class _Workers:
    """The workers of a scheduler, each looked at before it is given work."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: set[str] = set()

    def wait_for_first(self) -> None:
        """Wait for a worker, and look at those that are there; raises as `count`."""
        address = self._client.scheduler.address
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise MbmlError(
                f"{address} has no worker after {PATIENCE} s; start one with"
                f" `dask worker {address} --nthreads 1`"
            ) from None
        self.count()

    def count(self) -> int:
        """Return how many answer.

        Raises
        ------
        UsageError
            One that was not there before would compute something else.
        """
        found = self._client.nthreads()
        new = {worker: threads for worker, threads in found.items() if worker not in self._known}
        for worker, threads in new.items():
            if threads != 1:
                raise UsageError(
                    f"worker {worker} has {threads} threads, and a fit needs a process of its own;"
                    " start workers with `--nthreads 1`, as many as there are cores (--nworkers)"
                )
        if new:
            self._known |= self._with_right_version(list(new))
        return len(self._known & set(found))

    def _with_right_version(self, new: list[str]) -> set[str]:
        """Return those that answer; raises as `count`."""
        versions = self._client.run(_version, workers=new, on_error="return")
        # One that does not answer is gone again, or is asked once more the next time.
        answers = {
            worker: version
            for worker, version in versions.items()
            if not isinstance(version, OSError)
        }
        for worker, version in answers.items():
            if isinstance(version, Exception):
                raise UsageError(
                    f"worker {worker} cannot import mbml ({described(version)});"
                    f" install mbml {__version__} there too"
                ) from version
            _check_version(worker, version)
        return set(answers)


def _check_version(worker: str, version: str) -> None:
    """Refuse a worker of another mbml; raises `UsageError`."""
    if version != __version__:
        raise UsageError(
            f"worker {worker} has mbml {quoted(version)}, this is {__version__}; install the same"
        )


def _version() -> str:
    return __version__


def _versioned(
    function: Callable[[Any, _Task], _Result], data: Any, task: _Task
) -> tuple[str, str, _Result]:
    """Return a result with the worker that computed it, and its version."""
    from distributed import get_worker

    return get_worker().address, _version(), apply(function, data, task)


def _as_completed(
    client: Any,
    workers: _Workers,
    function: Callable[[Any, _Task], _Result],
    tasks: Iterator[_Task],
    shared: Any,
) -> Generator[_Result]:
    from distributed import as_completed

    # To every worker, so that the data is there for as long as any of them is.
    data = client.scatter(shared, broadcast=True, hash=False)
    running = as_completed(loop=client.loop)
    sent: dict[str, tuple[_Task, Any, int]] = {}

    def send(task: _Task, losses: int = 0) -> None:
        future = client.submit(_versioned, function, data, task, pure=False)
        sent[future.key] = task, data, losses
        running.add(future)

    def top_up() -> None:
        wanted = _TASKS_PER_WORKER * max(1, workers.count())
        for task in islice(tasks, max(0, wanted - running.count())):
            send(task)

    top_up()
    for future in running:
        task, given, losses = sent.pop(future.key)
        try:
            worker, version, result = future.result()
        except CancelledError:
            if losses == _MOST_LOSSES:
                raise
            # The data, or a result not fetched yet, went with the last worker that had it, and
            # Dask cannot make the data again.
            if given is data:
                data = client.scatter(shared, broadcast=True, hash=False)
            send(task, losses + 1)
            continue
        except Exception:
            workers.count()  # a worker of another version, not looked at yet, fails in its own way
            raise
        # One that joined a moment ago may have been given a task before it was looked at.
        _check_version(worker, version)
        yield result
        top_up()


@contextmanager
def _as_mbml_error(scheduler: tuple[str, int]) -> Iterator[None]:
    """Say in our words that tasks were given up, or that the scheduler is gone."""
    from distributed import KilledWorker

    host, port = scheduler
    try:
        yield
    except (KilledWorker, CancelledError):
        raise MbmlError(
            "a task was given up after several workers had died at it, or the scheduler at"
            f" {host}:{port} went away; were they killed for lack of memory? {_GOES_ON}"
        ) from None
    except OSError as error:
        raise MbmlError(
            f"the Dask scheduler at {host}:{port} went away ({error}); {_GOES_ON}"
        ) from error
