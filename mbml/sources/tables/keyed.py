"""Tables with a row a cell: which cell each row is of, in the spelling of its benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from mbml.benchmarks import BENCHMARKS
from mbml.errors import CellError, SourceError
from mbml.sources.tables.cells import (
    GRAPH,
    UNRECOGNISED,
    cell_in,
    graphs_of,
    guessed_benchmark,
    not_recognised,
    printed,
)
from mbml.sources.tables.values import ROW, TEXT, exact, place, refuse_missing
from mbml.spaces import nasbench101
from mbml.spaces.nasbench101.bulk import graph_ids

if TYPE_CHECKING:
    from pathlib import Path

#: What data sets are called that views spell otherwise.
OTHER_NAMES: Final = BENCHMARKS["nasbench201"].other_names
#: Columns that tell the cell once more.
_SPELLINGS: Final = ("net", "net_str", "arch", "arch_index", "module_hash")
#: Columns that tell the cell, or what its row is of.
CELL_COLUMNS: Final = ("arch_str", *GRAPH, *_SPELLINGS, "benchmark", "dataset")


def of_dataset(path: Path, table: pl.DataFrame, dataset: str) -> pl.DataFrame:
    """Return the rows of a data set, where the table tells of which one each row is."""
    if table.is_empty():
        raise SourceError(path, "", "holds no rows")
    if "dataset" not in table.columns:
        return table
    table = exact(path, table, {"dataset": TEXT})
    names = table["dataset"].replace(OTHER_NAMES)
    found = table.filter(names == dataset)
    if found.is_empty():
        held = ", ".join(map(str, names.unique().sort()))
        raise SourceError(path, "", f"holds no rows of {dataset}; its data sets are {held}")
    return found


def with_keys(path: Path, table: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """Add the benchmark's own key of each cell; also return which benchmark it is."""
    rows = table[ROW]
    if "arch_str" not in table.columns:
        if not set(GRAPH) <= set(table.columns):
            raise SourceError(
                path,
                "",
                "lacks the column arch_str (or adjacency and operations, net, module_hash,"
                " arch_index)",
                "Name the column that tells the cell: `key=COLUMN`.",
            )
        benchmark = "nasbench101"
        keys = _graph_keys(path, table)
    else:
        table = exact(path, table, {"arch_str": TEXT})
        refuse_missing(path, table["arch_str"], TEXT.expected, rows)
        benchmark = _benchmark(path, table)
        keys = _keys(path, benchmark, rows, table["arch_str"])
    return table.with_columns(native_key=pl.Series(keys, dtype=pl.String)), benchmark


def _keys(path: Path, benchmark: str, rows: pl.Series, texts: pl.Series) -> list[str]:
    if benchmark == "nasbench101":
        return graphs_of(path, rows, texts)[1]
    keys: dict[str, str] = {}
    for row, text in zip(rows, texts, strict=True):
        if text not in keys:  # a cell may have a row for each data set
            keys[text] = cell_in(path, row, benchmark, text).format()
    return [keys[text] for text in texts]


def check_spellings(path: Path, table: pl.DataFrame, benchmark: str) -> None:
    """Refuse a row in which two columns tell different cells."""
    for name in (name for name in _SPELLINGS if name in table.columns):
        given = table.filter(pl.col(name).is_not_null())
        texts = given.select(printed(pl.col(name), given.schema[name]).alias(name))[name]
        keys = texts
        if name != "module_hash":
            keys = pl.Series(_keys(path, benchmark, given[ROW], texts), dtype=pl.String)
        other = given.filter(keys != given["native_key"])
        if other.height:
            row, text = other.select(ROW, name).row(0)
            raise SourceError(
                path, place(row, name), f"{text!r:.70} is another cell than the row's"
            )


def _graph_keys(path: Path, table: pl.DataFrame) -> list[str]:
    table = exact(path, table, dict.fromkeys(GRAPH, TEXT))
    for name in GRAPH:
        refuse_missing(path, table[name], TEXT.expected, table[ROW])
    try:
        return graph_ids(table.select(GRAPH).rows())
    except CellError:
        # The bulk function does not say which row it was.
        return [_graph_key(path, *row) for row in table.select(ROW, *GRAPH).iter_rows()]


def _graph_key(path: Path, row: int, bits: str, operations: str) -> str:
    try:
        return nasbench101.cell(bits, operations).graph_id
    except CellError as error:
        raise SourceError(path, f"row {row}", str(error)) from error


def _benchmark(path: Path, table: pl.DataFrame) -> str:
    """Return the benchmark that all rows are of."""
    found = table
    if "benchmark" not in table.columns:
        found = table.with_columns(benchmark=guessed_benchmark(has_graphs=False))
    first = found.unique("benchmark", keep="first", maintain_order=True)
    for row, name, text in first.select(ROW, "benchmark", "arch_str").iter_rows():
        if name == UNRECOGNISED:
            raise SourceError(path, place(row, "arch_str"), not_recognised(text))
        if name not in BENCHMARKS:
            raise SourceError(
                path,
                place(row, "benchmark"),
                f"expected one of {', '.join(BENCHMARKS)}, got {name!r}",
            )
    if first.height > 1:
        row, name = first.select(ROW, "benchmark").row(1)
        problem = f"is of {name}, the rows before it are of {first['benchmark'][0]}"
        raise SourceError(path, f"row {row}", problem, "Load them from two files.")
    return str(first["benchmark"][0])
