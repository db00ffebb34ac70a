"""From the parts of a saved model to an estimator: each refusal, and what just passes.

The parts are those of small models, changed after they were read: `test_doctored_models.py` changes
files, and uses them in another process.
"""

from __future__ import annotations

import copy
import io
import zipfile

import numpy as np
import pytest
from doctored import small_model, unpack

from mbml.predictors.registry import PREDICTORS
from mbml.predictors.saved.boosters import _check_parents, _model
from mbml.predictors.saved.build import _process, build
from mbml.predictors.saved.kinds import ESTIMATORS
from mbml.predictors.saved.parts import MEMBER, RefusedError, SavedPart, read_parts
from mbml.predictors.saved.trees import build_tree, check_splits, check_walks
from mbml.predictors.saved.ubjson import decode, encode

GONE = object()


def parts_of(predictor):
    _, data = unpack(small_model(predictor))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return copy.deepcopy(read_parts(archive, ESTIMATORS))


def found_in(value, name):
    """Every part of a class inside a part, the outermost first."""
    if isinstance(value, SavedPart):
        if str(value) == name:
            yield value
        yield from found_in([value.args, value.state], name)
    elif isinstance(value, dict):
        yield from found_in(list(value.values()), name)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from found_in(one, name)


def fitted(model, name):
    """The first part of a class that is more than what another one was made with."""
    for part in found_in(model, name):
        if {"_Booster", "steps"} & set(part.state) or any(one.endswith("_") for one in part.state):
            return part
    raise AssertionError(f"no {name}")


def changed(predictor, name, attribute, new):
    """The parts of a model, one attribute of one of them another."""
    model = parts_of(predictor)
    part = fitted(model, name)
    value = new(part.state[attribute]) if callable(new) else new
    if value is GONE:
        del part.state[attribute]
    else:
        part.state[attribute] = value
    return model


