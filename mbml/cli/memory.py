"""A ceiling on the memory of this process that the system keeps.

DuckDB's own limit counts what it buffers, not the vectors of its expressions: one giant value
takes what it needs. The kernel refuses what passes the ceiling, before a page of it is touched.
"""

from __future__ import annotations

import mmap
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mbml.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes that a query may allocate; with what the program takes itself, 1,024 MiB hold it.
QUERY_MEMORY = 896 << 20


@contextmanager
def memory_ceiling(more: int) -> Iterator[None]:
    """Let this process allocate so many bytes more; only Linux keeps it.

    Raises
    ------
    UsageError
        Python itself ran into the ceiling.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    given = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    ceiling = min([_allocated() + more, *given])
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, hard))
    try:
        yield
    except MemoryError:
        raise UsageError(
            "the query failed: its result does not fit into memory; ask for fewer rows or smaller"
            " values"
        ) from None
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class Reserve:
    """Memory that is kept free for work that cannot go on without.

    Parameters
    ----------
    size
        Bytes, of which none is ever touched.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept = _keep(size)

    @contextmanager
    def free(self) -> Iterator[None]:
        """Let some work have it."""
        self._kept.close()
        yield
        self._kept = _keep(self.size)


def _keep(size: int) -> mmap.mmap:
    if sys.platform != "linux":
        return mmap.mmap(-1, 1)
    try:
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)
    except OSError:
        raise MemoryError from None


def _allocated() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    data = next(line for line in status.splitlines() if line.startswith("VmData:"))
    return int(data.split()[1]) << 10
