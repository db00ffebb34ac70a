"""The architectures of a table: each distinct cell read once, checked, and given its ids."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from mbml.benchmarks import BENCHMARKS
from mbml.errors import CellError, SourceError, UsageError
from mbml.sources.batch import ARCHITECTURE_SCHEMA
from mbml.sources.tables.outside import collected, schema_of
from mbml.sources.tables.values import ROW, WHOLE_32, exact, place, refuse_missing
from mbml.spaces import nasbench101, nasbench201, natsbench_sss
from mbml.spaces.nasbench101.bulk import graph_ids
from mbml.spaces.nasbench101.known import cells_with
from mbml.spaces.reading import cell as read_cell
from mbml.spaces.registry import space
from mbml.spaces.wording import shown_cell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polars.datatypes import DataTypeClass

    PolarsDataType = pl.DataType | DataTypeClass

#: Columns that tell a cell in any spelling, where a table has no column of mbml's that does.
_KEYS: Final = ("net", "arch", "module_hash", "arch_index")
#: The benchmark of a row whose cell has the form of none.
UNRECOGNISED: Final = ""
_HASH: Final = re.compile("[0-9a-f]{32}")
#: Numbers in one list, tuple or array, whose count tells the space.
_FLAT: Final = r"^([a-z]+\.)?(array|tensor)?\(?[(\[][0-9, \t\n]*[)\]]\)?$"
GRAPH: Final = ("adjacency", "operations")
#: What may tell the cell beside `arch_str`.
_TOLD_TOO: Final = (*GRAPH, "module_hash", "arch_index")


def with_cells(path: Path, rows: pl.LazyFrame, key: str | None = None) -> pl.LazyFrame:
    """Give rows the column `arch_str`, if another column tells the cell.

    Parameters
    ----------
    path
        The file, for errors.
    rows
        Rows with their numbers in the column `ROW`.
    key
        The column; by default the first of `net`, `arch`, `module_hash` and `arch_index`, where
        there is neither `arch_str` nor both `adjacency` and `operations`.

    Raises
    ------
    UsageError
        A column is named, but the table has `arch_str`, or both others, as well.
    SourceError
        An index is not a whole number.
    """
    found = schema_of(path, rows)
    written = [name for name in ("arch_str", *GRAPH) if name in found and name != key]
    if key is not None and written:
        raise UsageError(
            f"{path}: the column {written[0]!r} tells the cell too; leave out"
            f" `key={quote(key)}`, or `ignore={written[0]}`"
        )
    if key is None and ("arch_str" in found or set(GRAPH) <= set(found)):
        return rows
    key = key or next((name for name in _KEYS if name in found), None)
    if key is None:
        return rows
    kind = found[key]
    text = pl.col(key)
    if isinstance(kind, pl.List | pl.Array):
        text = printed(text, kind)
    elif kind.is_float() or (key == "arch_index" and kind == pl.String):
        exact(path, collected(path, rows.select(ROW, key)), {key: WHOLE_32})
        text = text.cast(pl.Float64).cast(pl.UInt32)
    elif kind == pl.String:  # an index that pandas wrote as a float
        text = text.str.replace(r"^([0-9]+)\.0*$", "$1")
    return rows.with_columns(text.cast(pl.String).alias("arch_str")).drop(
        [key] if key != "arch_str" else []
    )


def printed(values: pl.Expr, kind: PolarsDataType) -> pl.Expr:
    """Write lists as Python prints them, with a null inside them as None, which no cell has."""
    if isinstance(kind, pl.Array):
        values, kind = values.arr.to_list(), pl.List(kind.inner)
    if isinstance(kind, pl.List):
        item = printed(pl.element(), kind.inner)
        item = pl.format("'{}'", item) if kind.inner == pl.String else item
        return pl.format("[{}]", values.list.eval(item.fill_null("None")).list.join(", "))
    return values.cast(pl.String)


def guessed_benchmark(*, has_graphs: bool) -> pl.Expr:
    """Return the benchmark of a row by the form of its cell; `UNRECOGNISED` if it has none.

    Parameters
    ----------
    has_graphs
        Whether a row without `arch_str` may have its cell in `adjacency` and `operations`.
    """
    text = pl.col("arch_str").str.strip_chars()
    flat = pl.when(text.str.contains(_FLAT)).then(text)
    numbers = flat.str.count_matches("[0-9]+")
    of_graphs = numbers.is_in([12, 20, 36, 42, 56]) | (
        (numbers == 30) & flat.str.contains("[2-9]")  # else a one-hot of NAS-Bench-201
    )
    return (
        pl.when(of_graphs)
        .then(pl.lit("nasbench101"))
        .when(numbers == 5)
        .then(pl.lit("natsbench_sss"))
        .when(text.is_null())
        .then(pl.lit("nasbench101" if has_graphs else UNRECOGNISED))
        .when(text.str.contains(r"^[0-9a-f]{32}$|\binput\b"))
        .then(pl.lit("nasbench101"))
        .when(text.str.contains(r"^(?s:\d+|[\[(|].*|([a-z]+\.)?(array|tensor)\(.*)$"))
        .then(pl.lit("nasbench201"))
        .when(text.str.contains(r"^\d+(:\d+)+$"))
        .then(pl.lit("natsbench_sss"))
        .otherwise(pl.lit(UNRECOGNISED))
    )


def not_recognised(text: str | None) -> str:
    """Say that a text is no cell of any space, with the forms that are."""
    got = "no value" if text is None else shown_cell(text)
    return (
        "expected an architecture: |op~0|+|op~0|op~1|+|op~0|op~1|op~2| (NAS-Bench-201),"
        " c1:c2:c3:c4:c5 (size space of NATS-Bench), an official index, a module hash or a tuple of"
        f" NASLib, got {got}"
    )


class TableCells(NamedTuple):
    """Architectures in order of first appearance, and the ordinal of each cell as it is written.

    Attributes
    ----------
    table
        One row per architecture, with the columns of `ARCHITECTURE_SCHEMA`.
    ordinals
        The columns of `written`, and ``arch``.
    """

    table: pl.DataFrame
    ordinals: pl.DataFrame

    @property
    def written(self) -> list[str]:
        """The columns in which the table writes a cell."""
        return [name for name in self.ordinals.columns if name != "arch"]

    def number(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Put the ordinal of its architecture in the place of the cell of each row."""
        on = self.written
        return rows.join(self.ordinals, on=on, how="left", maintain_order="left").drop(on)