REFUSED = [
    ("dummy", "Pipeline", "steps", [], "Pipeline without steps"),
    ("dummy", "Pipeline", "steps", {}, "Pipeline without steps"),
    ("dummy", "Pipeline", "steps", lambda one: [(7, one[0][1]), *one[1:]], "step without a name"),
    ("dummy", "Pipeline", "steps", lambda one: one[::-1], "where another estimator belongs"),
    ("dummy", "Pipeline", "steps", lambda one: one[:1], "where another estimator belongs"),
    ("dummy", "MinMaxScaler", "scale_", GONE, "MinMaxScaler without scale_"),
    ("dummy", "MinMaxScaler", "min_", lambda one: one[:-1], "MinMaxScaler.min_ that has the shape"),
    ("dummy", "MinMaxScaler", "n_features_in_", 5, "MinMaxScaler.n_features_in_ that is 5"),
    ("dummy", "TransformedTargetRegressor", "regressor_", "x", "'x' where another estimator"),
    ("dummy", "TransformedTargetRegressor", "transformer_", None, "None where another estimator"),
    (
        "dummy",
        "TransformedTargetRegressor",
        "transformer_",
        SavedPart("sklearn.preprocessing._data.MinMaxScaler", {}),
        "MinMaxScaler where another estimator",
    ),
    (
        "dummy",
        "TransformedTargetRegressor",
        "regressor_",
        SavedPart("sklearn.pipeline.Pipeline", {}),
        "Pipeline where another estimator",
    ),
    ("xgboost", "CrossValidated", "regressor_", None, "None where another estimator"),
    ("gp", "Blend", "members", [], "members are not 1 to 8"),
    ("gp", "Blend", "members", lambda one: one * 9, "members are not 1 to 8"),
    ("gp", "Blend", "members", tuple, "members are not 1 to 8"),
    ("gp", "Blend", "regressors_", {}, "other members than it says"),
    ("gp", "Blend", "regressors_", list, "other members than it says"),
    ("gp", "Blend", "column_groups", lambda one: one[:-1], "column_groups are not one a feature"),
    ("gp", "Blend", "column_groups", lambda one: [*one[:-1], {1}], "are not one a feature"),
    ("gp", "Blend", "column_groups", lambda one: ["G"] * len(one), "sees no feature"),
    ("gp", "MaternGP", "_dual", lambda one: one[:-1], r"MaternGP\._dual that has the shape"),
    ("svr", "SVR", "_n_support", lambda one: one + 1, "counts other support vectors"),
    (
        "svr",
        "SVR",
        "_n_support",
        lambda one: one + np.array([0, 1]),
        "counts other support vectors",
    ),
    ("mlp", "MLPRegressor", "coefs_", [], "coefs_ without as many intercepts_"),
    ("mlp", "MLPRegressor", "intercepts_", lambda one: one[:-1], "without as many intercepts_"),
    ("mlp", "MLPRegressor", "intercepts_", tuple, "without as many intercepts_"),
    ("mlp", "MLPRegressor", "coefs_", lambda one: one[::-1], "a layer of MLPRegressor that has"),
    (
        "mlp",
        "MLPRegressor",
        "coefs_",
        lambda one: [*one[:-1], np.repeat(one[-1], 2, axis=1)],
        "a layer of MLPRegressor that has",
    ),
    (
        "mlp",
        "MLPRegressor",
        "intercepts_",
        lambda one: [one[0][:-1], *one[1:]],
        "a layer of MLPRegressor that has",
    ),
    ("random_forest", "RandomForestRegressor", "estimators_", [], "without trees"),
    ("random_forest", "RandomForestRegressor", "estimators_", tuple, "without trees"),
    ("ada_boost", "AdaBoostRegressor", "estimator_weights_", lambda one: one * 0, "have no weight"),
    ("ada_boost", "AdaBoostRegressor", "estimator_weights_", lambda one: one[:1], "have no weight"),
    ("gradient_boosting", "GradientBoostingRegressor", "init_", None, "another estimator belongs"),
    *(
        ("gradient_boosting", "GradientBoostingRegressor", "estimators_", new, "one a step")
        for new in (
            tuple,
            lambda one: [*one, []],
            lambda one: [*one, one[0] * 2],
            lambda one: [(one[0][0],)],
        )
    ),
    ("decision_tree", "DecisionTreeRegressor", "tree_", None, "tree_ that is no tree"),
    ("xgboost", "XGBRegressor", "_Booster", None, "_Booster that is no booster"),
]


@pytest.mark.parametrize(("predictor", "part", "attribute", "new", "said"), REFUSED)
def test_what_does_not_fit_is_refused(predictor, part, attribute, new, said):
    with pytest.raises(RefusedError, match=said):
        build(changed(predictor, part, attribute, new))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("predictor", PREDICTORS)
def test_what_was_written_is_built(predictor):
    model = build(parts_of(predictor))
    found = model.predict(np.linspace(0, 1, 3 * model[0].n_features_in_).reshape(3, -1))
    assert np.isfinite(found).all()


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_network_may_have_several_layers_that_join():
    model = parts_of("mlp")
    state = fitted(model, "MLPRegressor").state
    first, last = state["coefs_"]
    state["coefs_"] = [first, np.full((first.shape[1], 4), 0.1), np.full((4, 1), 0.1)]
    state["intercepts_"] = [state["intercepts_"][0], np.zeros(4), np.ones(1)]
    built = build(model)
    assert built[-1].regressor_.n_layers_ == 4
    assert np.isfinite(built.predict(np.zeros((2, 6)))).all()
    for place, wrong in ((1, np.zeros((9, 5))), (2, np.zeros((5, 1))), (2, last)):
        other = copy.deepcopy(model)
        fitted(other, "MLPRegressor").state["coefs_"][place] = wrong
        with pytest.raises(RefusedError, match="a layer of MLPRegressor"):
            build(other)


