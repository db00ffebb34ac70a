"""Where exports go: a name in a folder or in S3, which appears when what it names is whole."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from mbml.errors import MbmlError, UsageError
from mbml.s3 import SCHEME, uploaded
from mbml.text import first_line
from mbml.whole_file import as_path, is_address, is_full, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A place as it was given: a path, or text, which may be an address such as ``s3://bucket/folder``.
Place = TypeVar("Place", Path, str)


def inside(folder: Place, name: str) -> Place:
    """Return the place of a name in a folder, as the folder was given."""
    as_path(folder)
    if isinstance(folder, Path):
        return folder / name
    return f"{folder.rstrip('/')}/{name}" if is_address(folder) else str(Path(folder) / name)


@contextmanager
def whole_export(target: Path | str, *, overwrite: bool) -> Iterator[Path]:
    """Give a path to write to, and move what is there into place if all went well."""
    try:
        with _placed(target, overwrite=overwrite) as partial:
            yield partial
    except duckdb.Error as error:
        reason = first_line(error)
        if is_full(error):
            reason = "the disk is full; free some space and try again"
        raise MbmlError(f"{target}: cannot be written, nothing is left of it: {reason}") from error


def _placed(target: Path | str, *, overwrite: bool) -> AbstractContextManager[Path]:
    if is_address(target):
        if not str(target).startswith(SCHEME):
            raise UsageError(
                f"{target}: mbml cannot write there; give a local folder or s3://BUCKET/FOLDER"
            )
        return uploaded(str(target), overwrite=overwrite)
    if Path(target).exists() and not overwrite:
        raise UsageError(
            f"{target}: exists already; choose another folder, or add `overwrite=True`"
        )
    return whole(Path(target))
