"""The columns of a table as mbml's: renamed, scaled, filled in, left out; others are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from mbml.errors import SourceError, UsageError, unknown_name
from mbml.sources.batch import EPOCH_METRICS
from mbml.sources.tables.cells import guessed_benchmark, with_cells
from mbml.sources.tables.columns import PANDAS_INDEX, ColumnOptions
from mbml.sources.tables.layouts import DATASETS, layout_of
from mbml.sources.tables.outside import collected, schema_of
from mbml.sources.tables.values import (
    FLOPS,
    FRACTION,
    LOSS,
    PARAMETERS,
    ROW,
    SECONDS,
    TEXT,
    TRUTH,
    WHOLE_16,
    WHOLE_32,
    exact,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from mbml.sources.tables.layouts import Layout
    from mbml.sources.tables.values import ValueKind

PER_RUN = {"dataset": TEXT, "schedule_epochs": WHOLE_16, "trial": WHOLE_16}
_CELL = {
    "benchmark": TEXT,
    "arch_index": WHOLE_32,
    "arch_str": TEXT,
    "module_hash": TEXT,
    "adjacency": TEXT,
    "operations": TEXT,
}
PER_TRAINING = {
    "parameters": PARAMETERS,
    "flops": FLOPS,
    "latency_seconds": SECONDS,
    "total_seconds": SECONDS,
    "seconds_are_measured": TRUTH,
}
_EPOCH = {
    name: FRACTION if name.endswith("accuracy") else SECONDS if name.endswith("seconds") else LOSS
    for name in EPOCH_METRICS
}
_MEASURED = {"epoch": WHOLE_16} | PER_TRAINING | _EPOCH
_MEASUREMENTS = [name for name in _EPOCH | PER_TRAINING if name != "seconds_are_measured"]
COLUMNS = _CELL | PER_RUN | _MEASURED


class OwnRows(NamedTuple):
    """The rows of a table in mbml's columns.

    Attributes
    ----------
    table
        With all columns of the cells, and `ROW`, the number of each row.
    kinds
        What each measured column holds.
    notes
        What a user should know of how it is read.
    """

    table: pl.LazyFrame
    kinds: dict[str, ValueKind]
    notes: list[str]


def own_rows(path: Path, rows: pl.LazyFrame, options: ColumnOptions) -> OwnRows:
    """Rename, scale, fill in and leave out columns, as the options and the known layouts say.

    Parameters
    ----------
    path
        What the user named, for errors.
    rows
        The table as it is in the file.
    options
        What the user says of its columns.

    Raises
    ------
    UsageError
        An option names no column, or one that it does not fit.
    SourceError
        A column is unknown or missing, or a cell is not recognised.
    """
    given = schema_of(path, rows)
    options.check(path, given)
    for name in (name for name in options.constants if name not in COLUMNS):
        raise UsageError(f"{path}: {unknown_name('column', name, COLUMNS)}")
    layout = layout_of(given)
    notes: list[str] = []
    if layout is not None and layout.accuracy in options.ignore:
        layout = None
    if layout is not None and layout.accuracy:
        layout.check(path, options)
        options, left_out = _as_layout(options, layout, given)
        notes.append(layout.table_note(left_out))
    rows = with_options(path, rows, options, notes)
    found = schema_of(path, rows)
    _check_columns(path, [name for name in found if name != ROW], layout)
    kinds = dict(_MEASURED)
    for name, factor in options.factors().items():
        if name not in kinds:
            raise UsageError(f"{path}: {name!r} is not a measurement, and cannot be scaled")
        kinds[name] = kinds[name].times(factor)
    in_percent = list(dict.fromkeys(map(options.renamed, options.percent)))
    _check_percent(path, rows, in_percent, layout)
    rows = _with_texts(path, rows)
    if "benchmark" not in found:
        rows = rows.with_columns(benchmark=guessed_benchmark(has_graphs="adjacency" in found))
    if layout is not None and layout.accuracy:
        rows = _with_datasets(path, rows, layout)
    return OwnRows(rows, kinds, notes)


def with_options(
    path: Path, rows: pl.LazyFrame, options: ColumnOptions, notes: list[str]
) -> pl.LazyFrame:
    """Drop, rename and add columns as a user says; number the rows; put the cell in `arch_str`.

    Parameters
    ----------
    path
        What the user named, for errors.
    rows
        The table as it is in the file.
    options
        Checked for its columns.
    notes
        Takes what a user should know.

    Raises
    ------
    UsageError
        Several columns tell the cell.
    SourceError
        The table has a column that mbml numbers rows by, or an index is not a whole number.
    """
    spoken_of = {*options.rename, *options.ignore, options.key}
    index = [name for name in _indices(path, rows) if name not in spoken_of]
    if index:
        notes.append(f"the column {index[0]!r}, the index of a pandas frame, is left out")
    for name in schema_of(path, rows):
        if PANDAS_INDEX.fullmatch(name) and name not in (*index, *spoken_of):
            problem = "has no name of its own, and is not the index of a pandas frame"
            hint = f"Leave it out: `ignore={quote(name)}`, or name it by `rename`."
            raise SourceError(path, f"column {name!r}", problem, hint)
    rows = rows.drop(*options.ignore, *index).rename(dict(options.rename))
    if ROW in schema_of(path, rows):
        raise SourceError(path, f"column {ROW!r}", "cannot be the name of a column")
    rows = rows.with_row_index(ROW, offset=1).with_columns(
        pl.lit(value).alias(name) for name, value in options.constants.items()
    )
    return with_cells(path, rows, options.key and options.renamed(options.key))


def _indices(path: Path, rows: pl.LazyFrame) -> list[str]:
    """Return the columns that hold the index of a pandas frame."""
    given = list(schema_of(path, rows))
    found = [name for name in given if name.startswith("__index_level_")]
    first = given[0] if given else None
    if first == "":
        found.append(first)
    elif first is not None and first.startswith("Unnamed: "):
        number = pl.col(first).cast(pl.String, strict=False).cast(pl.Int64, strict=False)
        counts = (number == pl.int_range(pl.len())).fill_null(value=False).all()
        if collected(path, rows.select(counts)).item():
            found.append(first)
    return found


def _as_layout(
    options: ColumnOptions, layout: Layout, given: Collection[str]
) -> tuple[ColumnOptions, list[str]]:
    """Add to what the user says what is known of a layout; also return what is left out of it."""
    # Its counts of parameters and FLOPs are others than the benchmark's.
    kept = {*_CELL, *PER_RUN, "epoch", "net", layout.accuracy, *options.rename, *options.ignore}
    if options.key is not None:
        kept.add(options.key)
    left_out = [name for name in given if name not in kept]
    same = {name: value for name, value in layout.constants.items() if name not in given}
    options = replace(
        options,
        rename={layout.accuracy: "test_accuracy", **options.rename},
        percent=(*options.percent, layout.accuracy),
        constants={**same, **options.constants},
        ignore=(*options.ignore, *left_out),
    )
    return options, left_out


def _check_percent(path: Path, rows: pl.LazyFrame, names: list[str], layout: Layout | None) -> None:
    """Refuse a column in percent that is no accuracy, or that holds fractions by all its values."""
    for name in names:
        if _EPOCH.get(name) is not FRACTION:
            raise UsageError(f"{path}: {name!r} is no accuracy, and cannot be in percent")
    found = schema_of(path, rows)
    largest = [
        (pl.col(name) if found[name].is_numeric() else pl.col(name).cast(pl.String, strict=False))
        .cast(pl.Float64, strict=False)
        .max()
        for name in names
        if not found[name].is_nested() and not found[name].is_temporal()
    ]
    for name, [value] in collected(path, rows.select(largest)).to_dict(as_series=False).items():
        if value is not None and 0 < value <= 1:
            raise SourceError(
                path,
                f"column {name!r}",
                f"is given in percent, but seems to hold fractions already: its largest value is"
                f" {value:g}",
                "The published file has percent; was this one changed?"
                if layout is not None and layout.accuracy
                else f"Leave out `percent={quote(name)}`; if it is in percent nevertheless, give"
                f" `scale={quote(name)}=0.01` in its place.",
            )


def _with_texts(path: Path, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add columns of the cell that are lacking; rows are told apart by texts, so these are texts.

    Numbers stay as given.
    """
    found = schema_of(path, rows)
    for name, kind in COLUMNS.items():
        if name not in found and name in _CELL:
            rows = rows.with_columns(pl.lit(None, dtype=kind.dtype).alias(name))
        elif kind.dtype == pl.String and found.get(name, pl.String) != pl.String:
            exact(path, collected(path, rows.select(ROW, name)), {name: TEXT})
            rows = rows.with_columns(pl.col(name).cast(pl.String))
    return rows


