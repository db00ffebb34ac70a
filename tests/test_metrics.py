"""Scores that look at the first k: their ties and their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbml.metrics import METRICS, precision_at_k, regret_at_k

TRUE = np.array([0.1, 0.9, 0.5, 0.9, 0.3])


def test_precision_counts_whoever_is_as_good_as_the_kth_best():
    assert precision_at_k(TRUE, np.array([0, 5, 4, 3, 2]), 1) == 1
    assert precision_at_k(TRUE, np.array([0, 5, 4, 3, 2]), 2) == 0.5
    assert precision_at_k(TRUE, TRUE, 99) == 1


def test_regret_is_what_the_first_k_miss():
    assert regret_at_k(TRUE, np.array([5, 0, 4, 0, 0]), 1) == pytest.approx(0.8)
    assert regret_at_k(TRUE, np.array([5, 0, 4, 0, 0]), 2) == pytest.approx(0.4)
    assert regret_at_k(TRUE, np.zeros(5), 2) == 0  # equal predictions: the earlier row


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=30, unique=True))
def test_every_score_keeps_its_bounds(pairs):
    true, predicted = np.array(pairs).T
    for metric in METRICS:
        score = metric.score(true, predicted)
        assert np.isnan(score) or metric.low - 1e-9 <= score <= metric.high + 1e-9
