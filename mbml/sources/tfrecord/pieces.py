"""TFRecord files, read in pieces: nothing that a file says of itself is believed before a check.

Finding where records begin takes their lengths alone and is quick; checking payloads is the work.
So `pieces` cuts a file into runs of whole records, and `load_piece`, which may run in another
process, checks the payloads of one. Records and bytes are counted from 0, in messages too.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import google_crc32c
import numpy as np

from mbml.errors import SourceError, UsageError
from mbml.sources.files import open_file, read_bytes
from mbml.sources.tfrecord.framing import FOOTER_BYTES, HEADER_BYTES, mask_crcs, masked_crc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PIECE_BYTES: Final = 1 << 25
MAX_PAYLOAD_BYTES: Final = 1 << 20

_FRAME_BYTES = HEADER_BYTES + FOOTER_BYTES
_READ_BYTES = 1 << 22
_HEADERS_KEPT = 4096
_NO_LENGTHS = np.zeros(0, np.uint32)
_DAMAGED = "The file is damaged, or not a TFRecord file."
_WAIT = "Let the download or copy end first."


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Consecutive whole records of a file, whose lengths have been checked.

    Attributes
    ----------
    path
        The file.
    inode
        Device and inode, so that a file put in its place is noticed.
    offset
        Byte at which the first record begins.
    first_record
        Number of the first record in the file.
    lengths
        Bytes of each payload, shape (records,).
    """

    path: Path
    inode: tuple[int, int]
    offset: int
    first_record: int
    lengths: NDArray[np.uint32]

    @property
    def end(self) -> int:
        """Byte after the last record."""
        return self.offset + int(self.lengths.sum()) + len(self.lengths) * _FRAME_BYTES

    def longer_by(self, lengths: list[int]) -> Piece:
        """Return a piece with more records at its end."""
        more = np.array(lengths, dtype=np.uint32)
        return replace(self, lengths=np.concatenate([self.lengths, more]))

    def unless_empty(self) -> tuple[Piece, ...]:
        """Return the piece, or nothing if it has no records."""
        return (self,) if len(self.lengths) else ()

    def parts(self, records: int) -> Iterator[Piece]:
        """Cut the piece into pieces of so many records, the last one of as many as are left."""
        offset = self.offset
        for start in range(0, len(self.lengths), records):
            lengths = self.lengths[start : start + records]
            part = replace(
                self, offset=offset, first_record=self.first_record + start, lengths=lengths
            )
            yield part
            offset = part.end

    def starts(self) -> NDArray[np.int64]:
        """Return where the payloads begin, in bytes from the start of the piece."""
        steps = self.lengths.astype(np.int64) + _FRAME_BYTES
        return np.cumsum(steps) - steps + HEADER_BYTES

    def fault(self, index: int, problem: str, hint: str = "") -> SourceError:
        """Build the error for the record at a position in this piece."""
        offset = self.offset + int(self.starts()[index]) - HEADER_BYTES
        return _fault(self.path, self.first_record + index, offset, problem, hint)


def pieces(
    path: Path, *, piece_bytes: int = PIECE_BYTES, max_payload: int = MAX_PAYLOAD_BYTES
) -> Iterator[Piece]:
    """Cut a file into pieces of whole records, in order.

    Parameters
    ----------
    path
        The file.
    piece_bytes
        How long a piece is at least, but for the last.
    max_payload
        Longest payload that this format may have: more is refused before it is read.

    Raises
    ------
    UsageError
        The path names no file.
    SourceError
        The file is empty, a length or its CRC is wrong, it ends within a record, or it became
        shorter while being read. All records before the fault have been handed out by then.
    """
    with open_file(path) as stream:
        status = os.fstat(stream.fileno())
        inode = (status.st_dev, status.st_ino)
        walk = _Walk(path, max_payload)
        buffer = b""
        offset = 0
        piece = Piece(path=path, inode=inode, offset=0, first_record=0, lengths=_NO_LENGTHS)
        while chunk := read_bytes(stream, path, min(piece_bytes, _READ_BYTES)):
            buffer += chunk
            lengths, used = walk.over(buffer, offset)
            piece = piece.longer_by(lengths)
            buffer = buffer[used:]
            offset += used
            if offset - piece.offset >= piece_bytes or walk.fault is not None:
                yield from piece.unless_empty()
                piece = replace(piece, offset=offset, first_record=walk.record, lengths=_NO_LENGTHS)
            if walk.fault is not None:
                raise walk.fault
        yield from piece.unless_empty()
        size = offset + len(buffer)
        if size < status.st_size:
            problem = f"the file shrank from {status.st_size:,} to {size:,} bytes while it was read"
            raise _fault(path, walk.record, offset, problem, _WAIT)
        if buffer:
            raise _truncated(path, walk.record, offset, buffer)


