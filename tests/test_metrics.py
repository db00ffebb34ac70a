"""Scores: against other libraries, their ties, their bounds, and the table of the first k."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as peers

from mbml.errors import MbmlError
from mbml.metrics import METRICS, TopK, coverage, precision_at_k, regret_at_k, top_k

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


SCORES = {one.name: one.score for one in METRICS}


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        ("mae", peers.mean_absolute_error),
        ("mse", peers.mean_squared_error),
        ("r2", peers.r2_score),
        ("kendall_tau", lambda true, predicted: stats.kendalltau(true, predicted).statistic),
        ("spearman_rho", lambda true, predicted: stats.spearmanr(true, predicted).statistic),
    ],
)
def test_scores_are_those_of_other_libraries(name, peer):
    rng = np.random.default_rng(7)
    for rows in (2, 3, 50):
        true = rng.random(rows).round(2)
        predicted = (true + rng.normal(scale=0.3, size=rows)).round(1)
        if len(set(true)) > 1 and len(set(predicted)) > 1:
            assert SCORES[name](true, predicted) == pytest.approx(peer(true, predicted))


def test_each_score_looks_at_as_many_as_its_name_says():
    rng = np.random.default_rng(8)
    true, predicted = rng.random(300), rng.random(300)
    order = np.argsort(-predicted)
    for k in (10, 100):
        best = set(np.argsort(-true)[:k])
        assert SCORES[f"precision_at_{k}"](true, predicted) == len(best & set(order[:k])) / k
    for k in (1, 10, 100):
        missed = true.max() - true[order[:k]].max()
        assert SCORES[f"regret_at_{k}"](true, predicted) == missed


def test_the_first_k_are_chosen_by_validation_and_the_oracle_is_among_them():
    predicted = np.array([0.2, 0.9, 0.8, 0.7, 0.1])
    valid = np.array([0.99, 0.5, 0.6, 0.4, 0.98])
    test = np.array([0.95, 0.7, 0.3, 0.6, 0.97])
    assert top_k(predicted, valid, test, ks=(1, 2, 3)) == [
        TopK(k=1, chosen_valid_accuracy=0.5, chosen_test_accuracy=0.7, oracle_test_accuracy=0.7),
        TopK(k=2, chosen_valid_accuracy=0.6, chosen_test_accuracy=0.3, oracle_test_accuracy=0.7),
        TopK(k=3, chosen_valid_accuracy=0.6, chosen_test_accuracy=0.3, oracle_test_accuracy=0.7),
    ]


def test_of_equal_predictions_and_validations_the_earlier_row_is_chosen():
    same = np.full(3, 0.5)
    [first] = top_k(same, same, np.array([0.1, 0.2, 0.3]), ks=(2,))
    assert (first.chosen_test_accuracy, first.oracle_test_accuracy) == (0.1, 0.2)


def test_nothing_is_chosen_where_a_validation_is_missing():
    [row] = top_k(np.array([2.0, 1.0]), np.array([0.5, np.nan]), np.array([0.6, 0.7]), ks=(2,))
    assert row == TopK(
        k=2, chosen_valid_accuracy=None, chosen_test_accuracy=None, oracle_test_accuracy=0.7
    )


def test_an_interval_holds_its_bounds():
    true = np.array([0.1, 0.2, 0.3, 0.4])
    assert coverage(true, np.array([0.1, 0.0, 0.31, 0.0]), np.array([0.2, 0.2, 0.5, 0.39])) == 0.5


@pytest.mark.parametrize(
    "wrong", [[0.1, np.nan, 0.3], [0.1, 0.2, np.inf], [0.1], [[0.1], [0.2], [0.3]]]
)
@pytest.mark.parametrize("metric", METRICS, ids=lambda one: one.name)
def test_what_cannot_be_compared_has_no_score(metric, wrong):
    right = np.array([0.1, 0.2, 0.3])
    for true, predicted in ((right, np.array(wrong)), (np.array(wrong), right)):
        with pytest.raises(MbmlError, match="cannot be"):
            metric.score(true, predicted)


def test_no_order_and_no_coverage_of_what_is_no_number():
    right, wrong = np.array([0.1, 0.2]), np.array([0.1, np.nan])
    with pytest.raises(MbmlError, match="cannot be scored"):
        top_k(wrong, right, right)
    with pytest.raises(MbmlError, match="cannot be scored"):
        coverage(right, wrong, right)
