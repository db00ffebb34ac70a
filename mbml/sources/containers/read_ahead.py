"""A stream read ahead in a thread: decompressing lets other threads run, so both cores work."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from mbml.sources.containers.byte_streams import PIECE

if TYPE_CHECKING:
    from mbml.sources.containers.byte_streams import ByteStream

#: Pieces that may wait to be taken.
_WAITING = 4
_GLANCE_SECONDS = 0.1


class ReadAhead:
    """The bytes of another stream, which a thread reads a few pieces ahead.

    Parameters
    ----------
    stream
        The stream; its errors come out where its bytes would.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._pieces: queue.Queue[bytes | Exception] = queue.Queue(_WAITING)
        self._stop = threading.Event()
        self._rest = b""
        self._at_end = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        piece: bytes | Exception = b"?"
        while piece and not isinstance(piece, Exception):
            try:
                piece = self._stream.read(PIECE)
            except Exception as error:  # noqa: BLE001 (raised by `read`)
                piece = error
            if not self._hand_over(piece):
                return

    def _hand_over(self, piece: bytes | Exception) -> bool:
        while not self._stop.is_set():
            try:
                self._pieces.put(piece, timeout=_GLANCE_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def read(self, size: int) -> bytes:
        """Return the next bytes; see `ByteStream`."""
        if not self._rest and not self._at_end:
            piece = self._pieces.get()
            if isinstance(piece, Exception):
                self._at_end = True
                raise piece
            self._at_end = not piece
            self._rest = piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def close(self) -> None:
        """End the thread and let go of the file."""
        self._stop.set()
        self._thread.join()
        self._stream.close()
