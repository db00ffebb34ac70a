"""`cell_metric` in step with the runs, in the order in which views ask for it.

New cells come with a summary of each batch (`batch_summary.py`). SQL summarises the rest: cells
whose trials do not stand together, and schedules of which the warehouse held runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from mbml.errors import MbmlError
from mbml.sources.batch import EPOCH_METRICS
from mbml.store.batch_summary import AT_HALF_TIME, RECORDED_AT_HALF_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import duckdb
    from numpy.typing import NDArray

    from mbml.store.staging import StagedSummary
    from mbml.store.warehouse import Warehouse

#: Values summarised by one statement: bounds the memory of its hash table.
_VALUES = 4_000_000

#: Rows of DuckDB's row groups. Where statements leave them half full, a checkpoint packs them anew.
_ROW_GROUP = 122_880

#: Cells that one statement names. Where more than one in so many of a range is to be summarised,
#: the whole range is.
_NAMED = 1_000
_SPARSE = 4


class Touched(NamedTuple):
    """Runs that changed: one schedule on one data set, in a range of architectures."""

    dataset: str
    schedule_epochs: int
    first_arch: int
    last_arch: int


def touched_by(warehouse: Warehouse, first_run: int) -> list[Touched]:
    """Return what the runs from `first_run` on touch."""
    rows = warehouse.rows(
        "select dataset, schedule_epochs, min(arch_id), max(arch_id)"
        " from run where run_id >= ? group by all order by all",
        [first_run],
    )
    return [Touched(*row) for row in rows]


class _Held(NamedTuple):
    """What the warehouse holds of one schedule on one data set."""

    architectures: int
    runs: int
    has_half_time: bool
    epoch_rows: int
    measured: list[str]

    @property
    def at_once(self) -> int:
        """Architectures that one statement summarises: as many as fill row groups, if so many."""
        values = self.epoch_rows * len(self.measured)
        most = _VALUES * self.architectures // max(values, 1)
        in_row_group = _ROW_GROUP * self.runs // self.epoch_rows
        return most // in_row_group * in_row_group or max(most, 1)

    def ranges(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Cut a range of architectures into such as one statement summarises."""
        for start in range(first, last + 1, self.at_once):
            yield start, min(start + self.at_once - 1, last)

    @property
    def summary(self) -> str:
        """The query that summarises a range of the architectures."""
        return _summary(self.measured, halfway=self.has_half_time)


def refresh_summary(warehouse: Warehouse, changed: Iterable[Touched]) -> None:
    """Compute the summary of the touched runs again, in the order in which views ask for it."""
    held = _held(warehouse)
    for dataset, schedule_epochs, first, last in changed:
        whole = held[dataset, schedule_epochs]
        warehouse.con.execute(
            "delete from cell_metric"
            " where dataset = ? and schedule_epochs = ? and arch_id between ? and ?",
            [dataset, schedule_epochs, first, last],
        )
        for some in whole.ranges(first, last):
            statement = f"insert into cell_metric by name {whole.summary}"
            warehouse.con.execute(statement, [dataset, schedule_epochs, *some])


def wrong_summaries(warehouse: Warehouse) -> int:
    """Count the rows of `cell_metric` that are not what `cell_summary` gives for the runs.

    Means and deviations may differ by 1e-12 of the mean: trials are added in another order.
    """
    wrong = 0
    ends = "select min(arch_id), max(arch_id) from run where dataset = ? and schedule_epochs = ?"
    for (dataset, schedule_epochs), whole in _held(warehouse).items():
        [(first, last)] = warehouse.rows(ends, [dataset, schedule_epochs])
        for some in whole.ranges(first, last):
            [(count,)] = warehouse.rows(_differing(whole), [dataset, schedule_epochs, *some])
            wrong += count
    return wrong


def _differing(whole: _Held) -> str:
    """Return the query that counts the kept rows of a range that differ from the summary."""
    same = ["kept.epoch is not null", "summary.epoch is not null"]
    same += [
        f"kept.{name} is not distinct from summary.{name}"
        for name in ("trials", "parameters", "flops")
    ]
    columns = [(name, name) for name in ("latency_seconds", *whole.measured)]
    columns += [(f"{name}_std", name) for name in whole.measured]
    if whole.has_half_time:
        half = [f"halfway_{name}" for name in AT_HALF_TIME if name in whole.measured]
        columns += [(name, name) for name in half]
    same += [
        f"(kept.{name} is not distinct from summary.{name}"
        f" or abs(kept.{name} - summary.{name}) <= 1e-12 * abs(summary.{mean}))"
        for name, mean in columns
    ]
    return f"""
        select count(*)
        from ({whole.summary}) as summary
        full join (
            from cell_metric
            where dataset = $1 and schedule_epochs = $2 and arch_id between $3 and $4
        ) as kept
            on summary.arch_id = kept.arch_id and summary.epoch = kept.epoch
        where not coalesce({" and ".join(same)}, false)
        """  # noqa: S608


def insert_summary(
    con: duckdb.DuckDBPyConnection,
    staged: StagedSummary,
    arch_ids: NDArray[np.int64],
    is_stopped: Callable[[], bool],
) -> None:
    """Insert the summary of a source all of whose runs are new.

    Parameters
    ----------
    con
        The connection, inside the transaction of the load.
    staged
        What was summarised while the source was read.
    arch_ids
        The ids of its cells, by their ordinals, shape (cells,).
    is_stopped
        Whether the load is to end.

    Raises
    ------
    MbmlError
        The load is to end.
    """
    schema = staged.schema
    if schema is None:
        return
    rows = _by_epoch(_rows(staged, schema, arch_ids, is_stopped))
    con.register("incoming", pa.RecordBatchReader.from_batches(schema, rows))
    con.execute(
        "insert into cell_metric by name"  # noqa: S608
        f" select {', '.join(schema.names)} from incoming"
    )
    con.unregister("incoming")


