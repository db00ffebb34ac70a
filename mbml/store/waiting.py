"""Waiting for work of DuckDB in another thread, so that an interrupt or a time limit stops it."""

from __future__ import annotations

import math
import time
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future


def wait_or_stop(
    working: Future[Any], stop: Callable[[], None], *, seconds: float = math.inf
) -> bool:
    """Wait until work is done; stop it at an interrupt, which goes on, or when its time is over.

    DuckDB hears of an interrupt in the main thread late or never, so its work is done in another.

    Parameters
    ----------
    working
        The work.
    stop
        Makes it fail soon; called until it has ended.
    seconds
        How long to wait.

    Returns
    -------
    bool
        Whether the work ended by itself.
    """
    end = time.monotonic() + seconds
    try:
        # Polars's handler of interrupts does not wake a thread that waits for good.
        while not working.done() and time.monotonic() < end:
            wait([working], timeout=0.2)
    finally:
        ended = working.done()
        while not working.done():
            stop()
            wait([working], timeout=0.1)
    return ended
