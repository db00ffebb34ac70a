"""Training one predictor on one split of a meta-dataset, and scoring it on the held-out rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml import splits
from mbml.datasets import meta_dataset
from mbml.features.registry import feature_set
from mbml.frames import learning_problem
from mbml.metrics import METRICS, TopK, top_k
from mbml.predictors.registry import predictor

if TYPE_CHECKING:
    from mbml.frames import LearningProblem
    from mbml.splits import Split
    from mbml.store import Warehouse


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
        The fitted scikit-learn pipeline; it predicts accuracy times ``dataset.target_scale``.
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
    features: str = "published",
    train_size: int = 172,
    seed: int = 0,
    target: str = "valid_accuracy",
) -> TrainReport:
    """Train a predictor under the published protocol, with the registry's fixed settings.

    Features are scaled to [0, 1] over the training rows; targets are fitted in the published unit
    (percent for NAS-Bench-201) and scored as fractions.

    Parameters
    ----------
    warehouse
        An open warehouse.
    view
        Name of the meta-dataset.
    predictor_name, features
        Names from the registries.
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
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    dataset = meta_dataset(view)
    chosen = predictor(predictor_name)
    columns = feature_set(features).columns(dataset.benchmark)
    problem = learning_problem(warehouse, dataset, columns, target=target)
    split = splits.published(len(problem.y), train_size=train_size, seed=seed)
    regressor = make_pipeline(MinMaxScaler(), chosen.make(seed))
    scale = dataset.target_scale
    started = time.perf_counter()
    regressor.fit(problem.x[split.train], problem.y[split.train] * scale)
    fitted = time.perf_counter()
    predicted = np.asarray(regressor.predict(problem.x[split.held_out]), dtype=np.float64) / scale
    ended = time.perf_counter()
    true = problem.y[split.held_out]
    rows = problem.rows[split.held_out]
    return TrainReport(
        problem=problem,
        predictor=predictor_name,
        features=features,
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
