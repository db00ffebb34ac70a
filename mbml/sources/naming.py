"""What names say: invented numbers carry `surrogate` in the name of their file or folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def is_surrogate(path: Path, files: Sequence[Path] = ()) -> bool:
    """Tell whether the numbers of a source are invented, by the names of its path and files.

    Where the path is a link, the name of what it leads to counts too.

    Parameters
    ----------
    path
        The file or folder that the user named.
    files
        The files in it, if it is a folder.
    """
    inside = (str(file.relative_to(path)) for file in files if file != path)
    return any(map(_says_so, (path.name, path.resolve().name, *inside)))


def check_surrogate_name(path: Path) -> None:
    """Refuse a name for invented numbers that does not say what they are.

    Raises
    ------
    UsageError
        The name lacks `surrogate`.
    """
    if not _says_so(path.name):
        raise UsageError(
            f"{path}: the name must contain 'surrogate', so that invented numbers are never taken "
            f"for measured ones; for example surrogate_{path.name}"
        )


def _says_so(name: str) -> bool:
    return "surrogate" in name.lower()
