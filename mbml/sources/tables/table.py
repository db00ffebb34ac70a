"""Tables of measurements: Parquet, delimited text, JSON, or a folder of Hive-partitioned Parquet.

One row per architecture, data set, schedule, trial and epoch; a column that a table lacks is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from mbml.benchmarks import benchmark, benchmark_names
from mbml.errors import SourceError
from mbml.sources.batch import ARCHITECTURE_SCHEMA, EPOCH_SCHEMA, RUN_SCHEMA, Batch
from mbml.sources.checksum import total_bytes
from mbml.sources.tables.cells import UNRECOGNISED, architectures_of, not_recognised
from mbml.sources.tables.columns import ColumnOptions
from mbml.sources.tables.outside import collected, schema_of
from mbml.sources.tables.own_rows import COLUMNS, PER_RUN, PER_TRAINING, own_rows
from mbml.sources.tables.scanning import scan, table_files
from mbml.sources.tables.values import ROW, WHOLE_16, exact, one_of, place, refuse_missing
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from mbml.sources.tables.own_rows import OwnRows


class TableSource:
    """The rows of one benchmark in a table; see `open_tables`.

    Attributes
    ----------
    notes
        What a user should know of how it is read.
    """

    release: str | None = None

    def __init__(
        self, path: Path, files: tuple[Path, ...], benchmark: str, rows: OwnRows, options: str
    ) -> None:
        self.path = path
        self.files = files
        self.benchmark = benchmark
        # Read in another way, the same bytes are another source.
        self.format = f"table, {options}" if options else "table"
        self.notes = rows.notes
        self._rows = rows.table
        self._kinds = rows.kinds

    def batches(self) -> Iterator[Batch]:
        """Read the table, one data set, schedule and trial at a time.

        Raises
        ------
        SourceError
            A value is missing, not in its range, or stands twice; the message names the row.
        """
        cells = architectures_of(self.path, self.benchmark, self._rows)
        architectures = cells.table
        first_run = 0
        done = 0
        size = total_bytes(self.files)
        total = collected(self.path, self._rows.select(pl.len())).item()
        held = schema_of(self.path, self._rows)
        kinds = {name: kind for name, kind in self._kinds.items() if name in held}
        for key, piece in self._pieces():
            # More rows than cells and epochs: one is there twice, and it is among the first.
            most = cells.table.height * (key["schedule_epochs"] + 1)
            found = self._rows.filter(piece).select(ROW, *cells.written, *kinds).head(most + 1)
            rows = exact(self.path, collected(self.path, found), kinds)
            _check_epochs(self.path, rows, key["schedule_epochs"])
            rows = cells.number(rows).sort("arch", "epoch", maintain_order=True)
            _check_keys(self.path, rows)
            _check_runs(self.path, rows)
            runs, epochs = _split(rows, key, first_run)
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
            del rows, runs, epochs  # before the next are read

    def _pieces(self) -> list[tuple[dict[str, Any], pl.Expr]]:
        """Return each data set, schedule and trial, and what tells its rows from all others."""
        given = collected(self.path, self._rows.group_by(*PER_RUN).agg(pl.col(ROW).min()).sort(ROW))
        known = benchmark(self.benchmark)
        kinds = PER_RUN | {"dataset": one_of(known.datasets)}
        keys = given.with_columns(pl.col("dataset").replace(known.other_names))
        keys = exact(self.path, keys, kinds)
        for name, kind in kinds.items():
            refuse_missing(self.path, keys[name], kind.expected, keys[ROW])
        # One key may be written in several ways, such as 200 and 200.0.
        found: dict[tuple[Any, ...], pl.Expr] = {}
        keys, given = keys.select(*PER_RUN), given.select(*PER_RUN)
        for key, written in zip(keys.rows(), given.rows(named=True), strict=True):
            same = pl.all_horizontal(
                pl.col(name) == pl.lit(value, given.schema[name]) for name, value in written.items()
            )
            found[key] = found[key] | same if key in found else same
        return [(dict(zip(PER_RUN, key, strict=True)), found[key]) for key in sorted(found)]


def open_tables(path: Path | str, options: ColumnOptions | None = None) -> list[TableSource]:
    """Open a table; one source for each benchmark that it holds rows of.

    Parameters
    ----------
    path
        A file of Parquet, delimited text or JSON, told by its content, or a folder of
        Hive-partitioned Parquet files.
    options
        What its columns are, where their names and units are not mbml's.

    Raises
    ------
    UsageError
        The path is missing, or an option names no column.
    SourceError
        The file cannot be read, a needed column is missing, or one is unknown or of a wrong type.
    """
    path = as_path(path)
    files = table_files(path)
    notes: list[str] = []
    sources = table_sources(path, files, scan(path, files, COLUMNS, notes), options)
    for source in sources:
        source.notes = [*notes, *source.notes]
    return sources


def table_sources(
    path: Path,
    files: tuple[Path, ...],
    rows: pl.LazyFrame,
    options: ColumnOptions | None = None,
) -> list[TableSource]:
    """Make sources of rows in the form of a table that were read in any other format.

    Parameters
    ----------
    path, files
        What the user named, and the files that were read for it.
    rows
        One row per architecture, data set, schedule, trial and epoch, as `mbml ingest table --help`
        says; read anew for each piece.
    options
        What its columns are, where their names and units are not mbml's.

    Raises
    ------
    SourceError, UsageError
        As `open_tables`.
    """
    options = options or ColumnOptions()
    own = own_rows(path, rows, options)
    held = _benchmarks(path, own.table)
    parts = {name: own for name in benchmark_names() if name in held}
    if len(parts) > 1:  # in one alone, no row need be looked at for its benchmark again
        for name in parts:
            of_it = own.table.filter(pl.col("benchmark") == name)
            parts[name] = own._replace(table=of_it)
    return [TableSource(path, files, *part, str(options)) for part in parts.items()]


def _benchmarks(path: Path, rows: pl.LazyFrame) -> list[str]:
    held = collected(path, rows.group_by("benchmark").agg(pl.col(ROW).min()).sort(ROW))
    if held.is_empty():
        raise SourceError(path, "", "holds no rows")
    unclear = held.filter(pl.col("benchmark") == UNRECOGNISED)
    if unclear.height:
        [row] = unclear[ROW]
        text = collected(path, rows.filter(pl.col(ROW) == row))["arch_str"][0]
        raise SourceError(path, place(row, "arch_str"), not_recognised(text))
    kind = one_of(benchmark_names())
    refuse_missing(path, held["benchmark"], kind.expected, held[ROW])
    exact(path, held, {"benchmark": kind})
    return held["benchmark"].to_list()


def _check_epochs(path: Path, rows: pl.DataFrame, schedule: int) -> None:
    refuse_missing(path, rows["epoch"], WHOLE_16.expected, rows[ROW])
    late = rows[ROW].filter(rows["epoch"] > schedule)
    if len(late):
        epoch = rows["epoch"].filter(rows[ROW] == late[0])[0]
        problem = f"expected an epoch of its schedule of {schedule}, got {epoch}"
        raise SourceError(path, place(late[0], "epoch"), problem)


def _check_keys(path: Path, rows: pl.DataFrame) -> None:
    same = (pl.col("arch") == pl.col("arch").shift()) & (pl.col("epoch") == pl.col("epoch").shift())
    again = rows.filter(same)
    if again.height:
        what = "repeats an architecture, dataset, schedule, trial and epoch of another row"
        raise SourceError(path, f"row {again[ROW][0]}", what)


def _check_runs(path: Path, rows: pl.DataFrame) -> None:
    """Refuse rows of one training that give it different sizes or times."""
    if rows["arch"].is_unique().all():
        return
    for name in (name for name in PER_TRAINING if name in rows.columns):
        other = rows.filter(pl.col(name) != pl.col(name).drop_nulls().first().over("arch"))
        if other.height:
            row, value = other.select(ROW, name).row(0)
            problem = f"{value} differs from the value in another row of the same training"
            raise SourceError(path, place(row, name), problem)


def _split(
    rows: pl.DataFrame, key: dict[str, Any], first_run: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split sorted rows of one data set, schedule and trial into runs and their epochs."""
    started = (pl.col("arch") != pl.col("arch").shift()).fill_null(value=True)
    rows = rows.with_columns(run=(started.cum_sum() - 1 + first_run).cast(pl.UInt32))
    runs = rows.group_by("run", maintain_order=True).agg(
        pl.col("arch").first(),
        *(pl.col(name).drop_nulls().first() for name in PER_TRAINING if name in rows.columns),
    )
    return runs.with_columns(pl.lit(value).alias(name) for name, value in key.items()), rows


def _as_arrow(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    lacking = (pl.lit(None).alias(name) for name in schema.names if name not in frame.columns)
    return frame.with_columns(lacking).select(schema.names).to_arrow().cast(schema)
