"""Evaluation of a grid: views x training sizes x predictors x seeds, each fit stored as it ends.

A fit that is stored is not computed again; the same command goes on where it was stopped. Fits of
one predictor and size are taken in random order, and each is looked up before it starts, so that
two evaluations of the same grid at once share the work.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from mbml import splits
from mbml.datasets import meta_dataset
from mbml.engine import LOCAL, check, run
from mbml.errors import MbmlError
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.predictors.fitting import Prepared, fit_task
from mbml.predictors.grid import Task
from mbml.store import with_warehouse
from mbml.store.results import (
    Experiment,
    FitKey,
    stored_fits,
    stored_keys,
    write_fit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from mbml.predictors.fitting import Outcome
    from mbml.predictors.grid import Grid
    from mbml.store import Warehouse

#: Goes up when fits are made or scored in another way, so that earlier ones do not count as done.
PROTOCOL_VERSION = 1
#: Seconds after which another process may have stored fits that are to be left out.
_LOOK_AGAIN = 1.0


def evaluate(
    path: Path,
    grid: Grid,
    *,
    jobs: int = 1,
    engine: str = LOCAL,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Evaluate a grid and store each fit in the warehouse as it completes.

    Parameters
    ----------
    path
        The warehouse; held only for moments, so that others can read and write between.
    grid
        What to evaluate.
    jobs
        Processes to fit in.
    engine
        Where to fit, as `mbml.engine.run` takes it.
    progress
        Called with the fits that are done, and their number in all.
    say
        Told what a person should know while it runs.

    Returns
    -------
    list of dict
        One flat object a fit, new or stored before, in the order of views, sizes, predictors and
        seeds; scores by name, of accuracies as fractions.

    Raises
    ------
    UsageError
        A name is unknown, or a view cannot serve a size.
    LockedError
        Another process held the warehouse too long.
    MbmlError
        Some fits failed, or the engine did; all others are stored.
    """
    grid.check()
    check(engine, jobs)
    prepared = with_warehouse(path, lambda opened: _prepare(opened, grid), waiting=say)
    for one in prepared.values():
        _check_rows(one, grid, say)
    work = _Work(path, grid, prepared, say)
    failed = []
    total = len(work.tasks)
    if progress is not None:
        progress(total - work.missing(), total)
    fitting = run(fit_task, work.pending(), shared=prepared, jobs=jobs, engine=engine)
    with closing(fitting) as outcomes:
        for outcome in outcomes:
            if outcome.fit is None:
                failed.append(outcome)
                if say is not None:
                    say(f"failed: {outcome.failure}")
            else:
                work.store(outcome)
            if progress is not None:
                progress(total - work.missing(), total)
    if failed:
        raise MbmlError(
            f"{len(failed)} of {total} fits failed, the others are stored; {failed[0].failure}"
        )
    return with_warehouse(path, work.results, waiting=say)


class _Work:
    """The fits of a grid, those that are stored, and those that remain."""

    def __init__(
        self,
        path: Path,
        grid: Grid,
        prepared: dict[tuple[str, str], Prepared],
        say: Callable[[str], None] | None,
    ) -> None:
        self.path = path
        self.prepared = prepared
        self.say = say
        self.tasks = list(grid.tasks())
        self.stored: set[Task] = set()
        self.looked = -_LOOK_AGAIN

    def missing(self) -> int:
        return len(self.tasks) - len(self.stored.intersection(self.tasks))

    def pending(self) -> Generator[Task]:
        """Give the fits that are not stored when their turn comes, size by size."""
        self._look()
        blocks: dict[tuple[int, str], list[Task]] = {}
        for task in self.tasks:
            blocks.setdefault((task.key.train_size, task.key.predictor), []).append(task)
        for block in blocks.values():
            # Two evaluations at once then rarely take the same fit; no result depends on it.
            for task in random.sample(block, len(block)):
                if task not in self.stored and time.monotonic() - self.looked > _LOOK_AGAIN:
                    self._look()
                if task not in self.stored:
                    yield task

    def store(self, outcome: Outcome) -> None:
        """Store a finished fit, unless another process did so meanwhile."""
        experiment, fit = self.prepared[outcome.task.problem].experiment, outcome.fit
        if fit is not None:
            with_warehouse(
                self.path,
                lambda opened: write_fit(opened, experiment, fit),
                write=True,
                waiting=self.say,
            )
        self.stored.add(outcome.task)

    def results(self, warehouse: Warehouse) -> list[dict[str, Any]]:
        """Read all fits of the grid, in its order."""
        held = {
            problem: stored_fits(warehouse, one.experiment)
            for problem, one in self.prepared.items()
        }
        return [
            _flat(self.prepared[task.problem], task.key, held[task.problem][task.key])
            for task in self.tasks
        ]

    def _look(self) -> None:
        def look(opened: Warehouse) -> None:
            for problem, one in self.prepared.items():
                for key in stored_keys(opened, one.experiment):
                    self.stored.add(Task(problem, key))

        with_warehouse(self.path, look, waiting=self.say)
        self.looked = time.monotonic()


def _check_rows(prepared: Prepared, grid: Grid, say: Callable[[str], None] | None) -> None:
    problem = prepared.problem
    for size in grid.train_sizes:
        splits.draw(grid.split, problem.rows, problem.rows, train_size=size, seed=grid.seeds[0])
    if problem.left_out_note and say is not None:
        say(problem.left_out_note)


def _prepare(warehouse: Warehouse, grid: Grid) -> dict[tuple[str, str], Prepared]:
    prepared = {}
    for problem in dict.fromkeys(task.problem for task in grid.tasks()):
        view, features = problem
        known = feature_set(features)
        read = learning_problem(warehouse, meta_dataset(view), known, target=grid.target)
        experiment = Experiment(
            view_name=view,
            target=grid.target,
            features=known.name,
            features_version=known.version,
            preset=grid.preset,
            protocol_version=PROTOCOL_VERSION,
            split=splits.identity(grid.split),
            data_sha256=read.sha256(),
            is_surrogate=read.is_surrogate,
            rows=len(read.y),
            left_out=read.left_out,
        )
        prepared[problem] = Prepared(read, features, experiment, grid.split)
    return prepared


def _flat(prepared: Prepared, key: FitKey, stored: dict[str, Any]) -> dict[str, Any]:
    """Return a fit as one flat object, with the keys of `mbml train` where they mean the same."""
    problem, experiment = prepared.problem, prepared.experiment
    return {
        "view": experiment.view_name,
        "predictor": key.predictor,
        "features": experiment.features,
        "feature_epochs": problem.feature_epochs,
        "feature_seconds": problem.feature_seconds,
        "preset": experiment.preset,
        "train_size": key.train_size,
        "seed": key.seed,
        "split": experiment.split,
        "target": experiment.target,
        "target_view": problem.dataset.target_view or experiment.view_name,
        "surrogate": experiment.is_surrogate,
        "held_out": stored["held_out"],
        "left_out": problem.left_out,
        **stored["scores"],
        "search_seconds": stored["search_seconds"],
        "fit_seconds": stored["fit_seconds"],
        "predict_seconds": stored["predict_seconds"],
        **{f"parameter_{name}": value for name, value in stored["parameters"].items()},
        **{f"warnings_{name}": times for name, times in stored["warnings"].items()},
        **{f"version_{name}": text for name, text in stored["libraries"].items()},
    }
