"""Training one predictor on one split of a meta-dataset, and scoring it on the held-out rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml import splits
from mbml.datasets import meta_dataset
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.metrics import METRICS, TopK, top_k
from mbml.predictors.preparation import Columns
from mbml.predictors.registry import predictor

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from mbml.frames import LearningProblem
    from mbml.splits import Split
    from mbml.store import Warehouse

_ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, kw_only=True)
class TrainReport:
    """One trained predictor and how it does on the held-out architectures.

    Attributes
    ----------
    problem
        What it was trained on.
    predictor, features, train_size, seed, split
        How.
    regressor
        The fitted scikit-learn pipeline, from a frame of features to accuracies as fractions.
    scores
        Held-out scores by name (`mbml.metrics.METRICS`), of accuracies as fractions.
    top
        The top-k table over the held-out rows.
    fit_seconds, predict_seconds
        Time of fitting, and of predicting all held-out rows.
    """

    problem: LearningProblem
    predictor: str
    features: str
    train_size: int
    seed: int
    split: Split
    regressor: Any
    scores: dict[str, float]
    top: list[TopK]
    fit_seconds: float
    predict_seconds: float


def train(
    warehouse: Warehouse,
    view: str,
    *,
    predictor_name: str = "linear_regression",
    features: str | None = None,
    train_size: int = 172,
    seed: int = 0,
    target: str = "valid_accuracy",
) -> TrainReport:
    """Train a predictor on the published split, with the registry's fixed settings.

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

    Raises
    ------
    UsageError
        A name is unknown, or the view cannot serve the request.
    """
    dataset = meta_dataset(view)
    chosen = predictor(predictor_name)
    known = feature_set(features or chosen.features)
    problem = learning_problem(warehouse, dataset, known, target=target)
    split = splits.published(len(problem.y), train_size=train_size, seed=seed)
    columns = Columns.of(known, dataset.benchmark)
    regressor = chosen.prepare(chosen.make(seed), columns, dataset)
    started = time.perf_counter()
    regressor.fit(problem.x[split.train], problem.y[split.train])
    fitted = time.perf_counter()
    predicted = predict_rows(regressor, problem.x, split.held_out)
    ended = time.perf_counter()
    true = problem.y[split.held_out]
    rows = problem.rows[split.held_out]
    return TrainReport(
        problem=problem,
        predictor=predictor_name,
        features=known.name,
        train_size=train_size,
        seed=seed,
        split=split,
        regressor=regressor,
        scores={metric.name: metric.score(true, predicted) for metric in METRICS},
        top=top_k(
            predicted,
            rows["valid_accuracy"].cast(float).fill_null(np.nan).to_numpy(),
            rows["test_accuracy"].cast(float).fill_null(np.nan).to_numpy(),
        ),
        fit_seconds=fitted - started,
        predict_seconds=ended - fitted,
    )


def predict_rows(regressor: Any, x: pl.DataFrame, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Predict some rows of a frame, a part at a time, so that memory does not grow with them."""
    predicted = np.empty(len(rows))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        predicted[part] = regressor.predict(x[rows[part]])
    return predicted