def summarise_left(
    warehouse: Warehouse, benchmark: str, staged: StagedSummary, arch_ids: NDArray[np.int64]
) -> None:
    """Summarise by SQL the cells that were left when `staged` was made; see `insert_summary`."""
    halfway = benchmark == RECORDED_AT_HALF_TIME
    dense = []
    for schedule, cells in staged.left():
        ids = np.sort(arch_ids[cells])
        first, last = int(ids[0]), int(ids[-1])
        if len(ids) * _SPARSE > last - first:
            dense.append(Touched(*schedule, first, last))
            continue
        for place in range(0, len(ids), _NAMED):
            some = ids[place : place + _NAMED].tolist()
            summary = _summary(EPOCH_METRICS, halfway=halfway, only=some)
            statement = f"insert into cell_metric by name {summary}"
            warehouse.con.execute(statement, [*schedule, some[0], some[-1]])
    if dense:
        refresh_summary(warehouse, dense)


def _rows(
    staged: StagedSummary,
    schema: pa.Schema,
    arch_ids: NDArray[np.int64],
    is_stopped: Callable[[], bool],
) -> Iterator[pa.RecordBatch]:
    """Yield staged rows under the ids of the warehouse, all with the same columns."""
    datasets = sorted({schedule.dataset for schedule in staged.schedules})
    for schedule, rows in staged.rows():
        if is_stopped():
            raise MbmlError("the load was ended")
        columns = {name: rows.column(name) for name in rows.schema.names}
        columns["arch_id"] = pa.array(arch_ids[columns.pop("arch").to_numpy()].astype(np.uint32))
        named = pa.repeat(pa.scalar(datasets.index(schedule.dataset), pa.int8()), len(rows))
        columns["dataset"] = pa.DictionaryArray.from_arrays(named, datasets)
        columns["schedule_epochs"] = pa.repeat(pa.scalar(schedule.epochs, pa.uint16()), len(rows))
        for field in schema:
            if field.name not in columns:
                columns[field.name] = pa.nulls(len(rows), field.type)
        yield pa.record_batch([columns[name] for name in schema.names], schema=schema)


def _by_epoch(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Sort rows by epoch, as many at a time as fill a row group: views ask for one epoch."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        while sum(map(len, waiting)) >= _ROW_GROUP:
            table = pa.Table.from_batches(waiting)
            waiting = table.slice(_ROW_GROUP).to_batches()
            yield _sorted(table.slice(0, _ROW_GROUP))
    if any(map(len, waiting)):
        yield _sorted(pa.Table.from_batches(waiting))


def _sorted(rows: pa.Table) -> pa.RecordBatch:
    order = np.argsort(rows.column("epoch").to_numpy(), kind="stable")
    # Taken from chunks, the rows would come in as many chunks.
    [piece] = rows.combine_chunks().take(order).to_batches()
    return piece


def _summary(measured: Sequence[str], *, halfway: bool, only: Iterable[int] = ()) -> str:
    """Return the query of one schedule and a range of architectures, or of some of these.

    Columns that it does not name are not computed, and most files fill few. The architectures
    stand in it as numbers: DuckDB looks for these before it groups, and for parameters after.
    """
    kept = ["arch_id", "dataset", "schedule_epochs", "epoch", "trials"]
    kept += ["parameters", "flops", "latency_seconds"]
    kept += [column for name in measured for column in (name, f"{name}_std")]
    summary = f"select {', '.join(kept)} from cell_summary($1, $2, $3, $4)"  # noqa: S608
    if named := ", ".join(map(str, only)):
        summary += f" where arch_id in ({named})"
    if not halfway:
        return f"{summary} order by epoch, arch_id"
    half = [f"halfway.{name} as halfway_{name}" for name in AT_HALF_TIME if name in measured]
    columns = ", ".join([f"summary.{name}" for name in kept] + half)
    return f"""
        with summary as materialized ({summary})
        select {columns}
        from summary
        left join summary as halfway
            on
                summary.arch_id = halfway.arch_id
                and summary.epoch = $2
                and halfway.epoch = $2 / 2
                and exists (
                    from architecture
                    where
                        architecture.arch_id = halfway.arch_id
                        and architecture.benchmark = '{RECORDED_AT_HALF_TIME}'
                )
        order by summary.epoch, summary.arch_id
        """  # noqa: S608


def _held(warehouse: Warehouse) -> dict[tuple[str, int], _Held]:
    """Count what is held of each data set and schedule, and name the metrics that have a value."""
    counted = {
        (dataset, schedule): tuple(counts)
        for dataset, schedule, *counts in warehouse.rows(
            "select dataset, schedule_epochs, count(distinct arch_id), count(*),"
            " bool_or(benchmark = ?) from run inner join architecture using (arch_id) group by all",
            [RECORDED_AT_HALF_TIME],
        )
    }
    values = ", ".join(f"count({name})" for name in EPOCH_METRICS)
    rows = warehouse.rows(
        f"select dataset, schedule_epochs, count(*), {values}"  # noqa: S608
        " from run inner join epoch_metric using (run_id) group by all"
    )
    held = {}
    for dataset, schedule, epoch_rows, *counts in rows:
        architectures, runs, has_half_time = counted[dataset, schedule]
        measured = [name for name, count in zip(EPOCH_METRICS, counts, strict=True) if count]
        held[dataset, schedule] = _Held(architectures, runs, has_half_time, epoch_rows, measured)
    return held