def _with_datasets(path: Path, rows: pl.LazyFrame, layout: Layout) -> pl.LazyFrame:
    other = collected(path, rows.filter(pl.col("benchmark") != "nasbench201").head(1))
    if other.height:
        problem = f"is {layout.title}, whose accuracies are understood for NAS-Bench-201 alone"
        raise SourceError(path, f"row {other[ROW][0]}", problem)
    return rows.with_columns(pl.col("dataset").replace(DATASETS))


#: Unknown columns that are named; a file of noise may have thousands.
_MANY = 20


def _check_columns(path: Path, found: Collection[str], layout: Layout | None) -> None:
    unknown = [name for name in found if name not in COLUMNS]
    is_measured = any(name in found for name in _EPOCH)
    if unknown and layout is not None and not layout.accuracy and not is_measured:
        problem = f"holds no measurements: it is {layout.title}"
        raise SourceError(path, "", problem, f"Load it with mbml ingest {layout.loaded_by}.")
    missing = [name for name in (*PER_RUN, "epoch") if name not in found]
    has_cells = "arch_str" in found or {"adjacency", "operations"} <= set(found)
    offered = {"dataset": layout.dataset} if layout is not None else {}
    constants = " ".join(f"`constants={name}={offered.get(name, 'VALUE')}`" for name in missing)
    if unknown:
        several, shown = len(unknown) > 1, unknown[:_MANY]
        hints = _hints(shown, has_cells=has_cells)
        more = f" and {len(unknown) - _MANY:,} more" if len(unknown) > _MANY else ""
        if missing:
            hints.append(f"It lacks {', '.join(missing)} too; what all rows share: {constants}.")
        raise SourceError(
            path,
            f"column{'s' * several} {', '.join(map(repr, shown))}{more}",
            "are not known" if several else "is not known",
            *hints,
        )
    if not has_cells:
        raise SourceError(
            path,
            "",
            "lacks the column arch_str (or adjacency and operations, module_hash, arch_index)",
            "Name the column that tells the cell: `key=COLUMN`.",
        )
    if missing:
        raise SourceError(
            path,
            "",
            f"lacks the column {', '.join(missing)}",
            f"What all rows share can be given: {constants}.",
        )
    if not any(name in found for name in _MEASUREMENTS):
        problem = f"has no column of a measurement: none of {', '.join(_MEASUREMENTS)}"
        raise SourceError(path, "", problem)