PASSES = [
    ("ada_boost", "AdaBoostRegressor", "estimator_weights_", lambda one: np.append(one, 0)),
    ("dummy", "MinMaxScaler", "feature_names_in_", GONE),
    ("k_neighbors", "KNeighborsRegressor", "n_neighbors", 40),
    ("random_forest", "RandomForestRegressor", "n_jobs", None),
]


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(("predictor", "part", "attribute", "new"), PASSES)
def test_what_just_fits_is_built(predictor, part, attribute, new):
    model = build(changed(predictor, part, attribute, new))
    rows = np.zeros((2, model[0].n_features_in_))
    assert np.isfinite(model.predict(rows)).all()


def test_attributes_that_are_named_like_a_method_are_left_out():
    model = parts_of("dummy")
    model.state["predict"] = 1
    fitted(model, "DummyRegressor").state.update({"score": 1, "own_": object(), "own": "text"})
    built = build(model)
    assert callable(built.predict)
    dummy = built[-1].regressor_
    assert callable(dummy.score)
    assert not hasattr(dummy, "own_")
    assert dummy.own == "text"


@pytest.mark.parametrize(
    ("weight", "without"), [(0, ()), (-1, ()), (np.nan, ()), ("1", ()), (1, ["G"]), (1, ({1},))]
)
def test_a_member_has_a_weight_and_names_of_groups(weight, without):
    model = parts_of("gp")
    blend = fitted(model, "Blend")
    name, regressor, *_ = blend.state["members"][0].args
    blend.state["members"] = [SavedPart(MEMBER, {}, (name, regressor, weight, without))]
    with pytest.raises(RefusedError):
        build(model)


def test_a_member_sees_the_columns_of_its_groups_alone():
    model = build(parts_of("blend"))
    blend = model[-1].regressor_.regressor_
    groups = np.array(blend.column_groups)
    coarse = ~np.isin(groups, ["G", "PE"])
    assert blend.regressors_["gp"].n_features_in_ == coarse.sum() < len(groups)
    assert blend.regressors_["gp_fine"].n_features_in_ == len(groups)
    assert [member.weight for member in blend.members] == [2, 2, 1, 1]


def test_a_process_has_no_more_rows_than_can_be_trained():
    assert _process(SavedPart("x", {}), {"rows": 10_000}) == {}
    with pytest.raises(RefusedError, match="of 10,001 rows; at most 10,000 fit"):
        _process(SavedPart("x", {}), {"rows": 10_001})


def tree_parts():
    return next(found_in(parts_of("decision_tree"), "Tree"))


@pytest.mark.parametrize(
    ("attribute", "new", "said"),
    [
        ("nodes", lambda one: one[:0], "is 0, expected 1 to"),
        ("nodes", lambda one: one[:, None], "has nodes that are none"),
        ("nodes", lambda one: one["threshold"], "has nodes that are none"),
        ("nodes", lambda one: one.tolist(), "has nodes that are none"),
        ("node_count", lambda one: one + 1, "expected"),
        ("node_count", lambda one: one - 1, "expected"),
        ("max_depth", -1, "expected 0 to"),
        ("max_depth", 10**6, "expected 0 to"),
        ("values", lambda one: one[:-1], "has the shape"),
        ("values", lambda one: np.repeat(one, 2, axis=1), "has the shape"),
        ("values", lambda one: np.repeat(one, 2, axis=2), "has the shape"),
        ("values", lambda one: one * np.nan, "holds numbers that are not"),
    ],
)
def test_a_tree_has_the_nodes_and_values_that_it_says(attribute, new, said):
    part = tree_parts()
    value = part.state[attribute]
    part.state[attribute] = new(value) if callable(new) else new
    with pytest.raises(RefusedError, match=said):
        build_tree(part, part.args[0])


@pytest.mark.parametrize(
    ("place", "new"),
    [(0, 7), (1, np.array([2])), (1, np.array([0])), (1, np.array([1, 1])), (2, 2), (2, 0)],
)
def test_a_tree_is_made_with_one_output_of_one_class(place, new):
    part = tree_parts()
    arguments = [*part.args]
    features, arguments[place] = arguments[0], new
    with pytest.raises(RefusedError):
        build_tree(SavedPart(part.name, part.state, tuple(arguments)), features)
    with pytest.raises(RefusedError, match="is no tree"):
        build_tree(SavedPart(part.name, part.state, part.args[:2]), features)
    with pytest.raises(RefusedError, match="is no tree"):
        build_tree(SavedPart("another", part.state, part.args), features)
    assert build_tree(part, features).node_count == part.state["node_count"]


