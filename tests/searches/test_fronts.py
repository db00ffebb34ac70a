"""The fronts that NSGA-II sorts its population into, and how crowded they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbml.searches.strategies.nsga2 import crowding, fronts

POINTS = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=8)


@given(POINTS)
def test_the_first_front_is_what_nothing_dominates(points):
    costs = np.array(points, dtype=float)
    first, *later = fronts(costs)
    for row in range(len(costs)):
        dominated = ((costs <= costs[row]).all(axis=1) & (costs < costs[row]).any(axis=1)).any()
        assert (row in first) != dominated
    assert sorted(np.concatenate([first, *later])) == list(range(len(costs)))


def test_ends_of_a_front_are_never_crowded():
    spread = crowding(np.array([[0.0, 4.0], [1.0, 3.0], [4.0, 0.0]]))
    assert spread.tolist() == [np.inf, 2.0, np.inf]


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_crowding_is_a_share_of_the_span_of_each_cost(scale):
    spread = crowding(np.array([[0.0, 0.4], [0.1, 0.3], [0.4, 0.0], [0.2, 0.2]]) * scale)
    assert spread == pytest.approx([np.inf, 1.0, np.inf, 1.5])


def test_a_cost_that_is_the_same_for_all_crowds_nobody():
    spread = crowding(np.array([[0.0, 5.0], [1.0, 5.0], [4.0, 5.0]]))
    assert spread.tolist() == [np.inf, 1.0, np.inf]
