"""What a trained model predicts, with NumPy alone: no library that can fit one is imported.

The estimators of mbml inherit from these classes and add how they are fitted. A model that is read
from a file is made of them, and of nothing else where its regressors are mbml's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from mbml.predictors.numbers import finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]

#: Share of new measurements that an interval should hold.
LEVEL = 0.9
#: Standard deviations from the middle of a normal distribution to the bounds of `LEVEL`; SciPy's
#: `norm.ppf(0.5 + LEVEL / 2)`, which takes half a second to import.
REACH = 1.6448536269514722
#: A prediction is at the floor if it is no more standard deviations above it than this.
_NEAR = 0.5
_FLOATS = (np.float64, np.float32)


class Fitted:
    """What has been fitted to rows of features.

    Attributes
    ----------
    n_features_in_
        Number of columns.
    feature_names_in_
        Their names in order, where it was fitted to a frame.
    """

    n_features_in_: int

    def checked(self, X: Any) -> NDArray[Any]:
        """Return rows of features as an array, in their own precision if it is single or double.

        Raises
        ------
        ValueError
            They have other columns, or a number that is not finite.
        """
        dtype = None if getattr(X, "dtype", None) in _FLOATS else np.float64
        rows: NDArray[Any] = np.asarray(X, dtype=dtype)
        if rows.ndim != 2 or rows.shape[1] != self.n_features_in_:
            raise ValueError(f"rows of shape {rows.shape}, expected {self.n_features_in_} features")
        names = getattr(self, "feature_names_in_", None)
        if names is not None and list(getattr(X, "columns", names)) != list(names):
            raise ValueError("rows have other features, or the same in another order")
        # A sum is infinite or NaN if one of them is, and makes no second matrix.
        with np.errstate(over="ignore", invalid="ignore"):
            is_finite = np.isfinite(rows.sum()) or np.isfinite(rows).all()
        if not is_finite:
            raise ValueError("rows hold NaN or infinity")
        return rows


class FittedPipeline:
    """Named steps, of which the last predicts what the others have transformed."""

    def __init__(self, steps: Sequence[tuple[str, Any]]) -> None:
        self.steps = steps

    @property
    def n_features_in_(self) -> int:
        """Number of columns."""
        return int(self.steps[0][1].n_features_in_)

    @property
    def feature_names_in_(self) -> Any:
        """Names of the columns; raises `AttributeError` where it was fitted without."""
        return self.steps[0][1].feature_names_in_

    def __getitem__(self, which: int | slice) -> Any:
        """Return a step, or a pipeline of some of them."""
        if isinstance(which, slice):
            return FittedPipeline(self.steps[which])
        return self.steps[which][1]

    def transform(self, X: Any) -> Any:
        """Transform by all steps, in order."""
        rows = X
        for _, step in self.steps:
            rows = step.transform(rows)
        return rows

    def predict(self, X: Any) -> Any:
        """Predict; shape (rows,)."""
        return self[-1].predict(self[:-1].transform(X))


class FittedTarget:
    """A regressor of a transformed target.

    Attributes
    ----------
    regressor_, transformer_
        It predicts the target, this transforms it back.
    """

    regressor_: Any
    transformer_: Any

    @property
    def n_features_in_(self) -> int:
        """Number of columns."""
        return int(self.regressor_.n_features_in_)

    def predict(self, X: Any) -> Any:
        """Predict in the target's own unit; shape (rows,)."""
        return self.transformer_.inverse_transform(self.regressor_.predict(X)[:, None])[:, 0]