#: A root, its right child a leaf, its left child with two leaves.
LEFT, RIGHT, INNER = np.array([1, 3, -1, -1, -1]), np.array([2, 4, -1, -1, -1]), np.array([0, 1])


def put(array, place, value):
    found = array.copy()
    found[place] = value
    return found


def test_a_walk_that_goes_down_to_a_leaf_is_sound():
    check_walks(LEFT, RIGHT, INNER)
    check_walks(LEFT[:0], RIGHT[:0], INNER[:0])


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("place", "child"), [(0, 0), (1, 1), (1, 0), (0, -1), (0, 5), (1, 5), (1, -2)]
)
def test_a_walk_that_leaves_the_tree_or_comes_back_is_not(side, place, child):
    left = put(LEFT, place, child) if side == "left" else LEFT
    right = put(RIGHT, place, child) if side == "right" else RIGHT
    with pytest.raises(RefusedError, match="leads out of itself or back"):
        check_walks(left, right, INNER)


def test_a_tree_has_as_many_left_as_right_children():
    with pytest.raises(RefusedError, match="more left than right"):
        check_walks(LEFT, RIGHT[:-1], INNER)


@pytest.mark.parametrize("feature", [0, 2])
def test_splits_ask_for_features_that_are_there(feature):
    check_splits(np.array([1, feature]), np.array([0.5, -1e300]), 3)


@pytest.mark.parametrize(
    ("feature", "threshold", "said"),
    [
        (-1, 0.5, "a feature that is not there"),
        (3, 0.5, "a feature that is not there"),
        (1, np.nan, "what is no number"),
        (1, np.inf, "what is no number"),
    ],
)
def test_splits_that_ask_for_anything_else_are_refused(feature, threshold, said):
    with pytest.raises(RefusedError, match=said):
        check_splits(np.array([1, feature]), np.array([0.5, threshold]), 3)


def held():
    """What the bytes of a small XGBoost model hold."""
    return decode(next(found_in(parts_of("xgboost"), "Booster")).state["handle"])["Model"]


def features_of(model):
    return int(model["learner"]["learner_model_param"]["num_feature"])


def test_a_booster_is_read_and_written_as_it_was():
    """Trees alike; a number is written as XGBoost itself writes it."""
    given = held()
    checked = _model(copy.deepcopy(given), features_of(given))
    again = decode(encode(checked))
    assert again["version"] == given["version"]
    trees = [one["learner"]["gradient_booster"]["model"]["trees"] for one in (given, again)]
    assert len(trees[0]) == len(trees[1]) == 6
    for number, (one, two) in enumerate(zip(*trees, strict=True)):
        assert two["id"] == number
        for name in ("left_children", "right_children", "parents", "split_indices", "default_left"):
            assert np.asarray(two[name]).tolist() == np.asarray(one[name]).tolist()
        for name in ("base_weights", "split_conditions", "sum_hessian", "loss_changes"):
            np.testing.assert_array_equal(np.asarray(one[name], "f4"), two[name])
        assert not np.any(two["split_type"])
        assert two["tree_param"]["num_nodes"] == str(len(one["left_children"]))
        assert two["tree_param"]["num_feature"] == str(features_of(given))
    model = again["learner"]["gradient_booster"]["model"]
    assert model["gbtree_model_param"] == {"num_parallel_tree": "1", "num_trees": "6"}
    assert list(model["iteration_indptr"]) == list(range(7))
    assert list(model["tree_info"]) == [0] * 6
    parameters = again["learner"]["learner_model_param"]
    score = given["learner"]["learner_model_param"]["base_score"]
    assert parameters["base_score"] == score
    assert (parameters["num_class"], parameters["num_target"]) == ("0", "1")


def change_booster(place, new):
    def change(model):
        *path, last = place
        holder = model
        for key in path:
            holder = holder[key]
        holder[last] = new(holder[last]) if callable(new) else new

    return change


