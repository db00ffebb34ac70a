"""What the fits of all benchmarks share: trees on normal scores, correlated deviations, curves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Below this accuracy on CIFAR-10 a training has failed.
FAILED_BELOW: Final = 0.2

_LEVELS: Final = np.concatenate([[1e-4, 1e-3, 5e-3], np.arange(1, 60) / 60, [0.995, 0.999, 0.9999]])
_ROWS: Final = 100_000  # more cells hardly change trees this small
_UNUSED: Final = ("base_weights", "loss_changes", "sum_hessian")


def normal_scores(accuracy: Floats) -> Floats:
    """Return normal scores, NaN where nothing was measured."""
    scores = np.full(len(accuracy), np.nan)
    known = ~np.isnan(accuracy)
    scores[known] = ndtri((rankdata(accuracy[known]) - 0.5) / np.sum(known))
    return scores


def fit_trees(
    features: NDArray[np.float32],
    target: Floats,
    *,
    trees: int,
    depth: int,
    objective: str = "reg:squarederror",
    weight: int = 30,
) -> tuple[dict[str, Any], Floats]:
    """Fit small trees; return them as JSON, and their values for all cells."""
    import xgboost

    rows = np.flatnonzero(~np.isnan(target))
    if len(rows) > _ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, _ROWS, replace=False))
    model = xgboost.XGBRegressor(
        n_estimators=trees,
        max_depth=depth,
        learning_rate=0.18,
        min_child_weight=weight,
        subsample=0.6,
        colsample_bynode=0.4,
        objective=objective,
        n_jobs=1,
        random_state=0,
    )
    model.fit(np.ascontiguousarray(features[:, rows].T), target[rows])
    booster = model.get_booster()
    held = json.loads(booster.save_raw("json"))
    for tree in held["learner"]["gradient_booster"]["model"]["trees"]:
        for name in _UNUSED:
            tree[name] = [0.0] * len(tree[name])
    predicted = booster.inplace_predict(np.ascontiguousarray(features.T))
    return held, predicted.astype(np.float64)


def covariance(residuals: dict[str, Floats]) -> Floats:
    """Return the covariance over the cells that have all targets."""
    rows = np.array(list(residuals.values()))
    covariance: Floats = np.cov(rows[:, ~np.isnan(rows).any(axis=0)])
    return covariance


def factor(covariance: Floats) -> Floats:
    """Return a factor of the nearest covariance that is one."""
    values, vectors = np.linalg.eigh(covariance)
    factor: Floats = np.linalg.cholesky(vectors @ np.diag(np.maximum(values, 1e-3)) @ vectors.T)
    return factor


def curve(latent: Floats, deviation: float, accuracy: Floats) -> tuple[list[float], list[float]]:
    """Pair quantiles of latent numbers, chance included, with quantiles of accuracy."""
    chance = np.random.default_rng(0)
    drawn = latent + deviation * chance.standard_normal(len(latent))
    low = np.quantile(drawn, _LEVELS)
    return np.round(low, 5).tolist(), np.round(np.quantile(accuracy, _LEVELS), 5).tolist()


def pack(
    targets: list[str],
    deviation: Floats,
    curves: dict[str, Any],
    numbers: dict[str, Any],
    trees: Any,
) -> dict[str, Any]:
    """Return what is kept, in the form that `mbml.surrogate.model` reads."""
    return {
        "targets": targets,
        "deviation": np.round(deviation, 5).tolist(),
        "curves": curves,
        "numbers": json.loads(json.dumps(numbers), parse_float=lambda text: round(float(text), 6)),
        "trees": trees,
    }
