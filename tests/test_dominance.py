"""Fronts and volumes, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbml.dominance import dominated_share, hypervolume, nondominated

VALUES = st.sampled_from([0, 1, 2, 3, 4, np.inf])
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[VALUES] * width), min_size=1, max_size=10)
)


@given(TABLES)
def test_the_front_is_what_no_row_dominates(rows):
    costs = np.array(rows, dtype=float)
    for row, on_front in zip(costs, nondominated(costs), strict=True):
        dominated = ((costs <= row).all(axis=1) & (costs < row).any(axis=1)).any()
        assert on_front != dominated


@given(TABLES)
def test_the_volume_is_the_number_of_dominated_boxes(rows):
    costs = np.array(rows, dtype=float)
    worst = np.array([4, 3, 4, 2][: costs.shape[1]])
    corners = np.stack(np.meshgrid(*map(np.arange, worst), indexing="ij"), axis=-1)
    corners = corners.reshape(-1, 1, len(worst))
    counted = (corners >= costs).all(axis=2).any(axis=1).sum()
    assert hypervolume(costs, worst) == pytest.approx(counted)


def test_no_rows_have_no_front_and_no_volume():
    none = np.empty((0, 3))
    assert nondominated(none).tolist() == []
    assert hypervolume(none, np.ones(3)) == 0


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_as_many_rows_as_nasbench101_has_take_no_minutes(objectives):
    # All pairs of them would be 180 thousand million comparisons.
    costs = np.random.default_rng(0).random((423_624, objectives))
    costs[7] = 0
    assert np.flatnonzero(nondominated(costs)).tolist() == [7]


def test_the_share_is_of_the_box_between_the_corners():
    points = np.array([[12.0, 6.0], [18.0, 2.0]])
    share = dominated_share(points, best=np.array([10.0, 0.0]), worst=np.array([20.0, 10.0]))
    assert share == pytest.approx((8 * 4 + 2 * 4) / 100)
    largest = np.array([1e308, 1e308])
    assert dominated_share(np.array([[0.0, 0.0]]), best=-largest, worst=largest) == 0.25
