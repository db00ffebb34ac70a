"""Arrow batches and `sql/` -> one DuckDB file: opening it, its schema, loads, checks."""

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