class FittedStandardise(Fitted):
    """Scales columns to mean 0 and deviation 1, cuts off far values, gives single precision."""

    means_: Values
    factors_: Values
    limit: float = 4.0

    def scale_by(self, means: Values, deviations: Values) -> Self:
        """Take the mean and the deviation of each column, shape (features,)."""
        self.n_features_in_ = len(means)
        self.means_ = means
        self.factors_ = np.divide(1, deviations, where=deviations > 0, out=np.zeros(len(means)))
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Scale; shape and order stay."""
        x = self.checked(X)
        scaled: NDArray[np.float32] = (x - self.means_.astype(x.dtype)).astype(
            np.float32, copy=False
        )
        scaled *= self.factors_.astype(np.float32)
        return np.clip(scaled, -self.limit, self.limit, out=scaled)


class FittedLogError:
    """Accuracies as -log(1 - accuracy), none below a floor.

    Attributes
    ----------
    floors_
        Lowest accuracy, one a column.
    """

    floors_: Values

    def inverse_transform(self, X: ArrayLike) -> Values:
        """Give fractions, never negative."""
        # What is infinite would become 0 or 1 here, as if it were a prediction.
        errors: Values = np.exp(-finite(X, "predictions").astype(np.float64))
        return np.maximum(1 - errors, 0)


class FittedUnit:
    """A target in another unit, of which one in its own is `factor`."""

    factor: float

    def inverse_transform(self, X: ArrayLike) -> Values:
        """Give the old unit."""
        return finite(X, "predictions").astype(np.float64) / self.factor


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


# Model files name it so.
Member.__module__ = "mbml.predictors.blend"


class FittedBlend(Fitted):
    """Weighted mean of regressors that predict the same target in the same unit.

    Attributes
    ----------
    members
        The regressors as they were given.
    column_groups
        The group of each column, in order; None leaves all columns to all members.
    regressors_
        The fitted regressors, by name.
    noise_std_
        Deviation of the noise, in units of the target.
    """

    members: Sequence[Member]
    column_groups: Sequence[str] | None
    regressors_: Mapping[str, Any]
    noise_std_: float

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
        x = self.checked(X)
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
        mean = weighted_mean(means)
        if not return_std:
            return mean
        disagreement = weighted_mean([(weight, (one - mean) ** 2) for weight, one in means])
        return mean, np.sqrt(disagreement + (weighted_mean(variances) if variances else 0))

    def _columns(self, x: NDArray[Any], member: Member) -> NDArray[Any]:
        if self.column_groups is None or not member.without:
            return x
        seen = np.array([group not in member.without for group in self.column_groups])
        last = int(np.flatnonzero(seen)[-1]) + 1
        # The first columns are a view; anything else is a copy.
        return x[:, :last] if seen[:last].all() else x[:, seen]


def weighted_mean(parts: Sequence[tuple[float, Any]]) -> Any:
    """Return the mean of values, each with its weight before it."""
    return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)


class FittedCrossValidated(Fitted):
    """Any regressor, with deviations that agree with its own cross-validated residuals.

    Attributes
    ----------
    regressor_
        The regressor fitted on all rows.
    """

    regressor_: Any
    _deviation: float

    def predict(self, X: ArrayLike, *, return_std: bool = False) -> Any:
        """Predict the target, and the deviation of a new measurement from it if asked for.

        Returns
        -------
        numpy.ndarray or pair of them
            Shape (rows,), in units of the target.
        """
        x = self.checked(X)
        if not return_std:
            return np.asarray(self.regressor_.predict(x), dtype=np.float64)
        mean, deviation = own_deviations(self.regressor_, x)
        return mean, deviation * self._deviation


def own_deviations(regressor: Any, x: NDArray[Any]) -> tuple[Values, Values]:
    """Predict, with the deviations that a regressor gives itself: 1 if it gives none."""
    if not hasattr(regressor, "noise_std_"):
        return np.asarray(regressor.predict(x), dtype=np.float64), np.ones(len(x))
    mean, deviation = regressor.predict(x, return_std=True)
    return mean, np.maximum(np.hypot(deviation, regressor.noise_std_), np.finfo(np.float64).eps)


class Interval(NamedTuple):
    """Predicted accuracies, fractions of shape (rows,), and the bounds of `LEVEL`.

    `at_floor` is True for a prediction that the model cannot tell from a failed training: the
    accuracy is then at or below the one predicted.
    """

    accuracy: Values
    lower: Values
    upper: Values
    at_floor: NDArray[np.bool_]


def predict_interval(model: Any, rows: Any) -> Interval:
    """Predict accuracies with intervals.

    Parameters
    ----------
    model
        A fitted pipeline, of this module or of scikit-learn, for which `has_intervals` is True.
    rows
        Features, as the pipeline was fitted on.

    Notes
    -----
    Whatever was at or below the floor of `LogError` was learnt as the floor, so that an interval
    that reaches it goes down to 0.
    """
    last = model[-1]
    mean, deviation = last.regressor_.predict(model[:-1].transform(rows), return_std=True)
    reach = REACH * deviation
    accuracy, lower, upper, near = (
        last.transformer_.inverse_transform(one[:, None])[:, 0]
        for one in (mean, mean - reach, mean + reach, mean - _NEAR * deviation)
    )
    floor = floor_of(model)
    lower[lower <= floor] = 0
    return Interval(accuracy, lower, upper, near <= floor)


def floor_of(model: Any) -> float:
    """Return the accuracy below which a fitted pipeline tells nothing apart; -inf if none."""
    transformer = getattr(model[-1], "transformer_", None)
    [floor] = getattr(transformer, "floors_", [-np.inf])
    return float(floor)


def has_intervals(model: Any) -> bool:
    """Return whether `predict_interval` can be asked: it ends in `CrossValidated`."""
    return isinstance(getattr(model[-1], "regressor_", None), FittedCrossValidated)
