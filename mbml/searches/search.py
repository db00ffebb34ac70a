"""Searching a view: every seed's run, taken from the warehouse where it is there already."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mbml.engine import LOCAL, check_engine, run
from mbml.errors import unknown_name
from mbml.searches.clock import Budget, BudgetUnit, as_budget
from mbml.searches.problem import search_problem
from mbml.searches.run import play
from mbml.searches.strategies.registry import STRATEGIES, Strategy, owner_of
from mbml.searches.strategies.registry import strategy as strategy_by_name
from mbml.searches.trace import Trace, read_traces, search_identity, write_trace
from mbml.splits import seeds_of
from mbml.store import with_warehouse
from mbml.text import html_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mbml.benchmarks import MetaDataset
    from mbml.searches.problem import SearchProblem
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

Settings = dict[str, float | None]
_LOG = logging.getLogger(__name__)


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

    def _repr_html_(self) -> str:
        """Show how the runs stood after so many queries, in a notebook."""
        from mbml.searches.summary import RULES, shown_rows, summarise_search

        found = summarise_search(self)
        title = f"{found['strategy']} on {found['view']}, mean of {found['seeds']} runs, fractions"
        if found["surrogate"]:
            title = f"SURROGATE DATA: {title}"
        columns = ("queries", *RULES)
        rows = [[one[name] for name in columns] for one in shown_rows(found)]
        return html_table(title, columns, rows)


def search(
    warehouse: WarehouseOrPath,
    view: str | MetaDataset,
    *,
    budget: float | Budget = 50,
    strategy: str | Strategy = "random",
    settings: Mapping[str, float] | None = None,
    features: str | None = None,
    seeds: int | Iterable[int] = 1,
    target: str = "valid_accuracy",
    one_trial: bool = False,
    equivalents_once: bool = False,
    objectives: tuple[str, ...] = (),
    where: str = "",
    jobs: int = 1,
    engine: str = LOCAL,
    progress: Callable[[int, int], None] | None = None,
    notify: Callable[[str], None] | None = None,
) -> SearchReport:
    """Search a view with a strategy, once for each seed, and keep every query in the warehouse.

    A seed's run is written when it ends, so that an interrupted search goes on with the next seed
    when it is asked for again. The same seed asks the same queries, wherever it runs.

    Parameters
    ----------
    warehouse
        A warehouse, or the path of one. By its path it is held only for moments, so that others can
        read and write between.
    view
        The meta-dataset: its name, or its entry.
    budget
        What each run may spend: a number of queries, or a `Budget` in queries, epochs or seconds.
    strategy
        A name from the registry, an entry, or `module:function` for a strategy of one's own.
    settings
        The strategy's settings that are not to have their defaults.
    features
        Feature set in place of the strategy's own.
    seeds
        The seed of each run, or the number of runs: seeds 0 to `seeds` - 1.
    target, one_trial, equivalents_once, objectives, where
        As in `mbml.searches.problem.search_problem`.
    jobs
        Processes that runs are shared out among.
    engine
        Where they run, as `mbml.engine.run` takes it.
    progress
        Called with the runs that are done, and their number in all.
    notify
        Told what a person should know while it runs; by default these are warnings of the logger
        `mbml`.

    Returns
    -------
    SearchReport
        One run for each seed, with the accuracies that it found after each query.

    Raises
    ------
    UsageError
        The request cannot be met.
    LockedError
        Another process held the warehouse too long.
    StrategyError
        The strategy failed, or asked for what is not allowed; finished runs are kept.

    Examples
    --------
    >>> import mbml
    >>> view = "meta_nasbench201_cifar100_200epochs"
    >>> found = mbml.search("warehouse/mbml.duckdb", view, strategy="local", budget=8, seeds=2)
    >>> [len(trace.steps) for trace in found.traces]
    [8, 8]
    """
    drawn = seeds_of(seeds)
    check_engine(engine, jobs)
    budget = as_budget(budget)
    strategy = strategy.name if isinstance(strategy, Strategy) else strategy
    if not isinstance(strategy, str):
        raise unknown_name("search strategy", strategy, STRATEGIES)
    notify = notify or _LOG.warning
    chosen = strategy_by_name(strategy, features=features)
    complete = chosen.with_settings(settings or {})
    _notify_if_random(chosen, complete, budget, notify)

    def read(held: Warehouse) -> tuple[SearchProblem, dict[str, Any], dict[int, Trace]]:
        problem = search_problem(
            held,
            view,
            budget=budget,
            target=target,
            features=chosen.features,
            earlier_epochs=chosen.earlier_epochs,
            one_trial=one_trial,
            equivalents_once=equivalents_once,
            objectives=objectives or chosen.objectives,
            where=where,
            notify=notify,
        )
        if any(complete[name] and one.second_trials for name, one in chosen.settings.items()):
            problem.check_second_trials()
        known = search_identity(problem, chosen, complete)
        return (
            problem,
            known,
            (read_traces(held, known, drawn) if chosen.reusable else {}),
        )

    problem, known, found = with_warehouse(warehouse, read, waiting=notify)
    stored = len(found)
    missing = [seed for seed in drawn if seed not in found]
    task = _Task(problem, strategy, features, complete)
    running = run(_run, missing, shared=task, jobs=min(jobs, len(missing)), engine=engine)
    with closing(running) as traces:
        for trace in traces:
            write_trace(warehouse, known, problem, trace, waiting=notify)
            found[trace.seed] = trace
            if progress is not None:
                progress(len(found), len(drawn))
    return SearchReport(
        problem=problem,
        strategy=chosen,
        settings=complete,
        traces=[found[seed] for seed in drawn],
        stored=stored,
    )


def _notify_if_random(
    chosen: Strategy, settings: Settings, budget: Budget, notify: Callable[[str], None]
) -> None:
    """Tell that a budget ends before the strategy has learnt anything."""
    for name, setting in chosen.settings.items():
        count = settings[name]
        if (
            setting.drawn_first
            and budget.unit is BudgetUnit.QUERIES
            and count is not None
            and count >= budget.amount
        ):
            notify(
                f"note: {chosen.name} draws its first {count:g} architectures at random, and the"
                f" budget ends there: this is random search; a smaller"
                f" {name} (`settings`) draws fewer"
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
    name = owner_of(task.strategy) or task.strategy
    steps = play(task.problem, partial(chosen.play, **task.settings), seed=seed, name=name)
    return Trace(seed=seed, steps=steps, seconds=time.perf_counter() - started)
