"""Files of `torch.save` and bare pickles, read without PyTorch and without unpickling anything.

Three containers, each also inside bz2 or gzip: the legacy one (five pickles in a row), the zip
archive with its `data.pkl`, and a bare pickle of protocol 0 to 5. `machine` reads the one
pickle in them that matters.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from mbml.errors import SourceError
from mbml.sources.containers.byte_streams import PIECE, Decompressed, FileSlice, compression_of
from mbml.sources.containers.read_ahead import ReadAhead
from mbml.sources.containers.unpacking import reporting_room
from mbml.sources.pickles.limits import Limits
from mbml.sources.pickles.machine import Machine, PickledRecord
from mbml.sources.pickles.torch_zip import find_pickle
from mbml.sources.pickles.values import summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.containers.byte_streams import ByteStream
    from mbml.sources.pickles.layouts import Layouts

#: `pickle.dumps(magic, 2)` without PROTO: how the legacy container begins.
_LEGACY_MAGIC = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_LEGACY_PROTOCOL = 1001
ZIP_MAGIC = b"PK\x03\x04"
#: How a pickle of a container begins: PROTO, or in protocols 0 and 1 MARK, an empty one, a global.
_PICKLE = re.compile(rb"[\x80(\]})]|c[\w.]+\n[\w.]+\n")
_HEAD = 64
_SMALL = Limits(text=256, texts=4096, integer=16, depth=8, steps=200, items=32, memo=32)
_ORIGIN = "Take the file from where the benchmark publishes it."


class _Rest:
    """A stream that begins with bytes already taken from it."""

    def __init__(self, head: bytes, stream: ByteStream) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()


@dataclass(slots=True)
class TorchPickle:
    """An opened file, its machine standing at the first byte of the pickle that matters.

    Attributes
    ----------
    path
        The file.
    container
        `legacy`, `zip` or `pickle`.
    compression
        `bz2`, `gzip` or None.
    start, stop
        First byte of the pickle, in the file or in its decompressed content, and the end of the
        pickle or of the file, which is -1 where it is compressed.
    machine
        Its state.
    """

    path: Path
    container: str
    compression: str | None
    start: int
    stop: int
    machine: Machine
    _stream: ByteStream
    _spool: IO[bytes] | None = None

    def records(self) -> Iterator[PickledRecord]:
        """Hand over each record as it completes, then check that the file ends as it must.

        Raises
        ------
        SourceError
            At the first fault.
        """
        yield from self.machine.records()
        self.finish(self.machine)

    def finish(self, machine: Machine) -> None:
        """Check what follows the pickle that a machine has read to its end.

        Raises
        ------
        SourceError
            If a legacy file does not end with an empty list of storages, or bytes are left.
        """
        if self.container == "legacy":
            keys = _next_pickle(machine)
            for _ in keys.records():
                pass
            if type(keys.result) is not list or keys.result:
                raise SourceError(
                    self.path, f"byte {machine.offset}", "it holds tensors, which are not read"
                )
            machine = keys
        if machine.unread():
            raise SourceError(
                self.path, f"byte {machine.offset}", "bytes are left after the end of the pickle"
            )

    def stream_at(self, offset: int) -> FileSlice:
        """Open the same bytes again, from an offset on; for files that are not compressed."""
        return FileSlice(self.path, offset, self.stop)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()
        if self._spool is not None:
            self._spool.close()


def open_torch(
    path: Path,
    *,
    record_keys: frozenset[object] = frozenset(),
    limits: Limits | None = None,
    layouts: Layouts | None = None,
) -> TorchPickle:
    """Open a file and read it up to the pickle that matters.

    Parameters
    ----------
    path
        The file.
    record_keys
        A dictionary whose keys all are among these is handed over as a record.
    limits
        What the pickle may ask for.
    layouts
        Layouts to read dictionaries of numbers by; None reads opcode by opcode.

    Raises
    ------
    SourceError
        If the file is empty, or in none of the containers, or its head is damaged.
    """
    with FileSlice(path) as file:
        head = file.read(_HEAD)
        size = file.stop
    compression = compression_of(head)
    stream: ByteStream
    if compression is None:
        stream = FileSlice(path)
    else:
        stream = Decompressed(path, compression)
        if size > PIECE:
            stream = ReadAhead(stream)
    try:
        return _open(path, compression, stream, record_keys, limits, layouts)
    except BaseException:
        stream.close()
        raise


def _open(
    path: Path,
    compression: str | None,
    stream: ByteStream,
    record_keys: frozenset[object],
    limits: Limits | None,
    layouts: Layouts | None,
) -> TorchPickle:
    head = _read_head(stream)
    if head.startswith(ZIP_MAGIC):
        return _open_zip(path, compression, _Rest(head, stream), record_keys, limits, layouts)
    if not head:
        raise SourceError(path, "", "the file is empty", _ORIGIN)
    if _PICKLE.match(head) is None:
        raise SourceError(path, "byte 0", "it is neither a torch file nor a pickle", _ORIGIN)
    rest = _Rest(head, stream)
    first = Machine(rest, path, record_keys=record_keys, limits=limits, layouts=layouts)
    stop = stream.stop if isinstance(stream, FileSlice) else -1
    if _LEGACY_MAGIC not in head[:32]:
        return TorchPickle(path, "pickle", compression, 0, stop, first, stream)
    start = _skip_legacy_head(path, stream, head, first)
    return TorchPickle(path, "legacy", compression, start, stop, first, stream)


def begins_as_pickle(head: bytes) -> bool:
    """Tell by its first bytes whether a file is a pickle or a container of one.

    A record file, which is none, begins with a length, whose upper bytes are zeros.
    """
    return head.startswith(ZIP_MAGIC) or (_PICKLE.match(head) is not None and any(head[2:8]))


def load(path: Path, *, layouts: Layouts | None = None) -> object:
    """Read a small file whole, as plain values.

    Parameters
    ----------
    path
        The file.
    layouts
        As of `open_torch`.

    Raises
    ------
    SourceError
        If it is damaged, hostile, or beyond the limits of one record.
    """
    opened = open_torch(path, layouts=layouts)
    try:
        for _ in opened.records():
            pass
        return opened.machine.result
    finally:
        opened.close()


def _read_head(stream: ByteStream) -> bytes:
    head = b""
    while len(head) < _HEAD and (piece := stream.read(_HEAD - len(head))):
        head += piece
    return head


def _next_pickle(machine: Machine) -> Machine:
    """Give the bytes after a pickle to a machine that expects very little."""
    rest, stream, offset = machine.leave()
    return Machine(_Rest(rest, stream), machine.path, offset=offset, limits=_SMALL)


def _skip_legacy_head(path: Path, stream: ByteStream, head: bytes, wanted: Machine) -> int:
    """Check the first three pickles and set a machine to the fourth; return where it begins."""
    machine = Machine(_Rest(head, stream), path, limits=_SMALL)
    found = []
    for _ in range(3):
        for _ in machine.records():
            pass
        found.append(machine.result)
        machine = _next_pickle(machine)
    _, protocol, system = found
    if type(protocol) is not int or protocol != _LEGACY_PROTOCOL:
        problem = (
            f"the torch header has protocol {summary_of(protocol)}, expected {_LEGACY_PROTOCOL}"
        )
        raise SourceError(path, "byte 0", problem, _ORIGIN)
    if type(system) is not dict or system.get("little_endian") is not True:
        problem = "the torch header does not say little-endian"
        raise SourceError(path, "byte 0", problem, _ORIGIN)
    rest, behind, offset = machine.leave()
    wanted.feed(_Rest(rest, behind), offset)
    wanted.begin_at(offset)
    return offset


def _open_zip(
    path: Path,
    compression: str | None,
    stream: ByteStream,
    record_keys: frozenset[object],
    limits: Limits | None,
    layouts: Layouts | None,
) -> TorchPickle:
    spool: IO[bytes] | None = None
    if compression is None:
        with path.open("rb") as handle:
            start, stop = find_pickle(handle, path)
        inner = FileSlice(path, start, stop)
    else:
        spool, start, stop = _spooled(stream, path)
        inner = FileSlice(path, start, stop, descriptor=spool.fileno())
    stream.close()
    machine = Machine(
        inner, path, offset=start, record_keys=record_keys, limits=limits, layouts=layouts
    )
    return TorchPickle(path, "zip", compression, start, stop, machine, inner, spool)


def _spooled(stream: ByteStream, path: Path) -> tuple[IO[bytes], int, int]:
    """Write an archive out: its directory stands at its end, so it must be at hand as a file."""
    with reporting_room(path):
        spool = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            while piece := stream.read(PIECE):
                spool.write(piece)
            spool.flush()
            return spool, *find_pickle(spool, path)
        except BaseException:
            with suppress(OSError):  # what could not be written cannot be flushed
                spool.close()
            raise
