"""The small parts of a search: budgets, looks, features, candidates."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.datasets import meta_dataset
from mbml.errors import UsageError
from mbml.searches import features as reading
from mbml.searches.clock import Budget, BudgetUnit, Cost
from mbml.searches.features import FeatureRequest, read_features
from mbml.searches.observations import Observation, _earlier

VIEW = "meta_nasbench201_cifar100_200epochs"


def test_costs_are_added_and_subtracted_in_each_unit():
    one, two = Cost(1, 200, 30.5), Cost(0.25, 50, 0.5)
    assert one.plus(two) == (1.25, 250, 31)
    assert one.minus(two) == (0.75, 150, 30)
    assert [one.within(unit) for unit in BudgetUnit] == [1, 200, 30.5]
    assert Cost() == (0, 0, 0)


@pytest.mark.parametrize("unit", ["queries", "epochs", "seconds"])
def test_a_budget_pays_for_as_much_as_it_says_but_for_rounding(unit):
    budget = Budget.of(3, unit)
    assert budget.unit.value == unit

    def cost(amount):
        return Cost()._replace(**{unit: amount})

    assert budget.covers(cost(3))
    assert budget.covers(cost(3 + 1e-12))
    assert not budget.covers(cost(3.001))
    assert budget.is_spent(cost(3))
    assert budget.is_spent(cost(3 - 1e-12))
    assert not budget.is_spent(cost(2.999))
    # What is not recorded is never paid for.
    assert not budget.covers(cost(math.nan))
    # The other units do not count.
    assert budget.covers(Cost(99, 99, 99)._replace(**{unit: 0}))


def test_a_budget_counts_queries_unless_said():
    assert Budget(5).unit is BudgetUnit.QUERIES
    with pytest.raises(UsageError, match="unknown unit of a budget 'hours'"):
        Budget.of(5, "hours")


@pytest.mark.parametrize("amount", [0, -1, math.nan, math.inf])
def test_a_budget_that_buys_nothing_or_everything_is_refused(amount):
    with pytest.raises(UsageError, match="buys nothing; give more"):
        Budget(amount)


def test_one_trial_is_one_of_a_candidate_s_own():
    nan = np.nan
    look = Observation(
        values=np.array([[0.1, 0.2, 0.3], [0.4, nan, nan], [0.5, 0.6, nan]]),
        seconds=np.array([[1.0, 2, 3], [4, nan, nan], [5, 6, nan]]),
        goes_on=False,
    )
    for drawn, values, seconds in (
        ([0, 0, 0], [0.1, 0.4, 0.5], [1, 4, 5]),
        ([5, 7, 3], [0.3, 0.4, 0.6], [3, 4, 6]),
    ):
        found = look.of_one_trial(np.array(drawn))
        assert (found.values.tolist(), found.seconds.tolist()) == (values, seconds)
        assert found.goes_on is False
    assert look.is_whole
    assert found.is_whole
    assert not look._replace(values=np.array([[nan, 1.0]])).is_whole
    assert not look._replace(values=np.array([1.0, nan])).is_whole


@pytest.mark.parametrize(
    ("view", "epochs"),
    [
        ("meta_nasbench101_108epochs", [4, 12, 36, 54]),
        ("meta_nasbench101_36epochs", [4, 12, 18]),
        ("meta_nasbench101_4epochs", [2]),
        ("meta_nasbench201_cifar100_12epochs", [1, 4]),
    ],
)
def test_earlier_epochs_are_those_that_the_benchmark_published(view, epochs):
    assert _earlier(meta_dataset(view)) == epochs


def test_earlier_epochs_of_a_long_training_are_its_own():
    found = _earlier(meta_dataset(VIEW))
    assert found == sorted(set(found))
    assert max(found) < 200
    assert 12 in found


@pytest.fixture
def held(warehouse, tmp_path):
    rows = nasbench201_rows(12, parameters=pl.int_range(12) * 100 + 7)
    load_rows(warehouse, rows, tmp_path / "rows.parquet")
    return warehouse


def read(held, **request):
    return read_features(
        held, meta_dataset(VIEW), FeatureRequest(**request), target="valid_accuracy"
    )


def test_features_of_candidates_are_as_they_are_unless_standardised(held, monkeypatch):
    plain, problem, _ = read(held, name="topology")
    assert plain.name == "topology"
    np.testing.assert_array_equal(plain.matrix, problem.x.to_numpy())
    assert plain.matrix.flags.c_contiguous
    scaled, _, _ = read(held, name="topology", standardised=True)
    assert scaled.matrix.dtype == np.float32
    means, deviations = scaled.columns.moments
    known = deviations > 0
    expected = (plain.matrix[:, known] - means[known]) / deviations[known]
    np.testing.assert_allclose(
        scaled.matrix[:, known], np.clip(expected, -4, 4), rtol=1e-4, atol=1e-5
    )
    # However many rows are scaled together.
    monkeypatch.setattr(reading, "_ROWS_AT_ONCE", 5)
    np.testing.assert_array_equal(
        read(held, name="topology", standardised=True)[0].matrix, scaled.matrix
    )


def test_columns_without_stored_moments_are_standardised_by_the_rows(held):
    scaled, problem, _ = read(held, name="published", standardised=True)
    values = problem.x.to_numpy().astype(float)
    means, _ = scaled.columns.moments
    for place in np.flatnonzero(np.isnan(means)):
        column = values[:, place]
        spread = column.std()
        expected = (column - column.mean()) / spread if spread else np.zeros(len(column))
        np.testing.assert_allclose(scaled.matrix[:, place], expected, rtol=1e-4, atol=1e-5)
    assert np.isnan(means).any()


def test_groups_of_features_may_be_left_out(held):
    whole, _, _ = read(held, name="topology")
    some, problem, _ = read(held, name="topology", without=("G", "PE"))
    kept = [group not in {"G", "PE"} for group in whole.columns.groups]
    assert 0 < sum(kept) < len(kept)
    np.testing.assert_array_equal(some.matrix, whole.matrix[:, kept])
    assert some.columns.groups == tuple(
        group for group in whole.columns.groups if group not in {"G", "PE"}
    )
    assert problem.x.width == sum(kept)


def test_a_feature_request_leaves_nothing_out_and_scales_nothing_unless_said():
    assert FeatureRequest(name="x") == FeatureRequest(name="x", without=(), standardised=False)
