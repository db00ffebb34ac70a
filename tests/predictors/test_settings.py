"""The settings of every predictor of the registry: a change of one is a change of the benchmark."""

from __future__ import annotations

import pytest
from sklearn.base import BaseEstimator

from mbml.datasets import meta_dataset
from mbml.features.registry import feature_set
from mbml.predictors.blend import Member
from mbml.predictors.intervals import CrossValidated
from mbml.predictors.preparation import Columns, published_preparation, standardised
from mbml.predictors.published_protocol import (
    DRAWS,
    FEWEST_ROWS,
    FOLDS,
    PUBLISHED_GRIDS,
    SEEDS,
    TRAIN_SIZES,
    published_predictor,
)
from mbml.predictors.registry import PREDICTORS

SEED = 3
TREES = (
    "XGBRegressor",
    {
        "n_estimators": 800,
        "max_depth": 4,
        "learning_rate": 0.03,
        "subsample": 0.6,
        "colsample_bytree": 0.2,
        "min_child_weight": 2,
        "n_jobs": 1,
        "random_state": SEED,
    },
)
PROCESS = ("MaternGP", {"noise_slope": 0.5, "random_state": SEED})
#: The class of each, and what is not as its library has it by default.
SETTINGS = {
    "linear_regression": ("LinearRegression", {}),
    "sgd": ("SGDRegressor", {"max_iter": 9000, "random_state": SEED}),
    "lasso": ("Lasso", {"alpha": 0.001, "max_iter": 9000, "random_state": SEED}),
    "bayesian_ridge": ("BayesianRidge", {}),
    "k_neighbors": ("KNeighborsRegressor", {"n_neighbors": 15, "algorithm": "brute"}),
    "decision_tree": ("DecisionTreeRegressor", {"min_samples_leaf": 10, "random_state": SEED}),
    "svr": ("SVR", {"C": 10, "epsilon": 0.01}),
    "mlp": ("MLPRegressor", {"max_iter": 3000, "random_state": SEED}),
    "ada_boost": (
        "AdaBoostRegressor",
        {"n_estimators": 150, "learning_rate": 0.1, "random_state": SEED},
    ),
    "gradient_boosting": (
        "GradientBoostingRegressor",
        {
            "n_estimators": 300,
            "learning_rate": 0.03,
            "subsample": 0.5,
            "min_samples_leaf": 5,
            "random_state": SEED,
        },
    ),
    "random_forest": (
        "RandomForestRegressor",
        {"n_estimators": 300, "min_samples_leaf": 5, "random_state": SEED},
    ),
    "xgboost": ("CrossValidated", {"regressor": TREES, "random_state": SEED}),
    "gp": ("Blend", {"members": [("gp", PROCESS, 1, ("G", "PE"))]}),
    "blend": (
        "Blend",
        {
            "members": [
                ("gp", PROCESS, 2, ("G", "PE")),
                ("gp_fine", PROCESS, 2, ()),
                ("trees", TREES, 1, ("G", "PE")),
                ("trees_fine", TREES, 1, ()),
            ]
        },
    ),
    "dummy": ("DummyRegressor", {}),
}
OWN = {"xgboost", "gp", "blend"}


def settings(made):
    """The class of an estimator and what differs from its defaults, inside others too."""
    if isinstance(made, list):
        return [settings(one) for one in made]
    if isinstance(made, Member):
        return (made.name, settings(made.regressor), made.weight, made.without)
    if not isinstance(made, BaseEstimator):
        return made
    usual = {} if type(made).__name__ in {"CrossValidated", "Blend"} else type(made)().get_params()
    usual |= {"folds": 5, "column_groups": None}
    changed = {
        name: settings(value)
        for name, value in made.get_params(deep=False).items()
        if repr(value) != repr(usual.get(name, "needed"))
    }
    return type(made).__name__, changed


def test_every_predictor_of_the_registry_stands_in_this_table():
    assert set(PREDICTORS) == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_predictor_is_made_with_the_settings_it_is_known_for(name):
    assert settings(PREDICTORS[name].make(SEED)) == SETTINGS[name]


@pytest.mark.parametrize("name", SETTINGS)
def test_mbml_s_own_predictors_take_topology_and_doubt_themselves(name):
    found = PREDICTORS[name]
    assert found.intervals == (name in OWN)
    assert found.features == ("topology" if name in OWN else "published")
    assert found.prepare is (standardised if name in OWN else published_preparation)
    assert found.most_rows == (10_000 if name in {"gp", "blend"} else None)
    assert found.name == name


@pytest.mark.parametrize(
    ("view", "factor"),
    [("meta_nasbench201_cifar100_200epochs", 100), ("meta_nasbench101_108epochs", 1)],
)
def test_published_preparation_scales_features_and_fits_the_published_unit(view, factor):
    dataset = meta_dataset(view)
    columns = Columns.of(feature_set("published"), dataset.benchmark)
    scaler, target = PREDICTORS["svr"].build(SEED, columns, dataset)
    assert type(scaler).__name__ == "MinMaxScaler"
    assert settings(target.regressor) == SETTINGS["svr"]
    assert target.transformer.factor == factor
    assert target.check_inverse is False


def test_a_standardised_predictor_is_given_the_groups_and_moments_of_its_columns():
    dataset = meta_dataset("meta_nasbench201_cifar100_200epochs")
    columns = Columns.of(feature_set("topology"), dataset.benchmark)
    scaler, target = PREDICTORS["blend"].build(SEED, columns, dataset, intervals=True)
    assert scaler.means is columns.moments[0]
    assert scaler.deviations is columns.moments[1]
    assert scaler.limit == 4
    assert isinstance(target.regressor, CrossValidated)
    assert target.regressor.random_state == SEED
    assert target.regressor.folds == 5
    assert target.regressor.regressor.column_groups == columns.groups
    assert target.transformer.floor_quantile == 0.05
    assert target.check_inverse is False


def test_intervals_are_calibrated_only_if_asked_for():
    dataset = meta_dataset("meta_nasbench201_cifar100_200epochs")
    columns = Columns.of(feature_set("topology"), dataset.benchmark)
    assert type(PREDICTORS["gp"].build(0, columns, dataset)[-1].regressor).__name__ == "Blend"


def test_the_published_protocol_is_that_of_the_publication():
    assert (DRAWS, FOLDS, FEWEST_ROWS) == (100, 3, 6)
    assert SEEDS == (0, 1, 10, 42, 100, 123, 666, 1000, 1234, 12345)
    assert TRAIN_SIZES == (43, 86, 129, 172, 344, 860)


@pytest.mark.parametrize("name", PUBLISHED_GRIDS)
def test_every_predictor_of_the_published_protocol_learns_from_published_features(name):
    found = published_predictor(name)
    assert (found.name, found.features) == (name, "published")
    assert found.prepare is published_preparation


@pytest.mark.parametrize("name", sorted(set(PUBLISHED_GRIDS) - {"mlp", "xgboost"}))
def test_a_published_search_takes_the_best_r2_of_three_folds_with_its_seed(name):
    search = published_predictor(name).make(SEED)
    assert (search.cv, search.scoring) == (3, "r2")
    inner = search.estimator
    if name in {"linear_regression", "lasso", "bayesian_ridge"}:
        assert all(set(one["normalize"]) <= {False, True} for one in search.param_grid)
        assert all(
            len(key.split("__")) == 2
            for one in search.param_grid
            for key in one
            if key != "normalize"
        )
        inner = inner.regressor
    seeded = {"random_state": SEED} if "random_state" in inner.get_params() else {}
    assert settings(inner) == (SETTINGS[name][0], seeded)
