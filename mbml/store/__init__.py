"""Arrow batches and `sql/` -> one DuckDB file: opening it, its schema, loads, checks."""

from mbml.store.load import LoadReport, ingest
from mbml.store.warehouse import Warehouse, open_warehouse, with_warehouse

__all__ = ["LoadReport", "Warehouse", "ingest", "open_warehouse", "with_warehouse"]
