"""The posterior of a Gaussian process, which predicts with NumPy and LAPACK alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from threadpoolctl import threadpool_limits

from mbml.predictors.fitted import Fitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]

#: Added to the noise, so that equal rows leave the covariance matrix positive definite.
JITTER = 1e-6
#: Covariances computed together: they stay in the processor's cache.
_ENTRIES_AT_ONCE = 2**19


def squared_distances(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return the squared distances of all rows of `a` from all rows of `b`."""
    squared: NDArray[Any] = a @ (-2 * b.T)
    _to_squared(squared, np.einsum("rf,rf->r", a, a), np.einsum("rf,rf->r", b, b))
    return squared


def _to_squared(products: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> None:
    """Turn -2 times the products of rows of squared lengths `a` and `b` into squared distances."""
    products += a[:, None]
    products += b
    np.maximum(products, 0, out=products)


def to_covariance(squared: NDArray[Any], signal: float) -> None:
    """Turn five times the squared distances into covariances, in place."""
    distances = np.sqrt(squared)
    squared /= 3
    squared += distances
    squared += 1
    np.negative(distances, out=distances)
    squared *= np.exp(distances, out=distances)
    squared *= signal


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices of the rows of a matrix."""
    at_once = max(1, _ENTRIES_AT_ONCE // columns)
    return (slice(start, min(start + at_once, rows)) for start in range(0, rows, at_once))


class FittedProcess(Fitted):
    """A Gaussian process with a Matern-5/2 kernel and a length-scale a feature, on all its rows.

    Attributes
    ----------
    noise_std_
        Deviation of the common noise, in units of the target.
    """

    noise_std_: float
    _x: Values
    _rows: Values
    _factor: Values
    _dual: Values
    _noises: Values
    _root_weights: Values
    _signal: float
    _target_mean: float
    _target_std: float

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Compute again what was left out."""
        vars(self).update(state)
        if "_x" in state:
            self._x = state["_x"].astype(np.float64)
            self._rows = self._x * self._root_weights
            with threadpool_limits(limits=1, user_api="blas"):
                self._factor = self._factorised()

    def _factorised(self) -> Values:
        covariance = self._rows @ (-2 * self._rows.T)
        lengths = np.einsum("rf,rf->r", self._rows, self._rows)
        # The factor needs the lower triangle alone; blocks stay in the processor's cache.
        for block in _blocks(len(covariance), len(covariance)):
            part = covariance[block, : block.stop]
            _to_squared(part, lengths[block], lengths[: block.stop])
            to_covariance(part, self._signal)
        covariance[np.diag_indices(len(covariance))] += self._noises + JITTER
        factor: Values = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
        return factor

    def predict(self, X: ArrayLike, *, return_std: bool = False) -> Any:
        """Predict the target.

        Parameters
        ----------
        X
            Features, shape (rows, features).
        return_std
            Whether to return the posterior deviation of the function as well. A new measurement
            strays by `noise_std_` on top.

        Returns
        -------
        numpy.ndarray or pair of them
            Shape (rows,), in units of the target.
        """
        x = self.checked(X)
        root, rows, dual = (
            one.astype(x.dtype, copy=False) for one in (self._root_weights, self._rows, self._dual)
        )
        factor = self._factor.astype(x.dtype, copy=False) if return_std else None
        mean, variance = np.empty(len(x)), np.empty(len(x))
        for block in _blocks(len(x), len(rows)):
            covariance = squared_distances(x[block] * root, rows)
            to_covariance(covariance, self._signal)
            mean[block] = covariance @ dual
            if factor is not None:
                known = solve_triangular(factor, covariance.T, lower=True, check_finite=False)
                variance[block] = self._signal - np.einsum("nr,nr->r", known, known)
        mean = mean * self._target_std + self._target_mean
        if factor is None:
            return mean
        return mean, np.sqrt(np.maximum(variance, JITTER)) * self._target_std
