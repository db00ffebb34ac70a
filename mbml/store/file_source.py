"""The row that a file of values of cells has among the sources."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from mbml._version import __version__
from mbml.sources.checksum import check_unchanged, checksum

if TYPE_CHECKING:
    from pathlib import Path

    from mbml.sources.checksum import Stamp
    from mbml.store.warehouse import Warehouse


class CellValues(Protocol):
    """What was read of a file with values of cells: proxies, or measurements beside trainings."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def benchmark(self) -> str:
        """Whose cells they are."""

    @property
    def cells(self) -> int:
        """Number of cells."""

    @property
    def stamps(self) -> tuple[Stamp, ...]:
        """Of the file, from before it was read."""

    @property
    def is_surrogate(self) -> bool:
        """True if its numbers are invented."""


def source_of_file(warehouse: Warehouse, read: CellValues, file_format: str) -> int:
    """Return the number of a file among the sources, added if it is new.

    Raises
    ------
    SourceError
        The file was changed while it was read.
    """
    mark = checksum((read.path,))
    check_unchanged((read.path,), read.stamps)
    known = warehouse.rows(
        "select source_id from source where sha256 = ? and format = ?", [mark.sha256, file_format]
    )
    if known:
        return int(known[0][0])
    [(source_id,)] = warehouse.rows("select coalesce(max(source_id), 0) + 1 from source")
    warehouse.insert(
        "source",
        {
            "source_id": source_id,
            "benchmark": read.benchmark,
            "format": file_format,
            "file_name": read.path.name,
            "sha256": mark.sha256,
            "bytes": mark.bytes,
            "records": read.cells,
            "is_surrogate": read.is_surrogate,
            "mbml_version": __version__,
            "loaded_at": datetime.now(UTC),
        },
    )
    return int(source_id)
