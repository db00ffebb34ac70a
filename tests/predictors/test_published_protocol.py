"""The published study: what its searches draw, and the numbers that come out."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge

from mbml.datasets import meta_dataset
from mbml.errors import UsageError
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.predictors.comparison import published_study
from mbml.predictors.normalised import Normalised
from mbml.predictors.published_grids import GRIDS, living
from mbml.predictors.published_protocol import (
    OURS,
    PUBLISHED_GRIDS,
    SEEDS,
    TRAIN_SIZES,
    drawn,
    published_predictor,
)
from mbml.predictors.registry import PREDICTORS
from mbml.predictors.training import train_on
from mbml.sources.tables.table import open_tables
from mbml.store import ingest

VIEW = "meta_nasbench201_cifar100_200epochs"


def test_the_grids_are_those_of_the_publication():
    """Their checksum when they were compared with the study's notebooks, value by value."""
    found = hashlib.sha256(json.dumps(GRIDS, sort_keys=True).encode()).hexdigest()
    assert found == "a867c3dcb1997033ebf6119f77f10db421b0f2ebcb7f0645841934259458ba58"


@pytest.mark.filterwarnings(
    "ignore:Solver terminated early",
    "ignore:Some inputs do not have OOB",
    "ignore:Maximum number of iteration",  # the random numbers of some seeds
)
@pytest.mark.parametrize("name", GRIDS)
def test_every_value_of_a_grid_is_accepted_by_the_estimator(name):
    estimator = type(PREDICTORS[name].make(0))
    rng = np.random.default_rng(0)
    x, y = rng.random((60, 3)), rng.random(60)
    grid = GRIDS[name]
    first = {key: values[0] for key, values in grid.items()}
    for key, values in grid.items():
        for value in (values[0], values[-1], *(one for one in values if isinstance(one, str))):
            settings = living(name, first | {key: value})
            settings.pop("normalize", None)
            estimator(**settings | ({"n_estimators": 2} if "n_estimators" in settings else {})).fit(
                x, y
            )


def test_draws_are_those_of_the_full_grid_with_what_became_equal_once():
    found = {(one["fit_intercept"], one["normalize"]) for one in drawn("linear_regression", 0)}
    assert found == {(False, False), (True, False), (True, True)}
    assert len(drawn("linear_regression", 0)) == 3
    assert len(drawn("bayesian_ridge", 0)) == 54
    assert len(drawn("svr", 1)) == 100
    assert drawn("svr", 1) != drawn("svr", 2)
    assert drawn("svr", 1) == drawn("svr", 1)


def test_names_and_values_that_are_gone_are_mapped():
    assert living("decision_tree", {"criterion": "friedman_mse", "max_features": "auto"}) == {
        "criterion": "squared_error",
        "max_features": 1.0,
    }
    assert living(
        "gradient_boosting", {"criterion": "mae", "loss": "lad", "max_features": "auto"}
    ) == {"loss": "absolute_error", "max_features": None}


def test_a_normalised_model_predicts_from_as_many_columns_as_it_was_fitted_on():
    rng = np.random.default_rng(1)
    model = Normalised(BayesianRidge(), normalize=True).fit(rng.random((30, 3)), rng.random(30))
    with pytest.raises(ValueError, match="expecting 3 features"):
        model.predict(rng.random((5, 1)))


def test_normalising_divides_columns_by_their_length():
    rng = np.random.default_rng(1)
    x = rng.random((30, 3)) * [1, 10, 100]
    y = x @ [1, 0.1, 0.01] + rng.random(30) / 10
    lengths = np.linalg.norm(x - x.mean(axis=0), axis=0)
    ours = Normalised(BayesianRidge(), normalize=True).fit(x, y)
    by_hand = BayesianRidge().fit(x / lengths, y)
    np.testing.assert_allclose(ours.predict(x), by_hand.predict(x / lengths), rtol=1e-12)
    off = Normalised(BayesianRidge(fit_intercept=False), normalize=True).fit(x, y)
    np.testing.assert_allclose(
        off.predict(x), BayesianRidge(fit_intercept=False).fit(x, y).predict(x), rtol=1e-12
    )


def test_the_publication_and_the_preset_name_the_same_predictors():
    assert set(published_study()["predictor"]) == set(GRIDS) | {"mlp"}
    assert set(PUBLISHED_GRIDS) == set(GRIDS) | set(OURS)
    assert set(published_study()["train_size"]) == set(TRAIN_SIZES)
    assert set(published_study()["published_seeds"]) == {len(SEEDS)}
    for view in published_study()["view"].unique():
        meta_dataset(view)
    with pytest.raises(UsageError, match="unknown predictor of the published study 'gp'"):
        published_predictor("gp")


@pytest.fixture(scope="module")
def cifar100(new_warehouse, real_data, tmp_path_factory):
    with new_warehouse(tmp_path_factory.mktemp("real") / "w.duckdb") as warehouse:
        for source in open_tables(real_data / "nasbench201" / "measurements.parquet"):
            ingest(warehouse, source)
        return learning_problem(warehouse, meta_dataset(VIEW), feature_set("published"))


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:Solver terminated early")
@pytest.mark.parametrize(
    ("name", "r2"), [("linear_regression", 0.2772), ("decision_tree", 0.2000), ("svr", 0.288)]
)
def test_single_fits_meet_the_known_values(cifar100, name, r2):
    report = train_on(
        cifar100,
        feature_set("published"),
        tested=cifar100,
        predictor=published_predictor(name),
        train_size=172,
        seed=0,
    )
    assert report.scores["r2"] == pytest.approx(r2, abs=0.0005)


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize("name", ["linear_regression", "lasso", "bayesian_ridge", "dummy"])
def test_means_over_the_seeds_meet_the_publication(cifar100, name):
    found = [
        train_on(
            cifar100,
            feature_set("published"),
            tested=cifar100,
            predictor=published_predictor(name),
            train_size=172,
            seed=seed,
        ).scores["r2"]
        for seed in SEEDS
    ]
    row = published_study().filter(view=VIEW, train_size=172, predictor=name, metric="r2")
    assert np.mean(found) == pytest.approx(row["published_mean"][0], abs=0.002)
    assert np.std(found) == pytest.approx(row["published_std"][0], abs=0.002)
