"""The real measurements, in the folder named by MBML_DATA, and warehouses of a share of them."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse

DATA = Path(os.environ.get("MBML_DATA", Path(__file__).parents[2] / "shared" / "data"))
BENCHMARKS = {"nasbench101": "module_hash", "nasbench201": "arch_index"}
IMAGENET16_120 = DATA / "nasbench201" / "imagenet16_120.parquet"


def table_of(benchmark: str) -> Path:
    """Return where a benchmark's measurements are, or would be."""
    return DATA / benchmark / "measurements.parquet"


def load(path: Path, benchmarks=tuple(BENCHMARKS), share: float = 1.0, more=()) -> None:
    """Load every so many architectures, and more tables, into a new warehouse."""
    with open_warehouse(path, write=True) as warehouse:
        for benchmark in benchmarks:
            table = table_of(benchmark)
            if share < 1:
                table = _some(table, BENCHMARKS[benchmark], round(1 / share), path.parent)
            for source in open_tables(table):
                ingest(warehouse, source)
        for table in more:
            for source in open_tables(table):
                ingest(warehouse, source)


def _some(table: Path, key: str, step: int, folder: Path) -> Path:
    frame = pl.scan_parquet(table)
    some = frame.filter((pl.col(key).rank("dense") - 1) % step == 0)
    path = folder / f"{table.parent.name}_{step}.parquet"
    some.sink_parquet(path)
    return path
