"""One fit of an evaluation: what a worker process does with the data it holds."""

from __future__ import annotations

import warnings
from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

from mbml._version import __version__
from mbml.features.registry import feature_set
from mbml.predictors.grid import predictor_of
from mbml.predictors.published_protocol import INNER
from mbml.predictors.training import train_on
from mbml.store.results import Fit

if TYPE_CHECKING:
    from mbml.frames import LearningProblem
    from mbml.predictors.grid import Task
    from mbml.predictors.train_report import TrainReport
    from mbml.store.results import Experiment, FitKey

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "xgboost-cpu", "xgboost")


class Prepared(NamedTuple):
    """What all fits of an experiment share: the data, the features' name, the split's name."""

    problem: LearningProblem
    features: str
    experiment: Experiment
    split: str


class Outcome(NamedTuple):
    """A finished fit, or why there is none."""

    task: Task
    fit: Fit | None
    failure: str


def fit_task(prepared: dict[tuple[str, str], Prepared], task: Task) -> Outcome:
    """Make one fit, in one thread; what the libraries raise becomes a failure with its place."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always")
        try:
            report = _train(prepared[task.problem], task.key)
        except Exception as error:  # noqa: BLE001 (one bad fit must not end the others)
            name, size, seed = task.key
            said = (str(error).strip().splitlines() or [""])[0]
            place = f"{task.problem[0]}, {name}, N={size}, seed {seed}"
            return Outcome(task, None, f"{place}: {type(error).__name__}: {said}")
    search = _search(report)
    refit = report.fit_seconds if search is None else search.refit_time_
    return Outcome(
        task,
        Fit(
            key=task.key,
            held_out=len(report.split.held_out),
            search_seconds=max(0.0, report.fit_seconds - refit),
            fit_seconds=refit,
            predict_seconds=report.predict_seconds,
            parameters={}
            if search is None
            else {name.removeprefix(INNER): value for name, value in search.best_params_.items()},
            warnings=dict(Counter(one.category.__name__ for one in caught)),
            libraries=_versions(),
            scores=report.flat_scores(),
        ),
        "",
    )


def _train(prepared: Prepared, key: FitKey) -> TrainReport:
    return train_on(
        prepared.problem,
        feature_set(prepared.features),
        tested=prepared.problem,
        predictor=predictor_of(prepared.experiment.preset, key.predictor),
        train_size=key.train_size,
        seed=key.seed,
        split=prepared.split,
    )


def _search(report: TrainReport) -> Any:
    """Return the search inside a fitted predictor, None if it has none."""
    regressor = report.regressor[-1].regressor_
    return regressor if hasattr(regressor, "best_params_") else None


def _versions() -> dict[str, str]:
    found = {"mbml": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return found
