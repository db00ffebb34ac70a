"""What a path leads to: the file or folder behind compression, archives and folders in folders."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from mbml.errors import MbmlError, SourceError
from mbml.sources.containers.archives import (
    files_of_tar,
    files_of_zip,
    is_litter,
    is_tar,
    names_in_zip,
    unpack,
)
from mbml.sources.containers.byte_streams import PIECE, Decompressed, FileSlice, compression_of
from mbml.sources.containers.read_ahead import ReadAhead
from mbml.sources.containers.strangers import refuse_strangers, refuse_unfinished
from mbml.sources.files import check_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mbml.sources.containers.byte_streams import ByteStream

HEAD_BYTES: Final = 4096
#: A compressed file in a compressed archive in another is three.
_MAX_LAYERS: Final = 5
#: Left free beside what is unpacked.
_SPARE_BYTES: Final = 64 << 20
_ZIP: Final = b"PK\x03\x04"
#: How pickles begin from protocol 2 on: their reader decompresses as it reads.
_PICKLE: Final = b"\x80"


class Head(NamedTuple):
    """The first bytes of a file, decompressed, and its compression, None where it has none."""

    data: bytes
    compression: str | None


class Found:
    """What a path leads to.

    Attributes
    ----------
    given
        The path that the user named.
    path
        The file or folder to read: the same one, one in it, or a copy without its packing, which
        is removed when this object is.
    is_copy
        True for a copy.
    """

    def __init__(self, given: Path) -> None:
        self.given = given
        self.path = given
        self.is_copy = False
        self._steps: list[Path] = []
        self._folders: dict[Path, weakref.finalize[..., Found]] = {}

    def step(self, inner: Path) -> None:
        """Go one layer further in."""
        self.passes(inner)
        self.path = inner

    def passes(self, place: Path) -> None:
        """Remember a place whose name may say what the numbers are."""
        self._steps.append(place)

    def new_folder(self) -> Path:
        """Make a folder for what is unpacked."""
        folder = Path(tempfile.mkdtemp(prefix="mbml-"))
        self._folders[folder] = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.is_copy = True
        return folder

    def remove(self) -> None:
        """Remove the copy before its time."""
        for remove in self._folders.values():
            remove()

    @property
    def passed(self) -> tuple[Path, ...]:
        """Every file and folder on the way, and every one that was unpacked."""
        copies = (one for folder in self._folders for one in folder.rglob("*"))
        return (self.given, *self._steps, *copies)

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Name the user's file, not the copy of what was in it, in what goes wrong.

        Raises
        ------
        SourceError
            As it was raised inside.
        """
        try:
            yield
        except MbmlError as error:
            if self.is_copy:
                error.args = tuple(self._inside(str(one)) for one in error.args)
            raise

    def _inside(self, text: str) -> str:
        for folder in self._folders:
            text = text.replace(f"{folder}/", f"{self.given}, ")
            text = text.replace(f"{folder}", f"{self.given}")
        return text


def head_of(path: Path) -> Head:
    """Read the first bytes of a file, decompressed if need be.

    Raises
    ------
    UsageError
        It is no regular file.
    SourceError
        It is empty, cannot be read, or is damaged where it begins.
    """
    check_file(path)
    with FileSlice(path) as file:
        data = file.read(HEAD_BYTES)
    compression = compression_of(data)
    if compression is None:
        return Head(data, None)
    stream = Decompressed(path, compression)
    try:
        return Head(_first(stream), compression)
    finally:
        stream.close()


def _first(stream: ByteStream) -> bytes:
    data = b""
    while len(data) < HEAD_BYTES and (piece := stream.read(HEAD_BYTES - len(data))):
        data += piece
    return data


