"""What identifies a source: the SHA-256 and the size of its file, or of all files of its folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from mbml.errors import MbmlError, SourceError
from mbml.sources.published import published_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from threading import Event

_PIECE = 1 << 20


class Checksum(NamedTuple):
    """SHA-256 in hexadecimal, size in bytes, and the published file that it is, if any."""

    sha256: str
    bytes: int
    published: str | None = None


class Stamp(NamedTuple):
    """What tells that a file is still the same: its number in its disk, size and time of change."""

    inode: int
    bytes: int
    changed_ns: int


def stamps(files: Sequence[Path]) -> tuple[Stamp, ...]:
    """Look at files before they are read.

    Raises
    ------
    SourceError
        One is not there any more.
    """
    return tuple(_stamp(path) for path in files)


def check_unchanged(files: Sequence[Path], before: tuple[Stamp, ...]) -> None:
    """Check that files are as `stamps` found them: a reader may not notice that one shrank.

    Raises
    ------
    SourceError
        One was changed, replaced or removed meanwhile.
    """
    for path, stamp in zip(files, before, strict=True):
        now = _stamp(path)
        if now != stamp:
            size = f" (from {stamp.bytes:,} to {now.bytes:,} bytes)"
            raise SourceError(
                path,
                "",
                f"was changed while it was read{size if now.bytes != stamp.bytes else ''}",
                "Wait until it is complete, then load it again.",
            )


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError as error:
        raise SourceError(path, "", f"cannot be read: {error.strerror}") from error
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def total_bytes(files: Sequence[Path]) -> int:
    """Return the size of all files together, in bytes."""
    return sum(path.stat().st_size for path in files)


def checksum(files: Sequence[Path], *, halt: Event | None = None) -> Checksum:
    """Return the checksum of one file, or of a folder's files.

    A folder's is the SHA-256 over one line ``<sha256>  <name>`` for each file, in the order given.

    Parameters
    ----------
    files
        The files.
    halt
        Set from another thread to end it soon, with an error.

    Raises
    ------
    SourceError
        A file cannot be read.
    """
    total = 0
    lines = []
    published = None
    for path in files:
        sha256, size = digest(path, "sha256", halt=halt)
        if len(files) == 1:
            published = published_name(size, sha256, lambda: digest(files[0], "md5", halt=halt)[0])
        total += size
        lines.append(f"{sha256}  {path.name}\n")
    if len(lines) == 1:
        return Checksum(sha256, total, published)
    return Checksum(hashlib.sha256("".join(lines).encode()).hexdigest(), total)


def digest(path: Path, algorithm: str, *, halt: Event | None = None) -> tuple[str, int]:
    """Return a file's digest in hexadecimal, and its size.

    Parameters
    ----------
    path
        The file.
    algorithm
        `sha256` or `md5`.
    halt
        Set from another thread to end it soon, with an error.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    found = hashlib.new(algorithm, usedforsecurity=False)
    size = 0
    try:
        with path.open("rb", buffering=0) as stream:
            while piece := stream.read(_PIECE):
                if halt is not None and halt.is_set():
                    raise MbmlError(f"{path}: reading was ended before the checksum was known")
                found.update(piece)
                size += len(piece)
    except OSError as error:
        raise SourceError(path, "", f"cannot be read: {error.strerror}") from error
    return found.hexdigest(), size
