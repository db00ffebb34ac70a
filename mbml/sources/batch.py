"""The one form in which every source hands over what it read: three Arrow tables a batch.

A source numbers its architectures and its runs itself, from 0 in order of first appearance; the
store turns these ordinals into the warehouse's own ids. What was not measured is null, never zero.
Accuracies are fractions, times seconds, parameters and FLOPs counts, epochs finished epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from mbml.benchmarks import BENCHMARKS
from mbml.plugins import WrongResultError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Of mbml's own benchmarks.
DATASETS = BENCHMARKS["nasbench201"].datasets

#: Columns of an epoch row that hold a measurement, in the warehouse's order. Seconds are cumulative
#: over the epochs so far; `valid_test` is validation and test images together.
EPOCH_METRICS = (
    "train_accuracy",
    "train_top5_accuracy",
    "train_loss",
    "valid_accuracy",
    "valid_loss",
    "test_accuracy",
    "test_loss",
    "valid_test_accuracy",
    "valid_test_loss",
    "train_seconds",
    "valid_seconds",
    "test_seconds",
    "valid_test_seconds",
)

#: The type of a column of names, of which there are few.
NAME = pa.dictionary(pa.int8(), pa.string())

ARCHITECTURE_SCHEMA = pa.schema(
    [
        pa.field("arch", pa.uint32(), nullable=False),
        pa.field("native_index", pa.uint32()),
        pa.field("native_key", pa.string(), nullable=False),
        pa.field("adjacency", pa.string()),
        pa.field("operations", pa.string()),
        pa.field("nodes", pa.uint8(), nullable=False),
        pa.field("edges", pa.uint8(), nullable=False),
        pa.field("graph_id", pa.string(), nullable=False),
        pa.field("functional_id", pa.string(), nullable=False),
    ]
)
RUN_SCHEMA = pa.schema(
    [
        pa.field("run", pa.uint32(), nullable=False),
        pa.field("arch", pa.uint32(), nullable=False),
        pa.field("dataset", NAME, nullable=False),
        pa.field("schedule_epochs", pa.uint16(), nullable=False),
        pa.field("trial", pa.uint16(), nullable=False),
        pa.field("parameters", pa.uint32()),
        pa.field("flops", pa.uint64()),
        pa.field("latency_seconds", pa.float64()),
        pa.field("total_seconds", pa.float64()),
        pa.field("seconds_are_measured", pa.bool_()),
    ]
)
EPOCH_SCHEMA = pa.schema(
    [
        pa.field("run", pa.uint32(), nullable=False),
        pa.field("epoch", pa.uint16(), nullable=False),
        *(pa.field(name, pa.float64()) for name in EPOCH_METRICS),
    ]
)


_SCHEMAS = {
    "architectures": ARCHITECTURE_SCHEMA,
    "runs": RUN_SCHEMA,
    "epochs": EPOCH_SCHEMA,
}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A piece of a source; its rows may refer to architectures of this or an earlier batch.

    Attributes
    ----------
    architectures
        Architectures first seen in this batch (`ARCHITECTURE_SCHEMA`), ordinals ascending.
    runs
        Trainings first seen in this batch (`RUN_SCHEMA`), ordinals ascending.
    epochs
        Their rows after single epochs (`EPOCH_SCHEMA`).
    records
        Records of the file that went into this batch (the format's own unit).
    bytes_done
        Bytes of the file read so far, for progress.
    """

    architectures: pa.Table
    runs: pa.Table
    epochs: pa.Table
    records: int
    bytes_done: int


def check_batch(batch: Batch) -> None:
    """Hold a source to its word: three tables, runs in one piece, epochs ascending, none twice.

    Raises
    ------
    WrongResultError
        It is no batch, a table has other columns, or rows are out of order.
    """
    if not isinstance(batch, Batch):
        raise WrongResultError(f"a batch is {type(batch).__name__}, expected a Batch")
    for name, schema in _SCHEMAS.items():
        _check_table(name, getattr(batch, name), schema)
    if not all(isinstance(one, int) and one >= 0 for one in (batch.records, batch.bytes_done)):
        raise WrongResultError("records and bytes_done must count from 0")
    run = batch.epochs.column("run").to_numpy().astype(np.int64)
    epoch = batch.epochs.column("epoch").to_numpy().astype(np.int64)
    key = run * 65_536 + epoch
    runs = batch.runs.column("run").to_numpy().astype(np.int64)
    ascending = bool(np.all(key[1:] > key[:-1])) and bool(np.all(runs[1:] > runs[:-1]))
    if not ascending or (len(run) and (len(runs) == 0 or run[0] < runs[0] or run[-1] > runs[-1])):
        raise WrongResultError("a batch has runs or epochs out of order")


def _check_table(name: str, table: object, schema: pa.Schema) -> None:
    if not isinstance(table, pa.Table):
        raise WrongResultError(f"{name} is {type(table).__name__}, expected a pyarrow.Table")
    if table.schema.names != schema.names:
        raise WrongResultError(
            f"{name} has the columns {table.schema.names}, expected {schema.names}"
        )
    for field, wanted in zip(table.schema, schema, strict=True):
        if not field.equals(wanted):
            raise WrongResultError(
                f"{name}: column {wanted.name!r} is {_kind(field)}, expected {_kind(wanted)}"
            )
        if not wanted.nullable and table.column(wanted.name).null_count:
            raise WrongResultError(f"{name}: column {wanted.name} holds NULL")


def _kind(field: pa.Field) -> str:
    return f"{field.type}" if field.nullable else f"{field.type} not null"


class Source(Protocol):
    """A file, or a folder of files, of one benchmark in one format.

    Attributes
    ----------
    path
        What the user named.
    benchmark
        Name of a benchmark, of mbml or of a plug-in.
    format
        The format's short name, such as `tfrecord`.
    files
        The files read, in a fixed order: what the checksum covers.
    """

    path: Path
    benchmark: str
    format: str
    files: tuple[Path, ...]

    @property
    def release(self) -> str | None:
        """Which published release this is, told by content; None if unknown or not yet read."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Read the whole source in bounded memory; raises `SourceError` at the first fault."""
        ...