#: What a column that has the plain name of a key, or of an accuracy, may be.
_KEYS = ("index", "idx", "id", "hash", "cell", "architecture", "model", "network")
_ACCURACIES = ("valid_accuracy", "test_accuracy", "train_accuracy")


def _hints(unknown: list[str], *, has_cells: bool) -> list[str]:
    """Offer what unknown columns may be, as the options to add; none is taken by itself."""
    close: dict[str, str] = {}
    sentences, ignored = [], []
    for name in unknown:
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        spelled = re.sub(r"^val(idation)?_", "valid_", re.sub(r"acc$", "accuracy", plain))
        near = get_close_matches(spelled, COLUMNS, n=1, cutoff=0.75)
        if plain in _KEYS and not has_cells:
            sentences.append(f"If {name!r} tells the cell: `key={quote(name)}`.")
        elif spelled == "accuracy":
            offers = " or ".join(f"`rename={quote(f'{name}={one}')}`" for one in _ACCURACIES)
            sentences.append(f"If you know which accuracy {name!r} is: {offers}.")
        elif near:
            close[name] = near[0]
        else:
            ignored.append(f"`ignore={quote(name)}`")
    if close:
        options = " ".join(f"`rename={quote(f'{name}={ours}')}`" for name, ours in close.items())
        meant = ", ".join(map(repr, close.values()))
        sentences.insert(0, f"Did you mean {meant}? {options}.")
    if ignored:
        sentences.append(f"To leave out: {' '.join(ignored)}.")
    return sentences
