"""Small tables in the form of `mbml ingest table`, for tests of what happens after reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mbml.sources.tables.measurements import read_devices
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench201
from mbml.store import ingest
from mbml.store.measurements import ingest_measurements

if TYPE_CHECKING:
    from pathlib import Path

    from mbml.store import LoadReport, Warehouse

NASBENCH101_CELLS = (
    ("0100", "input,output"),
    ("010001000", "input,conv3x3-bn-relu,output"),
    ("010001000", "input,conv1x1-bn-relu,output"),
    ("011001000", "input,maxpool3x3,output"),
)


def nasbench201_rows(cells: int = 6, **columns: object) -> pl.DataFrame:
    """Rows for the first cells in official order: cifar100, 200 epochs, trial 0, unless said."""
    frame = pl.DataFrame({"arch_str": nasbench201.official_order()[:cells]})
    accuracy = pl.int_range(cells) / 200
    defaults = {
        "dataset": "cifar100",
        "schedule_epochs": 200,
        "trial": 0,
        "epoch": 200,
        "parameters": 1000,
        "valid_accuracy": accuracy + 0.5,
        "test_accuracy": accuracy + 0.4,
    }
    return _with(frame, defaults | columns)


def nasbench101_rows(**columns: object) -> pl.DataFrame:
    """Rows for four small cells: 108 epochs, trial 1, unless said."""
    frame = pl.DataFrame(NASBENCH101_CELLS, schema=["adjacency", "operations"], orient="row")
    defaults = {
        "dataset": "cifar10",
        "schedule_epochs": 108,
        "trial": 1,
        "epoch": 108,
        "parameters": 1000,
        "test_accuracy": pl.int_range(len(NASBENCH101_CELLS)) / 10,
    }
    return _with(frame, defaults | columns)


def _with(frame: pl.DataFrame, columns: dict[str, object]) -> pl.DataFrame:
    return frame.with_columns(
        **{
            name: value if isinstance(value, pl.Expr) else pl.lit(value)
            for name, value in columns.items()
        }
    )


def load_rows(
    warehouse: Warehouse, rows: pl.DataFrame, path: Path, *, replace: bool = False
) -> list[LoadReport]:
    """Write rows to a Parquet file and load it."""
    rows.write_parquet(path)
    return [ingest(warehouse, source, replace=replace) for source in open_tables(path)]


def load_devices(warehouse: Warehouse, dataset: str, known: pl.DataFrame, path: Path) -> None:
    """Load latencies and energies: columns of the views of devices, by `arch_index`."""
    known.write_parquet(path)
    ingest_measurements(warehouse, read_devices(path, dataset=dataset))
