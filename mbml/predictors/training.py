"""Training one predictor on one split of a meta-dataset, and scoring it on the held-out rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml import splits
from mbml.datasets import META_DATASETS, meta_dataset
from mbml.errors import UsageError
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.metrics import METRICS, coverage, top_k
from mbml.predictors.preparation import Columns
from mbml.predictors.registry import PREDICTORS, predictor
from mbml.predictors.train_report import Intervals, TrainReport

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from mbml.datasets import MetaDataset
    from mbml.features.registry import FeatureSet
    from mbml.frames import LearningProblem
    from mbml.metrics import TopK
    from mbml.predictors.registry import Predictor
    from mbml.splits import Split
    from mbml.store import Warehouse

#: Rows predicted together, so that memory does not grow with their number.
_ROWS_AT_ONCE = 65_536


def train(
    warehouse: Warehouse,
    view: str,
    *,
    predictor_name: str = "linear_regression",
    features: str | None = None,
    train_size: int = 172,
    seed: int = 0,
    target: str = "valid_accuracy",
    split: str = "published",
    test_view: str | None = None,
    intervals: bool = False,
) -> TrainReport:
    """Train a predictor on one split of a view, with the registry's fixed settings.

    How features are scaled and what is fitted is the predictor's own (`mbml.predictors.registry`);
    scores are of accuracies as fractions.

    Parameters
    ----------
    warehouse
        An open warehouse.
    view
        Name of the meta-dataset.
    predictor_name
        Name from the registry of predictors.
    features
        Name from the registry of feature sets; the one that the predictor is made for if not given.
    train_size
        Number of architectures to train on.
    seed
        Seed of the split and of the predictor.
    target
        The outcome to predict.
    split
        A name of `mbml.splits.SPLITS`.
    test_view
        Another view of the benchmark, to test on in place of the same.
    intervals
        Whether to score the predictor's intervals as well.

    Raises
    ------
    UsageError
        A name is unknown, or the view or the predictor cannot serve the request.
    """
    dataset = meta_dataset(view)
    chosen = predictor(predictor_name)
    known = feature_set(features or chosen.features)
    if intervals:
        _check_intervals(chosen)
    other = None if test_view is None else _test_dataset(dataset, test_view)
    problem = learning_problem(warehouse, dataset, known, target=target)
    tested = problem if other is None else learning_problem(warehouse, other, known, target=target)
    return train_on(
        problem,
        known,
        tested=tested,
        predictor=chosen,
        train_size=train_size,
        seed=seed,
        split=split,
        intervals=intervals,
    )


def train_on(
    problem: LearningProblem,
    features: FeatureSet,
    *,
    tested: LearningProblem,
    predictor: Predictor,
    train_size: int,
    seed: int,
    split: str = "published",
    intervals: bool = False,
) -> TrainReport:
    """Train a predictor on what was read before; the parameters are those of `train`."""
    if predictor.most_rows is not None and train_size > predictor.most_rows:
        raise UsageError(
            f"--train-size {train_size} does not fit: {predictor.name} learns from at most"
            f" {predictor.most_rows} rows, as its memory grows with their square; try xgboost"
        )
    rows = splits.draw(split, problem.rows, tested.rows, train_size=train_size, seed=seed)
    columns = Columns.of(features, problem.dataset.benchmark)
    regressor = predictor.prepare(predictor.make(seed), columns, problem.dataset)
    started = time.perf_counter()
    regressor.fit(problem.x[rows.train], problem.y[rows.train])
    fitted = time.perf_counter()
    (predicted,) = in_parts(lambda x: (regressor.predict(x),), tested.x, rows.held_out)
    ended = time.perf_counter()
    true = tested.y[rows.held_out]
    return TrainReport(
        problem=problem,
        tested=tested,
        predictor=predictor.name,
        features=features.name,
        train_size=train_size,
        seed=seed,
        split=rows,
        regressor=regressor,
        predicted=predicted,
        scores={metric.name: metric.score(true, predicted) for metric in METRICS},
        intervals=_scored(regressor, tested, rows) if intervals else None,
        top=_top(predicted, tested, rows),
        fit_seconds=fitted - started,
        predict_seconds=ended - fitted,
    )


def in_parts(
    predict: Callable[[pl.DataFrame], tuple[NDArray[np.float64], ...]],
    x: pl.DataFrame,
    rows: NDArray[np.intp],
) -> tuple[NDArray[np.float64], ...]:
    """Predict some rows of a frame, a part of them at a time."""
    parts = [
        predict(x[rows[start : start + _ROWS_AT_ONCE]])
        for start in range(0, len(rows), _ROWS_AT_ONCE)
    ]
    return tuple(np.concatenate(values) for values in zip(*parts, strict=True))


def _top(predicted: NDArray[np.float64], tested: LearningProblem, rows: Split) -> list[TopK]:
    valid, test = (
        tested.rows[name][rows.held_out].cast(float).fill_null(np.nan).to_numpy()
        for name in ("valid_accuracy", "test_accuracy")
    )
    return top_k(predicted, valid, test)


def _scored(regressor: Any, tested: LearningProblem, rows: Split) -> Intervals:
    from mbml.predictors.intervals import LEVEL, predict_interval

    _, lower, upper = in_parts(lambda x: predict_interval(regressor, x), tested.x, rows.held_out)
    return Intervals(
        level=LEVEL,
        coverage=coverage(tested.y[rows.held_out], lower, upper),
        width=float(np.median(upper - lower)),
    )


def _check_intervals(chosen: Predictor) -> None:
    if not chosen.intervals:
        able = ", ".join(one.name for one in PREDICTORS.values() if one.intervals)
        raise UsageError(f"--intervals: {chosen.name} gives none; these do: {able}")


def _test_dataset(dataset: MetaDataset, name: str) -> MetaDataset:
    other = meta_dataset(name)
    if other.benchmark != dataset.benchmark:
        near = [one.name for one in META_DATASETS.values() if one.benchmark == dataset.benchmark]
        raise UsageError(
            f"--test-view {name} is of {other.benchmark}, whose features are others than those of"
            f" {dataset.benchmark}; name one of its views, such as {near[-1]}"
        )
    return other
