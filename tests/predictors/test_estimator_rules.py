"""What each attribute of a saved estimator may be, one by one: the bounds and what is past them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from mbml.predictors.registry import PREDICTORS
from mbml.predictors.saved.kinds import (
    ESTIMATORS,
    LAST_STEPS,
    MOST_MEMBERS,
    MOST_ROWS,
    REGRESSORS,
    TARGET_TRANSFORMERS,
    TRANSFORMERS,
    TREES,
)
from mbml.predictors.saved.rules import RefusedError

#: Lengths of what the arrays of these tests belong to.
SIZES = {"features": 2, "rows": 3, "vectors": 4, "weights": 5}
#: Beyond, single precision is infinite, or a product of two is.
MOST = 1e18


class Allowed(NamedTuple):
    """Values that pass, values that do not, and the dtype that comes out."""

    good: list
    bad: list
    dtype: str | None = None


def past(low, high):
    return [np.nextafter(low, -np.inf), np.nextafter(high, np.inf), np.nan]


def number(low=-MOST, high=MOST):
    return Allowed([float(low), float(high)], [*map(float, past(low, high)), "1", None, True])


def whole(low, high):
    return Allowed([low, high], [low - 1, high + 1, float(low), str(low)])


def array(*shape, low=-MOST, high=MOST, dtype=None, gaps=False):
    def filled(value):
        made = np.full(shape, float(low))
        made.flat[-1] = value
        return made

    longer = [np.full(tuple(np.add(shape, one)), low) for one in np.eye(len(shape), dtype=int)]
    bad = [] if 0 in shape else [filled(one) for one in past(low, high)]
    good = [np.zeros(shape)] if 0 in shape else [filled(low), filled(high)]
    if gaps:
        good.append(bad.pop())
    return Allowed(good, [*bad, *longer, np.full((*shape, 1), low), [low], None], dtype)


def choice(*values):
    others = ["another", 7, 2.0, [], None]
    return Allowed(list(values), [one for one in others if one not in values])


def or_none(allowed):
    return Allowed([*allowed.good, None], [one for one in allowed.bad if one is not None])


FLAG = Allowed([True, False], [0, 1, None, "True"])
FALSE = Allowed([False], [True, 0, None])
NONE = Allowed([None], [False, 0, "x"])
FEATURES = {"n_features_in_": Allowed([2], [0, 1, 3, 2.0, None])}
NAMES = {"feature_names_in_": Allowed([["a", "b"], None], [["a"], ["a", 1], "ab"])}
ONE_OUTPUT = {"n_outputs_": Allowed([1], [0, 2, True, 1.0, None])}
THREADS = {"n_jobs": or_none(whole(-1, 64))}
FOREST = FEATURES | ONE_OUTPUT | THREADS | {"verbose": or_none(whole(0, 1))}
LINEAR = FEATURES | {"coef_": array(2), "intercept_": number()}
METRICS = ("minkowski", "euclidean", "manhattan")

ALLOWED = {
    "Pipeline": {"memory": NONE, "transform_input": NONE},
    "TransformedTargetRegressor": {
        "func": NONE,
        "inverse_func": NONE,
        "check_inverse": FLAG,
        "_training_dim": choice(1),
    },
    "MinMaxScaler": FEATURES
    | NAMES
    | {"scale_": array(2), "min_": array(2), "copy": FLAG, "clip": FALSE},
    "Standardise": FEATURES
    | NAMES
    | {
        "means_": array(2),
        "factors_": array(2),
        "limit": number(0),
        "means": or_none(array(2, gaps=True)),
        "deviations": or_none(array(2, gaps=True)),
    },
    "Unit": FEATURES | {"factor": number(1e-18)},
    "LogError": FEATURES | {"floors_": array(2, low=0, high=1)},
    "CrossValidated": FEATURES | {"_deviation": number(0)},
    "Blend": FEATURES | {"noise_std_": number(0)},
    "MaternGP": FEATURES
    | {
        "_x": array(3, 2),
        "_dual": array(3),
        "_noises": array(3, low=0),
        "_root_weights": array(2, low=0),
        "_signal": number(0),
        "_target_mean": number(),
        "_target_std": number(0),
        "noise_std_": number(0),
        "signal_std_": number(0),
        "length_scales_": array(2, low=0),
    },
    "LinearRegression": LINEAR,
    "BayesianRidge": LINEAR,
    "ElasticNet": LINEAR,
    "Lasso": LINEAR,
    "Ridge": LINEAR,
    "SGDRegressor": FEATURES | {"coef_": array(2), "intercept_": array(1)},
    "DummyRegressor": FEATURES | ONE_OUTPUT | {"constant_": array(1, 1)},
    "KNeighborsRegressor": FEATURES
    | THREADS
    | {
        "verbose": or_none(whole(0, 1)),
        "_fit_X": array(3, 2, dtype="f8"),
        "_y": array(3),
        "n_samples_fit_": Allowed([3], [0, 2, 4, 3.0, None]),
        "n_neighbors": whole(1, 3),
        "p": number(1, 100),
        "weights": choice("uniform", "distance"),
        "algorithm": choice("brute", "auto"),
        "metric": choice(*METRICS),
        "metric_params": NONE,
        "effective_metric_": choice(*METRICS),
        "effective_metric_params_": choice({}),
        "_fit_method": choice("brute"),
        "_tree": NONE,
    },
    "SVR": FEATURES
    | {
        "support_": array(4, low=0, high=2**31 - 1, dtype="i4"),
        "support_vectors_": array(4, 2, dtype="f8"),
        "_n_support": array(2, low=0, high=2**31 - 1, dtype="i4"),
        "_dual_coef_": array(1, 4, dtype="f8"),
        "dual_coef_": array(1, 4, dtype="f8"),
        "_intercept_": array(1, dtype="f8"),
        "intercept_": array(1, dtype="f8"),
        "_probA": array(0, dtype="f8"),
        "_probB": array(0, dtype="f8"),
        "_gamma": number(0),
        "coef0": number(),
        "degree": whole(0, 100),
        "kernel": choice("rbf", "linear", "poly", "sigmoid"),
        "cache_size": number(1, 10_000),
        "_sparse": FALSE,
    },
    "MLPRegressor": FEATURES
    | ONE_OUTPUT
    | {
        "activation": choice("relu", "tanh", "logistic", "identity"),
        "out_activation_": choice("identity"),
    },
    "DecisionTreeRegressor": FEATURES | ONE_OUTPUT,
    "ExtraTreeRegressor": FEATURES | ONE_OUTPUT,
    "RandomForestRegressor": FOREST,
    "ExtraTreesRegressor": FOREST,
    "AdaBoostRegressor": FEATURES | {"estimator_weights_": array(5, low=0)},
    "GradientBoostingRegressor": FEATURES
    | {"learning_rate": number(), "n_trees_per_iteration_": or_none(choice(1))},
    "XGBRegressor": {
        "booster": choice(None, "gbtree"),
        "enable_categorical": FLAG,
        "feature_types": NONE,
        "device": choice(None, "cpu"),
        "n_jobs": or_none(whole(-1, 64)),
    },
}
#: What stands inside an estimator is checked by a function of its own.
ASSEMBLED = {
    "Pipeline": "pipeline",
    "TransformedTargetRegressor": "target",
    "CrossValidated": "regressor",
    "Blend": "blend",
    "MaternGP": "process",
    "SVR": "vectors",
    "MLPRegressor": "layers",
    "DecisionTreeRegressor": "tree",
    "ExtraTreeRegressor": "tree",
    "RandomForestRegressor": "trees",
    "ExtraTreesRegressor": "trees",
    "AdaBoostRegressor": "trees",
    "GradientBoostingRegressor": "boosted",
    "XGBRegressor": "booster",
}
#: Attributes that a saved estimator may lack.
MAY_BE_MISSING = {
    "transform_input",
    "feature_names_in_",
    "n_jobs",
    "verbose",
    "means",
    "deviations",
    "n_trees_per_iteration_",
}
BY_CLASS = {name.rpartition(".")[2]: kind for name, kind in ESTIMATORS.items()}
EACH = [(kind, name) for kind, rules in ALLOWED.items() for name in rules]


def test_every_attribute_with_a_rule_stands_in_this_table():
    assert {kind: set(found.rules) for kind, found in BY_CLASS.items()} == {
        kind: set(rules) for kind, rules in ALLOWED.items()
    }


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_what_is_allowed_passes_as_it_is_and_nothing_past_it_does(kind, name):
    rule, allowed = BY_CLASS[kind].rules[name], ALLOWED[kind][name]
    for value in allowed.good:
        found = rule(value, dict(SIZES))
        assert np.array_equal(found, value, equal_nan=isinstance(value, np.ndarray))
        if isinstance(value, np.ndarray):
            assert found.dtype == (allowed.dtype or "f8")
            single = rule(np.zeros_like(value, dtype="f4"), dict(SIZES))
            assert single.dtype == (allowed.dtype or "f4")
    for value in allowed.bad:
        with pytest.raises(RefusedError):
            rule(value, dict(SIZES))


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_an_attribute_may_be_missing_where_nothing_is_lost(kind, name):
    assert hasattr(BY_CLASS[kind].rules[name], "may_be_missing") == (name in MAY_BE_MISSING)


@pytest.mark.parametrize("kind", ALLOWED)
def test_estimators_with_others_inside_are_put_together_by_a_function(kind):
    assert BY_CLASS[kind].assemble == ASSEMBLED.get(kind, "")


def test_an_estimator_stands_only_where_it_belongs():
    def short(names):
        return {name.rpartition(".")[2] for name in names}

    outer = {"Blend", "CrossValidated", "TransformedTargetRegressor"}
    assert short(TREES) == {"DecisionTreeRegressor", "ExtraTreeRegressor"}
    assert short(TRANSFORMERS) == {"MinMaxScaler", "Standardise"}
    assert short(TARGET_TRANSFORMERS) == {"Unit", "LogError"}
    regressors = set(ALLOWED) - short(TRANSFORMERS | TARGET_TRANSFORMERS) - outer - {"Pipeline"}
    assert short(REGRESSORS) == regressors
    assert short(LAST_STEPS) == regressors | outer


def test_a_model_holds_no_more_rows_and_members_than_can_be_trained():
    assert MOST_ROWS == PREDICTORS["gp"].most_rows == 10_000
    assert MOST_MEMBERS == 8
