"""A weighted mean of regressors, each on its own columns, that knows how far it may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]


class Member(NamedTuple):
    """One regressor of a blend.

    Attributes
    ----------
    name
        Name among the members.
    regressor
        A scikit-learn regressor; if it has `noise_std_`, as `MaternGP` does, the blend's deviation
        is built on its own.
    weight
        Its share in the mean.
    without
        Groups of columns that it does not see.
    """

    name: str
    regressor: Any
    weight: float = 1.0
    without: tuple[str, ...] = ()


class Blend(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Weighted mean of regressors that predict the same target in the same unit.

    Parameters
    ----------
    members
        The regressors; at least one.
    column_groups
        The group of each column, in order; None leaves all columns to all members.

    Attributes
    ----------
    regressors_
        The fitted regressors, by name.
    noise_std_
        Deviation of the noise, in units of the target.
    """

    def __init__(
        self, members: Sequence[Member], *, column_groups: Sequence[str] | None = None
    ) -> None:
        self.members = members
        self.column_groups = column_groups

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit every member on its columns.

        Parameters
        ----------
        X
            Features, shape (rows, features).
        y
            Target, shape (rows,).
        """
        x, target = validate_data(self, X, y, dtype=[np.float64, np.float32], y_numeric=True)
        self.regressors_ = {
            member.name: clone(member.regressor).fit(self._columns(x, member), target)
            for member in self.members
        }
        noises = [
            (member.weight, self.regressors_[member.name].noise_std_ ** 2)
            for member in self._probabilistic()
        ]
        self.noise_std_ = _mean(noises) ** 0.5 if noises else 0.0
        return self

    def predict(self, X: ArrayLike, *, return_std: bool = False) -> Any:
        """Predict the target.

        Parameters
        ----------
        X
            Features, shape (rows, features).
        return_std
            Whether to return the deviation of the function as well: the members' own, and by how
            much they disagree. A new measurement strays by `noise_std_` on top.

        Returns
        -------
        numpy.ndarray or pair of them
            Shape (rows,), in units of the target.
        """
        check_is_fitted(self)
        x = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        means: list[tuple[float, Values]] = []
        variances: list[tuple[float, Values]] = []
        for member in self.members:
            own = self._columns(x, member)
            regressor = self.regressors_[member.name]
            if return_std and hasattr(regressor, "noise_std_"):
                mean, deviation = regressor.predict(own, return_std=True)
                variances.append((member.weight, deviation**2))
            else:
                mean = regressor.predict(own)
            means.append((member.weight, np.asarray(mean, dtype=np.float64)))
        mean = _mean(means)
        if not return_std:
            return mean
        disagreement = _mean([(weight, (one - mean) ** 2) for weight, one in means])
        return mean, np.sqrt(disagreement + (_mean(variances) if variances else 0))

    def _probabilistic(self) -> list[Member]:
        return [one for one in self.members if hasattr(self.regressors_[one.name], "noise_std_")]

    def _columns(self, x: NDArray[Any], member: Member) -> NDArray[Any]:
        if self.column_groups is None or not member.without:
            return x
        seen = np.array([group not in member.without for group in self.column_groups])
        last = int(np.flatnonzero(seen)[-1]) + 1
        # The first columns are a view; anything else is a copy.
        return x[:, :last] if seen[:last].all() else x[:, seen]


def _mean(parts: list[tuple[float, Any]]) -> Any:
    return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)
