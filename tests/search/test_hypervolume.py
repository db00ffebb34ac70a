"""Volumes that can be said by hand, and fronts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbml.search.hypervolume import hypervolume
from mbml.search.strategies.nsga2 import crowding, fronts

POINTS = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=8)


def counted(points, worst):
    """Count the unit boxes below the worst point that some point dominates."""
    grid = np.stack(np.meshgrid(*map(np.arange, worst), indexing="ij"), axis=-1).reshape(-1, 1, 3)
    return int((grid >= np.array(points)[None]).all(axis=2).any(axis=1).sum())


@given(POINTS)
def test_the_volume_is_the_number_of_dominated_boxes(points):
    found = hypervolume(np.array(points, dtype=float), np.array([4.0, 3.0, 4.0]))
    assert found == pytest.approx(counted(points, (4, 3, 4)))


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
