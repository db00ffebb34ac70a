"""Bytes of a file in bounded pieces: plain, a slice of it, or decompressed, in order only.

Files are read with `pread`, never mapped: a file that shrinks under a mapping kills the process
with SIGBUS, while a short read is an error that can be told.
"""

from __future__ import annotations

import bz2
import lzma
import os
import re
import zlib
from typing import TYPE_CHECKING, Final, Protocol

from mbml.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

#: Bytes asked of the operating system at a time.
PIECE = 1 << 20
#: A decompressed stream may have this many bytes whatever its ratio ...
FREE_BYTES = 16 << 20
#: ... and beyond that at most this many for each compressed byte read so far (genuine: 2 to 6).
MAX_RATIO = 64

#: Memory that an xz file may ask for; `xz -9` needs 65 MiB.
_XZ_MEMORY = 128 << 20

_MAGIC: Final = {
    b"BZh": "bz2",
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
#: A frame for other programs, which may stand before the first one with data.
_ZSTD_SKIPPED: Final = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")


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


class _Unzstd:
    """Arrow's zstd, with the face of the others: Python has none of its own."""

    def __init__(self, file: FileSlice) -> None:
        import pyarrow as pa

        self._stream = pa.CompressedInputStream(pa.PythonFile(_Seekless(file), mode="r"), "zstd")

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        return data


class _Seekless:
    """The three methods that Arrow asks of a file it only reads."""

    closed = False

    def __init__(self, file: FileSlice) -> None:
        self.read = file.read

    def close(self) -> None:
        """Leave the file to its owner."""


#: How each compression but zstd is undone, one member at a time.
_INFLATERS: Final[Mapping[str, Callable[[], _Inflater]]] = {
    "bz2": bz2.BZ2Decompressor,
    "gzip": _Gunzip,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY),
}
#: gzip and xz files may end with zero bytes, as blocks of tapes do.
_PADDED: Final = frozenset({"gzip", "xz"})


class Decompressed:
    """A bz2, gzip, xz or zstd file of one or more members, decompressed piece by piece.

    Parameters
    ----------
    path
        The file.
    kind
        `bz2`, `gzip`, `xz` or `zstd`, as `compression_of` tells.

    Raises
    ------
    SourceError
        If a member is damaged or cut short, or the stream grows beyond `MAX_RATIO`.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.path = path
        self._kind = kind
        self._file = FileSlice(path)
        if kind == "zstd":
            self._zstd = _Unzstd(self._file)
        else:
            self._member = _INFLATERS[kind]()
        self._given = 0

    @property
    def position(self) -> int:
        """Compressed bytes read so far."""
        return self._file.position

    def read(self, size: int) -> bytes:
        """Return the next bytes; see `ByteStream`."""
        try:
            given = self._zstd.read(size) if self._kind == "zstd" else self._inflated(size)
        except (OSError, zlib.error, lzma.LZMAError, ValueError, EOFError) as error:
            # Arrow has no other word for it.
            if isinstance(error, EOFError) or "Truncated" in str(error):
                raise self._fault(f"the {self._kind} stream is cut short") from error
            raise self._fault(f"the {self._kind} stream is damaged ({error})") from error
        self._given += len(given)
        if self._given > max(FREE_BYTES, MAX_RATIO * self._file.position):
            raise self._fault(
                f"it decompresses to over {MAX_RATIO} times its size", "It may be a bomb."
            )
        return given

    def _inflated(self, size: int) -> bytes:
        while True:
            data = b""
            if self._member.eof:
                data = self._member.unused_data or self._file.read(PIECE)
                if self._kind in _PADDED:
                    data = self._after_padding(data)
                if not data:
                    return b""
                self._member = _INFLATERS[self._kind]()
            elif self._member.needs_input:
                data = self._file.read(PIECE)
                if not data:
                    raise EOFError
            if given := self._member.decompress(data, size):
                return given

    def _after_padding(self, data: bytes) -> bytes:
        while data and not (rest := data.lstrip(b"\0")):
            data = self._file.read(PIECE)
        return rest if data else b""

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _fault(self, problem: str, hint: str = "Download the file again.") -> SourceError:
        return SourceError(self.path, f"byte {self._file.position}", problem, hint)


def compression_of(head: bytes) -> str | None:
    """Tell from a file's first bytes how it is compressed: `bz2`, `gzip`, `xz`, `zstd` or None."""
    if _ZSTD_SKIPPED.match(head):
        return "zstd"
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
