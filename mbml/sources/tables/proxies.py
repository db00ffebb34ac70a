"""Tables of zero-cost proxies: one row a cell, one column a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from mbml.errors import CellError, SourceError, UsageError, unknown_name
from mbml.sources.batch import DATASETS
from mbml.sources.checksum import Stamp, stamps
from mbml.sources.files import check_file
from mbml.sources.tables.outside import faults_of
from mbml.spaces import nasbench101, nasbench201
from mbml.spaces.nasbench101_bulk import graph_ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CELL = ("arch_str", "adjacency", "operations")


@dataclass(frozen=True, kw_only=True)
class Proxies:
    """The values of one file.

    Attributes
    ----------
    path
        The file.
    benchmark, dataset
        Whose cells they are, and whose images were used.
    values
        Columns `native_key`, `name`, `value`; one row a cell and proxy, without NULL.
    cells
        Number of cells.
    stamps
        Of the file, from before it was read.
    """

    path: Path
    benchmark: str
    dataset: str
    values: pl.DataFrame
    cells: int
    stamps: tuple[Stamp, ...]


def read_proxies(path: Path, *, dataset: str) -> Proxies:
    """Read a Parquet or CSV file of proxies.

    Parameters
    ----------
    path
        The file: column `arch_str` (NAS-Bench-201), or `adjacency` and `operations`
        (NAS-Bench-101); every other column is a proxy.
    dataset
        Data set whose images the proxies were computed on.

    Raises
    ------
    UsageError
        There is no such file or data set, or the file is of another kind.
    SourceError
        It cannot be read, a column is missing or holds no numbers, a row names no cell or one that
        stands in another row, or a value is not finite.
    """
    if dataset not in DATASETS:
        raise unknown_name("dataset", dataset, DATASETS)
    if path.suffix not in {".parquet", ".csv"} and not path.is_dir():
        raise UsageError(f"{path}: a table of proxies ends in .parquet or .csv")
    check_file(path)
    found = stamps((path,))
    table = _table(path)
    benchmark = _benchmark(path, table)
    names = [name for name in table.columns if name not in _CELL]
    if not names:
        raise SourceError(path, "", "has no column beside the cells; one column a proxy is meant")
    table = _numbers(path, table, names).with_columns(
        native_key=pl.Series(_keys(path, benchmark, table), dtype=pl.String)
    )
    _refuse_first(path, ~table["native_key"].is_first_distinct(), "is the cell of another row")
    values = table.unpivot(names, index="native_key", variable_name="name").drop_nulls()
    return Proxies(
        path=path,
        benchmark=benchmark,
        dataset=dataset,
        values=values,
        cells=table.height,
        stamps=found,
    )


def _table(path: Path) -> pl.DataFrame:
    with faults_of(path):
        if path.suffix == ".csv":
            # Every value as text first: adjacency bits look like a number.
            table = pl.read_csv(path, infer_schema=False, null_values="", glob=False)
        else:
            table = pl.read_parquet(path, hive_partitioning=False, glob=False)
    if table.is_empty():
        raise SourceError(path, "", "holds no rows")
    return table


def _benchmark(path: Path, table: pl.DataFrame) -> str:
    if "arch_str" in table.columns:
        benchmark, written = "nasbench201", ["arch_str"]
    elif {"adjacency", "operations"} <= set(table.columns):
        benchmark, written = "nasbench101", ["adjacency", "operations"]
    else:
        raise SourceError(
            path,
            "",
            "lacks the column arch_str (or adjacency and operations)",
            "See: mbml ingest proxies --help",
        )
    for name in written:
        if table[name].dtype != pl.String:
            raise SourceError(path, f"column {name!r}", f"holds {table[name].dtype}, not text")
        _refuse_first(path, table[name].is_null(), f"has no {name}")
    return benchmark


def _numbers(path: Path, table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    numbers = table
    for name in names:
        written = table[name]
        if path.suffix != ".csv" and not (written.dtype.is_numeric() or written.dtype == pl.Null):
            raise SourceError(path, f"column {name!r}", f"holds {written.dtype}, not numbers")
        values = written.cast(pl.Float64, strict=False)
        wrong = written.is_not_null() & ~values.is_finite().fill_null(value=False)
        _refuse_first(
            path,
            wrong,
            f"column {name!r} does not hold a finite number",
            "Leave a value that was not computed empty.",
        )
        numbers = numbers.with_columns(values)
    return numbers


def _refuse_first(path: Path, wrong: pl.Series, problem: str, hint: str = "") -> None:
    rows = wrong.arg_true()
    if len(rows):
        raise SourceError(path, f"row {rows[0] + 1}", problem, hint)


def _keys(path: Path, benchmark: str, table: pl.DataFrame) -> list[str]:
    if benchmark == "nasbench201":
        return _one_by_one(path, nasbench201.parse, table.select("arch_str"))
    pairs = table.select("adjacency", "operations")
    try:
        return graph_ids(pairs.rows())
    except CellError:
        # The bulk function does not say which row it was.
        return _one_by_one(path, nasbench101.cell, pairs)


def _one_by_one(
    path: Path, read: Callable[..., nasbench101.Cell | nasbench201.Cell], texts: pl.DataFrame
) -> list[str]:
    keys = []
    for row, written in enumerate(texts.iter_rows(), start=1):
        try:
            cell = read(*written)
        except CellError as error:
            raise SourceError(path, f"row {row}", str(error)) from error
        keys.append(cell.format() if isinstance(cell, nasbench201.Cell) else cell.graph_id)
    return keys
