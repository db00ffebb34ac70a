"""What happens when a source brings runs that the warehouse holds already.

The new rows are in the tables by then, with ids of their own; this module merges them into the held
runs, replaces those, or refuses, all inside the transaction of the load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mbml.errors import UsageError
from mbml.sources.batch import EPOCH_METRICS

if TYPE_CHECKING:
    from pathlib import Path

    from mbml.store.warehouse import Warehouse

_RUN_COLUMNS = (
    "parameters",
    "flops",
    "latency_seconds",
    "total_seconds",
    "seconds_are_measured",
)
_TOLERANCE = 1e-9
_SHOWN = 3
_HINT = "load it with `replace=True` to put it in their place, or into another `warehouse`"


def merge_with_held_runs(
    warehouse: Warehouse, path: Path, first_run: int, *, replace: bool
) -> bool:
    """Bring the runs from `first_run` on together with the older ones of the same schedules.

    Parameters
    ----------
    warehouse
        The warehouse, inside the transaction of a load.
    path
        The source, for messages.
    first_run
        The least id of the new runs.
    replace
        Delete the older runs instead of merging.

    Returns
    -------
    Whether there were any older runs.

    Raises
    ------
    UsageError
        Both hold a value that differs, or one holds trials and the other a summary.
    """
    warehouse.con.execute(
        """
        create or replace temp table overlap as
        select new.run_id as new_run, held.run_id as held_run, new.trial as new_trial,
            held.trial as held_trial
        from run as new
        inner join run as held
            on
                new.arch_id = held.arch_id
                and new.dataset = held.dataset
                and new.schedule_epochs = held.schedule_epochs
                and new.run_id >= $first
                and held.run_id < $first
        """,
        {"first": first_run},
    )
    [(were_held,)] = warehouse.rows("select count(*) > 0 from overlap")
    if were_held:
        if replace:
            _delete(warehouse, "select held_run from overlap")
        else:
            _refuse_other_kind(warehouse, path)
            warehouse.con.execute("delete from overlap where new_trial <> held_trial")
            _refuse_other_values(warehouse, path)
            _merge(warehouse)
    warehouse.con.execute("drop table overlap")
    return bool(were_held)


def _delete(warehouse: Warehouse, runs: str) -> None:
    warehouse.con.execute(f"delete from epoch_metric where run_id in ({runs})")  # noqa: S608
    warehouse.con.execute(f"delete from run where run_id in ({runs})")  # noqa: S608


def _refuse_other_kind(warehouse: Warehouse, path: Path) -> None:
    mixed = warehouse.rows(
        """
        select architecture.native_key, run.dataset, run.schedule_epochs, overlap.new_trial
        from overlap
        inner join run on overlap.held_run = run.run_id
        inner join architecture on run.arch_id = architecture.arch_id
        where (overlap.new_trial = 0) <> (overlap.held_trial = 0)
        order by run.run_id
        limit 1
        """
    )
    if mixed:
        key, dataset, schedule, trial = mixed[0]
        kinds = ("a summary value", "single trials")
        brought, held = kinds if trial == 0 else kinds[::-1]
        raise UsageError(
            f"{path}: brings {brought} for {key} on {dataset} ({schedule} epochs), where the"
            f" warehouse holds {held}; {_HINT}"
        )


def _refuse_other_values(warehouse: Warehouse, path: Path) -> None:
    differences = [
        *_differences(warehouse, _RUN_COLUMNS, "run", ""),
        *_differences(warehouse, EPOCH_METRICS, "epoch_metric", "and new.epoch = held.epoch"),
    ]
    if differences:
        shown = "; ".join(
            f"{key} on {dataset}, {schedule} epochs, trial {trial}:"
            f" {column} is {new:.15g}, held {held:.15g}"
            for key, dataset, schedule, trial, column, new, held in differences[:_SHOWN]
        )
        raise UsageError(f"{path}: differs from what the warehouse holds ({shown}); {_HINT}")


def _differences(
    warehouse: Warehouse, columns: tuple[str, ...], table: str, same_epoch: str
) -> list[tuple[Any, ...]]:
    """Return the first differences between new and held rows of a table, a row each."""
    differs = {
        column: f"abs(new.{column}::double - held.{column}::double) > {_TOLERANCE}"
        for column in columns
    }
    which = " ".join(f"when {test} then '{column}'" for column, test in differs.items())
    of_new = " ".join(f"when {test} then new.{column}::double" for column, test in differs.items())
    of_held = " ".join(
        f"when {test} then held.{column}::double" for column, test in differs.items()
    )
    return warehouse.rows(
        f"""
        select architecture.native_key, run.dataset, run.schedule_epochs, run.trial,
            case {which} end, case {of_new} end, case {of_held} end
        from overlap
        inner join {table} as new on overlap.new_run = new.run_id
        inner join {table} as held on overlap.held_run = held.run_id {same_epoch}
        inner join run on overlap.held_run = run.run_id
        inner join architecture on run.arch_id = architecture.arch_id
        where {" or ".join(differs.values())}
        order by run.run_id
        limit {_SHOWN}
        """  # noqa: S608
    )


def _merge(warehouse: Warehouse) -> None:
    """Give held runs the values and epochs that only the new ones have, and drop the new ones."""
    con = warehouse.con
    fill = ", ".join(f"{column} = coalesce(run.{column}, new.{column})" for column in _RUN_COLUMNS)
    lacking = " or ".join(
        f"(run.{column} is null and new.{column} is not null)" for column in _RUN_COLUMNS
    )
    con.execute(
        f"""
        update run set {fill}
        from overlap inner join run as new on overlap.new_run = new.run_id
        where run.run_id = overlap.held_run and ({lacking})
        """  # noqa: S608
    )
    fill = ", ".join(f"{name} = coalesce(held.{name}, new.{name})" for name in EPOCH_METRICS)
    lacking = " or ".join(
        f"(held.{name} is null and new.{name} is not null)" for name in EPOCH_METRICS
    )
    con.execute(
        f"""
        update epoch_metric as held set {fill}
        from overlap inner join epoch_metric as new on overlap.new_run = new.run_id
        where held.run_id = overlap.held_run and held.epoch = new.epoch and ({lacking})
        """  # noqa: S608
    )
    con.execute(
        """
        delete from epoch_metric as new
        using overlap, epoch_metric as held
        where new.run_id = overlap.new_run
            and held.run_id = overlap.held_run
            and held.epoch = new.epoch
        """
    )
    con.execute(
        """
        update epoch_metric set run_id = overlap.held_run
        from overlap where epoch_metric.run_id = overlap.new_run
        """
    )
    con.execute("delete from run where run_id in (select new_run from overlap)")
