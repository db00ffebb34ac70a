"""What was measured of cells beside their trainings: on devices, and under attack.

A table has a row a cell and a column each; names of columns say what is measured, and in which
unit. Values become seconds, joules and fractions by a shift of their decimal digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from shlex import quote
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from mbml.errors import SourceError, UsageError, unknown_name
from mbml.sources.batch import DATASETS
from mbml.sources.checksum import Stamp, stamps
from mbml.sources.containers.unpacking import find, head_of
from mbml.sources.files import check_file
from mbml.sources.naming import named_surrogate
from mbml.sources.pickles.torch_pickle import begins_as_pickle
from mbml.sources.tables.cells import GRAPH
from mbml.sources.tables.columns import ColumnOptions, repeated
from mbml.sources.tables.device_pickles import read_device_pickle
from mbml.sources.tables.keyed import CELL_COLUMNS, OTHER_NAMES, check_spellings, of_dataset
from mbml.sources.tables.keyed import with_keys as with_cell_keys
from mbml.sources.tables.layouts import ATTACK, DEVICE, layout_of
from mbml.sources.tables.outside import collected, schema_of
from mbml.sources.tables.own_rows import with_options
from mbml.sources.tables.scanning import scan_file
from mbml.sources.tables.values import (
    FRACTION,
    ROW,
    SECONDS,
    TEXT,
    ValueKind,
    exact,
    one_of,
    place,
    refuse_missing,
)
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    _Read = Callable[[Path, str | None, ColumnOptions], "Measurements"]

#: Data sets of images; what cells were trained on is another matter.
IMAGES: Final = tuple(name for name in DATASETS if name != "cifar10-valid")
#: What published files have where a device does not support a network.
_NOT_SUPPORTED: Final = -1.0
_THOUSANDTH: Final = Decimal("0.001")
_HUNDREDTH: Final = Decimal("0.01")


class _Metric(NamedTuple):
    """A column of the table `device_measurement`, and what a value in a file must be."""

    column: str
    kind: ValueKind


def _positive(expected: str, factor: Decimal | None = None) -> ValueKind:
    kind = SECONDS if factor is None else SECONDS.times(factor)
    return kind._replace(expected=f"{expected}, 0 or more, or -1 (not supported)")


#: By the end of a column's name.
_METRICS: Final = {
    "latency": _Metric("latency_seconds", _positive("milliseconds", _THOUSANDTH)),
    "energy": _Metric("energy_joules", _positive("millijoules", _THOUSANDTH)),
    "latency_seconds": _Metric("latency_seconds", _positive("seconds")),
    "energy_joules": _Metric("energy_joules", _positive("joules")),
    "arithmetic_intensity": _Metric("arithmetic_intensity", _positive("a finite number")),
}
_VALUES: Final = tuple(dict.fromkeys(one.column for one in _METRICS.values()))
_DEVICE_COLUMN: Final = re.compile(
    rf"([a-z][a-z0-9_]*?)(?:_batch_([0-9]+))?_({'|'.join(_METRICS)})"
)
_LARGEST_BATCH: Final = 2**16 - 1


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """The measurements of one file.

    Attributes
    ----------
    path
        The file.
    kind
        `devices` or `robustness`.
    format
        What the file is, for the record of the load and for citations.
    benchmark
        Whose cells they are.
    values
        Of devices the columns `native_key`, `dataset`, `device`, `batch_size`, `latency_seconds`,
        `energy_joules`, `arithmetic_intensity`, without any of the last three where a device does
        not support the cell; of robustness `native_key`, `dataset`, `attack`, `norm`, `epsilon`,
        `accuracy` (a fraction).
    not_supported
        A row for each of `values`, and a column for each of its numbers: True where the file has
        -1, False where it has a number or nothing.
    cells
        Number of cells with a value, or that a device does not support.
    stamps
        Of the file, from before it was read.
    is_surrogate
        True if its numbers are invented.
    notes
        What a user should know of how it was read.
    """

    path: Path
    kind: str
    format: str
    benchmark: str
    values: pl.DataFrame
    not_supported: pl.DataFrame
    cells: int
    stamps: tuple[Stamp, ...] = ()
    is_surrogate: bool = False
    notes: tuple[str, ...] = ()


def read_devices(
    path: Path | str, *, dataset: str | None = None, options: ColumnOptions | None = None
) -> Measurements:
    """Read latency and energy of cells on devices.

    Parameters
    ----------
    path
        A table (Parquet, delimited text or JSON) with columns `DEVICE_latency` (milliseconds),
        `DEVICE_energy` (millijoules), `DEVICE_latency_seconds`, `DEVICE_energy_joules` or
        `DEVICE_arithmetic_intensity`; the pickle of HW-NAS-Bench (Li et al. 2021,
        https://arxiv.org/abs/2103.10584); or a file of HELP (Lee et al. 2021,
        https://arxiv.org/abs/2106.08630), a list of milliseconds named for its device. A number of
        images in a batch stands after the device, as in `titan_rtx_batch_32_latency`.
    dataset
        The data set to load. Needed where the file does not tell of which one its rows are.
    options
        Which columns of a table to rename or to ignore, and which one tells the cell.

    Returns
    -------
    Measurements
        In seconds and joules.

    Raises
    ------
    UsageError
        There is no such file or data set, or it is not known which data set the rows are of.
    SourceError
        It cannot be read, a column is unknown, a row names no cell or one that stands in another
        row, or a value is neither -1 (not supported) nor a finite number from 0 on.
    """
    return _opened(path, dataset, options, _read_devices)


def read_robustness(
    path: Path | str, *, dataset: str | None = None, options: ColumnOptions | None = None
) -> Measurements:
    """Read accuracies of cells under attack.

    Parameters
    ----------
    path
        A table (Parquet, delimited text or JSON) with columns such as `fgsm@Linf_eps-0.1`: attack,
        norm and epsilon; in percent (Jung et al. 2023, https://arxiv.org/abs/2306.06712). If none
        is greater than 1, `options` must say whether they are.
    dataset
        The data set of the images. Needed where the table has no column `dataset`.
    options
        Which columns to rename or to ignore, which one tells the cell, and by `scale` the factors
        that turn columns into fractions: 0.01 for percent, 1 for fractions.

    Returns
    -------
    Measurements
        Accuracies are fractions.

    Raises
    ------
    UsageError, SourceError
        As `read_devices`.
    """
    return _opened(path, dataset, options, _read_robustness)


def _opened(
    path: Path | str, dataset: str | None, options: ColumnOptions | None, read: _Read
) -> Measurements:
    path = as_path(path)
    dataset = OTHER_NAMES.get(dataset or "", dataset)
    if dataset is not None and dataset not in IMAGES:
        raise unknown_name("dataset", dataset, IMAGES)
    options = options or ColumnOptions()
    # Accuracies that are all small may be percent or fractions.
    unit_given = replace(options, scale={}) if read is _read_robustness else options
    unit_given.check_kept("units of these measurements are known by name")
    before = stamps((path,)) if path.is_file() else ()
    found = find(path)
    with found.naming():
        check_file(found.path)
        given = read(found.path, dataset, options)
    file = path if found.is_copy else found.path
    return replace(
        given,
        path=file,
        stamps=before or stamps((file,)),
        is_surrogate=named_surrogate(file, passed=found.passed),
    )


def _read_devices(path: Path, dataset: str | None, options: ColumnOptions) -> Measurements:
    notes: list[str] = []
    if begins_as_pickle(head_of(path).data):
        if str(options):
            raise UsageError(f"{path}: columns are renamed in tables alone, not in pickles")
        source, rows = read_device_pickle(path, notes)
    else:
        rows = scan_file(path, notes)
        source = "hw_nas_bench" if any(map(DEVICE.fullmatch, schema_of(path, rows))) else "devices"
    table, benchmark = _with_keys(path, rows, "devices", dataset, options, notes)
    columns = _device_columns(path, table)
    if any(not {"latency", "energy"}.isdisjoint(metrics) for metrics in columns.values()):
        notes.append("milliseconds are stored as seconds, millijoules as joules")
    parts, marks = [], []
    for (device, batch_size), metrics in columns.items():
        names = list(metrics.values())
        given = pl.any_horizontal(pl.col(name).is_not_null() for name in names)
        rows_given = table.filter(given)
        part = _without_sentinels(rows_given, names, notes)
        kinds = {name: _METRICS[metric].kind for metric, name in metrics.items()}
        part = exact(path, part, kinds)
        of_column = {_METRICS[metric].column: name for metric, name in metrics.items()}
        sentinel = {name: part[name].is_null() & rows_given[name].is_not_null() for name in names}
        marks.append(
            part.select(
                sentinel[of_column[name]].alias(name)
                if name in of_column
                else pl.repeat(value=False, n=pl.len()).alias(name)
                for name in _VALUES
            )
        )
        parts.append(
            part.select(
                "native_key",
                "dataset",
                pl.lit(device).alias("device"),
                pl.lit(batch_size, dtype=pl.UInt16).alias("batch_size"),
                *(
                    pl.col(of_column[name]).alias(name)
                    if name in of_column
                    else pl.lit(None, dtype=pl.Float64).alias(name)
                    for name in _VALUES
                ),
            )
        )
    values = pl.concat(parts)
    return Measurements(
        path=path,
        kind="devices",
        format=source,
        benchmark=benchmark,
        values=values,
        not_supported=pl.concat(marks),
        cells=_cells(path, values),
        notes=tuple(notes),
    )


def _device_columns(
    path: Path, table: pl.DataFrame
) -> dict[tuple[str, int | None], dict[str, str]]:
    """Return the columns of each device and batch size, by what each measures."""
    found: dict[tuple[str, int | None], dict[str, str]] = {}
    for name in _value_columns(table):
        match = _DEVICE_COLUMN.fullmatch(name)
        if match is None:
            expected = "DEVICE_latency (milliseconds) or DEVICE_energy (millijoules)"
            raise _unknown_column(path, name, expected)
        device, batch, metric = match.groups()
        held = found.setdefault((device, _batch_size(path, name, batch)), {})
        again = [one for one in held if _METRICS[one].column == _METRICS[metric].column]
        if again:
            problem = f"measures the same as the column {held[again[0]]!r}"
            raise SourceError(path, f"column {name!r}", problem, f"`ignore={name}` leaves it out.")
        held[metric] = name
    if not found:
        raise SourceError(path, "", "has no column of a device, such as pixel3_latency")
    return found


def _batch_size(path: Path, name: str, digits: str | None) -> int | None:
    if digits is None:
        return None
    # The number of digits first: Python refuses to read thousands of them.
    if len(digits) > len(str(_LARGEST_BATCH)) or not 1 <= int(digits) <= _LARGEST_BATCH:
        problem = f"expected a batch of a size from 1 to {_LARGEST_BATCH:,}"
        hint = f"Name it by `rename`, or leave it out: `ignore={quote(name)}`."
        raise SourceError(path, f"column {name!r}", problem, hint)
    return int(digits)


def _cells(path: Path, values: pl.DataFrame) -> int:
    if values.is_empty():
        raise SourceError(path, "", "holds no value: all cells of its columns are empty")
    return values["native_key"].n_unique()


def _without_sentinels(table: pl.DataFrame, names: list[str], notes: list[str]) -> pl.DataFrame:
    """Turn what stands for a network that is not supported into null, and tell how many."""
    for name in names:
        if not (table.schema[name].is_numeric() or table.schema[name] == pl.String):
            continue
        absent = (table[name].cast(pl.Float64, strict=False) == _NOT_SUPPORTED).fill_null(
            value=False
        )
        if absent.any():
            notes.append(f"{absent.sum():,} values of {name} are -1: not supported, kept as NULL")
            table = table.with_columns(pl.when(~absent).then(pl.col(name)).alias(name))
    return table


def _read_robustness(path: Path, dataset: str | None, options: ColumnOptions) -> Measurements:
    notes: list[str] = []
    rows = scan_file(path, notes)
    given = schema_of(path, rows)
    layout = layout_of([name for name in given if name not in options.ignore])
    if layout is not None and layout.loaded_by == "robustness":
        rows = rows.drop(layout.accuracy)
        notes.append(
            f"{layout.accuracy} is left out: it is the test accuracy of trial 888 without an"
            " attack, which `mbml ingest table` loads"
        )
    table, benchmark = _with_keys(path, rows, "robustness", dataset, options, notes)
    attacks = {name: _attack(path, name) for name in _value_columns(table)}
    if not attacks:
        raise SourceError(path, "", "has no column of an attack, such as fgsm@Linf_eps-1.0")
    again = repeated(attacks.values())
    if again is not None:
        first, second, *_ = (name for name, attack in attacks.items() if attack == again)
        problem = f"is the same attack as the column {first!r}"
        raise SourceError(path, f"column {second!r}", problem, f"`ignore={second}` leaves it out.")
    factors = options.factors()
    for name in factors:
        if name not in attacks:
            problem = f"{name!r} is not an accuracy under attack, and cannot be scaled"
            raise UsageError(f"{path}: {problem}")
    written = table
    kinds = {name: FRACTION.times(factors.get(name, _HUNDREDTH)) for name in attacks}
    table = exact(path, table, kinds)
    in_percent = [name for name in attacks if name not in factors]
    _refuse_doubtful(path, written, table, in_percent)
    notes.extend(f"{name} is multiplied by {factor:f}" for name, factor in factors.items())
    if in_percent:
        notes.append("accuracies in percent are stored as fractions")
    values = pl.concat(
        table.select(
            "native_key",
            "dataset",
            pl.lit(attack).alias("attack"),
            pl.lit(norm).alias("norm"),
            pl.lit(epsilon).alias("epsilon"),
            pl.col(name).alias("accuracy"),
        ).drop_nulls()
        for name, (attack, norm, epsilon) in attacks.items()
    )
    return Measurements(
        path=path,
        kind="robustness",
        format="robustness",
        benchmark=benchmark,
        values=values,
        not_supported=values.select(accuracy=pl.repeat(value=False, n=pl.len())),
        cells=_cells(path, values),
        notes=tuple(notes),
    )


def _refuse_doubtful(
    path: Path, written: pl.DataFrame, table: pl.DataFrame, names: list[str]
) -> None:
    """Refuse accuracies that may be percent or fractions: all that are not 0 are at most 1."""
    largest = table.select(pl.col(names).max().fill_null(0.0)).to_dicts()[0] if names else {}
    name = max(largest, key=lambda one: float(largest[one]), default="")
    if not name or not 0 < largest[name] <= 0.01:  # 1 percent
        return
    row = int((table[name] == largest[name]).arg_true()[0])
    problem = (
        f"accuracies may be percent or fractions: the largest is {written[name][row]}"
        f" ({place(table[ROW][row], name)})"
    )
    hint = (
        f"Give `scale={quote(f'{name}=0.01')}` if it is in percent, `scale={quote(f'{name}=1')}` if"
        " it is a fraction; and so for each other column."
    )
    raise SourceError(path, "", problem, hint)


def _attack(path: Path, name: str) -> tuple[str, str, float]:
    match = ATTACK.fullmatch(name)
    if match is None:
        raise _unknown_column(path, name, "ATTACK@NORM_eps-EPSILON, such as fgsm@Linf_eps-1.0")
    attack, norm, epsilon = match.groups()
    return attack.replace("-", "_"), norm, float(epsilon)


def _unknown_column(path: Path, name: str, expected: str) -> SourceError:
    return SourceError(
        path,
        f"column {name!r}",
        f"is not known: expected {expected}",
        f"Leave it out: `ignore={quote(name)}`, or name it by `rename`.",
    )


def _value_columns(table: pl.DataFrame) -> list[str]:
    return [name for name in table.columns if name not in {*CELL_COLUMNS, ROW, "native_key"}]


def _with_keys(
    path: Path,
    rows: pl.LazyFrame,
    kind: str,
    dataset: str | None,
    options: ColumnOptions,
    notes: list[str],
) -> tuple[pl.DataFrame, str]:
    """Return the rows with the key and the data set of each; also which benchmark they are of."""
    given = schema_of(path, rows)
    options.check(path, given)
    rows = with_options(path, rows, options, notes)
    held = schema_of(path, rows)
    if "native_key" in held:
        raise SourceError(path, "column 'native_key'", "cannot be the name of a measurement")
    if "dataset" not in held and dataset is None:
        raise UsageError(
            f"{path}: holds no data set of its images; give mbml ingest {kind} the option"
            f" `dataset`, one of {', '.join(IMAGES)}"
        )
    table = collected(path, rows)
    if dataset is not None:
        table = of_dataset(path, table, dataset)
    if table.is_empty():
        raise SourceError(path, "", "holds no rows")
    if "dataset" in held:
        table = exact(path, table, {"dataset": TEXT})
        refuse_missing(path, table["dataset"], TEXT.expected, table[ROW])
        table = table.with_columns(pl.col("dataset").replace(OTHER_NAMES))
        table = exact(path, table, {"dataset": one_of(IMAGES)})
    else:
        table = table.with_columns(dataset=pl.lit(dataset))
    table, benchmark = with_cell_keys(path, table)
    check_spellings(path, table, benchmark)
    again = table.filter(~pl.struct("native_key", "dataset").is_first_distinct())
    if again.height:
        raise SourceError(path, f"row {again[ROW][0]}", "is the cell of another row")
    return table.drop(*(name for name in GRAPH if name in table.columns)), benchmark


#: By the kind, as `mbml ingest` names it.
READERS: Final = {"devices": read_devices, "robustness": read_robustness}