class _Walk:
    """The way over the records of one file: checks each length against its CRC.

    Attributes
    ----------
    record
        Number of the next record.
    fault
        What is wrong with it, once something is.
    """

    def __init__(self, path: Path, max_payload: int) -> None:
        self.record = 0
        self.fault: SourceError | None = None
        self._path = path
        self._max_payload = max_payload
        # Few lengths occur, so that of a header seen before need not be checked again.
        self._known: dict[bytes, int] = {}

    def over(self, buffer: bytes, offset: int) -> tuple[list[int], int]:
        """Return the lengths of the whole payloads in a buffer, and the bytes they take."""
        known = self._known
        lengths: list[int] = []
        position = 0
        last = len(buffer) - HEADER_BYTES
        while position <= last:
            header = buffer[position : position + HEADER_BYTES]
            length = known.get(header)
            if length is None:
                length = self._check(header, self.record + len(lengths), offset + position)
                if length is None:
                    break
            end = position + length + _FRAME_BYTES
            if end > len(buffer):
                break
            lengths.append(length)
            position = end
        self.record += len(lengths)
        return lengths, position

    def _check(self, header: bytes, record: int, offset: int) -> int | None:
        length, crc = struct.unpack("<QI", header)
        if masked_crc(header[:8]) != crc:
            problem = "the CRC of the record's length is wrong"
            self.fault = _fault(self._path, record, offset, problem, _DAMAGED)
            return None
        if length > self._max_payload:
            problem = (
                f"the record claims {length:,} bytes, and none of this format has more than"
                f" {self._max_payload:,}"
            )
            self.fault = _fault(self._path, record, offset, problem)
            return None
        if len(self._known) >= _HEADERS_KEPT:
            self._known.clear()
        self._known[header] = int(length)
        return int(length)


def load_piece(piece: Piece) -> tuple[bytes, NDArray[np.bool_]]:
    """Read a piece and check its payloads.

    Returns
    -------
    buffer
        The bytes of the piece; `Piece.starts` says where the payloads are in it.
    intact
        Whether the CRC of each payload is right, shape (records,).

    Raises
    ------
    SourceError
        The file became shorter, or another took its place, since it was cut into pieces.
    """
    buffer = _read_again(piece)
    starts = piece.starts()
    ends = starts + piece.lengths
    value = google_crc32c.value
    found = np.array(
        [
            value(buffer[start:end])
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ],
        dtype=np.uint32,
    )
    view = np.lib.stride_tricks.sliding_window_view(np.frombuffer(buffer, np.uint8), FOOTER_BYTES)
    stored = view[ends].view("<u4").reshape(-1)
    return buffer, mask_crcs(found) == stored


def _read_again(piece: Piece) -> bytes:
    size = piece.end - piece.offset
    try:
        stream = open_file(piece.path)
    except UsageError:
        raise SourceError(piece.path, "", "the file was removed while it was read") from None
    with stream:
        status = os.fstat(stream.fileno())
        if (status.st_dev, status.st_ino) != piece.inode:
            raise SourceError(piece.path, "", "another file took its place while it was read")
        stream.seek(piece.offset)
        buffer = read_bytes(stream, piece.path, size)
    if len(buffer) < size:
        place = f"byte {piece.offset + len(buffer):,}"
        raise SourceError(piece.path, place, "the file shrank while it was read", _WAIT)
    return buffer


def _fault(path: Path, record: int, offset: int, problem: str, hint: str = "") -> SourceError:
    return SourceError(path, f"record {record:,}, byte {offset:,}", problem, hint)


def _truncated(path: Path, record: int, offset: int, rest: bytes) -> SourceError:
    if len(rest) < 8:
        where = "within the record's length"
    elif len(rest) < HEADER_BYTES:
        where = "within the CRC of the record's length"
    else:
        payload = len(rest) - HEADER_BYTES
        (length,) = struct.unpack_from("<Q", rest)
        if payload < length:
            where = f"after {payload:,} of the record's {length:,} bytes"
        else:
            where = "within the CRC of the record's payload"
    return _fault(
        path, record, offset, f"the file ends {where}", "Was the download or copy interrupted?"
    )
