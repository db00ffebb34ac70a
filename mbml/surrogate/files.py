"""What may be asked of a surrogate file before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import UsageError
from mbml.sources.naming import check_surrogate_name
from mbml.whole_file import check_local

if TYPE_CHECKING:
    from pathlib import Path

#: How the names of the files in a fast-mode folder end.
SUFFIX = ".pickle.pbz2"


def check_request(path: Path, architectures: int, most: int, *, overwrite: bool = False) -> None:
    """Refuse a name that does not say what the numbers are, or a size that cannot be.

    Raises
    ------
    UsageError
        If the name lacks `surrogate`, the path exists and is not to be overwritten or holds
        something else, its folder does not exist, or the number of architectures is out of range.
    """
    check_local(path)
    check_surrogate_name(path)
    if not 1 <= architectures <= most:
        raise UsageError(f"{architectures:,} architectures; from 1 to {most:,} can be written")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists; name another, or add `overwrite=True`")
    if path.is_dir() and not all(file.name.endswith(SUFFIX) for file in path.iterdir()):
        raise UsageError(f"{path} holds more than {SUFFIX} files; remove it first, or name another")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder; make it first, or name another")
