"""`cell_metric` in step with the runs: recomputed for the schedules that a load has touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mbml.sources.batch import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mbml.store.warehouse import Warehouse

#: Epoch rows summarised by one statement: bounds the memory of its hash table.
_PIECE = 1_300_000

#: What the row of the last epoch also tells of half time.
_AT_HALF_TIME = ("train_accuracy", "valid_accuracy", "test_accuracy", "train_seconds")


class Touched(NamedTuple):
    """Runs that changed: one schedule on one data set, in a range of architectures."""

    dataset: str
    schedule_epochs: int
    first_arch: int
    last_arch: int


def touched_by(warehouse: Warehouse, first_run: int) -> list[Touched]:
    """Return what the runs from `first_run` on touch."""
    rows = warehouse.rows(
        "select dataset::text, schedule_epochs, min(arch_id), max(arch_id) from run"
        " where run_id >= ? group by all order by all",
        [first_run],
    )
    return [Touched(*row) for row in rows]


def refresh_summary(warehouse: Warehouse, changed: Iterable[Touched]) -> None:
    """Compute the summary of the touched runs again, in the order in which views ask for it."""
    measured = _measured(warehouse)
    columns = ", ".join(
        ["arch_id", "dataset", "schedule_epochs", "epoch", "trials"]
        + ["parameters", "flops", "latency_seconds"]
        + [column for name in measured for column in (name, f"{name}_std")]
        + [f"halfway_{name}" for name in _AT_HALF_TIME]
    )
    for one in changed:
        warehouse.con.execute(
            "delete from cell_metric"
            " where dataset = ? and schedule_epochs = ? and arch_id between ? and ?",
            list(one),
        )
        for first_epoch, last_epoch in _pieces(warehouse, one):
            # Columns that are not asked for are not computed; most files fill few.
            warehouse.con.execute(
                f"insert into cell_metric by name select {columns}"  # noqa: S608
                " from cell_summary($1::dataset_name, $2, $3, $4, $5, $6)"
                " left join half_time($1::dataset_name, $2) using (arch_id, epoch)"
                " order by epoch, arch_id",
                [*one, first_epoch, last_epoch],
            )


def _measured(warehouse: Warehouse) -> list[str]:
    """Return the metrics that hold any value at all."""
    counts = ", ".join(f"count({name})" for name in METRICS)
    [row] = warehouse.rows(f"select {counts} from epoch_metric")  # noqa: S608
    return [name for name, count in zip(METRICS, row, strict=True) if count]


def _pieces(warehouse: Warehouse, one: Touched) -> Iterator[tuple[int, int]]:
    """Cut the epochs of a schedule into ranges of at most `_PIECE` rows, or of one epoch.

    The last epoch is a range of its own: it looks up half time, which must be there before.
    """
    epochs = warehouse.rows(
        "select epoch, count(*) from run inner join epoch_metric using (run_id)"
        " where dataset = ?::dataset_name and schedule_epochs = ? and arch_id between ? and ?"
        " group by epoch order by epoch",
        list(one),
    )
    first, rows = None, 0
    previous = 0
    for epoch, count in epochs:
        if first is not None and (rows + count > _PIECE or epoch == one.schedule_epochs):
            yield first, previous
            first, rows = None, 0
        first = epoch if first is None else first
        previous = epoch
        rows += count
    if first is not None:
        yield first, previous
