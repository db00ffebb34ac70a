"""A Gaussian process with one length-scale a feature, made for few rows and many features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from mbml.predictors.estimator import Estimator
from mbml.predictors.process import Process

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]


class MaternGP(RegressorMixin, Estimator, Process):  # type: ignore[misc]
    """Gaussian process regression: Matern-5/2 kernel, a length-scale a feature, MAP.

    Features should be standardised. The target is standardised here. Length-scales, signal and
    noise maximise their posterior (L-BFGS, analytic gradients): the prior keeps the logarithms of
    the inverse squared length-scales close to a common one, which is itself searched, so that
    there may be more features than rows.

    Parameters
    ----------
    weight_spread
        Prior deviation of the log inverse squared length-scales about the common one.
    noise
        Prior median of the noise variance, as a share of the target's variance.
    noise_slope
        How the noise grows towards low targets: the variance of a row is (0.3 / q)^noise_slope
        times the common one, for q the share of rows with no higher target, below 0.3.
    max_iter
        Most steps of the search for hyperparameters.
    max_rows
        Most rows that the search looks at; of more, that many are drawn at random.
    warm_start
        Whether a fit starts from the hyperparameters of the one before, if it had as many features.
    random_state
        Seed or generator of that draw.

    Attributes
    ----------
    length_scales_
        Shape (features,), in units of the features.
    signal_std_, noise_std_
        Prior deviation of the function, and deviation of the common noise, in units of the target.
    n_iter_
        Steps taken.

    Notes
    -----
    Memory is that of two N by N matrices in fitting, time N cubed; predictions are computed in the
    precision of the features given (float32 is enough, and twice as fast) and in blocks.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, *Gaussian Processes for Machine Learning*, 2006, 5.4.1.

    Examples
    --------
    >>> x = np.linspace(0, 6, 13)[:, None]
    >>> gp = MaternGP().fit(x, np.sin(x[:, 0]))
    >>> mean, deviation = gp.predict([[1.25]], return_std=True)
    >>> bool(abs(mean[0] - np.sin(1.25)) < 0.05), bool(deviation[0] < 0.2)
    (True, True)
    """

    def training_rows(self, X: ArrayLike, y: ArrayLike) -> tuple[Values, Values]:
        """Return features and target as arrays in double precision, checked by scikit-learn."""
        x, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        return x, target

    # That of scikit-learn knows nothing of what was left out.
    __setstate__ = Process.__setstate__

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what follows from the rest: N by N numbers, and scaled rows."""
        state: dict[str, Any] = dict(super().__getstate__())
        if "_x" in state:
            del state["_factor"], state["_rows"]
            single = state["_x"].astype(np.float32)
            if np.array_equal(single, state["_x"]):
                state["_x"] = single
        return state
