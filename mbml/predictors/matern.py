"""The mathematics of `MaternGP`: covariances, and the posterior density of its hyperparameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, lapack
from scipy.linalg import cholesky as factorise
from scipy.stats import rankdata

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

#: Added to the noise, so that equal rows leave the covariance matrix positive definite.
JITTER = 1e-6
#: Prior deviations of the logarithms of signal variance, noise variance and common weight.
_SIGNAL_SPREAD, _NOISE_SPREAD, _COMMON_SPREAD = 2.0, 1.5, 2.0
#: Prior deviations from the mean beyond which nothing is searched: exponentials would overflow.
_FAR = 8.0
#: Share of rows that count as low, where the noise may grow.
_LOW = 0.3
#: Stands for the negative log posterior where the covariance matrix cannot be factorised.
_IMPOSSIBLE = 1e10


class Hyperparameters(NamedTuple):
    """Of the standardised target. A weight is the inverse square of a length-scale."""

    signal: float
    noise: float
    weights: Values


class Prior(NamedTuple):
    """Where the search starts, and how far a weight may stray from the common one.

    The vector that is searched holds the logarithms of the signal variance, the noise variance and
    the common weight, then each feature's departure from it in units of `spread`.

    Attributes
    ----------
    means, deviations
        Of the vector's normal distribution; they are independent.
    spread
        Deviation of a weight's logarithm from the common one.
    """

    means: Values
    deviations: Values
    spread: float

    @classmethod
    def of(cls, features: int, *, spread: float, noise: float) -> Self:
        """Return the prior for a number of standardised features."""
        means = np.zeros(3 + features)
        # A cell and another differ in all features: the sum of the weights stays below 1.
        means[1:3] = np.log(noise), -np.log(features) - 1
        deviations = np.ones(3 + features)
        deviations[:3] = _SIGNAL_SPREAD, _NOISE_SPREAD, _COMMON_SPREAD
        return cls(means, deviations, spread)

    def bounds(self) -> list[tuple[float, float]]:
        """Return where the search ends, for each place of the vector."""
        reach = _FAR * self.deviations
        return list(zip(self.means - reach, self.means + reach, strict=True))

    def read(self, vector: Values) -> Hyperparameters:
        """Return what a vector stands for."""
        signal, noise = np.exp(vector[:2])
        return Hyperparameters(signal, noise, np.exp(vector[2] + self.spread * vector[3:]))

    def cost(self, vector: Values) -> tuple[float, Values]:
        """Return the negative log density, up to a constant, and its gradient."""
        away = (vector - self.means) / self.deviations
        return 0.5 * float(away @ away), away / self.deviations


def relative_noises(target: Values, slope: float) -> Values:
    """Return each row's noise variance as a multiple of the common one, shape (rows,)."""
    shares = rankdata(target) / len(target)
    noises: Values = np.maximum(_LOW / shares, 1) ** slope
    return noises


def squared_distances(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return the squared distances of all rows of `a` from all rows of `b`."""
    squared = a @ (-2 * b.T)
    squared += np.einsum("rf,rf->r", a, a)[:, None]
    squared += np.einsum("rf,rf->r", b, b)
    result: NDArray[Any] = np.maximum(squared, 0, out=squared)
    return result


def to_covariance(squared: NDArray[Any], signal: float) -> None:
    """Turn five times the squared distances into covariances, in place."""
    distances = np.sqrt(squared)
    squared /= 3
    squared += distances
    squared += 1
    np.negative(distances, out=distances)
    squared *= np.exp(distances, out=distances)
    squared *= signal


def negative_log_posterior(
    vector: Values, x: Values, target: Values, noises: Values, prior: Prior
) -> tuple[float, Values]:
    """Return minus the log posterior of the hyperparameters, up to a constant, and its gradient.

    Parameters
    ----------
    vector
        The hyperparameters, as `Prior` orders them.
    x, target, noises
        Features, standardised target, and each row's noise as a multiple of the common one.
    prior
        Their prior.
    """
    found = prior.read(vector)
    rows = x * np.sqrt(5 * found.weights)
    distances = np.sqrt(squared_distances(rows, rows))
    # With r for the distance: covariance is signal (1 + r + r²/3) exp(-r).
    steep = found.signal * np.exp(-distances)
    covariance = steep * (1 + distances + distances**2 / 3)
    noisy = covariance.copy()
    noisy[np.diag_indices(len(x))] += found.noise * noises + JITTER
    try:
        factor = factorise(noisy, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return _IMPOSSIBLE, np.zeros_like(vector)
    dual = cho_solve((factor, True), target, check_finite=False)
    cost, gradient = prior.cost(vector)
    cost += 0.5 * float(target @ dual) + float(np.log(np.diag(factor)).sum())
    inverse = lapack.dpotri(factor, lower=1)[0]
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    by_covariance = 0.5 * (inverse - np.outer(dual, dual))
    by_square = by_covariance * steep * (1 + distances) / -6
    by_weight = 2 * (
        by_square.sum(axis=1) @ rows**2 - np.einsum("rf,rf->f", rows, by_square @ rows)
    )
    gradient[0] += np.sum(by_covariance * covariance)
    gradient[1] += found.noise * np.diag(by_covariance) @ noises
    gradient[2] += by_weight.sum()
    gradient[3:] += prior.spread * by_weight
    return cost, gradient
