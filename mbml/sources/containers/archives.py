"""Tar and zip archives, unpacked file by file into a folder; nothing that they say is believed.

Names, sizes and numbers of files are checked before a file is written, and memory holds a piece of
one file at a time.
"""

from __future__ import annotations

import stat
import tarfile
import zipfile
import zlib
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from mbml.errors import SourceError
from mbml.sources.containers.byte_streams import FREE_BYTES, MAX_RATIO, PIECE
from mbml.sources.containers.zip_directory import check_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import BinaryIO

    from mbml.sources.containers.byte_streams import ByteStream

#: The published archives hold 32,769 files at most, and the largest published file has 5 GB.
MAX_FILES: Final = 200_000
MAX_FILE_BYTES: Final = 64 << 30
MAX_DIRECTORY: Final = 16 << 20
_MAX_FOLDERS: Final = 16
_MAX_NAME: Final = 1024
#: Bytes that a file system allows for one name.
_MAX_PART: Final = 255
#: Labels of volumes, and lists of folders in incremental archives.
_NO_FILES: Final = (b"V", b"D")
#: Bytes of all headers that stand before one file of a tar archive.
_MAX_HEADERS: Final = 1 << 20
_AGAIN: Final = "Download it, or pack it, again."
#: What Python raises over damaged archives; its limit of recursion ends chains of headers.
_FAULTS: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    ValueError,
)


class Packed(NamedTuple):
    """One file of an archive: its name in it, its size in bytes, and how it is opened."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


class _Forward:
    """A stream as `tarfile` reads it: forward only, and no more at once than is expected.

    Attributes
    ----------
    left
        Bytes that may still be read before `left` is set again.
    last
        What was read last.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._at = 0
        self.left = _MAX_HEADERS
        self.last = b""

    def tell(self) -> int:
        return self._at

    def seek(self, to: int) -> None:
        if to < self._at:
            raise tarfile.ReadError("a header that leads back")
        while self._at < to:
            piece = self._stream.read(min(to - self._at, PIECE))
            if not piece:
                return
            self._at += len(piece)

    def read(self, size: int) -> bytes:
        self.left -= size
        if self.left < 0:
            raise tarfile.ReadError("headers of more than a megabyte")
        pieces = []
        while size and (piece := self._stream.read(size)):
            pieces.append(piece)
            size -= len(piece)
        self.last = b"".join(pieces)
        self._at += len(self.last)
        return self.last


def is_tar(head: bytes) -> bool:
    """Tell from the first 512 bytes whether a file is a tar archive."""
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def files_of_tar(stream: ByteStream, path: Path) -> Iterator[Packed]:
    """Go through the files of a tar archive, each to be read before the next one.

    Parameters
    ----------
    stream
        The archive, decompressed.
    path
        Its name, for errors.

    Raises
    ------
    SourceError
        It is damaged or cut short, or holds a link, a device or a file with holes.
    """
    forward = _Forward(stream)
    try:
        with tarfile.TarFile(fileobj=forward, mode="r", errorlevel=2) as archive:  # type: ignore[arg-type]
            while (entry := archive.next()) is not None:
                if not entry.isdir() and entry.type not in _NO_FILES:
                    if not entry.isreg() or entry.issparse():
                        problem = "it is a link, a device or a file with holes"
                        raise SourceError(
                            path, f"file {entry.name!a}", problem, "Pack the file itself."
                        )
                    forward.left = entry.size
                    opened = partial(archive.fileobject, archive, entry)
                    yield Packed(entry.name, entry.size, opened)
                forward.left = _MAX_HEADERS
                archive.members = []  # type: ignore[attr-defined] # it would keep them all
    except _FAULTS as error:
        raise SourceError(path, "", f"the tar archive is damaged ({error})", _AGAIN) from error
    # A header that is damaged ends the archive for `tarfile`, as the two empty blocks do.
    if len(forward.last) != tarfile.BLOCKSIZE or any(forward.last):
        place = f"byte {forward.tell():,}"
        raise SourceError(path, place, "the tar archive is damaged or cut short", _AGAIN)
    while piece := stream.read(PIECE):
        if piece.strip(b"\0"):
            problem = "bytes are left after the end of the tar archive"
            raise SourceError(path, "", problem, "Are these two archives? Load them one by one.")


def names_in_zip(path: Path) -> list[str]:
    """Return the names of the files of a zip archive; raises `SourceError` if it is damaged."""
    with _opened_zip(path) as archive:
        return archive.namelist()


