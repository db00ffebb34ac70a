"""What linear models of scikit-learn once did under `normalize`, which the published grids draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Normalised(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A linear model on columns that may be divided by their length.

    Parameters
    ----------
    regressor
        The linear model; its `fit_intercept` centres the columns.
    normalize
        Whether each column is divided by the Euclidean norm of its centred values first. Without an
        intercept it does nothing, as it never did.
    """

    def __init__(self, regressor: Any, *, normalize: bool = False) -> None:
        self.regressor = regressor
        self.normalize = normalize

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the model on the divided columns."""
        x, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        lengths = np.linalg.norm(x - x.mean(axis=0), axis=0)
        divide = self.normalize and self.regressor.fit_intercept
        self.lengths_ = np.where((lengths > 0) & divide, lengths, 1.0)
        self.regressor_ = clone(self.regressor).fit(x / self.lengths_, target)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict; shape (rows,)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(self.regressor_.predict(x / self.lengths_), dtype=np.float64)
