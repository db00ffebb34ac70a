"""A weighted mean of regressors, each on its own columns, that knows how far it may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import RegressorMixin, clone
from sklearn.utils.validation import validate_data

from mbml.predictors.estimator import Estimator
from mbml.predictors.fitted import FittedBlend, Member, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

#: Model files and pickles ask this module for `Member` as well.
__all__ = ["Blend", "Member"]


class Blend(RegressorMixin, Estimator, FittedBlend):  # type: ignore[misc]
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
        self.noise_std_ = weighted_mean(noises) ** 0.5 if noises else 0.0
        return self

    def _probabilistic(self) -> list[Member]:
        return [one for one in self.members if hasattr(self.regressors_[one.name], "noise_std_")]
