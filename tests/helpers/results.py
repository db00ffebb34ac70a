"""Results of evaluations, as `mbml evaluate` would store them, with numbers made up for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.metrics import METRICS, TopK, top_k
from mbml.store.results import Experiment, Fit, FitResult, write_fit

if TYPE_CHECKING:
    from mbml.store import Warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
PREDICTORS = ("linear_regression", "random_forest", "dummy")


def write_fits(
    warehouse: Warehouse,
    *,
    seeds: int = 3,
    sizes: tuple[int, ...] = (43, 172),
    predictors: tuple[str, ...] = PREDICTORS,
    **experiment: Any,
) -> None:
    """Store a fit of each predictor, size and seed, the first predictor the best."""
    known = {
        "view_name": VIEW,
        "target": "valid_accuracy",
        "features": "published",
        "features_version": "1",
        "preset": "published",
        "protocol_version": 1,
        "split": "published",
        "protocol": "held_out",
        "data_sha256": "0" * 64,
        "is_surrogate": False,
        "rows": 60,
        "left_out": 0,
    }
    for place, name in enumerate(predictors):
        for size in sizes:
            for seed in range(seeds):
                result = FitResult(
                    held_out=60,
                    scored=60,
                    search_seconds=0.5,
                    fit_seconds=0.1 * (place + 1),
                    predict_seconds=0.01,
                    parameters={},
                    warnings={},
                    libraries={},
                    scores=_scores(place, seed),
                )
                about = _experiment(**(known | experiment))
                fit = Fit(
                    view=about.view_name,
                    features=about.features,
                    predictor=name,
                    train_size=size,
                    seed=seed,
                    result=result,
                )
                write_fit(warehouse, about, fit)


def _experiment(**known: Any) -> Experiment:
    """Scored is what was learned, unless another score or view is asked for."""
    return Experiment(**({"score": known["target"], "test_view": known["view_name"]} | known))


def _scores(place: int, seed: int) -> dict[str, float | None]:
    rng = np.random.default_rng(seed)
    true = rng.random(60)
    predicted = true + rng.normal(0, 0.1 * (place + 1), 60)
    scores: dict[str, float | None] = {one.name: one.score(true, predicted) for one in METRICS}
    row: TopK
    for row in top_k(predicted, true, true):
        scores[f"top{row.k}_chosen_valid_accuracy"] = row.chosen_valid_accuracy
        scores[f"top{row.k}_chosen_test_accuracy"] = row.chosen_test_accuracy
        scores[f"top{row.k}_oracle_test_accuracy"] = row.oracle_test_accuracy
    return scores
