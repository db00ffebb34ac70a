"""What a predictor relies on, where the truth is known: only `conv_num_layers` matters."""

import numpy as np
import polars as pl
import pytest

from mbml.analysis.importance import (
    attributions,
    coefficients,
    partial_dependence,
    permutation_importances,
)
from mbml.datasets import meta_dataset
from mbml.features.registry import feature_set
from mbml.predictors.preparation import Columns
from mbml.predictors.registry import predictor

DATASET = meta_dataset("meta_nasbench201_cifar100_200epochs")
FEATURES = feature_set("published")
NAMES = FEATURES.columns("nasbench201")


@pytest.fixture(scope="module")
def rows():
    """Features of 300 rows, and accuracies that rise by 0.05 with each convolution."""
    rng = np.random.default_rng(0)
    x = pl.DataFrame({name: rng.integers(0, 7, 300) for name in NAMES})
    return x, 0.5 + 0.05 * x["conv_num_layers"].to_numpy()


@pytest.fixture(scope="module")
def models(rows):
    """A linear regression and boosted trees, fitted on half of them."""
    columns = Columns.of(FEATURES, "nasbench201")
    chosen = [predictor(name) for name in ("linear_regression", "xgboost")]
    fitted = [one.prepare(one.make(0), columns, DATASET) for one in chosen]
    return [one.fit(rows[0][:150], rows[1][:150]) for one in fitted]


def test_shuffling_what_matters_costs_most(models, rows):
    for model in models:
        found = permutation_importances(model, rows[0][150:], rows[1][150:], seed=0)
        assert found["feature"].to_list() == list(NAMES)
        falls = dict(zip(found["feature"], found["fall"], strict=True))
        assert falls.pop("conv_num_layers") > 0.8
        assert max(map(abs, falls.values())) < 0.1


def test_the_mean_prediction_follows_the_feature(models, rows):
    for model in models:
        found = partial_dependence(model, rows[0], "conv_num_layers")
        assert found["value"].to_list() == [0, 1, 2, 3, 4, 5, 6]
        expected = 0.5 + 0.05 * found["value"].to_numpy()
        assert found["accuracy"].to_numpy() == pytest.approx(expected, abs=0.03)


def test_coefficients_are_gains_from_the_smallest_to_the_largest_value(models):
    expected = [0.3 if name == "conv_num_layers" else 0 for name in NAMES]
    assert coefficients(models[0]) == pytest.approx(expected, abs=1e-9)


def test_attributions_go_to_the_feature_that_matters(models, rows):
    found = dict(zip(NAMES, attributions(models[1], rows[0][:50]), strict=True))
    assert max(found, key=found.get) == "conv_num_layers"
    assert found["conv_num_layers"] > 3 * sorted(found.values())[-2]
