"""Large results of worker processes, in memory that both map: a pipe would copy them twice.

The memory has no name (Linux has such files): whatever ends the processes frees it.
"""

from __future__ import annotations

import mmap
import os
import pickle
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Less goes through the pipe faster.
_LARGE: Final = 1 << 18
#: Where Arrow and NumPy want arrays to begin.
_ALIGNMENT: Final = 64

_held: dict[int, int] = {}
_serials = count()


class Place(NamedTuple):
    """Where a process holds a result: its id, and the number that it gave to the result."""

    process: int
    serial: int


class Shared(NamedTuple):
    """A result whose arrays lie in a file of the process that made it.

    Attributes
    ----------
    pickled
        The result without its arrays.
    place
        The process, and which result of its it is.
    file
        The file's number in that process.
    sizes
        Bytes of each array.
    """

    pickled: bytes
    place: Place
    file: int
    sizes: list[int]


def share(result: Any) -> Any:
    """Put the arrays of a result into memory of this process that others can map.

    Returns
    -------
    The result itself if it is small, or where processes cannot see each other's files.
    """
    if not _is_seen():
        return result
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(result, protocol=5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    sizes = [array.nbytes for array in arrays]
    if sum(sizes) < _LARGE:
        return result
    file = os.memfd_create("mbml")
    place = Place(os.getpid(), next(_serials))
    _held[place.serial] = file
    for array, start in zip(arrays, _starts(sizes), strict=False):
        written = 0
        while written < array.nbytes:
            written += os.pwrite(file, array[written:], start + written)
    return Shared(pickled, place, file, sizes)


def receive(shared: Shared) -> Any:
    """Return a result that another process shares; its arrays are views of the memory."""
    with open(f"/proc/{shared.place.process}/fd/{shared.file}", "rb") as file:  # noqa: PTH123
        # Writing to an array changes this process's copy alone.
        memory = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    starts = _starts(shared.sizes)
    arrays = [
        memory[start : start + size] for start, size in zip(starts, shared.sizes, strict=False)
    ]
    return pickle.loads(shared.pickled, buffers=arrays)  # noqa: S301 (of our own making)


def release(places: Iterable[Place]) -> None:
    """Close the files of those results that are this process's; the memory goes with its maps."""
    for process, serial in places:
        if process == os.getpid() and serial in _held:
            os.close(_held.pop(serial))


def _starts(sizes: list[int]) -> Iterable[int]:
    return accumulate((size + -size % _ALIGNMENT for size in sizes), initial=0)


def _is_seen() -> bool:
    """Whether the parent can open files of this process: as far as this one can open its."""
    return hasattr(os, "memfd_create") and os.access(f"/proc/{os.getppid()}/fd", os.R_OK | os.X_OK)
