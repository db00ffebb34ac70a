"""Predictions of accuracies with an interval that a new measurement should fall into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import RegressorMixin, clone
from sklearn.model_selection import KFold
from sklearn.utils.validation import validate_data

from mbml.predictors.estimator import Estimator
from mbml.predictors.fitted import LEVEL, REACH, FittedCrossValidated, own_deviations

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def calibrated(regressor: Any, *, seed: int) -> Any:
    """Return a regressor, not fitted yet, that will give deviations as `CrossValidated` does."""
    if isinstance(regressor, CrossValidated):
        return regressor
    return CrossValidated(regressor, random_state=seed)


class CrossValidated(RegressorMixin, Estimator, FittedCrossValidated):  # type: ignore[misc]
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
            mean, deviation = own_deviations(fitted, x[held_out])
            residuals[held_out] = np.abs(target[held_out] - mean) / deviation
        # One more row is still to come, so that slightly more than LEVEL of these are held.
        share = min(1.0, LEVEL * (1 + 1 / len(x)))
        self._deviation = float(np.quantile(residuals, share, method="higher")) / REACH
        self.regressor_ = clone(self.regressor).fit(x, target)
        return self
