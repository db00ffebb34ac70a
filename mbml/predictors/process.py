"""How a Gaussian process is fitted, with NumPy, LAPACK and SciPy's optimiser alone.

A fit never looks for hyperparameters on more than `max_rows` rows or for more than `max_iter`
steps, so that its time is known beforehand; the posterior is then exact on all rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, lapack
from scipy.linalg import cholesky as factorise
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from mbml.predictors.numbers import finite
from mbml.predictors.posterior import JITTER, FittedProcess, squared_distances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]

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
    shares = _ranks(target) / len(target)
    noises: Values = np.maximum(_LOW / shares, 1) ** slope
    return noises


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


def _ranks(values: Values) -> Values:
    """Rank from 1, equal values by their mean rank: `scipy.stats` takes half a second to import."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Values = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


class Process(FittedProcess):
    """A Gaussian process that can be fitted; its parameters are those of `MaternGP`."""

    def __init__(
        self,
        *,
        weight_spread: float = 1.5,
        noise: float = 0.1,
        noise_slope: float = 0.0,
        max_iter: int = 40,
        max_rows: int = 1000,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.weight_spread = weight_spread
        self.noise = noise
        self.noise_slope = noise_slope
        self.max_iter = max_iter
        self.max_rows = max_rows
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the hyperparameters, then the posterior on all rows.

        Parameters
        ----------
        X
            Features, shape (rows, features).
        y
            Target, shape (rows,).
        """
        x, target = self.training_rows(X, y)
        # Threads gain little on small matrices, and their number would change the last digits.
        with threadpool_limits(limits=1, user_api="blas"):
            return self._on_rows(x, target, search=True)

    def condition(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Compute the posterior on other rows, with the hyperparameters that `fit` found.

        Parameters
        ----------
        X
            Features, shape (rows, features), as many as in the fit.
        y
            Target, shape (rows,).

        Notes
        -----
        BLAS has the threads that the caller leaves it: looking for them takes longer than this.
        """
        x, target = self.training_rows(X, y)
        return self._on_rows(x, target, search=False)

    def _on_rows(self, x: Values, target: Values, *, search: bool) -> Self:
        self._target_mean = float(np.mean(target))
        self._target_std = float(np.std(target)) or 1.0
        target = (target - self._target_mean) / self._target_std
        prior = Prior.of(x.shape[1], spread=self.weight_spread, noise=self.noise)
        noises = relative_noises(target, self.noise_slope)
        if search:
            self._vector = self._search(x, target, noises, prior)
        found = prior.read(self._vector)
        self._posterior(x, target, noises, found)
        self.length_scales_ = found.weights**-0.5
        self.signal_std_ = float(np.sqrt(found.signal)) * self._target_std
        self.noise_std_ = float(np.sqrt(found.noise)) * self._target_std
        return self

    def training_rows(self, X: ArrayLike, y: ArrayLike) -> tuple[Values, Values]:
        """Return features and target as arrays in double precision.

        Raises
        ------
        ValueError, WrongResultError
            A feature, or a target, is NaN or infinite.
        """
        x = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = x.shape[1]
        return self.checked(x), finite(y, "targets").astype(np.float64)

    def _search(self, x: Values, target: Values, noises: Values, prior: Prior) -> Values:
        start = prior.means
        if self.warm_start and len(getattr(self, "_vector", ())) == len(start):
            start = self._vector
        if len(x) > self.max_rows:
            # Few fits are of so many rows, and the import takes a second.
            from sklearn.utils import check_random_state

            drawn = check_random_state(self.random_state).permutation(len(x))[: self.max_rows]
            x, target, noises = x[drawn], target[drawn], noises[drawn]
        found = minimize(
            negative_log_posterior,
            start,
            args=(x, target, noises, prior),
            jac=True,
            method="L-BFGS-B",
            bounds=prior.bounds(),
            options={"maxiter": self.max_iter},
        )
        self.n_iter_ = max(1, int(found.nit))
        vector: Values = found.x
        return vector

    def _posterior(self, x: Values, target: Values, noises: Values, found: Hyperparameters) -> None:
        self._signal, self._noises = found.signal, found.noise * noises
        self._root_weights = np.sqrt(5 * found.weights)
        self._x = x
        self._rows = x * self._root_weights
        self._factor = self._factorised()
        self._dual = cho_solve((self._factor, True), target, check_finite=False)
