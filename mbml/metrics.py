"""Scores of predictions: each a record with its direction, bounds and unit.

What is not finite has no score: NaN would come first in some orders, last in others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from mbml.errors import MbmlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A score of predicted against true values.

    Attributes
    ----------
    name
        Name in every output.
    direction
        Which way is better.
    low, high
        Bounds of its value for a target that is a fraction.
    unit
        Unit of its value, `target` being that of what is predicted; empty for a number without one.
    score
        Function of true and predicted values, both of shape ``(rows,)``.
    """

    name: str
    direction: Literal["lower", "higher"]
    low: float
    high: float
    unit: str
    score: Callable[[Values, Values], float]


def _check(true: Values, *predicted: Values) -> None:
    """Refuse what cannot be compared row by row; NumPy would broadcast it, or let NaN through.

    Raises
    ------
    MbmlError
        The shapes differ, or a value is NaN or infinite.
    """
    for values in (true, *predicted):
        if np.shape(values) != np.shape(true):
            raise MbmlError(f"shapes {np.shape(true)} and {np.shape(values)} cannot be compared")
        if not np.isfinite(values).all():
            raise MbmlError("NaN or infinite values cannot be scored")


def mean_absolute_error(true: Values, predicted: Values) -> float:
    """Return the mean absolute error."""
    _check(true, predicted)
    return float(np.mean(np.abs(true - predicted)))


def mean_squared_error(true: Values, predicted: Values) -> float:
    """Return the mean squared error."""
    _check(true, predicted)
    return float(np.mean((true - predicted) ** 2))


def r2(true: Values, predicted: Values) -> float:
    """Return the share of variance explained; NaN for constant true values."""
    _check(true, predicted)
    spread = float(np.sum((true - true.mean()) ** 2))
    return 1 - float(np.sum((true - predicted) ** 2)) / spread if spread else math.nan


def kendall_tau(true: Values, predicted: Values) -> float:
    """Return Kendall's tau-b; NaN if either side is constant."""
    _check(true, predicted)
    from scipy.stats import kendalltau

    return float(kendalltau(true, predicted).statistic)


def spearman_rho(true: Values, predicted: Values) -> float:
    """Return Spearman's rank correlation; NaN if either side is constant."""
    _check(true, predicted)
    from scipy.stats import rankdata

    ranks = rankdata(true), rankdata(predicted)
    if np.ptp(ranks[0]) == 0 or np.ptp(ranks[1]) == 0:
        return math.nan
    return float(np.corrcoef(*ranks)[0, 1])


def precision_at_k(true: Values, predicted: Values, k: int) -> float:
    """Return the share of the first k by prediction that are among the k best by truth.

    Of equal predictions the earlier row comes first; whoever is as good as the k-th best counts.
    """
    _check(true, predicted)
    k = min(k, len(true))
    first = np.argsort(-predicted, kind="stable")[:k]
    return float(np.mean(true[first] >= np.partition(true, -k)[-k]))


def regret_at_k(true: Values, predicted: Values, k: int) -> float:
    """Return how far the best of the first k by prediction stays below the best of all.

    Of equal predictions the earlier row comes first.
    """
    _check(true, predicted)
    first = np.argsort(-predicted, kind="stable")[:k]
    return float(np.max(true) - np.max(true[first]))


METRICS: tuple[Metric, ...] = (
    Metric(
        name="mae",
        direction="lower",
        low=0,
        high=1,
        unit="target",
        score=mean_absolute_error,
    ),
    Metric(
        name="mse",
        direction="lower",
        low=0,
        high=1,
        unit="target squared",
        score=mean_squared_error,
    ),
    Metric(name="r2", direction="higher", low=-math.inf, high=1, unit="", score=r2),
    Metric(name="kendall_tau", direction="higher", low=-1, high=1, unit="", score=kendall_tau),
    Metric(name="spearman_rho", direction="higher", low=-1, high=1, unit="", score=spearman_rho),
    *(
        Metric(
            name=f"precision_at_{k}",
            direction="higher",
            low=0,
            high=1,
            unit="fraction",
            score=partial(precision_at_k, k=k),
        )
        for k in (10, 100)
    ),
    *(
        Metric(
            name=f"regret_at_{k}",
            direction="lower",
            low=0,
            high=1,
            unit="target",
            score=partial(regret_at_k, k=k),
        )
        for k in (1, 10, 100)
    ),
)


def coverage(true: Values, lower: Values, upper: Values) -> float:
    """Return the share of true values within their interval; bounds belong to it."""
    _check(true, lower, upper)
    return float(np.mean((lower <= true) & (true <= upper)))


@dataclass(frozen=True, kw_only=True)
class TopK:
    """What looking at the first k held-out architectures, best prediction first, would find.

    Attributes
    ----------
    k
        How many are looked at.
    chosen_valid_accuracy
        The best true validation accuracy among them; None if any has none.
    chosen_test_accuracy
        Test accuracy of the one chosen by that validation accuracy.
    oracle_test_accuracy
        The best test accuracy among them, which no search can know.
    """

    k: int
    chosen_valid_accuracy: float | None
    chosen_test_accuracy: float | None
    oracle_test_accuracy: float | None


#: How many of the first by prediction the top-k table looks at.
TOP_KS: Final = (1, 5, 10, 50, 100)


def top_k(
    predicted: Values, valid: Values, test: Values, *, ks: tuple[int, ...] = TOP_KS
) -> list[TopK]:
    """Return the top-k table; of equal predictions the earlier row comes first.

    Parameters
    ----------
    predicted
        Predictions of the held-out rows, shape ``(rows,)``.
    valid, test
        True accuracies of the same rows, fractions; NaN where not measured.
    ks
        How many rows to look at.
    """
    _check(predicted)
    order = np.argsort(-predicted, kind="stable")
    table = []
    for k in ks:
        first = order[:k]
        by_validation = bool(np.all(np.isfinite(valid[first])))
        chosen = first[np.argmax(valid[first])] if by_validation else None
        table.append(
            TopK(
                k=k,
                chosen_valid_accuracy=None if chosen is None else _known(valid[chosen]),
                chosen_test_accuracy=None if chosen is None else _known(test[chosen]),
                oracle_test_accuracy=_known(np.max(test[first])),
            )
        )
    return table


def score_names() -> list[str]:
    """Return the names of the scores that every stored fit has, defined or not."""
    rules = (one.name for one in fields(TopK) if one.name != "k")
    return [
        *(metric.name for metric in METRICS),
        *(f"top{k}_{rule}" for k, rule in product(TOP_KS, rules)),
    ]


def _known(value: np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None


def over_seeds(names: Iterable[str], *, needs_all: bool = False) -> list[pl.Expr]:
    """Return the mean over the rows of a group, and the population deviation as `NAME_std`.

    Parameters
    ----------
    names
        Of columns with a value a seed.
    needs_all
        Whether they are null where one value is missing; otherwise missing values are left out.
    """
    import polars as pl

    pairs = [
        pair
        for name in names
        for pair in (
            (name, pl.col(name).cast(pl.Float64).mean()),
            (f"{name}_std", pl.col(name).cast(pl.Float64).std(ddof=0)),
        )
    ]
    if not needs_all:
        return [value.alias(name) for name, value in pairs]
    known = {name: pl.col(name.removesuffix("_std")).null_count() == 0 for name, _ in pairs}
    return [pl.when(known[name]).then(value).alias(name) for name, value in pairs]
