"""The published study's grids: which settings of each estimator its search draws from.

Order and length of each list are those of the publication, as the sampler's draws depend on both.
Names and values that scikit-learn no longer has keep their place; `living` maps what was drawn to
their nearest living meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_EITHER = [False, True]
_ITERATIONS = [1000, 3000, 9000]
_TREES = [100, 300, 900]
_SHARES = ["auto", "sqrt", "log2"]
_SPLITS = list(range(2, 51))
_LEAVES = list(range(1, 51))

GRIDS: dict[str, dict[str, list[Any]]] = {
    "linear_regression": {"fit_intercept": _EITHER, "normalize": _EITHER},
    "sgd": {
        "loss": ["squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"],
        "penalty": ["l2", "l1", "elasticnet"],
        "fit_intercept": _EITHER,
        "max_iter": _ITERATIONS,
        "shuffle": _EITHER,
        "learning_rate": ["constant", "optimal", "invscaling", "adaptive"],
        "early_stopping": _EITHER,
        "n_iter_no_change": [5, 15, 45],
        "warm_start": _EITHER,
    },
    "lasso": {
        "fit_intercept": _EITHER,
        "normalize": _EITHER,
        "max_iter": _ITERATIONS,
        "warm_start": _EITHER,
        "positive": _EITHER,
        "selection": ["cyclic", "random"],
        "tol": [1e-3, 1e-4, 1e-5],
    },
    "bayesian_ridge": {
        "n_iter": _ITERATIONS,
        "tol": [1e-3, 1e-4, 1e-5],
        "compute_score": _EITHER,
        "fit_intercept": _EITHER,
        "normalize": _EITHER,
    },
    "k_neighbors": {
        "n_neighbors": list(range(1, 26)),
        "weights": ["uniform", "distance"],
        "algorithm": ["auto", "ball_tree", "kd_tree", "brute"],
        "leaf_size": [30, 90, 270],
        "p": [1, 2],
    },
    "decision_tree": {
        "criterion": ["mse", "friedman_mse", "mae"],
        "splitter": ["best", "random"],
        "max_depth": [*range(2, 51), None],
        "min_samples_split": _SPLITS,
        "min_samples_leaf": _LEAVES,
        "max_features": _SHARES,
    },
    "svr": {
        "kernel": ["linear", "poly", "rbf", "sigmoid"],
        "gamma": ["scale", "auto"],
        "C": list(range(1, 51)),
        "max_iter": _ITERATIONS,
    },
    "random_forest": {
        "n_estimators": _TREES,
        "criterion": ["mse", "mae"],
        "min_samples_split": _SPLITS,
        "min_samples_leaf": _LEAVES,
        "max_features": _SHARES,
        "oob_score": _EITHER,
        "warm_start": _EITHER,
    },
    "ada_boost": {
        "n_estimators": [50, 150, 450],
        "learning_rate": [1, 0.1, 0.01],
        "loss": ["linear", "square", "exponential"],
    },
    "gradient_boosting": {
        "loss": ["ls", "lad", "huber", "quantile"],
        "learning_rate": [0.1, 0.01, 0.001],
        "n_estimators": _TREES,
        "subsample": [0.1, 0.5, 1.0],
        "criterion": ["friedman_mse", "mse", "mae"],
        "min_samples_split": _SPLITS,
        "min_samples_leaf": _LEAVES,
        "max_depth": list(range(3, 51)),
        "max_features": _SHARES,
        "warm_start": _EITHER,
        "n_iter_no_change": [10, 30, 90, None],
    },
    "dummy": {
        "strategy": ["mean", "median", "quantile"],
        "quantile": [0.0, 0.25, 0.75, 1.0],
    },
}

_NAMES = {"n_iter": "max_iter"}
_VALUES = {
    "mse": "squared_error",
    "mae": "absolute_error",
    "friedman_mse": "squared_error",
    "ls": "squared_error",
    "lad": "absolute_error",
}


def living(name: str, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Map settings that were drawn for an estimator to those that have a meaning today.

    `normalize` stays, for `mbml.predictors.normalised`; without an intercept it did nothing.

    Examples
    --------
    >>> living("bayesian_ridge", {"n_iter": 3000, "fit_intercept": False, "normalize": True})
    {'max_iter': 3000, 'fit_intercept': False, 'normalize': False}
    """
    settings = {_NAMES.get(key, key): value for key, value in drawn.items()}
    if name == "gradient_boosting":
        del settings["criterion"]
    for key in ("criterion", "loss"):
        if key in settings:
            settings[key] = _VALUES.get(settings[key], settings[key])
    if settings.get("max_features") == "auto":
        settings["max_features"] = None if name == "gradient_boosting" else 1.0
    if "normalize" in settings:
        settings["normalize"] = settings["normalize"] and settings["fit_intercept"]
    return settings
