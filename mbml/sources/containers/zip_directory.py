"""The directory at the end of a zip archive, looked at before `zipfile` reads it into memory."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from mbml.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_TAIL = 1 << 16


def check_directory(handle: BinaryIO, path: Path, most: int) -> int:
    """Refuse a directory too large to be listed in memory; return how many entries it claims.

    Parameters
    ----------
    handle
        The archive, seekable.
    path
        Its name, for errors.
    most
        Bytes that the directory may have.

    Raises
    ------
    SourceError
        The directory is larger, or the archive does not end with it.
    """
    size = handle.seek(0, 2)
    handle.seek(max(0, size - _TAIL))
    tail = handle.read(_TAIL)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + 22 > len(tail):
        raise SourceError(path, "", "the zip archive is cut short", "Download the file again.")
    count, directory, comment = struct.unpack_from("<HI4xH", tail, place + 10)
    if place + 22 + comment != len(tail):
        raise SourceError(path, "", "bytes are left after the end of the zip archive")
    if directory == 0xFFFFFFFF:
        wide = tail.rfind(b"PK\x06\x06")
        directory = struct.unpack_from("<Q", tail, wide + 40)[0] if wide >= 0 else directory
    if directory > most:
        raise SourceError(path, "", f"the zip directory has {directory} bytes")
    return int(count)
