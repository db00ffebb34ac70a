"""The zip container of `torch.save`: where in it the pickle stands, after a check of the archive.

PyTorch stores entries uncompressed, side by side and with a checksum; what is otherwise is refused.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mbml.errors import SourceError
from mbml.sources.containers.byte_streams import PIECE
from mbml.sources.containers.zip_directory import check_directory

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_LOCAL_HEAD = struct.Struct("<4s5H3I2H")
_MAX_DIRECTORY = 1 << 20
_IS_UTF8 = 0x800
_IS_STRONGLY_ENCRYPTED = 0x40


def find_pickle(handle: BinaryIO, path: Path) -> tuple[int, int]:
    """Find the one `data.pkl` of a torch archive.

    Parameters
    ----------
    handle
        The archive, seekable.
    path
        Its name, for errors.

    Returns
    -------
    tuple of int
        First byte of the pickle, and the byte after it.

    Raises
    ------
    SourceError
        If the archive is damaged, encrypted, compressed, has entries that overlap or lead out of
        it, or no or several `data.pkl`, or the checksum is wrong.
    """
    try:
        count = check_directory(handle, path, _MAX_DIRECTORY)
        with zipfile.ZipFile(handle) as archive:
            entries = archive.infolist()
        if count not in {len(entries), 0xFFFF}:
            problem = f"the zip archive says it has {count} entries, and has {len(entries)}"
            raise SourceError(path, "", problem, "Download the file again.")
        spans = sorted((*_span(handle, path, entry), entry.filename) for entry in entries)
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError) as error:
        raise SourceError(path, "", f"the zip archive is damaged ({error})") from error
    for (_, _, stop, name), (start, _, _, other) in pairwise(spans):
        if start < stop:
            raise SourceError(path, f"byte {start}", f"entries {name!a} and {other!a} overlap")
    pickles = [entry for entry in entries if PurePosixPath(entry.filename).name == "data.pkl"]
    if len(pickles) != 1:
        raise SourceError(
            path, "", f"the archive has {len(pickles)} entries data.pkl, where one was expected"
        )
    _, start, stop = _span(handle, path, pickles[0])
    _check_sum(handle, path, start, stop, pickles[0].CRC)
    return start, stop


def _span(handle: BinaryIO, path: Path, entry: zipfile.ZipInfo) -> tuple[int, int, int]:
    """Return an entry's first byte, its content's first byte, and the byte after it."""
    name = entry.filename
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts:
        raise SourceError(path, f"entry {name!a}", "its name leads out of the archive")
    if entry.flag_bits & (1 | _IS_STRONGLY_ENCRYPTED):
        raise SourceError(path, f"entry {name!a}", "it is encrypted")
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise SourceError(path, f"entry {name!a}", "it is compressed, which torch.save never does")
    handle.seek(entry.header_offset)
    head = _LOCAL_HEAD.unpack(handle.read(_LOCAL_HEAD.size))
    if head[0] != b"PK\x03\x04":
        raise SourceError(path, f"entry {name!a}", "its local header is missing")
    own_name = handle.read(head[9]).decode("utf-8" if head[2] & _IS_UTF8 else "cp437")
    if own_name != entry.orig_filename or head[2] & 1 or head[3] != zipfile.ZIP_STORED:
        raise SourceError(path, f"entry {name!a}", "its local header contradicts the directory")
    start = entry.header_offset + _LOCAL_HEAD.size + head[9] + head[10]
    return entry.header_offset, start, start + entry.file_size


def _check_sum(handle: BinaryIO, path: Path, start: int, stop: int, expected: int) -> None:
    handle.seek(start)
    found = 0
    left = stop - start
    while left:
        piece = handle.read(min(PIECE, left))
        if not piece:
            raise SourceError(path, "entry data.pkl", "it is cut short")
        found = zlib.crc32(piece, found)
        left -= len(piece)
    if found != expected:
        raise SourceError(
            path,
            "entry data.pkl",
            f"its checksum is {found:08x}, where {expected:08x} was expected",
            "Download the file again.",
        )
