"""What a model may be made of, and the rules of each estimator's attributes.

Attributes stand in the order in which their rules are asked: a size is known from where it is
named first. What has no rule is kept where it is plain, and no library trusts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mbml.predictors.saved.rules import (
    MOST_JOBS,
    flag,
    number,
    number_array,
    one_of,
    optional,
    size,
    texts_of,
    whole_number,
)

if TYPE_CHECKING:
    from mbml.predictors.saved.rules import Rule

#: As `mbml.predictors.registry` has it for Gaussian processes, whose memory grows with the square.
MOST_ROWS = 10_000
MOST_MEMBERS = 8
_TINY = 1e-18
#: What does not fit the 32 bits of an index would wrap round.
_LAST_INDEX = 2**31 - 1


class EstimatorRules(NamedTuple):
    """A class: its rules, and the names of the attributes that are parts with rules of their own.

    Attributes
    ----------
    rules
        By attribute.
    assemble
        Name of the function in `build` that makes the attributes that are parts.
    made
        Name of the class that is made of it, where it is another: one that predicts the same
        without the library that fitted it.
    """

    rules: dict[str, Rule]
    assemble: str = ""
    made: str = ""


_FEATURES = {"n_features_in_": size("features")}
_NAMES = {"feature_names_in_": optional(texts_of("features"))}
_JOBS = {"n_jobs": optional(whole_number(-1, MOST_JOBS)), "verbose": optional(whole_number(0, 1))}
_ONE = {"n_outputs_": one_of(1)}
_LINEAR = EstimatorRules(_FEATURES | {"coef_": number_array("features"), "intercept_": number()})
_STOCHASTIC = EstimatorRules(
    _FEATURES | {"coef_": number_array("features"), "intercept_": number_array(1)}
)

ESTIMATORS: dict[str, EstimatorRules] = {
    "sklearn.pipeline.Pipeline": EstimatorRules(
        {"memory": one_of(None), "transform_input": optional(one_of(None))},
        "pipeline",
        "mbml.predictors.fitted.FittedPipeline",
    ),
    "sklearn.compose._target.TransformedTargetRegressor": EstimatorRules(
        {
            "func": one_of(None),
            "inverse_func": one_of(None),
            "check_inverse": flag(),
            "_training_dim": one_of(1),
        },
        "target",
        "mbml.predictors.fitted.FittedTarget",
    ),
    "sklearn.preprocessing._data.MinMaxScaler": EstimatorRules(
        _FEATURES
        | _NAMES
        | {
            "scale_": number_array("features"),
            "min_": number_array("features"),
            "copy": flag(),
            "clip": flag(never=True),
        }
    ),
    "mbml.predictors.transforms.Standardise": EstimatorRules(
        _FEATURES
        | _NAMES
        | {
            "means_": number_array("features"),
            "factors_": number_array("features"),
            "limit": number(0),
            "means": optional(number_array("features", gaps=True)),
            "deviations": optional(number_array("features", gaps=True)),
        },
        made="mbml.predictors.fitted.FittedStandardise",
    ),
    "mbml.predictors.transforms.Unit": EstimatorRules(
        _FEATURES | {"factor": number(_TINY)}, made="mbml.predictors.fitted.FittedUnit"
    ),
    "mbml.predictors.transforms.LogError": EstimatorRules(
        _FEATURES | {"floors_": number_array("features", low=0, high=1)},
        made="mbml.predictors.fitted.FittedLogError",
    ),
    "mbml.predictors.intervals.CrossValidated": EstimatorRules(
        _FEATURES | {"_deviation": number(0)},
        "regressor",
        "mbml.predictors.fitted.FittedCrossValidated",
    ),
    "mbml.predictors.blend.Blend": EstimatorRules(
        _FEATURES | {"noise_std_": number(0)}, "blend", "mbml.predictors.fitted.FittedBlend"
    ),
    "mbml.predictors.gp.MaternGP": EstimatorRules(
        _FEATURES
        | {
            "_x": number_array("rows", "features"),
            "_dual": number_array("rows"),
            "_noises": number_array("rows", low=0),
            "_root_weights": number_array("features", low=0),
            "_signal": number(0),
            "_target_mean": number(),
            "_target_std": number(0),
            "noise_std_": number(0),
            "signal_std_": number(0),
            "length_scales_": number_array("features", low=0),
        },
        "process",
        "mbml.predictors.posterior.FittedProcess",
    ),
    "sklearn.linear_model._base.LinearRegression": _LINEAR,
    "sklearn.linear_model._bayes.BayesianRidge": _LINEAR,
    "sklearn.linear_model._coordinate_descent.ElasticNet": _LINEAR,
    "sklearn.linear_model._coordinate_descent.Lasso": _LINEAR,
    "sklearn.linear_model._ridge.Ridge": _LINEAR,
    "sklearn.linear_model._stochastic_gradient.SGDRegressor": _STOCHASTIC,
    "sklearn.dummy.DummyRegressor": EstimatorRules(
        _FEATURES | _ONE | {"constant_": number_array(1, 1)}
    ),
    "sklearn.neighbors._regression.KNeighborsRegressor": EstimatorRules(
        _FEATURES
        | _JOBS
        | {
            "_fit_X": number_array("rows", "features", exact="f8"),
            "_y": number_array("rows"),
            "n_samples_fit_": size("rows"),
            "n_neighbors": whole_number(1, "rows"),
            "p": number(1, 100),
            "weights": one_of("uniform", "distance"),
            "algorithm": one_of("brute", "auto"),
            "metric": one_of("minkowski", "euclidean", "manhattan"),
            "metric_params": one_of(None),
            "effective_metric_": one_of("minkowski", "euclidean", "manhattan"),
            "effective_metric_params_": one_of({}),
            # Search trees are compiled code's own, and cannot be checked.
            "_fit_method": one_of("brute"),
            "_tree": one_of(None),
        }
    ),
    "sklearn.svm._classes.SVR": EstimatorRules(
        _FEATURES
        | {
            "support_": number_array("vectors", low=0, high=_LAST_INDEX, exact="i4"),
            "support_vectors_": number_array("vectors", "features", exact="f8"),
            "_n_support": number_array(2, low=0, high=_LAST_INDEX, exact="i4"),
            "_dual_coef_": number_array(1, "vectors", exact="f8"),
            "dual_coef_": number_array(1, "vectors", exact="f8"),
            "_intercept_": number_array(1, exact="f8"),
            "intercept_": number_array(1, exact="f8"),
            "_probA": number_array(0, exact="f8"),
            "_probB": number_array(0, exact="f8"),
            "_gamma": number(0),
            "coef0": number(),
            "degree": whole_number(0, 100),
            "kernel": one_of("rbf", "linear", "poly", "sigmoid"),
            "cache_size": number(1, 10_000),
            "_sparse": flag(never=True),
        },
        "vectors",
    ),
    "sklearn.neural_network._multilayer_perceptron.MLPRegressor": EstimatorRules(
        _FEATURES
        | _ONE
        | {
            "activation": one_of("relu", "tanh", "logistic", "identity"),
            "out_activation_": one_of("identity"),
        },
        "layers",
    ),
    "sklearn.tree._classes.DecisionTreeRegressor": EstimatorRules(_FEATURES | _ONE, "tree"),
    "sklearn.tree._classes.ExtraTreeRegressor": EstimatorRules(_FEATURES | _ONE, "tree"),
    "sklearn.ensemble._forest.RandomForestRegressor": EstimatorRules(
        _FEATURES | _JOBS | _ONE, "trees"
    ),
    "sklearn.ensemble._forest.ExtraTreesRegressor": EstimatorRules(
        _FEATURES | _JOBS | _ONE, "trees"
    ),
    "sklearn.ensemble._weight_boosting.AdaBoostRegressor": EstimatorRules(
        _FEATURES | {"estimator_weights_": number_array("weights", low=0)}, "trees"
    ),
    "sklearn.ensemble._gb.GradientBoostingRegressor": EstimatorRules(
        _FEATURES | {"learning_rate": number(), "n_trees_per_iteration_": optional(one_of(1))},
        "boosted",
    ),
    "xgboost.sklearn.XGBRegressor": EstimatorRules(
        {
            "booster": one_of(None, "gbtree"),
            # On by default since XGBoost 3.4; a split between categories is refused in boosters.py.
            "enable_categorical": flag(),
            "feature_types": one_of(None),
            "device": one_of(None, "cpu"),
            "n_jobs": optional(whole_number(-1, MOST_JOBS)),
        },
        "booster",
    ),
}

#: What may stand where.
TREES = frozenset(
    {"sklearn.tree._classes.DecisionTreeRegressor", "sklearn.tree._classes.ExtraTreeRegressor"}
)
TRANSFORMERS = frozenset(
    {"sklearn.preprocessing._data.MinMaxScaler", "mbml.predictors.transforms.Standardise"}
)
TARGET_TRANSFORMERS = frozenset(
    {"mbml.predictors.transforms.Unit", "mbml.predictors.transforms.LogError"}
)
_AROUND = frozenset(
    {
        "mbml.predictors.blend.Blend",
        "mbml.predictors.intervals.CrossValidated",
        "sklearn.compose._target.TransformedTargetRegressor",
        "sklearn.pipeline.Pipeline",
    }
)
REGRESSORS = frozenset(ESTIMATORS) - TRANSFORMERS - TARGET_TRANSFORMERS - _AROUND
LAST_STEPS = REGRESSORS | _AROUND - {"sklearn.pipeline.Pipeline"}
