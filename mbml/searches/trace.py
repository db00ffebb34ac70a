"""The trace: every query of every run, in `results.search` and `results.search_step`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml._version import __version__
from mbml.searches.clock import Cost
from mbml.searches.run import Step
from mbml.store import with_warehouse
from mbml.store.results import SEARCH_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mbml.searches.problem import SearchProblem
    from mbml.searches.strategies.registry import Strategy
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath


@dataclass(frozen=True, kw_only=True)
class Trace:
    """One finished run.

    Attributes
    ----------
    seed
        Its seed.
    steps
        Its queries.
    seconds
        What the search itself took.
    """

    seed: int
    steps: list[Step]
    seconds: float


def search_identity(
    problem: SearchProblem, strategy: Strategy, settings: Mapping[str, float | None]
) -> dict[str, Any]:
    """Return what makes two runs of one seed the same, as columns of `results.search`."""
    known = problem.candidates.features
    return {
        "view_name": problem.dataset.name,
        "target": problem.target,
        "strategy": strategy.name,
        "strategy_version": strategy.version,
        "settings": json.dumps(settings, sort_keys=True),
        "features": known.name if known else "",
        "objectives": ",".join(problem.candidates.objectives),
        "condition": problem.where,
        "unit": problem.budget.unit.value,
        "budget": float(problem.budget.amount),
        "one_trial": problem.one_trial,
        "equivalents_once": problem.equivalents_once,
        "data_sha256": problem.sha256(),
    }


def read_traces(
    warehouse: Warehouse, wanted: Mapping[str, Any], seeds: Sequence[int]
) -> dict[int, Trace]:
    """Read the finished runs among some seeds."""
    condition = " and ".join(f"{name} = ?" for name in SEARCH_KEY)
    found = warehouse.rows(
        f"select search_id, seed, seconds from results.search where {condition}",  # noqa: S608
        [wanted[name] for name in SEARCH_KEY],
    )
    return {
        seed: Trace(seed=seed, steps=_read_steps(warehouse, search_id), seconds=seconds)
        for search_id, seed, seconds in found
        if seed in set(seeds)
    }


#: Columns of `results.search_step` beside `search_id` and `step`, in the order of a `Step`.
_STEP = (
    "arch_id",
    "epoch",
    "value",
    "cost_queries",
    "cost_epochs",
    "cost_seconds",
    "spent_queries",
    "spent_epochs",
    "spent_seconds",
    "incumbent_arch_id",
    "incumbent_value",
    "raw_valid_accuracy",
    "raw_test_accuracy",
    "chosen_arch_id",
    "chosen_valid_accuracy",
    "chosen_test_accuracy",
    "oracle_test_accuracy",
)


def _read_steps(warehouse: Warehouse, search_id: int) -> list[Step]:
    rows = warehouse.rows(
        f"select {', '.join(_STEP)} from results.search_step where search_id = ? order by step",  # noqa: S608
        [search_id],
    )
    return [
        Step(
            arch_id=row[0],
            epoch=row[1],
            value=row[2],
            cost=Cost(*map(_or_nan, row[3:6])),
            spent=Cost(*map(_or_nan, row[6:9])),
            incumbent_arch_id=row[9],
            incumbent_value=_or_nan(row[10]),
            raw_valid_accuracy=_or_nan(row[11]),
            raw_test_accuracy=_or_nan(row[12]),
            chosen_arch_id=row[13],
            chosen_valid_accuracy=_or_nan(row[14]),
            chosen_test_accuracy=_or_nan(row[15]),
            oracle_test_accuracy=_or_nan(row[16]),
        )
        for row in rows
    ]


def write_trace(
    warehouse: WarehouseOrPath,
    known: Mapping[str, Any],
    problem: SearchProblem,
    trace: Trace,
    *,
    waiting: Callable[[str], None] | None = None,
) -> None:
    """Add one finished run to a warehouse, in a transaction; an older one of its kind is replaced.

    Other processes may hold the file for a while: see `mbml.store.with_warehouse`.

    Raises
    ------
    WarehouseError
        The warehouse cannot be opened for writing.
    """
    with_warehouse(
        warehouse,
        lambda held: held.transaction(lambda: _insert(held, known, problem, trace)),
        write=True,
        waiting=waiting,
    )


def _insert(
    warehouse: Warehouse, known: Mapping[str, Any], problem: SearchProblem, trace: Trace
) -> None:
    condition = " and ".join(f"{name} = ?" for name in (*SEARCH_KEY, "seed"))
    values = [known[name] for name in SEARCH_KEY]
    for (old,) in warehouse.rows(
        f"select search_id from results.search where {condition}",  # noqa: S608
        [*values, trace.seed],
    ):
        warehouse.rows("delete from results.search_step where search_id = ?", [old])
        warehouse.rows("delete from results.search where search_id = ?", [old])
    [(search_id,)] = warehouse.rows("select coalesce(max(search_id), 0) + 1 from results.search")
    about = dict(zip(SEARCH_KEY, values, strict=True)) | {
        "search_id": search_id,
        "is_surrogate": problem.is_surrogate,
        "candidates": len(problem.candidates),
        "left_out": problem.left_out,
        "seed": trace.seed,
        "seconds": trace.seconds,
        "mbml_version": __version__,
        "finished_at": datetime.now(UTC),
    }
    warehouse.insert("results.search", about)
    columns = list(zip(*map(_flat, trace.steps), strict=True))
    if columns:
        warehouse.rows(
            f"insert into results.search_step (search_id, step, {', '.join(_STEP)})"
            f" select ?, unnest(range(1, ? + 1)), {', '.join(['unnest(?)'] * len(_STEP))}",
            [search_id, len(trace.steps), *map(list, columns)],
        )


def _flat(step: Step) -> tuple[Any, ...]:
    return tuple(
        None if isinstance(value, float) and np.isnan(value) else value
        for value in (*step[:3], *step.cost, *step.spent, *step[5:])
    )


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else float(value)
