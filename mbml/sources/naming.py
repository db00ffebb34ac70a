"""How files say that their numbers are invented: by a name with `surrogate`, and inside Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml._version import __version__
from mbml.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: Key in the metadata of each Parquet file of mbml: ``true`` where any number may be invented.
SURROGATE_KEY = "mbml.surrogate"
_PARQUET = b"PAR1"


def parquet_metadata(*, is_surrogate: bool) -> dict[str, str]:
    """Return what every Parquet file of mbml says: by which version, and whether it is invented."""
    return {"mbml.version": __version__, SURROGATE_KEY: str(is_surrogate).lower()}


def named_surrogate(path: Path, files: Sequence[Path] = (), passed: Sequence[Path] = ()) -> bool:
    """Tell whether the numbers of a source are invented, as its path and files say.

    The names count, those inside a folder too, and what mbml wrote into the metadata of a Parquet
    file, which stays when the file is renamed. Where the path is a link, the name of what it leads
    to counts too.

    Parameters
    ----------
    path
        The file or folder that the user named.
    files
        The files in it, if it is a folder.
    passed
        Files and folders on the way to them: folders in folders, and what was unpacked.
    """
    inside = (str(file.relative_to(path)) for file in files if file != path)
    names = (path.name, path.resolve().name, *inside, *(one.name for one in passed))
    return any(map(_says_so, names)) or any(map(_says_so_inside, (*(files or (path,)), *passed)))


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


def _says_so_inside(file: Path) -> bool:
    """Tell whether Parquet's metadata says so; what cannot be read is told by its reader."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with file.open("rb") as opened:
            if opened.read(len(_PARQUET)) != _PARQUET:
                return False
            held: Mapping[bytes, bytes] = pq.read_metadata(opened).metadata or {}
    except (pa.ArrowException, OSError, ValueError):
        return False
    return held.get(SURROGATE_KEY.encode()) == b"true"
