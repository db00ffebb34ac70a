"""Loading measurements of devices, or under attack: all of a file is held afterwards, or nothing.

A value that several publications have is kept once, with the numbers of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from mbml.errors import UsageError
from mbml.store.checks import run_checks
from mbml.store.file_source import source_of_file
from mbml.store.opening import opened
from mbml.store.values import refresh_values

if TYPE_CHECKING:
    from mbml.sources.tables.measurements import Measurements
    from mbml.store.warehouse import Warehouse, WarehouseOrPath


@dataclass(frozen=True, kw_only=True)
class MeasurementReport:
    """What a load did.

    Attributes
    ----------
    source_id
        Number of the source in the warehouse.
    already_loaded
        True if the same bytes had been loaded for the same cells before.
    series, cells, measurements
        Different devices with their batch sizes, or attacks with norm and epsilon; cells of which
        measurements were kept; and their number.
    not_supported
        Measurements that a device does not support, and that have no value.
    held_before
        Measurements that another source had brought with the same values.
    replaced
        Measurements that were held with other values, and were replaced.
    values_removed
        Values of these that are gone, as the new measurements have none in their place.
    unknown_cells
        Cells with a value in the file that the warehouse does not hold.
    is_surrogate
        True if the numbers are invented.
    """

    source_id: int
    already_loaded: bool
    series: int
    cells: int
    measurements: int
    not_supported: int
    held_before: int
    replaced: int
    values_removed: int
    unknown_cells: int
    is_surrogate: bool


class _Table(NamedTuple):
    """A long table: what tells a measurement of a cell and data set, and its values."""

    name: str
    series: tuple[str, ...]
    values: tuple[str, ...]


_TABLES: Final = {
    "devices": _Table(
        "device_measurement",
        ("device", "batch_size"),
        ("latency_seconds", "energy_joules", "arithmetic_intensity"),
    ),
    "robustness": _Table("robustness_measurement", ("attack", "norm", "epsilon"), ("accuracy",)),
}


def ingest_measurements(
    warehouse: WarehouseOrPath, measurements: Measurements, *, replace: bool = False
) -> MeasurementReport:
    """Load measurements into a warehouse.

    Parameters
    ----------
    warehouse
        A warehouse, or the path of one.
    measurements
        As `read_devices` and `read_robustness` of `mbml.sources.tables.measurements` give them.
    replace
        Put measurements in the place of those held with other values. A measurement is replaced
        as a whole, with its latency, its energy and its sources.

    Raises
    ------
    UsageError
        None of the cells is held, or other values of them are and `replace` is false.
    CheckError
        A value is out of its range.
    """
    with opened(warehouse, write=True) as held:
        return held.transaction(lambda: _load(held, measurements, replace))


def _load(warehouse: Warehouse, read: Measurements, replace: bool) -> MeasurementReport:  # noqa: FBT001
    con = warehouse.con
    table = _TABLES[read.kind]
    columns = ", ".join(("dataset", *table.series, *table.values))
    marks = read.not_supported.select(pl.col(name).alias(_mark(name)) for name in table.values)
    con.register("incoming", pl.concat([read.values, marks], how="horizontal").to_arrow())
    con.execute(
        f"create or replace temp table incoming_measurement as select arch_id, {columns},"  # noqa: S608
        f" {', '.join(map(_mark, table.values))}"
        " from incoming inner join architecture"
        " on architecture.native_key = incoming.native_key and architecture.benchmark = ?",
        [read.benchmark],
    )
    con.unregister("incoming")
    absent = " and ".join(f"{name} is null" for name in table.values)
    [(series, cells, count, not_supported)] = warehouse.rows(
        f"select count(distinct ({', '.join(table.series)})), count(distinct arch_id), count(*),"  # noqa: S608
        f" count(*) filter (where {absent}) from incoming_measurement"
    )
    if cells == 0:
        raise UsageError(
            f"{read.path}: none of its {read.cells:,} cells with a value is in {warehouse.path};"
            f" load measurements of {read.benchmark} first"
        )
    _compare(warehouse, table)
    removed = " + ".join(
        f"count(*) filter (where held.{name} is not null and given.{name} is null)"
        for name in table.values
    )
    [(known,)] = warehouse.rows("select count(*) from known_measurement")
    [(differing, values_removed)] = warehouse.rows(
        f"select count(*), {removed} from known_measurement as held"  # noqa: S608
        f" inner join incoming_measurement as given on {_same(table)} where held.differs"
    )
    if differing and not replace:
        raise UsageError(
            f"{read.path}: {differing:,} of its measurements differ from those held for the same"
            f" cells, data set and {' and '.join(table.series)}, such as"
            f" {_first_difference(warehouse, table)}; `replace=True` puts them in their place"
        )
    source_id = source_of_file(warehouse, read, read.format)
    changed = _store(warehouse, table, source_id)
    if changed:
        datasets = warehouse.rows("select distinct dataset from incoming_measurement")
        refresh_values(con, [name for (name,) in datasets])
    con.execute("drop table known_measurement")
    con.execute("drop table incoming_measurement")
    run_checks(warehouse)
    return MeasurementReport(
        source_id=source_id,
        already_loaded=not changed,
        series=series,
        cells=cells,
        measurements=count,
        not_supported=not_supported,
        held_before=known - differing,
        replaced=differing,
        values_removed=values_removed,
        unknown_cells=read.cells - cells,
        is_surrogate=read.is_surrogate,
    )


def _mark(name: str) -> str:
    """Return the column that tells whether a file has -1 for a value: not supported."""
    return f"{name}_not_supported"


def _same(table: _Table) -> str:
    """Return what holds of an incoming and a held row of the same measurement."""
    names = ("arch_id", "dataset", *table.series)
    return " and ".join(f"held.{name} is not distinct from given.{name}" for name in names)


def _compare(warehouse: Warehouse, table: _Table) -> None:
    """Put the measurements that are held already into `known_measurement`."""
    # What one source has and the other lacks adds to it, unless it has nothing: not supported.
    given, held = (
        "(" + " and ".join(f"{side}.{name} is null" for name in table.values) + ")"
        for side in ("given", "held")
    )
    # The first value that differs, by its name; a comparison with NULL is none.
    different = " ".join(
        f"when held.{name} <> given.{name} or (given.{_mark(name)} and held.{name} is not null)"
        f" or ({given} <> {held} and coalesce(given.{name}, held.{name}) is not null)"
        f" then '{name}'"
        for name in table.values
    )
    warehouse.con.execute(
        f"create or replace temp table known_measurement as select given.arch_id, given.dataset,"  # noqa: S608
        f" {', '.join(f'given.{name}' for name in table.series)},"
        f" {', '.join(f'held.{name}' for name in table.values)}, held.source_ids,"
        f" case {different} end as different, different is not null as differs"
        f" from incoming_measurement as given inner join {table.name} as held on {_same(table)}"
    )


def _first_difference(warehouse: Warehouse, table: _Table) -> str:
    values = ", ".join(
        f"given.{name} as given_{name}, held.{name} as held_{name}" for name in table.values
    )
    row = warehouse.frame(
        f"select native_key, {', '.join(f'given.{name}' for name in table.series)}, {values},"  # noqa: S608
        " held.different from known_measurement as held inner join incoming_measurement as given"
        f" on {_same(table)} inner join architecture on architecture.arch_id = given.arch_id"
        " where held.differs order by given.arch_id limit 1"
    ).row(0, named=True)
    name = row["different"]
    series = ", ".join(f"{row[one]}" for one in table.series if row[one] is not None)
    given, held = row[f"given_{name}"], row[f"held_{name}"]
    return (
        f"{name} of {row['native_key']}, {series}:"
        f" {'not supported' if given is None else repr(given)} here,"
        f" {'held as not supported' if held is None else f'{held!r} held'}"
    )


def _store(warehouse: Warehouse, table: _Table, source_id: int) -> bool:
    """Insert what is new, join what is known with its sources; tell whether anything changed."""
    con = warehouse.con
    values = ", ".join(
        f"case when held.differs then given.{name} else coalesce(given.{name}, held.{name}) end"
        f" as {name}"
        for name in table.values
    )
    con.execute(
        f"create or replace temp table new_measurement as select given.arch_id, given.dataset,"  # noqa: S608
        f" {', '.join(f'given.{name}' for name in table.series)}, {values},"
        " case when held.differs then [$source]"
        " else list_append(held.source_ids, $source) end::usmallint[] as source_ids"
        " from incoming_measurement as given"
        f" left join known_measurement as held on {_same(table)}"
        " where held.arch_id is null or held.differs"
        " or not list_contains(held.source_ids, $source)",
        {"source": source_id},
    )
    [(changed,)] = warehouse.rows("select count(*) from new_measurement")
    con.execute(
        f"delete from {table.name} as held using new_measurement as given"  # noqa: S608
        f" where {_same(table)}"
    )
    con.execute(
        f"insert into {table.name} by name from new_measurement"
        f" order by dataset, {', '.join(table.series)}, arch_id"
    )
    con.execute("drop table new_measurement")
    return bool(changed)
