"""What names say: invented numbers carry `surrogate` in the name of their file or folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def is_surrogate(path: Path, files: Sequence[Path] = ()) -> bool:
    """Tell whether the numbers of a source are invented, by the names of its path and files.

    Parameters
    ----------
    path
        The file or folder that the user named.
    files
        The files in it, if it is a folder.
    """
    inside = (str(file.relative_to(path)) for file in files if file != path)
    return any("surrogate" in name.lower() for name in (path.name, *inside))
