"""Friedman's test and Nemenyi's critical difference, against published tables and SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import friedmanchisquare

from mbml.analysis.ranks import critical_difference, rank_predictors
from mbml.errors import UsageError


@pytest.mark.parametrize(
    ("names", "quantile"), [(3, 2.343), (4, 2.569), (5, 2.728), (8, 3.031), (10, 3.164)]
)
def test_the_critical_difference_is_that_of_demsars_table(names, quantile):
    expected = quantile * np.sqrt(names * (names + 1) / (6 * 14))
    assert critical_difference(names, 14) == pytest.approx(expected, abs=1e-3)


def test_ties_share_their_mean_rank_and_friedmans_statistic_is_scipys():
    scores = np.array([[0.1, 0.1, 0.3], [0.2, 0.1, 0.3], [0.1, 0.2, 0.2], [0.1, 0.2, 0.3]])
    made = rank_predictors(["a", "b", "c"], scores)
    assert made.names == ("a", "b", "c")
    assert made.mean_ranks.tolist() == [1.375, 1.75, 2.875]
    expected = friedmanchisquare(*scores.T)
    assert made.statistic == pytest.approx(expected.statistic)
    assert made.p_value == pytest.approx(expected.pvalue)


def test_all_equal_is_no_difference():
    made = rank_predictors(["a", "b", "c"], np.ones((5, 3)))
    assert (made.statistic, made.p_value, made.groups) == (0.0, 1.0, ((0, 2),))


@given(arrays(float, (6, 9), elements=st.integers(0, 20)))
def test_groups_are_the_longest_runs_within_the_critical_difference(scores):
    made = rank_predictors([f"p{place}" for place in range(9)], scores)
    ranks = made.mean_ranks
    together = {
        (one, other)
        for first, last in made.groups
        for one in range(first, last + 1)
        for other in range(one + 1, last + 1)
    }
    near = {
        (one, other)
        for one in range(9)
        for other in range(one + 1, 9)
        if ranks[other] - ranks[one] <= made.critical_difference
    }
    assert together == near
    assert list(made.groups) == sorted(set(made.groups))


@pytest.mark.parametrize(
    "scores", [np.ones((5, 2)), np.ones((1, 3)), np.array([[1, 2, np.nan], [1, 2, 3]])]
)
def test_what_cannot_be_ranked_is_refused(scores):
    with pytest.raises(UsageError, match="cannot be ranked"):
        rank_predictors(list("abc")[: scores.shape[1]], scores)