def files_of_zip(path: Path) -> Iterator[Packed]:
    """Go through the files of a zip archive.

    Raises
    ------
    SourceError
        It is damaged, or a file is encrypted, a link, or compressed in an unusual way.
    """
    with _opened_zip(path) as archive:
        entries = archive.infolist()
        if min((one.header_offset for one in entries), default=0):
            problem = "bytes stand before the first file of the zip archive"
            raise SourceError(path, "", problem, "Are these two archives? Load them one by one.")
        for entry in entries:
            if entry.filename.endswith(("/", "\\")):
                continue
            problem = _fault_of(entry)
            if problem:
                raise SourceError(
                    path, f"file {entry.filename!a}", problem, "Pack it with zip's own defaults."
                )
            yield Packed(entry.filename, entry.file_size, partial(archive.open, entry))


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        with path.open("rb") as handle:
            _check_end(handle, path)
        return zipfile.ZipFile(path)
    except (*_FAULTS, OSError) as error:
        problem = f"the zip archive is damaged ({error})"
        raise SourceError(path, "", problem, _AGAIN) from error


def _check_end(handle: BinaryIO, path: Path) -> None:
    if check_directory(handle, path, MAX_DIRECTORY) > MAX_FILES:
        raise SourceError(path, "", f"it holds more than {MAX_FILES:,} files")


def _fault_of(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & 0x41:
        return "it is encrypted"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link"
    # Python inflates these two alone in pieces.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed by another method than deflate"
    return ""


def unpack(
    path: Path,
    files: Iterable[Packed],
    folder: Path,
    room: Callable[[int], None],
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the files of an archive into a folder, and return their size in bytes.

    What operating systems add to archives is left out.

    Parameters
    ----------
    path
        The archive.
    files
        What is in it.
    folder
        Where to write; it is there, and empty.
    room
        Called with the bytes of each file before it is written; raises where the disk is too full.
    progress
        Called with the number and the bytes of the files so far.

    Raises
    ------
    SourceError
        There are too many or too large files, a name leads out of the archive or stands twice, or
        a file is damaged.
    OSError
        The folder cannot be written to.
    """
    most = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)
    total = count = 0
    for count, one in enumerate(files, 1):
        if count > MAX_FILES:
            raise SourceError(path, "", f"it holds more than {MAX_FILES:,} files")
        target = folder / _checked_name(path, one)
        if is_litter(target):
            continue
        total += one.size
        if total > most:
            problem = f"its files are over {MAX_RATIO} times its size"
            raise SourceError(path, f"file {one.name!a}", problem, "It may be a bomb.")
        room(one.size)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(path, one, target)
        except (FileExistsError, NotADirectoryError):
            raise SourceError(path, f"file {one.name!a}", "its name stands twice") from None
        if progress is not None:
            progress(count, total)
    return total


def _checked_name(path: Path, one: Packed) -> PurePosixPath:
    # A name in another encoding than UTF-8 would be no name of a file for Polars.
    text = one.name.encode("utf-8", "replace").decode().replace("\\", "/")
    name = PurePosixPath(text)
    place = f"file {one.name[:_MAX_NAME]!a}"
    if name.is_absolute() or ".." in name.parts or "\0" in one.name or not name.name:
        raise SourceError(path, place, "its name leads out of the archive")
    longest = max(len(part.encode()) for part in name.parts)
    if len(name.parts) > _MAX_FOLDERS or len(one.name) > _MAX_NAME or longest > _MAX_PART:
        raise SourceError(path, place, "its name is too long")
    if not 0 <= one.size <= MAX_FILE_BYTES:
        raise SourceError(path, place, f"it has {one.size:,} bytes, over {MAX_FILE_BYTES:,}")
    return name


def is_litter(path: Path) -> bool:
    """Tell what operating systems add to folders and archives."""
    return (
        path.name in (".DS_Store", "Thumbs.db", "desktop.ini")
        or path.name.startswith("._")
        or "__MACOSX" in path.parts
    )


def _write(path: Path, one: Packed, target: Path) -> None:
    """Write one file; what a disk reports of it is raised as it is."""
    left = one.size
    with target.open("xb") as out, closing(_pieces(path, one)) as pieces:
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                break
            out.write(piece)
    if left:
        raise SourceError(path, f"file {one.name!a}", "it has another size than it says", _AGAIN)


def _pieces(path: Path, one: Packed) -> Generator[bytes]:
    try:
        with one.open() as stream:
            while piece := stream.read(PIECE):
                yield piece
    except _FAULTS as error:
        raise SourceError(path, f"file {one.name!a}", f"it is damaged ({error})", _AGAIN) from error
