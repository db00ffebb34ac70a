"""Predictions of accuracies with an interval that a new measurement should fall into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import KFold
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from sklearn.pipeline import Pipeline

    Values = NDArray[np.float64]

#: Share of new measurements that an interval should hold.
LEVEL = 0.9
#: Standard deviations from the middle of a normal distribution to the bounds of `LEVEL`.
_REACH = float(norm.ppf(0.5 + LEVEL / 2))
#: A prediction is at the floor if it is no more standard deviations above it than this.
_NEAR = 0.5


class Interval(NamedTuple):
    """Predicted accuracies, fractions of shape (rows,), and the bounds of `LEVEL`.

    `at_floor` is True for a prediction that the model cannot tell from a failed training: the
    accuracy is then at or below the one predicted.
    """

    accuracy: Values
    lower: Values
    upper: Values
    at_floor: NDArray[np.bool_]


def predict_interval(model: Pipeline, rows: Any) -> Interval:
    """Predict accuracies with intervals.

    Parameters
    ----------
    model
        A fitted pipeline that ends in a `TransformedTargetRegressor` whose regressor is
        `CrossValidated`.
    rows
        Features, as the pipeline was fitted on.

    Notes
    -----
    Whatever was at or below the floor of `LogError` was learnt as the floor, so that an interval
    that reaches it goes down to 0.
    """
    last = model[-1]
    mean, deviation = last.regressor_.predict(model[:-1].transform(rows), return_std=True)
    reach = _REACH * deviation
    accuracy, lower, upper, near = (
        last.transformer_.inverse_transform(one[:, None])[:, 0]
        for one in (mean, mean - reach, mean + reach, mean - _NEAR * deviation)
    )
    floor = floor_of(model)
    lower[lower <= floor] = 0
    return Interval(accuracy, lower, upper, near <= floor)


def floor_of(model: Pipeline) -> float:
    """Return the accuracy below which a fitted pipeline tells nothing apart; -inf if none."""
    transformer = getattr(model[-1], "transformer_", None)
    [floor] = getattr(transformer, "floors_", [-np.inf])
    return float(floor)


def has_intervals(model: Pipeline) -> bool:
    """Return whether `predict_interval` can be asked."""
    return isinstance(getattr(model[-1], "regressor_", None), CrossValidated)


def calibrated(regressor: Any, *, seed: int) -> Any:
    """Return a regressor, not fitted yet, that will give deviations as `CrossValidated` does."""
    if isinstance(regressor, CrossValidated):
        return regressor
    return CrossValidated(regressor, random_state=seed)


class CrossValidated(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Any regressor, with deviations that agree with its own cross-validated residuals.

    The regressor is fitted without each fold and predicts that fold. Each residual is divided by
    the deviation that the regressor itself gives there (`return_std` and `noise_std_`), or by 1 if
    it gives none. One factor then scales all deviations, so that a normal distribution with them
    would hold `LEVEL` of the rows. No other data is used, and predictions do not change.

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

    References
    ----------
    V. Vovk, *Cross-conformal predictors*, Annals of Mathematics and Artificial Intelligence 74,
    2015; J. Lei et al., *Distribution-free predictive inference for regression*, Journal of the
    American Statistical Association 113, 2018, section 5.2 (residuals divided by a deviation).
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
        """Fit the regressor, and find the factor of its deviations."""
        x, target = validate_data(
            self, X, y, dtype=[np.float64, np.float32], y_numeric=True, ensure_min_samples=2
        )
        folds = KFold(min(self.folds, len(x)), shuffle=True, random_state=self.random_state)
        residuals = np.empty(len(x))
        for train, held_out in folds.split(x):
            fitted = clone(self.regressor).fit(x[train], target[train])
            mean, deviation = _own(fitted, x[held_out])
            residuals[held_out] = np.abs(target[held_out] - mean) / deviation
        # One more row is still to come, so that slightly more than LEVEL of these are held.
        share = min(1.0, LEVEL * (1 + 1 / len(x)))
        self._deviation = float(np.quantile(residuals, share, method="higher")) / _REACH
        self.regressor_ = clone(self.regressor).fit(x, target)
        return self

    def predict(self, X: ArrayLike, *, return_std: bool = False) -> Any:
        """Predict the target, and the deviation of a new measurement from it if asked for.

        Returns
        -------
        numpy.ndarray or pair of them
            Shape (rows,), in units of the target.
        """
        check_is_fitted(self)
        x = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        if not return_std:
            return np.asarray(self.regressor_.predict(x), dtype=np.float64)
        mean, deviation = _own(self.regressor_, x)
        return mean, deviation * self._deviation


def _own(regressor: Any, x: NDArray[Any]) -> tuple[Values, Values]:
    """Predict, with the deviations that a regressor gives itself: 1 if it gives none."""
    if not hasattr(regressor, "noise_std_"):
        return np.asarray(regressor.predict(x), dtype=np.float64), np.ones(len(x))
    mean, deviation = regressor.predict(x, return_std=True)
    return mean, np.maximum(np.hypot(deviation, regressor.noise_std_), np.finfo(np.float64).eps)
