"""`cell_metric` in step with the runs: recomputed for the schedules that a load has touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mbml.sources.batch import EPOCH_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mbml.store.warehouse import Warehouse

#: Values summarised by one statement: bounds the memory of its hash table.
_VALUES = 4_000_000

#: Rows of DuckDB's row groups. Where statements leave them half full, a checkpoint packs them anew.
_ROW_GROUP = 122_880

#: What the row of the last epoch also tells of half time, in the benchmark that recorded no other.
_RECORDED_AT_HALF_TIME = "nasbench101"
_AT_HALF_TIME = ("train_accuracy", "valid_accuracy", "test_accuracy", "train_seconds")


class Touched(NamedTuple):
    """Runs that changed: one schedule on one data set, in a range of architectures."""

    benchmark: str
    dataset: str
    schedule_epochs: int
    first_arch: int
    last_arch: int


def touched_by(warehouse: Warehouse, first_run: int) -> list[Touched]:
    """Return what the runs from `first_run` on touch."""
    rows = warehouse.rows(
        "select benchmark, dataset, schedule_epochs, min(arch_id), max(arch_id)"
        " from run inner join architecture using (arch_id)"
        " where run_id >= ? group by all order by all",
        [first_run],
    )
    return [Touched(*row) for row in rows]


class _Held(NamedTuple):
    """What the warehouse holds of one schedule on one data set."""

    architectures: int
    runs: int
    epoch_rows: int
    measured: list[str]

    @property
    def at_once(self) -> int:
        """Architectures that one statement summarises: as many as fill row groups, if so many."""
        values = self.epoch_rows * len(self.measured)
        most = _VALUES * self.architectures // max(values, 1)
        in_row_group = _ROW_GROUP * self.runs // self.epoch_rows
        return most // in_row_group * in_row_group or max(most, 1)


def refresh_summary(warehouse: Warehouse, changed: Iterable[Touched]) -> None:
    """Compute the summary of the touched runs again, in the order in which views ask for it."""
    held = _held(warehouse)
    for one in changed:
        whole = held[one.dataset, one.schedule_epochs]
        statement = _statement(whole.measured, halfway=one.benchmark == _RECORDED_AT_HALF_TIME)
        warehouse.con.execute(
            "delete from cell_metric"
            " where dataset = ? and schedule_epochs = ? and arch_id between ? and ?",
            [one.dataset, one.schedule_epochs, one.first_arch, one.last_arch],
        )
        for first in range(one.first_arch, one.last_arch + 1, whole.at_once):
            last = min(first + whole.at_once - 1, one.last_arch)
            warehouse.con.execute(statement, [one.dataset, one.schedule_epochs, first, last])


def _statement(measured: list[str], *, halfway: bool) -> str:
    """Return the statement for one schedule and a range of architectures.

    Columns that it does not name are not computed, and most files fill few.
    """
    kept = ["arch_id", "dataset", "schedule_epochs", "epoch", "trials"]
    kept += ["parameters", "flops", "latency_seconds"]
    kept += [column for name in measured for column in (name, f"{name}_std")]
    summary = f"select {', '.join(kept)} from cell_summary($1, $2, $3, $4)"  # noqa: S608
    if not halfway:
        return f"insert into cell_metric by name {summary} order by epoch, arch_id"
    half = [f"halfway.{name} as halfway_{name}" for name in _AT_HALF_TIME if name in measured]
    columns = ", ".join([f"summary.{name}" for name in kept] + half)
    return f"""
        insert into cell_metric by name
        with summary as materialized ({summary})
        select {columns}
        from summary
        left join summary as halfway
            on
                summary.arch_id = halfway.arch_id
                and summary.epoch = $2
                and halfway.epoch = $2 / 2
        order by summary.epoch, summary.arch_id
        """  # noqa: S608


def _held(warehouse: Warehouse) -> dict[tuple[str, int], _Held]:
    """Count what is held of each data set and schedule, and name the metrics that have a value."""
    held = {
        (dataset, schedule): (architectures, runs)
        for dataset, schedule, architectures, runs in warehouse.rows(
            "select dataset, schedule_epochs, count(distinct arch_id), count(*)"
            " from run group by all"
        )
    }
    values = ", ".join(f"count({name})" for name in EPOCH_METRICS)
    rows = warehouse.rows(
        f"select dataset, schedule_epochs, count(*), {values}"  # noqa: S608
        " from run inner join epoch_metric using (run_id) group by all"
    )
    return {
        (dataset, schedule): _Held(
            *held[dataset, schedule],
            epoch_rows,
            [name for name, count in zip(EPOCH_METRICS, counts, strict=True) if count],
        )
        for dataset, schedule, epoch_rows, *counts in rows
    }