LEARNER = ("learner",)
PARAMETERS = (*LEARNER, "learner_model_param")
TREE = (*LEARNER, "gradient_booster", "model", "trees", 0)


@pytest.mark.parametrize(
    ("place", "new"),
    [
        ((*LEARNER, "gradient_booster", "name"), "gblinear"),
        ((*LEARNER, "objective", "name"), "reg:logistic"),
        ((*LEARNER, "gradient_booster", "model", "trees"), []),
        ((*LEARNER, "gradient_booster", "model", "trees"), {}),
        ((*PARAMETERS, "num_feature"), "0"),
        ((*PARAMETERS, "num_feature"), lambda one: str(int(one) + 1)),
        ((*PARAMETERS, "base_score"), "x"),
        ((*PARAMETERS, "base_score"), "1E18"),
        ((*PARAMETERS, "base_score"), "-1000000000000000000"),
        ((*PARAMETERS, "base_score"), "5E-1]]"),
        ((*PARAMETERS, "base_score"), "nan"),
        (("version",), [1, 2]),
        (("version",), [1, 2, -1]),
        (("version",), [1, 2, 1001]),
        ((*LEARNER, "attributes"), {"best_iteration": "6"}),
        ((*LEARNER, "attributes"), {"best_iteration": "-1"}),
        *(
            ((*TREE, name), lambda one: np.asarray(one)[:-1])
            for name in (
                *("base_weights", "loss_changes", "split_conditions", "sum_hessian"),
                *("right_children", "parents", "split_indices", "default_left", "split_type"),
            )
        ),
        *(
            ((*TREE, name), lambda one, new=new: put(np.asarray(one, "f8"), 0, new))
            for name, new in (
                *((name, np.nan) for name in ("base_weights", "loss_changes", "sum_hessian")),
                *(("default_left", one) for one in (-1, 2)),
                *(("split_type", one) for one in (-1, 1)),
                *(("split_indices", one) for one in (-1, 10**6)),
                *(("left_children", one) for one in (-2, 0, 10**6)),
                *(("parents", one) for one in (-1, 0, 2**31)),
            )
        ),
    ],
)
def test_a_booster_that_is_not_as_it_says_is_refused(place, new):
    model = held()
    features = features_of(model)
    change_booster(place, new)(model)
    with pytest.raises(RefusedError):
        _model(model, features)


@pytest.mark.parametrize(
    ("place", "new"),
    [
        ((*PARAMETERS, "base_score"), "[5E-1]"),
        ((*PARAMETERS, "base_score"), "-0.25"),
        ((*PARAMETERS, "base_score"), "9E17"),
        (("version",), [0, 1000, 3]),
        ((*LEARNER, "attributes"), {"best_iteration": "5"}),
        ((*LEARNER, "attributes"), {"best_iteration": "0", "other": "x"}),
        ((*TREE, "default_left"), lambda one: np.ones(len(one), "u1")),
    ],
)
def test_a_booster_that_is_allowed_is_read(place, new):
    model = held()
    features = features_of(model)
    change_booster(place, new)(model)
    best = model["learner"]["attributes"].get("best_iteration")
    found = _model(model, features)
    assert found["learner"]["attributes"] == ({"best_iteration": best} if best else {})
    assert found["version"] == list(model["version"])
    # Without an estimator around it that says how many, its own features count.
    assert features_of(_model(model, None)) == features


def test_a_node_with_one_child_is_refused():
    tree = {
        "left_children": LEFT,
        "right_children": put(RIGHT, 3, 4),
        "parents": np.array([2**31 - 1, 0, 0, 1, 1]),
    }
    with pytest.raises(RefusedError, match="a node with one child"):
        _check_parents(tree, INNER)
    _check_parents(tree | {"right_children": RIGHT}, INNER)
    for place in range(5):
        parents = put(tree["parents"], place, 3)
        with pytest.raises(RefusedError, match="name another parent"):
            _check_parents(tree | {"right_children": RIGHT, "parents": parents}, INNER)
