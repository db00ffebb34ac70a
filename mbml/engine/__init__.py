"""Where work runs: here, in processes of this machine, or on the workers of a Dask cluster.

Each worker gets the data once; the processes of this machine share the memory of its arrays. No
result depends on where it was computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mbml.engine import cluster, local
from mbml.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

LOCAL = "local"


def run(
    function: Callable[[Any, _Task], _Result],
    tasks: Iterable[_Task],
    *,
    shared: Any,
    jobs: int = 1,
    engine: str = LOCAL,
) -> Generator[_Result]:
    """Apply a function to the same data and one task after the other; results as they complete.

    A task is taken from the iterable only when a process is about to be free for it, so that the
    iterable can leave out what has become needless. Closing the iterator, or an interrupt, ends the
    processes of this machine at once; a cluster's workers end the tasks they are at.

    Parameters
    ----------
    function
        A function at the top level of an importable module, of the shared data and a task.
    tasks
        The tasks.
    shared
        Data that every task needs, which no task may change; given to each process once.
    jobs
        Number of processes of the local engine; one means none: the work is done here.
    engine
        `local`, or `dask://HOST:PORT` for the cluster of that scheduler.

    Raises
    ------
    UsageError
        There is no such engine, or Dask is not installed.
    MbmlError
        A process was killed, or the cluster cannot be reached.
    """
    if engine == LOCAL:
        return local.run(function, tasks, shared=shared, jobs=jobs)
    return cluster.run(function, tasks, shared=shared, scheduler=_scheduler(engine))


def check_engine(engine: str, jobs: int) -> None:
    """Find out at once whether an engine can be used; raises as `run`."""
    if jobs < 1:
        raise UsageError(f"`jobs={jobs}`: counts from 1")
    if engine == LOCAL:
        return
    scheduler = _scheduler(engine)
    if jobs != 1:
        raise UsageError(
            f"`jobs={jobs}` counts processes of this machine, and {engine} uses all its workers;"
            " leave out `jobs`"
        )
    cluster.connect(scheduler).close()


def _scheduler(engine: str) -> tuple[str, int]:
    """Read the host and port of a Dask scheduler."""
    kind, separator, place = engine.partition("://")
    host, colon, port = place.rpartition(":")
    if not separator:
        raise unknown_name("engine", engine, (LOCAL, "dask://HOST:PORT"))
    if kind != "dask" or not (host and colon and port.isdecimal() and 0 < int(port) < 65_536):
        raise UsageError(f"`engine={engine}`: write dask://HOST:PORT, as in dask://node01:8786")
    return host, int(port)
