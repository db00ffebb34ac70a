"""Arrow batches and `sql/` -> one DuckDB file: opening it, its schema, loads, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mbml.lazily import imported_lazily

if TYPE_CHECKING:
    from mbml.store.files import ingest_file
    from mbml.store.load import LoadReport, ingest
    from mbml.store.opening import open_warehouse, opened, path_of, with_warehouse
    from mbml.store.warehouse import Warehouse

__all__ = [
    "LoadReport",
    "Warehouse",
    "ingest",
    "ingest_file",
    "open_warehouse",
    "opened",
    "path_of",
    "with_warehouse",
]

#: Where each name is defined: what loads imports all readers, which a query does not need.
_PLACES: Final = {
    "LoadReport": "mbml.store.load:LoadReport",
    "Warehouse": "mbml.store.warehouse:Warehouse",
    "ingest": "mbml.store.load:ingest",
    "ingest_file": "mbml.store.files:ingest_file",
    "open_warehouse": "mbml.store.opening:open_warehouse",
    "opened": "mbml.store.opening:opened",
    "path_of": "mbml.store.opening:path_of",
    "with_warehouse": "mbml.store.opening:with_warehouse",
}

__getattr__, __dir__ = imported_lazily(__name__, _PLACES)