def architectures_of(path: Path, benchmark: str, rows: pl.LazyFrame) -> TableCells:
    """Read the distinct cells of a table.

    Raises
    ------
    SourceError
        A cell is not in its space, its hash is not its own, or its index is another cell's.
    """
    of_graphs = benchmark == "nasbench101"
    spelled = ["arch_str", *_TOLD_TOO]
    distinct = rows.select(ROW, *spelled).unique(subset=spelled, maintain_order=True, keep="first")
    cells = collected(path, distinct)
    has_graphs = of_graphs and cells["arch_str"].null_count() == cells.height
    written = GRAPH if has_graphs else ("arch_str",)
    for name in written:
        refuse_missing(path, cells[name], "text", cells[ROW])
    _refuse_others(path, cells, ("arch_index",) if of_graphs else ("module_hash", *GRAPH))
    if has_graphs:
        table = _graphs(path, cells)
    elif of_graphs:
        table = _nasbench101(path, cells)
    else:
        cells = exact(path, cells.select(ROW, "arch_str", "arch_index"), {"arch_index": WHOLE_32})
        of_mbml = benchmark in BENCHMARKS
        table = _strings(path, benchmark, cells) if of_mbml else _added(path, benchmark, cells)
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


def _refuse_others(path: Path, cells: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse a cell that is told in a way that its benchmark does not know."""
    for name in names:
        told = cells.filter(pl.col(name).is_not_null())
        if told.height:
            row, value = told.select(ROW, name).row(0)
            problem = f"{value!r:.70} tells no cell of the benchmark that the row is of"
            raise SourceError(path, place(row, name), problem, f"Leave it out: `ignore={name}`.")


def _graphs(path: Path, cells: pl.DataFrame) -> pl.DataFrame:
    pairs = list(zip(cells["adjacency"], cells["operations"], strict=True))
    try:
        hashes = graph_ids(pairs)
    except CellError as error:
        raise SourceError(path, _first_illegal_row(cells), str(error)) from error
    return _hashed(
        path,
        cells.with_columns(
            native_key=pl.Series(hashes, dtype=pl.String),
            written_adjacency=pl.col("adjacency"),
            written_operations=pl.col("operations"),
        ),
    )


def _nasbench101(path: Path, cells: pl.DataFrame) -> pl.DataFrame:
    """Read cells in any spelling; what else tells them must tell the same."""
    pairs, keys = graphs_of(path, cells[ROW], cells["arch_str"])
    told = pl.any_horizontal(pl.col(GRAPH).is_not_null())
    twice = cells.with_columns(key=pl.Series(keys, dtype=pl.String)).filter(told)
    for name in GRAPH:
        refuse_missing(path, twice[name], "text beside the other", twice[ROW])
    if twice.height:
        other = twice.filter(_graphs(path, twice)["native_key"] != twice["key"])
        if other.height:
            problem = "tell another cell than arch_str"
            where = f"row {other[ROW][0]}, columns 'adjacency' and 'operations'"
            raise SourceError(path, where, problem)
    return _hashed(
        path,
        cells.drop(GRAPH).with_columns(
            pl.DataFrame(pairs, schema=dict.fromkeys(GRAPH, pl.String), orient="row"),
            native_key=pl.Series(keys, dtype=pl.String),
            written_arch_str=pl.col("arch_str"),
        ),
    )


def graphs_of(
    path: Path, rows: pl.Series, texts: pl.Series
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return adjacency and operations of NAS-Bench-101 cells in any spelling, and their hashes.

    Raises
    ------
    SourceError
        One is no cell; the message names its row.
    """
    hashes = [text for text in texts if _HASH.fullmatch(text)]
    known = dict(zip(hashes, cells_with(hashes), strict=True))
    pairs = []
    spelled = []
    for row, text in zip(rows, texts, strict=True):
        pair = known.get(text)
        if text in known and pair is None:
            raise SourceError(path, f"row {row}", f"no cell of NAS-Bench-101 has the hash {text}")
        if pair is None:
            bits, _, operations = cell_in(path, row, "nasbench101", text).format().partition(":")
            pair = bits, operations
            spelled.append(pair)
        pairs.append(pair)
    computed = iter(graph_ids(spelled))
    return pairs, [text if text in known else next(computed) for text in texts]


def _hashed(path: Path, cells: pl.DataFrame) -> pl.DataFrame:
    wrong = cells.filter(pl.col("module_hash") != pl.col("native_key"))
    if wrong.height:
        row, given, own = wrong.select(ROW, "module_hash", "native_key").row(0)
        problem = f"expected {own}, the hash of the cell, got {given!r:.70}"
        raise SourceError(path, place(row, "module_hash"), problem)
    return cells.with_columns(
        native_index=pl.lit(None, dtype=pl.UInt32),
        nodes=(pl.col("operations").str.count_matches(",", literal=True) + 1).cast(pl.UInt8),
        edges=pl.col("adjacency").str.count_matches("1", literal=True).cast(pl.UInt8),
        graph_id=pl.col("native_key"),
        functional_id=pl.col("native_key"),
    )


def cell_in(path: Path, row: int, benchmark: str, text: str) -> Any:
    """Read a cell in any spelling; raises `SourceError` with its row if it is none."""
    try:
        return read_cell(benchmark, text)
    except CellError as error:
        raise SourceError(path, f"row {row}", str(error)) from error


def _strings(path: Path, benchmark: str, cells: pl.DataFrame) -> pl.DataFrame:
    topology = benchmark == "nasbench201"
    order = (nasbench201 if topology else natsbench_sss).official_order()
    indices = {text: index for index, text in enumerate(order)}
    parsed = []
    for row, text, given in cells.iter_rows():
        cell = cell_in(path, row, benchmark, text)
        key = cell.format()
        index = indices[key]
        if given is not None and given != index:
            problem = f"expected {index}, the index of {text}, got {given}"
            raise SourceError(path, place(row, "arch_index"), problem)
        operations = ",".join(cell.operations) if topology else None
        parsed.append((index, key, operations, cell.graph_id, cell.functional_id, text))
    columns = {
        "native_index": pl.UInt32,
        "native_key": pl.String,
        "operations": pl.String,
        "graph_id": pl.String,
        "functional_id": pl.String,
        "written_arch_str": pl.String,
    }
    table = pl.DataFrame(parsed, schema=columns, orient="row")
    return table.with_columns(
        adjacency=pl.lit(None, dtype=pl.String),
        nodes=pl.lit(4 if topology else 0, dtype=pl.UInt8),
        edges=pl.lit(6 if topology else 0, dtype=pl.UInt8),
    )


def _added(path: Path, benchmark: str, cells: pl.DataFrame) -> pl.DataFrame:
    """Read cells of a plug-in's space; their index is their place in its list."""
    of_it = space(benchmark)
    places = {of_it.key(of_it.parse(text)): place for place, text in enumerate(of_it.texts())}
    rows = []
    for row, text, given in cells.iter_rows():
        cell = cell_in(path, row, benchmark, text)
        key = of_it.key(cell)
        index = places.get(key)
        if given is not None and given != index:
            problem = f"expected {index}, the index of {text}, got {given}"
            raise SourceError(path, place(row, "arch_index"), problem)
        sizes = cell.nodes, cell.edges
        rows.append((index, key, None, None, *sizes, cell.graph_id, cell.functional_id, text))
    names = [name for name in ARCHITECTURE_SCHEMA.names if name != "arch"]
    kinds = [pl.UInt32, *[pl.String] * 3, pl.UInt8, pl.UInt8, *[pl.String] * 3]
    schema = dict(zip([*names, "written_arch_str"], kinds, strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _first_illegal_row(cells: pl.DataFrame) -> str:
    for row, bits, operations in cells.select(ROW, "adjacency", "operations").iter_rows():
        try:
            nasbench101.cell(bits, operations)
        except CellError:
            return f"row {row}"
    return ""
