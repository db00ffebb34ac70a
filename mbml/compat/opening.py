"""Opening a warehouse where the originals open their own files; what the interfaces refuse."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from mbml.errors import UsageError
from mbml.store import Warehouse, open_warehouse

_ORIGINALS = {
    ".tfrecord": "mbml ingest nasbench101",
    ".pth": "mbml ingest nasbench201",
    ".pbz2": "mbml ingest natsbench",
}


class QueryError(UsageError, KeyError, ValueError):
    """What was asked for is not held or does not exist; the originals raise either of the two."""

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
    UsageError
        The path is an original file, which has to be ingested first, or nothing of the benchmark
        is held.
    WarehouseError
        The file is missing, locked, or no warehouse.
    """
    if isinstance(place, Warehouse):
        warehouse = place
    else:
        default = os.environ.get("MBML_WAREHOUSE", "warehouse/mbml.duckdb")
        path = Path(default if place is None else place)
        command = "mbml ingest natsbench" if path.is_dir() else _ORIGINALS.get(path.suffix)
        if command:
            raise UsageError(
                f"{path}: an original file, where a warehouse is meant; load it once:"
                f" {command} {path}"
            )
        warehouse = open_warehouse(path)
    sources = warehouse.rows(
        "select is_surrogate from source where benchmark::text = ?", [benchmark]
    )
    if not sources:
        raise UsageError(f"{warehouse.path}: holds nothing of {benchmark}; see mbml info")
    if (True,) in sources:
        warnings.warn(
            f"{warehouse.path}: SURROGATE DATA, numbers of {benchmark} are invented",
            SurrogateWarning,
            stacklevel=3,
        )
    return warehouse
