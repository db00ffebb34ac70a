"""How mbml's estimators check rows of features: as scikit-learn does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Estimator(BaseEstimator):  # type: ignore[misc]
    """An estimator of scikit-learn that inherits its prediction from `mbml.predictors.fitted`."""

    def checked(self, X: Any) -> NDArray[Any]:
        """Return rows of features as an array, in their own precision if it is single or double.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Nothing has been fitted.
        ValueError
            They have other columns, or a number that is not finite.
        """
        check_is_fitted(self)
        found: NDArray[Any] = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return found
