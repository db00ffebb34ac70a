"""Tables in mbml's own travelling form: Parquet, CSV, or a folder of Hive-partitioned Parquet.

One row per architecture, data set, schedule, trial and epoch; a column that a table lacks is null.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from mbml.errors import SourceError, UsageError
from mbml.sources.batch import (
    ARCHITECTURE_SCHEMA,
    BENCHMARKS,
    DATASETS,
    EPOCH_SCHEMA,
    METRICS,
    RUN_SCHEMA,
    Batch,
)
from mbml.sources.checksum import total_bytes
from mbml.sources.files import check_file
from mbml.sources.tables.cells import architectures_of
from mbml.sources.tables.outside import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

_KEYS = {
    "dataset": pl.String,
    "schedule_epochs": pl.UInt16,
    "trial": pl.UInt16,
    "epoch": pl.UInt16,
}
_CELL = {
    "benchmark": pl.String,
    "arch_index": pl.UInt32,
    "arch_str": pl.String,
    "module_hash": pl.String,
    "adjacency": pl.String,
    "operations": pl.String,
}
_RUN = {
    "parameters": pl.UInt32,
    "flops": pl.UInt64,
    "latency_seconds": pl.Float64,
    "total_seconds": pl.Float64,
    "seconds_are_measured": pl.Boolean,
}
_COLUMNS: dict[str, type[pl.DataType]] = _CELL | _KEYS | _RUN | dict.fromkeys(METRICS, pl.Float64)
_PER_RUN = ("dataset", "schedule_epochs", "trial")


class TableSource:
    """The rows of one benchmark in a table; see `open_tables`."""

    format = "table"
    release: str | None = None

    def __init__(
        self, path: Path, files: tuple[Path, ...], benchmark: str, rows: pl.LazyFrame
    ) -> None:
        self.path = path
        self.files = files
        self.benchmark = benchmark
        self._rows = rows

    def batches(self) -> Iterator[Batch]:
        """Read the table, one data set, schedule and trial at a time.

        Raises
        ------
        SourceError
            A value is missing, not in its range, or stands twice; the message names the row.
        """
        cells = architectures_of(self.path, self.benchmark, self._rows)
        pieces = self._collect(self._rows.select(_PER_RUN).unique().sort(_PER_RUN))
        _refuse_first(self.path, pieces, pl.col("dataset").is_null(), "has no dataset")
        architectures = cells.table
        first_run = 0
        done = 0
        size = total_bytes(self.files)
        total = self._collect(self._rows.select(pl.len())).item()
        for dataset, schedule, trial in pieces.iter_rows():
            rows = self._collect(
                self._rows.filter(
                    pl.col("dataset").eq_missing(dataset),
                    pl.col("schedule_epochs").eq_missing(schedule),
                    pl.col("trial").eq_missing(trial),
                )
            )
            _check_values(self.path, rows)
            rows = cells.number(rows).sort("arch", "epoch", maintain_order=True)
            _check_keys(self.path, rows)
            runs, epochs = _split(rows, first_run)
            first_run += runs.height
            done += rows.height
            yield Batch(
                architectures=_as_arrow(architectures, ARCHITECTURE_SCHEMA),
                runs=_as_arrow(runs, RUN_SCHEMA),
                epochs=_as_arrow(epochs, EPOCH_SCHEMA),
                records=rows.height,
                bytes_done=size * done // total,
            )
            architectures = architectures.clear()

    def _collect(self, rows: pl.LazyFrame) -> pl.DataFrame:
        return _collect(self.path, rows)


def open_tables(path: Path) -> list[TableSource]:
    """Open a table; one source for each benchmark that it holds rows of.

    Parameters
    ----------
    path
        A ``.parquet`` or ``.csv`` file, or a folder of Hive-partitioned Parquet files.

    Raises
    ------
    UsageError
        The path is missing, or of another kind.
    SourceError
        The file cannot be read, a needed column is missing, or one is unknown or of a wrong type.
    """
    files = _files(path)
    return table_sources(path, files, _scan(path, files))


def table_sources(path: Path, files: tuple[Path, ...], rows: pl.LazyFrame) -> list[TableSource]:
    """Make sources of rows in the form of a table that were read in any other format.

    Parameters
    ----------
    path, files
        What the user named, and the files that were read for it.
    rows
        One row per architecture, data set, schedule, trial and epoch, as `mbml ingest table --help`
        says; read anew for each piece.

    Raises
    ------
    SourceError
        As `open_tables`.
    """
    found = _schema(path, rows)
    _check_columns(path, found)
    rows = rows.with_columns(
        pl.lit(None, dtype=kind).alias(name) for name, kind in _COLUMNS.items() if name not in found
    )
    rows = rows.with_columns(_as(name, kind, found) for name, kind in _COLUMNS.items())
    if "benchmark" not in found:
        rows = rows.with_columns(benchmark=_guessed_benchmark())
    held = _collect(path, rows.select(pl.col("benchmark").unique()))["benchmark"].to_list()
    unknown = [name for name in held if name not in BENCHMARKS]
    if unknown:
        raise SourceError(path, "", f"benchmark {unknown[0]!r} is none of {', '.join(BENCHMARKS)}")
    if not held:
        raise SourceError(path, "", "holds no rows")
    rows = rows.with_row_index("row", offset=1)
    return [
        TableSource(path, files, name, rows.filter(pl.col("benchmark") == name))
        for name in BENCHMARKS
        if name in held
    ]


def _files(path: Path) -> tuple[Path, ...]:
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if path.is_dir():
        files = tuple(sorted(path.rglob("*.parquet")))
        if not files:
            raise UsageError(f"{path}: a folder without Parquet files; name a file instead")
        return files
    if path.suffix not in {".parquet", ".csv"}:
        raise UsageError(f"{path}: a table ends in .parquet or .csv, or is a folder of Parquet")
    check_file(path)
    return (path,)


def _scan(path: Path, files: tuple[Path, ...]) -> pl.LazyFrame:
    if path.suffix == ".csv":
        # Every value as text first: adjacency bits look like a number.
        return pl.scan_csv(path, infer_schema=False, null_values="", glob=False)
    return pl.scan_parquet(list(files), hive_partitioning=path.is_dir(), glob=False)


def _schema(path: Path, rows: pl.LazyFrame) -> dict[str, pl.DataType]:
    with faults_of(path):
        return dict(rows.collect_schema())


def _as(name: str, kind: type[pl.DataType], found: dict[str, pl.DataType]) -> pl.Expr:
    if kind == pl.Boolean and found.get(name) == pl.String:
        # Another word than these two fails as any wrong number does.
        return pl.col(name).cast(pl.Enum(["false", "true"])).to_physical().cast(kind)
    return pl.col(name).cast(kind)


def _check_columns(path: Path, found: dict[str, pl.DataType]) -> None:
    for name, kind in found.items():
        if name not in _COLUMNS:
            close = get_close_matches(name, _COLUMNS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(_COLUMNS)}."
            raise SourceError(path, f"column {name!r}", "is not known", hint)
        textual = path.suffix != ".csv" and kind in (pl.String, pl.Binary)
        if kind.is_nested() or (textual and _COLUMNS[name] != pl.String):
            wanted = _COLUMNS[name].__name__
            raise SourceError(path, f"column {name!r}", f"holds {kind}, where {wanted} is meant")
    needed = [name for name in _KEYS if name not in found]
    if "arch_str" not in found and not {"adjacency", "operations"} <= set(found):
        needed.insert(0, "arch_str (or adjacency and operations)")
    if needed:
        raise SourceError(
            path, "", f"lacks the column {needed[0]}", "See: mbml ingest table --help"
        )


def _guessed_benchmark() -> pl.Expr:
    return (
        pl.when(pl.col("arch_str").is_null())
        .then(pl.lit("nasbench101"))
        .when(pl.col("arch_str").str.starts_with("|"))
        .then(pl.lit("nasbench201"))
        .otherwise(pl.lit("natsbench_sss"))
    )


def _check_values(path: Path, rows: pl.DataFrame) -> None:
    for name in _KEYS:
        _refuse_first(path, rows, pl.col(name).is_null(), f"has no {name}")
    _refuse_first(
        path,
        rows,
        ~pl.col("dataset").is_in(DATASETS),
        f"names a dataset that is none of {', '.join(DATASETS)}",
    )
    _refuse_first(
        path, rows, pl.col("epoch") > pl.col("schedule_epochs"), "has an epoch after its schedule"
    )
    for name in METRICS:
        value = pl.col(name)
        if name.endswith("accuracy"):
            wrong, rule = value.is_nan() | ~value.is_between(0, 1), "a fraction in [0, 1]"
        elif name.endswith("seconds"):
            wrong, rule = ~value.is_finite() | (value < 0), "seconds, 0 or more"
        else:
            wrong, rule = value < 0, "0 or more"
        _refuse_first(path, rows, wrong, f"has a {name} that is not {rule}")


def _check_keys(path: Path, rows: pl.DataFrame) -> None:
    same = (pl.col("arch") == pl.col("arch").shift()) & (pl.col("epoch") == pl.col("epoch").shift())
    what = "repeats an architecture, dataset, schedule, trial and epoch of another row"
    _refuse_first(path, rows, same, what)


def _refuse_first(path: Path, rows: pl.DataFrame, wrong: pl.Expr, problem: str) -> None:
    found = rows.filter(wrong)
    if found.height:
        place = f"row {found['row'][0]}" if "row" in found.columns else ""
        raise SourceError(path, place, problem)


def _split(rows: pl.DataFrame, first_run: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split sorted rows of one data set, schedule and trial into runs and their epochs."""
    started = (pl.col("arch") != pl.col("arch").shift()).fill_null(value=True)
    rows = rows.with_columns(run=(started.cum_sum() - 1 + first_run).cast(pl.UInt32))
    runs = rows.group_by("run", maintain_order=True).agg(
        pl.col("arch", *_PER_RUN).first(),
        *(pl.col(name).drop_nulls().first() for name in _RUN),
    )
    return runs, rows.select("run", "epoch", *METRICS)


def _as_arrow(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    return frame.select(schema.names).to_arrow().cast(schema)


def _collect(path: Path, rows: pl.LazyFrame) -> pl.DataFrame:
    with faults_of(path):
        return rows.collect()
