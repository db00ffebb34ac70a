"""Whether predictors differ: Friedman's test on their ranks, Nemenyi's on each two of them.

A block is a seed: all predictors are ranked on the same split, 1 the best, ties by their mean.
J. Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mbml.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Level of both tests.
ALPHA = 0.05
FEWEST_NAMES = 3
FEWEST_BLOCKS = 2


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Predictors by mean rank, the best first.

    Attributes
    ----------
    names
        Of the predictors.
    mean_ranks
        Over the blocks, 1 the best; shape ``(names,)``.
    blocks
        How many there are.
    statistic, p_value
        Friedman's, corrected for ties; its null hypothesis is that all rank alike.
    critical_difference
        Nemenyi's: two whose mean ranks are further apart differ at the level `ALPHA`.
    groups
        First and last place of each longest run of names that are not told apart.
    """

    names: tuple[str, ...]
    mean_ranks: NDArray[np.float64]
    blocks: int
    statistic: float
    p_value: float
    critical_difference: float
    groups: tuple[tuple[int, int], ...]


def rank_predictors(names: Sequence[str], scores: NDArray[np.float64]) -> Ranking:
    """Rank predictors over blocks, and test whether they differ.

    Parameters
    ----------
    names
        Of the predictors, at least three.
    scores
        Shape ``(blocks, names)``, at least two blocks; less is better.

    Raises
    ------
    UsageError
        There are too few names or blocks, or a score is missing.

    Examples
    --------
    >>> import numpy as np
    >>> made = rank(["a", "b", "c"], np.array([[1, 2, 3], [1, 3, 2], [1, 2, 3], [1, 2, 3]]))
    >>> made.mean_ranks.tolist(), round(made.critical_difference, 3), made.groups
    ([1.0, 2.25, 2.75], 1.657, ((0, 1), (1, 2)))
    """
    from scipy.stats import friedmanchisquare, rankdata

    blocks, count = scores.shape
    if count < FEWEST_NAMES or blocks < FEWEST_BLOCKS or not np.isfinite(scores).all():
        raise UsageError(
            f"{count} predictors on {blocks} seeds cannot be ranked: it takes at least"
            f" {FEWEST_NAMES} on {FEWEST_BLOCKS}, with every score known"
        )
    means = rankdata(scores, axis=1).mean(axis=0)
    order = np.argsort(means, kind="stable")
    # Where all scores of each block are equal, nothing speaks against the null hypothesis.
    if np.ptp(scores, axis=1).any():
        statistic, p_value = map(float, friedmanchisquare(*scores.T))
    else:
        statistic, p_value = 0.0, 1.0
    reach = critical_difference(count, blocks)
    return Ranking(
        names=tuple(names[place] for place in order),
        mean_ranks=means[order],
        blocks=blocks,
        statistic=statistic,
        p_value=p_value,
        critical_difference=reach,
        groups=_groups(means[order], reach),
    )


def critical_difference(names: int, blocks: int) -> float:
    """Return Nemenyi's critical difference of mean ranks at the level `ALPHA`."""
    return _quantile(names) * math.sqrt(names * (names + 1) / (6 * blocks))


@cache
def _quantile(names: int) -> float:
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - ALPHA, names, np.inf)) / math.sqrt(2)


def _groups(ranks: NDArray[np.float64], reach: float) -> tuple[tuple[int, int], ...]:
    groups: list[tuple[int, int]] = []
    for first, low in enumerate(ranks):
        last = int(np.searchsorted(ranks, low + reach, side="right")) - 1
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return tuple(groups)
