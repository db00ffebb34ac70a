"""The bytes of a pickle around the machine's position: a window that moves over any stream."""

from __future__ import annotations

import bisect
import sys
from typing import TYPE_CHECKING, Final

from mbml.sources.containers.byte_streams import PIECE
from mbml.sources.pickles.values import PickleFaultError

if TYPE_CHECKING:
    from mbml.sources.containers.byte_streams import ByteStream

#: No opcode but a long text needs more bytes than this ahead of it.
MARGIN: Final = 1 << 16
_FRAME: Final = 0x95
_FRAME_HEAD: Final = 9


class Window:
    """A window over a stream; `data[position]` is the next byte.

    Parameters
    ----------
    stream
        The bytes.
    offset
        Where in the file (or in its decompressed content) the stream begins.
    """

    def __init__(self, stream: ByteStream, offset: int) -> None:
        self.feed(stream, offset)

    def feed(self, stream: ByteStream, offset: int) -> None:
        """Go on with the bytes of another stream, as if they came next."""
        self._stream = stream
        self.data = b""
        self.position = 0
        self.at_end = False
        self.soft_end = 0
        self._base = offset
        self._cuts: list[int] = []
        self._is_joined = False

    @property
    def offset(self) -> int:
        """Where in the file the next byte stands."""
        return self.place(self.position)

    def place(self, at: int) -> int:
        """Return where in the file a byte of the window stands."""
        return self._base + at + _FRAME_HEAD * bisect.bisect_right(self._cuts, at)

    def leave(self) -> tuple[bytes, ByteStream, int]:
        """Give back what was not read: bytes taken from the stream, the stream, the offset."""
        return self.data[self.position :], self._stream, self.offset

    def unread(self) -> bool:
        """Tell whether any byte is left."""
        return self.position < len(self.data) or bool(self._stream.read(1))

    def refill(self) -> None:
        """Move on, so that `MARGIN` bytes are ahead, or all there are."""
        pieces = [self.data[self.position :]]
        ahead = len(pieces[0])
        while ahead < MARGIN:
            piece = self._stream.read(PIECE)
            if not piece:
                self.at_end = True
                break
            pieces.append(piece)
            ahead += len(piece)
        self._base = self.place(self.position)
        self._cuts = []
        self._is_joined = False
        self.position = 0
        self._set(b"".join(pieces))

    def extend(self, length: int) -> None:
        """Have at least `length` bytes in the window.

        Raises
        ------
        PickleFaultError
            If the stream ends before.
        """
        pieces = [self.data]
        have = len(self.data)
        while have < length:
            piece = self._stream.read(PIECE)
            if not piece:
                raise PickleFaultError("the pickle is cut short")
            pieces.append(piece)
            have += len(piece)
        self._set(b"".join(pieces))

    def _set(self, data: bytes) -> None:
        self.data = data
        self.soft_end = sys.maxsize if self.at_end else len(data) - MARGIN + 1

    def join_frames(self, size: int) -> None:
        """Cut the heads of the frames that follow one of `size` bytes out of the window.

        A frame may end within a dictionary, which no layout would then fit. Frames say nothing
        but how much to read at once. It is done once a window, for it copies the window.
        """
        pieces = []
        begin = at = self.position
        end = at + size
        last = len(self.data) - (0 if self.at_end else MARGIN)
        while not self._is_joined and end < last and self.data[end] == _FRAME:
            pieces.append(self.data[begin:end])
            self._cuts.append(end - _FRAME_HEAD * len(self._cuts))
            begin = end + _FRAME_HEAD
            end = begin + int.from_bytes(self.data[end + 1 : begin], "little")
        if pieces:
            self._is_joined = True
            self._set(b"".join((self.data[:at], *pieces, self.data[begin:])))
