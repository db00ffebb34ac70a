"""What stands before and behind a regressor of accuracies: scaled features, a stretched target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from mbml.predictors.estimator import Estimator
from mbml.predictors.fitted import FittedLogError, FittedStandardise, FittedUnit
from mbml.predictors.stretch import floors_of, stretched

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Standardise(OneToOneFeatureMixin, TransformerMixin, Estimator, FittedStandardise):  # type: ignore[misc]
    """Scale columns to mean 0 and deviation 1, cut off far values, give single precision.

    Parameters
    ----------
    means, deviations
        Shape (features,): those of a whole search space. Where they are NaN or not given, those of
        the rows fitted on take their place.
    limit
        Scaled values stay between its negative and it.

    Notes
    -----
    A column of deviation 0 becomes 0: it says nothing.
    """

    def __init__(
        self,
        *,
        means: NDArray[np.float64] | None = None,
        deviations: NDArray[np.float64] | None = None,
        limit: float = FittedStandardise.limit,
    ) -> None:
        self.means = means
        self.deviations = deviations
        self.limit = limit

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn means and deviations, if they are not given."""
        x = validate_data(self, X, dtype=[np.float64, np.float32])
        return self.scale_by(
            _known(self.means, x.mean(axis=0, dtype=np.float64)),
            _known(self.deviations, x.std(axis=0, dtype=np.float64)),
        )

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Scale; shape and order stay."""
        # Here, as scikit-learn's `set_output` wraps only what the class itself defines.
        return super().transform(X)


def _known(given: NDArray[np.float64] | None, found: NDArray[np.float64]) -> NDArray[np.float64]:
    return found if given is None else np.where(np.isnan(given), found, given)


class LogError(TransformerMixin, FittedLogError, BaseEstimator):  # type: ignore[misc]
    """Turn accuracies into -log(1 - accuracy): near the top, a little better is much better.

    Failed trainings are lifted to a low quantile first, as the order among them is chance.

    Parameters
    ----------
    floor_quantile
        Accuracies below this quantile of those fitted on count as it.
    """

    def __init__(self, *, floor_quantile: float = 0.05) -> None:
        self.floor_quantile = floor_quantile

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn the floors, one a column; raises `UsageError` for what is no fraction."""
        x = validate_data(self, X, dtype=np.float64)
        self.floors_ = floors_of(x, self.floor_quantile)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """From fractions; a shape (rows, columns)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        return stretched(x, self.floors_)


class Unit(OneToOneFeatureMixin, TransformerMixin, FittedUnit, BaseEstimator):  # type: ignore[misc]
    """Multiply by a factor.

    Parameters
    ----------
    factor
        What one in the old unit is in the new one.
    """

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn nothing."""
        validate_data(self, X, dtype=np.float64)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give the new unit."""
        check_is_fitted(self, "n_features_in_")
        scaled: NDArray[np.float64] = validate_data(self, X, dtype=np.float64, reset=False)
        return scaled * self.factor
