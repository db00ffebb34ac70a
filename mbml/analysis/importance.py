"""What a fitted predictor relies on: importances, attributions, coefficients, dependence.

A predictor is a fitted pipeline of `mbml.predictors`: from a frame of features to accuracies as
fractions, its last step a transformed target around a regressor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, RegressorMixin

from mbml.metrics import kendall_tau

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

SHUFFLES = 5


class _OnArrays(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted pipeline as scikit-learn's inspection takes it: on arrays, whose names it adds."""

    def __init__(self, model: Any, names: tuple[str, ...]) -> None:
        self.model = model
        self.names = names

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: object, y: object) -> None:
        """Refuse: the pipeline is fitted."""
        raise NotImplementedError

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predict accuracies."""
        predicted: NDArray[np.float64] = self.model.predict(pl.DataFrame(X, schema=self.names))
        return predicted


def permutation_importances(
    model: Pipeline, x: pl.DataFrame, y: NDArray[np.float64], *, seed: int
) -> pl.DataFrame:
    """Return how much Kendall's tau falls when the values of a feature change places.

    Parameters
    ----------
    model
        The fitted pipeline.
    x, y
        Features and true accuracies of rows it was not fitted on.
    seed
        Of the shuffling; each feature is shuffled `REPEATS` times.

    Returns
    -------
    polars.DataFrame
        Columns `feature`, `fall` and `fall_std`, mean and population deviation over the repeats,
        in the order of `x`.
    """
    from sklearn.inspection import permutation_importance

    found = permutation_importance(
        _OnArrays(model, tuple(x.columns)),
        x.to_numpy().astype(np.float64),
        y,
        scoring=lambda fitted, rows, true: np.nan_to_num(kendall_tau(true, fitted.predict(rows))),
        n_repeats=SHUFFLES,
        random_state=seed,
    )
    return pl.DataFrame(
        {
            "feature": x.columns,
            "fall": found.importances_mean,
            "fall_std": found.importances_std,
        }
    )


def coefficients(model: Pipeline) -> NDArray[np.float64]:
    """Return a linear model's coefficients, in accuracy as a fraction.

    Returns
    -------
    numpy.ndarray
        Shape ``(features,)``: what the prediction gains while a feature goes from its smallest to
        its largest value among the training rows.
    """
    target = model[-1]
    per_step: NDArray[np.float64] = np.ravel(target.regressor_.coef_) / target.transformer_.factor
    return per_step


def attributions(model: Pipeline, x: pl.DataFrame) -> NDArray[np.float64]:
    """Return mean absolute attributions of boosted trees, exact Shapley values of XGBoost.

    Parameters
    ----------
    model
        A pipeline of the predictor `xgboost`.
    x
        Rows to attribute predictions of.

    Returns
    -------
    numpy.ndarray
        Shape ``(features,)``, in what the trees fit: the logarithm of the error.
    """
    from xgboost import DMatrix

    booster = model[-1].regressor_.regressor_.get_booster()
    contributions = booster.predict(DMatrix(model[:-1].transform(x)), pred_contribs=True)
    means: NDArray[np.float64] = np.abs(contributions[:, :-1]).mean(axis=0, dtype=np.float64)
    return means


def partial_dependence(model: Pipeline, x: pl.DataFrame, feature: str) -> pl.DataFrame:
    """Return the mean prediction when all rows have one value of a feature.

    Returns
    -------
    polars.DataFrame
        Columns `value` and `accuracy`, a fraction: each value that occurs if they are few, else 20
        from the 5 % to the 95 % quantile.
    """
    from sklearn.inspection import partial_dependence as dependence

    found = dependence(
        _OnArrays(model, tuple(x.columns)),
        x.to_numpy().astype(np.float64),
        [x.columns.index(feature)],
        grid_resolution=20,
        kind="average",
    )
    return pl.DataFrame({"value": found["grid_values"][0], "accuracy": found["average"][0]})
