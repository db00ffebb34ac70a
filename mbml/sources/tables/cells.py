"""The architectures of a table: each distinct cell read once, checked, and given its ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from mbml.errors import CellError, SourceError
from mbml.sources.batch import ARCHITECTURE_SCHEMA
from mbml.sources.tables.outside import faults_of
from mbml.spaces import nasbench101, nasbench201, natsbench_sss
from mbml.spaces.nasbench101_bulk import graph_ids

if TYPE_CHECKING:
    from pathlib import Path

_WRITTEN = {
    "nasbench101": ("adjacency", "operations"),
    "nasbench201": ("arch_str",),
    "natsbench_sss": ("arch_str",),
}


class TableCells(NamedTuple):
    """Architectures in order of first appearance, and the ordinal of each cell as it is written.

    Attributes
    ----------
    table
        One row per architecture, with the columns of `ARCHITECTURE_SCHEMA`.
    ordinals
        The columns in which the table writes a cell, and ``arch``.
    """

    table: pl.DataFrame
    ordinals: pl.DataFrame

    def number(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add the ordinal of its architecture to each row."""
        on = [name for name in self.ordinals.columns if name != "arch"]
        return rows.join(self.ordinals, on=on, how="left", maintain_order="left")


def architectures_of(path: Path, benchmark: str, rows: pl.LazyFrame) -> TableCells:
    """Read the distinct cells of a table.

    Raises
    ------
    SourceError
        A cell is not in its space, its hash is not its own, or its index is another cell's.
    """
    written = _WRITTEN[benchmark]
    told = ["module_hash"] if benchmark == "nasbench101" else ["arch_index"]
    distinct = rows.select("row", *written, *told).unique(
        subset=[*written, *told], maintain_order=True, keep="first"
    )
    with faults_of(path):
        cells = distinct.collect()
    if benchmark == "nasbench101":
        table = _nasbench101(path, cells)
    else:
        table = _strings(path, benchmark, cells)
    # In the benchmark's own order, so that ids do not depend on the order of the rows.
    first = (
        table.sort("native_index", "native_key")
        .select("native_key")
        .unique(maintain_order=True)
        .with_row_index("arch")
    )
    table = table.join(first, on="native_key", maintain_order="left")
    return TableCells(
        table.unique("arch", maintain_order=True, keep="first")
        .sort("arch")
        .select(ARCHITECTURE_SCHEMA.names),
        table.select(*(pl.col(f"written_{name}").alias(name) for name in written), "arch").unique(),
    )


def _nasbench101(path: Path, cells: pl.DataFrame) -> pl.DataFrame:
    pairs = list(zip(cells["adjacency"], cells["operations"], strict=True))
    missing = cells.filter(pl.col("adjacency").is_null() | pl.col("operations").is_null())
    if missing.height:
        raise SourceError(path, f"row {missing['row'][0]}", "has no adjacency or no operations")
    try:
        hashes = graph_ids(pairs)
    except CellError as error:
        raise SourceError(path, _first_illegal_row(cells), str(error)) from error
    cells = cells.with_columns(native_key=pl.Series(hashes, dtype=pl.String))
    wrong = cells.filter(pl.col("module_hash") != pl.col("native_key"))
    if wrong.height:
        row, told, own = wrong.select("row", "module_hash", "native_key").row(0)
        raise SourceError(
            path, f"row {row}", f"module hash {told} is not that of its cell, which is {own}"
        )
    return cells.with_columns(
        native_index=pl.lit(None, dtype=pl.UInt32),
        nodes=(pl.col("operations").str.count_matches(",", literal=True) + 1).cast(pl.UInt8),
        edges=pl.col("adjacency").str.count_matches("1", literal=True).cast(pl.UInt8),
        graph_id=pl.col("native_key"),
        functional_id=pl.col("native_key"),
        written_adjacency=pl.col("adjacency"),
        written_operations=pl.col("operations"),
    )


def _strings(path: Path, benchmark: str, cells: pl.DataFrame) -> pl.DataFrame:
    space = nasbench201 if benchmark == "nasbench201" else natsbench_sss
    parsed = []
    for row, text, told in cells.iter_rows():
        place = f"row {row}"
        try:
            cell = space.parse(text)
        except CellError as error:
            raise SourceError(path, place, str(error)) from error
        index = space.index_of(text)
        if told is not None and told != index:
            raise SourceError(path, place, f"index {told} is not that of {text}, which is {index}")
        operations = ",".join(cell.operations) if benchmark == "nasbench201" else None
        parsed.append((index, text, operations, cell.graph_id, cell.functional_id))
    columns = {
        "native_index": pl.UInt32,
        "native_key": pl.String,
        "operations": pl.String,
        "graph_id": pl.String,
        "functional_id": pl.String,
    }
    table = pl.DataFrame(parsed, schema=columns, orient="row")
    topology = benchmark == "nasbench201"
    return table.with_columns(
        adjacency=pl.lit(None, dtype=pl.String),
        nodes=pl.lit(4 if topology else 0, dtype=pl.UInt8),
        edges=pl.lit(6 if topology else 0, dtype=pl.UInt8),
        written_arch_str=pl.col("native_key"),
    )


def _first_illegal_row(cells: pl.DataFrame) -> str:
    for row, bits, operations in cells.select("row", "adjacency", "operations").iter_rows():
        try:
            nasbench101.cell(bits, operations)
        except CellError:
            return f"row {row}"
    return ""
