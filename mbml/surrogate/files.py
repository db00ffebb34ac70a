"""How surrogate files come into being: under another name until they are complete."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mbml.errors import UsageError
from mbml.sources.naming import check_surrogate_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def check_request(path: Path, architectures: int, most: int) -> None:
    """Refuse a name that does not say what the numbers are, or a size that cannot be.

    Raises
    ------
    UsageError
        If the name lacks `surrogate`, the path exists, its folder does not, or the number of
        architectures is out of range.
    """
    check_surrogate_name(path)
    if path.exists():
        raise UsageError(f"{path} exists; name another, or remove it first")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder; make it first, or name another")
    if not 1 <= architectures <= most:
        raise UsageError(f"{architectures:,} architectures; from 1 to {most:,} can be written")


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give a name to write under; what is there gets its final name, or is removed on any error."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
