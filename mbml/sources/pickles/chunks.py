"""A large pickle of records cut into chunks that can be read apart, in any order, on all cores.

A chunk begins where a record seems to begin: after the end of one stands a key, a new dictionary
and a look-up of the text `full` or `less`. That is a guess, and it is proved before use: a chunk is
taken only if the one before it ended exactly there, at the same depth and with lower memo indexes.
Otherwise it is read again from the proven place. So the result is that of reading in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mbml.sources.containers.byte_streams import FileSlice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.pickles.machine import Machine

#: Bytes of a chunk: some 25 architectures.
CHUNK = 8 << 20
_SEARCH = 2 << 20

_HEAD: Final = rb"u(?=(?:u\()?(?:K.|M..|J....)\}(?:r(....)|q(.))\((?:%s))"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a pickle between two records.

    Attributes
    ----------
    start
        The byte after the record before.
    stop
        The byte after its last record; None for the rest of the pickle.
    first_memo
        Lowest memo index it puts; -1 if it was not read from the file.
    """

    start: int
    stop: int | None
    first_memo: int


def boundary_pattern(machine: Machine, record_keys: frozenset[str]) -> re.Pattern[bytes] | None:
    """Return what the place between two records looks like; None if it cannot be told.

    Parameters
    ----------
    machine
        A machine that has read some records.
    record_keys
        The texts that a record begins with.
    """
    if not machine.memo.is_explicit:
        return None
    gets = [
        b"j"
        + re.escape(index.to_bytes(4, "little"))
        + (b"|h" + re.escape(bytes([index])) if index < 256 else b"")
        for index, value in machine.memo.kept.items()
        if isinstance(value, str) and value in record_keys
    ]
    return re.compile(_HEAD % b"|".join(gets), re.DOTALL) if gets else None


def chunks(
    path: Path, start: int, stop: int, pattern: re.Pattern[bytes], size: int = CHUNK
) -> Iterator[Chunk]:
    """Cut the bytes from `start` to `stop` into chunks of about `size` bytes.

    Parameters
    ----------
    path
        The file, uncompressed.
    start
        The byte after a record.
    stop
        The end of the pickle or of the file.
    pattern
        As of `boundary_pattern`.
    size
        Bytes of a chunk.
    """
    begin = start
    first_memo = -1
    at = start + size
    while at < stop:
        with FileSlice(path, at, min(at + _SEARCH, stop)) as piece:
            data = piece.read(_SEARCH)
        match = pattern.search(data)
        if match is None:
            at += max(len(data) - 64, 1)
            continue
        boundary = at + match.end()
        yield Chunk(begin, boundary, first_memo)
        begin = boundary
        first_memo = int.from_bytes(match[1] or match[2], "little")
        at = boundary + size
    yield Chunk(begin, None, first_memo)
