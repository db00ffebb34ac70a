"""Work on the workers of a Dask cluster, which others start: `dask scheduler`, `dask worker`.

A worker that is lost takes no result with it: Dask makes its tasks again on another. Dask is used
directly, since joblib's Dask backend waits for ever for a task that was given up.
"""

from __future__ import annotations

import logging
import socket
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from mbml._version import __version__
from mbml.errors import MbmlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Seconds to wait for the scheduler's answer, and for the first worker.
PATIENCE = 30
#: One that is worked on and one that waits, so that no worker waits for a message.
_TASKS_PER_WORKER = 2
#: How often a task may lose its workers and its data; Dask has the same limit for workers alone.
_MOST_LOSSES = 3
_GOES_ON = "what was finished is kept: run the same command again, and it goes on from there"


def run(
    function: Callable[[Any, Task], Result],
    tasks: Iterable[Task],
    *,
    shared: Any,
    scheduler: tuple[str, int],
) -> Generator[Result]:
    """Apply a function as `mbml.engine.run` says, on the workers of a scheduler."""
    client = connect(scheduler)
    with client, _as_mbml_error(scheduler):
        _check_workers(client)
        yield from _as_completed(client, function, iter(tasks), shared)


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
    try:
        # Dask would try again for half a minute where nobody listens.
        socket.create_connection(scheduler, timeout=PATIENCE).close()
        return Client(f"tcp://{host}:{port}", timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MbmlError(
            f"no Dask scheduler answers at {host}:{port} ({error}); start one there with"
            f" `dask scheduler --port {port}`, or look at its address"
        ) from error


def _check_workers(client: Any) -> None:
    """Wait for a worker, and refuse workers that would compute something else."""
    address = client.scheduler.address
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise MbmlError(
            f"{address} has no worker after {PATIENCE} s; start one with"
            f" `dask worker {address} --nthreads 1`"
        ) from None
    for worker, threads in client.nthreads().items():
        if threads != 1:
            raise UsageError(
                f"worker {worker} has {threads} threads, and a fit needs a process of its own;"
                " start workers with `--nthreads 1`, as many as there are cores (--nworkers)"
            )
    try:
        versions = client.run(_version)
    except Exception as error:
        raise UsageError(
            f"the workers of {address} cannot import mbml ({type(error).__name__}: {error});"
            f" install mbml {__version__} there too"
        ) from error
    for worker, version in versions.items():
        if version != __version__:
            raise UsageError(
                f"worker {worker} has mbml {version}, this is {__version__}; install the same"
            )


def _version() -> str:
    return __version__


def _as_completed(
    client: Any, function: Callable[[Any, Task], Result], tasks: Iterator[Task], shared: Any
) -> Generator[Result]:
    from distributed import as_completed

    # To every worker, so that the data is there for as long as any of them is.
    data = client.scatter(shared, broadcast=True, hash=False)
    running = as_completed(loop=client.loop)
    sent: dict[str, tuple[Task, Any, int]] = {}

    def send(task: Task, losses: int = 0) -> None:
        future = client.submit(function, data, task, pure=False)
        sent[future.key] = task, data, losses
        running.add(future)

    def top_up() -> None:
        wanted = _TASKS_PER_WORKER * max(1, len(client.nthreads()))
        for task in islice(tasks, max(0, wanted - running.count())):
            send(task)

    top_up()
    for future in running:
        task, given, losses = sent.pop(future.key)
        try:
            result = future.result()
        except CancelledError:
            if losses == _MOST_LOSSES:
                raise
            # The data, or a result not fetched yet, went with the last worker that had it, and
            # Dask cannot make the data again.
            if given is data:
                data = client.scatter(shared, broadcast=True, hash=False)
            send(task, losses + 1)
            continue
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
