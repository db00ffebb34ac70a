"""The one form in which every source hands over what it read: three Arrow tables a batch.

A source numbers its architectures and its runs itself, from 0 in order of first appearance; the
store turns these ordinals into the warehouse's own ids. What was not measured is null, never zero.
Accuracies are fractions, times seconds, parameters and FLOPs counts, epochs finished epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BENCHMARKS = ("nasbench101", "nasbench201", "natsbench_sss")
DATASETS = ("cifar10", "cifar10-valid", "cifar100", "ImageNet16-120")

#: Columns of an epoch row that hold a measurement, in the warehouse's order. Seconds are cumulative
#: over the epochs so far; `valid_test` is validation and test images together.
METRICS = (
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

_NAME = pa.dictionary(pa.int8(), pa.string())

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
        pa.field("dataset", _NAME, nullable=False),
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
        *(pa.field(name, pa.float64()) for name in METRICS),
    ]
)


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


class Source(Protocol):
    """A file, or a folder of files, of one benchmark in one format.

    Attributes
    ----------
    path
        What the user named.
    benchmark
        One of `BENCHMARKS`.
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
