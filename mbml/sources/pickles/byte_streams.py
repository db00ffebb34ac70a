"""Bytes of a file in bounded pieces: plain, a slice of it, or decompressed, in order only.

Files are read with `pread`, never mapped: a file that shrinks under a mapping kills the process
with SIGBUS, while a short read is an error that can be told.
"""

from __future__ import annotations

import bz2
import os
import zlib
from typing import TYPE_CHECKING, Protocol

from mbml.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

#: Bytes asked of the operating system at a time.
PIECE = 1 << 20
#: A decompressed stream may have this many bytes whatever its ratio ...
FREE_BYTES = 16 << 20
#: ... and beyond that at most this many for each compressed byte read so far (genuine: 2 to 6).
MAX_RATIO = 64

_BZ2_MAGIC = b"BZh"
_GZIP_MAGIC = b"\x1f\x8b"


class ByteStream(Protocol):
    """Something that gives the bytes of one file in order."""

    def read(self, size: int) -> bytes:
        """Return between 1 and `size` bytes; nothing at the end."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class FileSlice:
    """The bytes `start` to `stop` of a regular file.

    Parameters
    ----------
    path
        The file.
    start, stop
        The slice, in bytes; by default the whole file as it is at opening.
    descriptor
        The file where it is already open under another name; it is not closed here.

    Raises
    ------
    SourceError
        If the file cannot be read, or has become shorter than it was.
    """

    def __init__(
        self, path: Path, start: int = 0, stop: int | None = None, descriptor: int | None = None
    ) -> None:
        self.path = path
        self._is_ours = descriptor is None
        try:
            self._descriptor = os.open(path, os.O_RDONLY) if descriptor is None else descriptor
            self.stop = os.fstat(self._descriptor).st_size if stop is None else stop
        except OSError as error:
            raise SourceError(path, "", f"it cannot be opened: {error.strerror}") from error
        self.position = start

    def read(self, size: int) -> bytes:
        """Return the next bytes; see `ByteStream`."""
        wanted = min(size, self.stop - self.position)
        if wanted <= 0:
            return b""
        try:
            data = os.pread(self._descriptor, wanted, self.position)
        except OSError as error:
            place = f"byte {self.position}"
            raise SourceError(self.path, place, f"it cannot be read: {error.strerror}") from error
        if not data:
            raise SourceError(
                self.path, f"byte {self.position}", "the file became shorter while it was read"
            )
        self.position += len(data)
        return data

    def close(self) -> None:
        """Let go of the file."""
        if self._is_ours and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Inflater(Protocol):
    """What the decompressors of `bz2` have; `_Gunzip` gives zlib's the same face."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gunzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max(max_length, 0))


class Decompressed:
    """A bz2 or gzip file of one or more members, decompressed piece by piece.

    Parameters
    ----------
    path
        The file.
    kind
        `bz2` or `gzip`, as `compression_of` tells.

    Raises
    ------
    SourceError
        If a member is damaged or cut short, or the stream grows beyond `MAX_RATIO`.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.path = path
        self._kind = kind
        self._file = FileSlice(path)
        self._make = bz2.BZ2Decompressor if kind == "bz2" else _Gunzip
        self._member: _Inflater = self._make()
        self._given = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes; see `ByteStream`."""
        while True:
            data = b""
            if self._member.eof:
                data = self._member.unused_data or self._file.read(PIECE)
                if not data:
                    return b""
                self._member = self._make()
            elif self._member.needs_input:
                data = self._file.read(PIECE)
                if not data:
                    raise self._fault(f"the {self._kind} stream is cut short")
            try:
                given = self._member.decompress(data, size)
            except (OSError, zlib.error, ValueError) as error:
                raise self._fault(f"the {self._kind} stream is damaged ({error})") from error
            if given:
                self._given += len(given)
                if self._given > max(FREE_BYTES, MAX_RATIO * self._file.position):
                    raise self._fault(
                        f"it decompresses to over {MAX_RATIO} times its size", "It may be a bomb."
                    )
                return given

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _fault(self, problem: str, hint: str = "Download the file again.") -> SourceError:
        return SourceError(self.path, f"byte {self._file.position}", problem, hint)


def compression_of(head: bytes) -> str | None:
    """Tell from a file's first bytes how it is compressed: `bz2`, `gzip` or None."""
    if head.startswith(_BZ2_MAGIC):
        return "bz2"
    if head.startswith(_GZIP_MAGIC):
        return "gzip"
    return None
