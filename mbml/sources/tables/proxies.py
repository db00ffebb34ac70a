"""Tables of zero-cost proxies, or of other numbers of each cell: a row a cell, a column each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mbml.benchmarks import images_of
from mbml.errors import SourceError, unknown_name
from mbml.sources.batch import DATASETS
from mbml.sources.checksum import Stamp, stamps
from mbml.sources.containers.unpacking import find
from mbml.sources.files import check_file
from mbml.sources.naming import named_surrogate
from mbml.sources.tables.columns import ColumnOptions
from mbml.sources.tables.keyed import (
    CELL_COLUMNS,
    OTHER_NAMES,
    check_spellings,
    of_dataset,
    with_keys,
)
from mbml.sources.tables.layouts import Layout, layout_of, refuse_outcomes
from mbml.sources.tables.outside import collected, schema_of
from mbml.sources.tables.own_rows import with_options
from mbml.sources.tables.scanning import scan_file
from mbml.sources.tables.values import FINITE, ROW, exact
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


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
        Columns `native_key`, `name`, `value`; one row a cell and proxy, with NULL where the file
        has no value. A proxy without any value is left out.
    cells
        Number of cells.
    stamps
        Of the file, from before it was read.
    is_surrogate
        True if its numbers are invented.
    notes
        What a user should know of how it was read.
    """

    path: Path
    benchmark: str
    dataset: str
    values: pl.DataFrame
    cells: int
    stamps: tuple[Stamp, ...] = ()
    is_surrogate: bool = False
    notes: tuple[str, ...] = ()


def read_proxies(
    path: Path | str, *, dataset: str, options: ColumnOptions | None = None
) -> Proxies:
    """Read a file of proxies.

    Parameters
    ----------
    path
        A file of Parquet, delimited text or JSON, told by its content. A cell is in the column
        `arch_str`, in `adjacency` and `operations`, or in `net`, `arch`, `module_hash` or
        `arch_index`; every other column is a proxy. With a column `dataset`, the rows of one data
        set are read.
    dataset
        Data set whose images the proxies were computed on. Those of `cifar10-valid` are the images
        of `cifar10`, and their proxies are kept under that name.
    options
        Which columns to rename or to ignore, and which one tells the cell.

    Raises
    ------
    UsageError
        There is no such file or data set, or an option names no column.
    SourceError
        It cannot be read, a column is missing, a row names no cell or one that stands in another
        row, a value is not a finite number that a double holds exactly, there is no value at all,
        or a column is an outcome of training.
    """
    path = as_path(path)
    dataset = OTHER_NAMES.get(dataset, dataset)
    if dataset not in DATASETS:
        raise unknown_name("dataset", dataset, DATASETS)
    before = stamps((path,)) if path.is_file() else ()
    found = find(path)
    with found.naming():
        read = _read(found.path, dataset, options or ColumnOptions())
    file = path if found.is_copy else found.path
    return replace(
        read,
        path=file,
        stamps=before or stamps((file,)),
        is_surrogate=named_surrogate(file, passed=found.passed),
    )


def _read(path: Path, dataset: str, options: ColumnOptions) -> Proxies:
    check_file(path)
    options.check_kept("proxies are kept as given")
    notes: list[str] = []
    rows, layout = _table(path, options, notes)
    table = of_dataset(path, collected(path, rows), dataset)
    table, benchmark = with_keys(path, table)
    check_spellings(path, table, benchmark)
    names = [name for name in table.columns if name not in {*CELL_COLUMNS, ROW, "native_key"}]
    refuse_outcomes(path, layout, names)
    reserved = [name for name in names if name in _RESERVED]
    if reserved:
        raise SourceError(path, f"column {reserved[0]!r}", "cannot be the name of a proxy")
    if not names:
        raise SourceError(path, "", "has no column beside the cells; expected one for each proxy")
    table = exact(path, table, dict.fromkeys(names, FINITE))
    again = table[ROW].filter(~table["native_key"].is_first_distinct())
    if len(again):
        raise SourceError(path, f"row {again[0]}", "is the cell of another row")
    # In a file of several data sets, not each proxy has values on each.
    names = [name for name in names if table[name].count()]
    if not names:
        raise SourceError(path, "", "holds no value of a proxy: every field is empty (NULL)")
    values = table.unpivot(names, index="native_key", variable_name="name")
    images = images_of(dataset)
    if images != dataset:
        notes.append(f"kept as proxies on {images}: {dataset} is a split of the same images")
    return Proxies(
        path=path,
        benchmark=benchmark,
        dataset=images,
        values=values,
        cells=table.height,
        notes=tuple(notes),
    )


#: Columns of the table `proxy`, and of the rows on their way there.
_RESERVED: Final = frozenset({"name", "value", "arch_id"})


def _table(
    path: Path, options: ColumnOptions, notes: list[str]
) -> tuple[pl.LazyFrame, Layout | None]:
    rows = scan_file(path, notes)
    given = schema_of(path, rows)
    options.check(path, given)
    layout = layout_of([name for name in given if name not in options.ignore])
    # Another name does not make a proxy of an outcome.
    refuse_outcomes(path, layout, [*options.rename, options.key or ""])
    if layout is not None:
        if layout.accuracy and layout.accuracy not in options.ignore:
            rows = rows.drop(layout.accuracy)
        if layout.meaning:
            notes.append(f"{layout.title}: {layout.meaning}")
    if "native_key" in given:
        raise SourceError(path, "column 'native_key'", "cannot be the name of a proxy")
    return with_options(path, rows, options, notes), layout
