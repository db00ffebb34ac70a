"""Opening a warehouse where the originals open their own files; what the interfaces refuse."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from mbml.errors import UsageError
from mbml.store import Warehouse, open_warehouse
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ORIGINALS = (".tfrecord", ".pth", ".pbz2", ".tar", ".gz", ".bz2", ".xz", ".zst", ".zip")


class QueryError(UsageError, KeyError, ValueError, AssertionError, TypeError):
    """What was asked for is not held or does not exist; the originals raise one of the four."""

    __str__ = Exception.__str__


class SurrogateWarning(UserWarning):
    """The warehouse holds invented numbers for this benchmark."""


def open_held(place: str | Path | Warehouse | None, benchmark: str) -> Warehouse:
    """Open a warehouse that holds a benchmark.

    Parameters
    ----------
    place
        Its path, or a warehouse that is open already; None is `MBML_WAREHOUSE`, else
        `warehouse/mbml.duckdb`.
    benchmark
        As in the column `benchmark`.

    Raises
    ------
    QueryError
        In place of a path there is a value of another type, such as the dictionary of an original.
    UsageError
        The path is an original file, which has to be ingested first, or nothing of the benchmark
        is held.
    WarehouseError
        The file is missing, locked, or no warehouse.
    """
    if isinstance(place, Warehouse):
        warehouse = place
    elif place is None or isinstance(place, str | os.PathLike):
        default = os.environ.get("MBML_WAREHOUSE", "warehouse/mbml.duckdb")
        path = as_path(default if place is None else place)
        if path.is_dir() or path.name.endswith(_ORIGINALS):
            raise UsageError(
                f"{path}: an original file, where a warehouse is meant; load it once:"
                f" mbml ingest {path}"
            )
        warehouse = open_warehouse(path)
    else:
        raise QueryError(
            f"expected the path of a warehouse, got {type(place).__name__}; load the original file"
            " once (mbml ingest), and give the path of the warehouse"
        )
    sources = warehouse.rows("select is_surrogate from source where benchmark = ?", [benchmark])
    if not sources:
        raise UsageError(f"{warehouse.path}: holds nothing of {benchmark}; see mbml info")
    if (True,) in sources:
        warn_caller(
            f"{warehouse.path}: SURROGATE DATA, numbers of {benchmark} are invented",
            SurrogateWarning,
        )
    return warehouse


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the first line outside this package, which is the user's."""
    level, frame = 1, sys._getframe()  # noqa: SLF001 - `warnings` itself counts frames so
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(__package__):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def reopened(
    kind: type[Any], place: Path | Warehouse, options: Mapping[str, Any], state: Any
) -> Any:
    """Open an interface again, such as in the process that unpickles it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SurrogateWarning)  # the first one warned
        interface = kind(place, **options)
    vars(interface).update(state)
    return interface
