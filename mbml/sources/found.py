"""Sources behind packing and folders: read where they are, known by what the user named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mbml.sources.checksum import total_bytes
from mbml.sources.containers.archives import is_litter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mbml.sources.batch import Batch, Source
    from mbml.sources.containers.unpacking import Found


class FoundSource:
    """A source that is not the very file that the user named; see `Source`.

    Parameters
    ----------
    source
        The source, of a folder, of something in one, or of a copy out of a packed file.
    found
        How it was found; a copy stays until this object goes.

    Attributes
    ----------
    notes
        What a user should know of how it is read.
    passed
        Every file and folder on the way, which may be named as a surrogate.
    """

    def __init__(self, source: Source, found: Found) -> None:
        self._source = source
        self._found = found
        self.path = found.given if found.is_copy else source.path
        self.files: tuple[Path, ...] = (found.given,) if found.is_copy else source.files
        self.benchmark, self.format = source.benchmark, source.format
        self.notes: Sequence[str] = (*getattr(source, "notes", ()), *_left_out(source, found.path))
        self.passed = found.passed

    @property
    def release(self) -> str | None:
        """Which published release it is; None if unknown or not yet read."""
        return self._source.release

    def batches(self) -> Iterator[Batch]:
        """Read it; progress counts bytes of what the user named."""
        inside, outside = total_bytes(self._source.files), total_bytes(self.files)
        with self._found.naming():
            for batch in self._source.batches():
                done = outside * batch.bytes_done // max(inside, 1)
                yield replace(batch, bytes_done=done)


def _left_out(source: Source, folder: Path) -> Iterator[str]:
    """Tell of files in a folder that are not read."""
    if not folder.is_dir():
        return
    read = set(source.files)
    others = sorted(
        f"{one.relative_to(folder)}"
        for one in folder.rglob("*")
        if one not in read and one.is_file() and not is_litter(one)
    )
    if others:
        yield f"{len(others):,} other files in the folder are left out, such as {others[0]}"
