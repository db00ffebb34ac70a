"""Searching a view: every seed's run, taken from the warehouse where it is there already."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mbml.engine import LOCAL, check, run
from mbml.errors import UsageError
from mbml.search.clock import Unit
from mbml.search.problem import search_problem
from mbml.search.run import play
from mbml.search.strategies.registry import strategy as strategy_by_name
from mbml.search.trace import Trace, identity, read_traces, write_trace
from mbml.store import with_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mbml.search.clock import Budget
    from mbml.search.problem import SearchProblem
    from mbml.search.strategies.registry import Strategy
    from mbml.store import Warehouse

Settings = dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """The runs of a search.

    Attributes
    ----------
    problem
        What was searched.
    strategy, settings
        How.
    traces
        One run a seed, 0 to their number - 1.
    stored
        How many of them were in the warehouse already.
    """

    problem: SearchProblem
    strategy: Strategy
    settings: Settings
    traces: list[Trace]
    stored: int


def search(
    path: Path,
    view: str,
    *,
    budget: Budget,
    strategy: str = "random",
    settings: Mapping[str, float] | None = None,
    features: str | None = None,
    seeds: int = 1,
    target: str = "valid_accuracy",
    one_trial: bool = False,
    equivalents_once: bool = False,
    objectives: tuple[str, ...] = (),
    jobs: int = 1,
    engine: str = LOCAL,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> SearchReport:
    """Search a view with a strategy, once for each seed, and keep every query in the warehouse.

    A seed's run is written when it ends, so that an interrupted search goes on with the next seed
    when it is asked for again. The same seed asks the same queries, wherever it runs.

    Parameters
    ----------
    path
        The warehouse.
    view
        Name of the meta-dataset.
    budget
        What each run may spend.
    strategy
        Name from the registry, or `module:function` for a strategy of one's own.
    settings
        The strategy's settings that are not to have their defaults.
    features
        Feature set in place of the strategy's own.
    seeds
        How many runs: seeds 0 to `seeds` - 1.
    target, one_trial, equivalents_once, objectives
        As in `mbml.search.problem.search_problem`.
    jobs
        Processes that runs are shared out among.
    engine
        Where they run, as `mbml.engine.run` takes it.
    progress
        Called with the runs that are done, and their number in all.
    say
        Told what a person should know while it runs.

    Raises
    ------
    UsageError
        The request cannot be met.
    LockedError
        Another process held the warehouse too long.
    StrategyError
        The strategy failed, or asked for what is not allowed; finished runs are kept.
    """
    if seeds < 1:
        raise UsageError(f"--seeds {seeds}: counts from 1")
    check(engine, jobs)
    chosen = strategy_by_name(strategy, features=features)
    complete = chosen.with_settings(settings or {})
    if say is not None:
        _say_if_random(chosen, complete, budget, say)

    def read(warehouse: Warehouse) -> tuple[SearchProblem, dict[str, Any], dict[int, Trace]]:
        problem = search_problem(
            warehouse,
            view,
            budget=budget,
            target=target,
            features=chosen.features,
            earlier_epochs=chosen.earlier_epochs,
            one_trial=one_trial,
            equivalents_once=equivalents_once,
            objectives=objectives or chosen.objectives,
        )
        known = identity(problem, chosen, complete)
        return (
            problem,
            known,
            (read_traces(warehouse, known, range(seeds)) if chosen.reusable else {}),
        )

    problem, known, found = with_warehouse(path, read, waiting=say)
    stored = len(found)
    missing = [seed for seed in range(seeds) if seed not in found]
    task = _Task(problem, strategy, features, complete)
    running = run(_run, missing, shared=task, jobs=min(jobs, len(missing)), engine=engine)
    with closing(running) as traces:
        for trace in traces:
            write_trace(path, known, problem, trace, waiting=say)
            found[trace.seed] = trace
            if progress is not None:
                progress(len(found), seeds)
    return SearchReport(
        problem=problem,
        strategy=chosen,
        settings=complete,
        traces=[found[seed] for seed in range(seeds)],
        stored=stored,
    )


def _say_if_random(
    chosen: Strategy, settings: Settings, budget: Budget, say: Callable[[str], None]
) -> None:
    """Tell that a budget ends before the strategy has learnt anything."""
    for name, setting in chosen.settings.items():
        count = settings[name]
        if (
            setting.drawn_first
            and budget.unit is Unit.QUERIES
            and count is not None
            and count >= budget.amount
        ):
            say(
                f"note: {chosen.name} draws its first {count:g} architectures at random, and the"
                f" budget ends there: this is random search; --set {name}=N draws fewer"
            )


class _Task(NamedTuple):
    """All that a run needs but its seed; functions do not travel, so names do."""

    problem: SearchProblem
    strategy: str
    features: str | None
    settings: Settings


def _run(task: _Task, seed: int) -> Trace:
    chosen = strategy_by_name(task.strategy, features=task.features)
    started = time.perf_counter()
    steps = play(task.problem, partial(chosen.play, **task.settings), seed=seed, name=task.strategy)
    return Trace(seed=seed, steps=steps, seconds=time.perf_counter() - started)