def find(path: Path, progress: Callable[[int, int], None] | None = None) -> Found:
    """Look behind packing and lone folders.

    Archives and compressed files are unpacked into a folder of the system's temporary one, a piece
    at a time, but for compressed pickles, which are read as they are.

    Parameters
    ----------
    path
        What the user named.
    progress
        Called with the number and bytes of the files unpacked.

    Raises
    ------
    UsageError
        A file is no regular one.
    SourceError
        An archive is damaged, hostile, or packed more than five times over; or the file is of
        another program, or what a server sent in its place.
    MbmlError
        The temporary folder has not enough room.
    """
    found = Found(path)
    try:
        _look_behind(found, progress)
    except BaseException:
        found.remove()
        raise
    return found


def _look_behind(found: Found, progress: Callable[[int, int], None] | None) -> None:
    layers = 0
    while True:
        with found.naming():
            inner = _next(found, progress)
        if inner is None:
            return
        layers += found.path.is_file()
        if layers > _MAX_LAYERS:
            raise SourceError(found.given, "", f"it is packed more than {_MAX_LAYERS} times over")
        found.step(inner)


def _next(found: Found, progress: Callable[[int, int], None] | None) -> Path | None:
    """Return what is one layer further in, unpacked if need be; None at the end.

    Raises
    ------
    SourceError
        The end is of another program, what a server sent, or has a download that has not ended.
    """
    path = found.path
    if path.is_dir():
        inner = _only_entry(path)
        for one in sorted(path.iterdir()) if inner is None else ():
            refuse_unfinished(one)
        return inner
    if not path.is_file():
        return None
    head = head_of(path)
    if is_tar(head.data):
        folder = found.new_folder()
        stream: ByteStream = FileSlice(path)
        if head.compression is not None:
            stream = ReadAhead(Decompressed(path, head.compression))
        try:
            with reporting_room(found.given):
                unpack(path, files_of_tar(stream, path), folder, _room(folder), progress)
        finally:
            stream.close()
        return folder
    if head.compression is None and head.data.startswith(_ZIP) and _is_archive(path):
        folder = found.new_folder()
        with reporting_room(found.given):
            unpack(path, files_of_zip(path), folder, _room(folder), progress)
        return folder
    if head.compression is not None and not head.data.startswith(_PICKLE):
        target = found.new_folder() / _without_ending(path.name)
        with reporting_room(found.given):
            _decompress(path, head.compression, target, progress)
        return target
    refuse_strangers(path, head.data)
    return None


def _is_archive(path: Path) -> bool:
    """Tell an archive of files from the zip files that PyTorch, NumPy and offices write."""
    names = [name.rpartition("/")[2] for name in names_in_zip(path)]
    if "data.pkl" in names or "[Content_Types].xml" in names:
        return False
    return not all(name.endswith(".npy") for name in names)


def _only_entry(folder: Path) -> Path | None:
    """Return what a folder holds alone, unless it is a part of a Hive table."""
    try:
        names = [one.name for one in folder.iterdir()]
    except OSError as error:
        raise SourceError(folder, "", f"cannot be read: {error.strerror}") from error
    visible = [name for name in names if not is_litter(Path(name))]
    return folder / visible[0] if len(visible) == 1 and "=" not in visible[0] else None


def _without_ending(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def _decompress(
    path: Path, compression: str, target: Path, progress: Callable[[int, int], None] | None
) -> None:
    room = _room(target.parent)
    stream = ReadAhead(Decompressed(path, compression))
    done = 0
    try:
        with target.open("xb") as out:
            while piece := stream.read(PIECE):
                room(len(piece))
                out.write(piece)
                done += len(piece)
                if progress is not None:
                    progress(0, done)
    finally:
        stream.close()


def _room(folder: Path) -> Callable[[int], None]:
    """Return what checks that a folder's disk has room for so many bytes more."""

    def check(size: int) -> None:
        if shutil.disk_usage(folder).free < size + _SPARE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return check


@contextmanager
def reporting_room(path: Path) -> Iterator[None]:
    """Tell of a full temporary folder as what keeps a file from being unpacked.

    Raises
    ------
    MbmlError
        In the place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise MbmlError(
            f"{path}: cannot be unpacked into {tempfile.gettempdir()}: {error.strerror};"
            " free some space there, or name another folder in TMPDIR"
        ) from error
