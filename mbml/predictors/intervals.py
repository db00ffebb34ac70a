"""Predictions of accuracies with an interval that a new measurement should fall into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from sklearn.pipeline import Pipeline

#: Share of new measurements that an interval should hold.
LEVEL = 0.9


class Interval(NamedTuple):
    """Predicted accuracies, fractions of shape (rows,); the bounds of `LEVEL`, equal tails."""

    accuracy: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def predict_interval(model: Pipeline, rows: Any) -> Interval:
    """Predict accuracies with intervals.

    Parameters
    ----------
    model
        A fitted pipeline that ends in a `TransformedTargetRegressor` on `LogError`, whose regressor
        gives deviations.
    rows
        Features, as the pipeline was fitted on.

    Notes
    -----
    Whatever was at or below the floor of the training targets was learnt as the floor, so that an
    interval that reaches it goes down to 0.
    """
    last = model[-1]
    mean, deviation = last.regressor_.predict(model[:-1].transform(rows), return_std=True)
    reach = norm.ppf(0.5 + LEVEL / 2) * np.hypot(deviation, last.regressor_.noise_std_)
    accuracy, lower, upper = (
        last.transformer_.inverse_transform(one[:, None])[:, 0]
        for one in (mean, mean - reach, mean + reach)
    )
    lower[lower <= last.transformer_.floors_[0]] = 0
    return Interval(accuracy, lower, upper)


class CrossValidated(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Any regressor, with one deviation for all rows, from its own cross-validated residuals.

    Parameters
    ----------
    regressor
        The regressor; it is fitted once on all rows, and once without each fold.
    folds
        Number of folds; as many as rows if there are fewer.
    random_state
        Seed of the folds.

    Attributes
    ----------
    regressor_
        The regressor fitted on all rows.
    noise_std_
        0: the deviation holds the noise.
    """

    def __init__(
        self,
        regressor: Any,
        *,
        folds: int = 5,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.regressor = regressor
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the regressor, and find its residuals."""
        x, target = validate_data(
            self, X, y, dtype=[np.float64, np.float32], y_numeric=True, ensure_min_samples=2
        )
        folds = KFold(min(self.folds, len(x)), shuffle=True, random_state=self.random_state)
        held_out = cross_val_predict(self.regressor, x, target, cv=folds)
        # The deviation of a normal distribution with as many residuals in its middle.
        self._deviation = np.quantile(np.abs(target - held_out), LEVEL) / norm.ppf(0.5 + LEVEL / 2)
        self.regressor_ = clone(self.regressor).fit(x, target)
        self.noise_std_ = 0.0
        return self

    def predict(self, X: ArrayLike, *, return_std: bool = False) -> Any:
        """Predict the target, and its deviation if asked for; shape (rows,) each."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        mean = np.asarray(self.regressor_.predict(x), dtype=np.float64)
        return (mean, np.full(len(x), self._deviation)) if return_std else mean
