"""Work of DuckDB in another thread, so that an interrupt or a time limit stops it."""

from __future__ import annotations

import _thread
import math
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

#: Polars's handler of interrupts does not wake a thread that waits for good.
_GLANCE_SECONDS = 0.2
_BETWEEN_STOPS = 0.1


class Working(Generic[_Result]):
    """Work in a thread of its own, for a main thread that may be interrupted at any point.

    DuckDB hears of an interrupt in the main thread late or never, so its work is done in another.
    The threads of `threading` and the futures of `concurrent.futures` are started and asked under
    locks that an interrupt at the wrong moment leaves closed: then both threads wait for ever. Here
    the two share one lock of the interpreter, which the work opens once.

    Parameters
    ----------
    work
        What is done.

    Attributes
    ----------
    is_over
        Whether it has ended, in whatever way.
    """

    def __init__(self, work: Callable[[], _Result]) -> None:
        self.is_over = False
        self._work = work
        self._results: list[_Result] = []
        self._error: BaseException | None = None
        self._is_started = False
        self._running = _thread.allocate_lock()
        self._running.acquire()

    def start(self) -> None:
        """Begin."""
        self._is_started = True
        _thread.start_new_thread(self._run, ())

    def wait_or_stop(self, stop: Callable[[], object], *, seconds: float = math.inf) -> bool:
        """Wait until the work ends; stop it at an interrupt, which goes on, or after some time.

        Parameters
        ----------
        stop
            Makes the work fail soon; called until it has ended.
        seconds
            How long to wait.

        Returns
        -------
        bool
            Whether the work ended by itself.
        """
        end = time.monotonic() + seconds
        try:
            while not self.is_over and (left := end - time.monotonic()) > 0:
                self._wait(min(left, _GLANCE_SECONDS))
        finally:
            ended = self.is_over
            while self._is_started and not self.is_over:
                stop()
                self._wait(_BETWEEN_STOPS)
        return ended

    def result(self) -> _Result:
        """Return what the work returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            self._error = error
        finally:
            self.is_over = True
            self._running.release()

    def _wait(self, seconds: float) -> None:
        if self._running.acquire(timeout=seconds):
            self._running.release()
