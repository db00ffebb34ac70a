"""A doctored model is refused, or predicts finite numbers: it never ends the process.

`tests/helpers/doctored.py` makes the models, and `tools/fuzzing/models.py` changes others.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from doctored import CELLS, Entries, Process, pack, small_model, unpack, write
from fuzzing.models import change
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mbml.errors import SourceError
from mbml.predictors.models import list_models, load_model
from mbml.predictors.registry import PREDICTORS

pytestmark = pytest.mark.slow

NAN, INFINITE = float("nan"), float("inf")


@pytest.fixture(scope="module")
def process():
    made = Process()
    yield made
    made.close()


def value(name, new):
    """Set a number or a text of a part."""

    def doctor(part, _):
        kind = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
        part[name] = {**kind, "content": json.dumps(new)}

    return doctor


def entry(name, new, place=0, field=None):
    """Set an entry of an array of a part."""

    def put(array):
        (array if field is None else array[field]).reshape(-1)[place] = new

    return lambda part, entries: entries.array(part[name], put)


def array(name, new):
    """Put another array in the place of one."""
    return lambda part, entries: entries.array(part[name], new)


def without(name):
    return lambda part, _: part.pop(name)


def layer_short(part, entries):
    entries.array(part["coefs_"]["content"][0], lambda one: one[:, :-1])


def node(field, new):
    """Set a field of a tree's first node."""
    return entry("nodes", new, field=field)


def boosted(name, new):
    """Set the first entry of an array of the first boosted tree."""

    def put(held):
        tree = held["gradient_booster"]["model"]["trees"][0]
        tree[name] = np.array(tree[name])
        tree[name][0] = new

    return lambda _, entries: entries.booster(put)


def tree_arguments(place, new):
    """Change what a tree is made with."""

    def doctor(part, entries):
        for _, _, one in entries.nodes():
            if one["__class__"] == "Tree" and one["content"]["content"] is part:
                value(place, new)(one["__reduce__"]["args"]["content"], entries)

    return doctor


def of_other_features(part, entries):
    """A tree that says of itself that it has more features, and asks for one of them."""
    tree_arguments(0, 10**9)(part, entries)
    node("feature", 10**8)(part, entries)


def loop(part, entries):
    entry("nodes", 0, field="left_child")(part, entries)


def huge(part, entries):
    for name in ("_x", "_dual", "_noises"):
        entries.array(part[name], lambda one: np.resize(one, (10_001, *one.shape[1:])))


def short(one):
    return one[:-1]


KINDS = {
    # Scaling, target, pipeline.
    "scaler without a factor": ("linear_regression", "MinMaxScaler", array("scale_", short)),
    "scaler with NaN": ("linear_regression", "MinMaxScaler", entry("min_", NAN)),
    "scaler of more features": ("linear_regression", "MinMaxScaler", value("n_features_in_", 7)),
    "scaler of texts": ("dummy", "MinMaxScaler", array("scale_", lambda one: one.astype("U9"))),
    "moments with NaN": ("gp", "Standardise", entry("means_", NAN)),
    "limit of NaN": ("gp", "Standardise", value("limit", NAN)),
    "unit of 0": ("dummy", "Unit", value("factor", 0)),
    "unit of another view": ("dummy", "Unit", value("factor", 1.0)),
    "floor above 1": ("gp", "LogError", entry("floors_", 2.0)),
    "steps that are none": ("dummy", "Pipeline", value("steps", [])),
    "a function for the target": ("dummy", "TransformedTargetRegressor", value("func", "x")),
    "an attribute named like a method": ("dummy", "Pipeline", value("predict", 1)),
    "an attribute named like a check": ("gp", "Blend", value("checked", 1)),
    "no names of features": ("dummy", "MinMaxScaler", value("feature_names_in_", None)),
    # Linear models, neighbours, vectors, layers.
    "a weight too few": ("linear_regression", "LinearRegression", array("coef_", short)),
    "a weight of NaN": ("lasso", "Lasso", entry("coef_", NAN)),
    "an infinite weight": ("sgd", "SGDRegressor", entry("coef_", INFINITE)),
    "complex weights": ("bayesian_ridge", "BayesianRidge", array("coef_", lambda a: a + 1j)),
    "a constant of NaN": ("dummy", "DummyRegressor", entry("constant_", NAN)),
    "a constant too many": ("dummy", "DummyRegressor", array("constant_", lambda a: a.repeat(2))),
    "a neighbour too few": ("k_neighbors", "KNeighborsRegressor", array("_fit_X", short)),
    "more neighbours than rows": ("k_neighbors", "KNeighborsRegressor", value("n_neighbors", 41)),
    "no neighbour": ("k_neighbors", "KNeighborsRegressor", value("n_neighbors", 0)),
    "a search tree": ("k_neighbors", "KNeighborsRegressor", value("_fit_method", "kd_tree")),
    "a metric of one's own": (
        "k_neighbors",
        "KNeighborsRegressor",
        value("effective_metric_", "precomputed"),
    ),
    "a million threads": ("random_forest", "RandomForestRegressor", value("n_jobs", 10**6)),
    "support vectors too few": ("svr", "SVR", array("support_vectors_", short)),
    "dual weights too few": ("svr", "SVR", array("_dual_coef_", lambda one: one[:, :-1])),
    "counts of other vectors": ("svr", "SVR", entry("_n_support", 10**8)),
    "no support": ("svr", "SVR", array("support_", lambda one: one[:0])),
    "a precomputed kernel": ("svr", "SVR", value("kernel", "precomputed")),
    "sparse vectors": ("svr", "SVR", value("_sparse", new=True)),
    "layers that do not join": ("mlp", "MLPRegressor", layer_short),
    "a layer too many": ("mlp", "MLPRegressor", value("intercepts_", [])),
    "an unknown activation": ("mlp", "MLPRegressor", value("activation", "x")),
    # Processes, blends, intervals.
    "rows of other features": ("gp", "MaternGP", array("_x", lambda one: one[:, :-1])),
    "a dual weight too few": ("gp", "MaternGP", array("_dual", short)),
    "negative noise": ("gp", "MaternGP", entry("_noises", -1.0)),
    "a row of NaN": ("gp", "MaternGP", entry("_x", NAN)),
    "more rows than fit": ("gp", "MaternGP", huge),
    "a negative deviation": ("gp", "CrossValidated", value("_deviation", -1.0)),
    "a deviation of NaN": ("xgboost", "CrossValidated", value("_deviation", NAN)),
    "no deviation": ("blend", "CrossValidated", without("_deviation")),
    "groups of other columns": ("blend", "Blend", value("column_groups", ["G"])),
    "members of other names": ("blend", "Blend", value("regressors_", {})),
    # Trees.
    "a child out of the tree": ("decision_tree", "Tree", node("left_child", 10**8)),
    "a child that loops": ("decision_tree", "Tree", loop),
    "a negative child": ("random_forest", "Tree", node("right_child", -7)),
    "a feature out of the tree": ("ada_boost", "Tree", node("feature", 10**8)),
    "a feature of the tree's own": ("gradient_boosting", "Tree", of_other_features),
    "a tree of more features": ("decision_tree", "Tree", tree_arguments(0, 7)),
    "more outputs than classes": ("decision_tree", "Tree", tree_arguments(2, 10**9)),
    "a threshold of NaN": ("random_forest", "Tree", node("threshold", NAN)),
    "a leaf of NaN": ("gradient_boosting", "Tree", entry("values", NAN)),
    "more nodes than are there": ("decision_tree", "Tree", value("node_count", 10**8)),
    "no nodes": ("decision_tree", "Tree", array("nodes", lambda one: one[:0])),
    "nodes of another type": ("ada_boost", "Tree", array("nodes", lambda one: one["threshold"])),
    "weights of trees too few": (
        "ada_boost",
        "AdaBoostRegressor",
        array("estimator_weights_", lambda one: one[:1]),
    ),
    "trees without weight": (
        "ada_boost",
        "AdaBoostRegressor",
        array("estimator_weights_", lambda one: one * 0),
    ),
    "a forest without trees": ("random_forest", "RandomForestRegressor", value("estimators_", [])),
    "an infinite rate": (
        "gradient_boosting",
        "GradientBoostingRegressor",
        value("learning_rate", INFINITE),
    ),
    # Boosters.
    "boosted: a child at 1e8": ("xgboost", "Booster", boosted("left_children", 10**8)),
    "boosted: a feature at 2e8": ("xgboost", "Booster", boosted("split_indices", 2 * 10**8)),
    "boosted: a child that loops": ("blend", "Booster", boosted("right_children", 0)),
    "boosted: a negative child": ("xgboost", "Booster", boosted("left_children", -7)),
    "boosted: a parent elsewhere": ("xgboost", "Booster", boosted("parents", 10**8)),
    "boosted: a split by category": ("xgboost", "Booster", boosted("split_type", 1)),
    "boosted: a threshold of NaN": ("xgboost", "Booster", boosted("split_conditions", NAN)),
    "boosted: no bytes": ("xgboost", "Booster", value("handle", None)),
    "another booster": ("xgboost", "XGBRegressor", value("booster", "gblinear")),
}


def doctored(predictor, part, doctor):
    text, model = unpack(small_model(predictor))
    entries = Entries.read(model)
    doctor(entries.fitted(part), entries)
    return pack(text, entries)


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_what_is_not_doctored_predicts(process, tmp_path, predictor):
    write(tmp_path / "models", small_model(predictor))
    assert process.ending(tmp_path / "models") == "predicted"


#: What prediction does not look at is left out, and does no harm.
HARMLESS = {
    "an attribute named like a method",
    "an attribute named like a check",
    "no names of features",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_doctored_model_is_refused(process, tmp_path, kind):
    write(tmp_path / "models", doctored(*KINDS[kind]))
    expected = "predicted" if kind in HARMLESS else "refused"
    assert process.ending(tmp_path / "models") == expected


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"predictor": "svr"}, "predictor: is svr, but the model is made of DummyRegressor"),
        ({"features": "topology"}, "features: are topology, but the model takes 6 other"),
        ({"view": "meta_nasbench101_4epochs"}, "benchmark: is 'nasbench201', but the view is of"),
        ({"view": "x"}, "view: is 'x', no view"),
        ({"dataset": "cifar10"}, "dataset: is 'cifar10', but the view is of cifar100"),
        ({"target": 5}, "target: is 5, expected a text"),
        ({"train_size": "many"}, "train_size: is 'many', expected an integer"),
        ({"train_size": True}, "train_size: is True, expected an integer"),
        ({"kendall_tau": NAN}, "kendall_tau: is nan, expected a number"),
        ({"mae": [1]}, r"mae: is \[1\], expected a number"),
        ({"surrogate": "no"}, "surrogate: is 'no', expected a flag"),
        ({"note": {"a": 1}}, "note: is .*, expected a text or null"),
        ({"note": "x" * 10**5}, "longer than a card's entry"),
        ({"more": [[[[[[1]]]]]]}, "nested too deeply"),
    ],
)
def test_a_card_that_contradicts_its_model(tmp_path, entry, message):
    text, model = unpack(small_model("dummy"))
    write(tmp_path / "models", pack(json.loads(text) | entry, Entries.read(model)))
    with pytest.raises(SourceError, match=message):
        load_model("small", folder=tmp_path / "models")


def test_a_model_that_overflows_is_refused_where_it_predicts(tmp_path):
    text, model = unpack(small_model("svr"))
    entries = Entries.read(model)
    for name in ("_dual_coef_", "support_vectors_"):
        entries.array(entries.fitted("SVR")[name], lambda one: np.full_like(one, 1e18))
    for name, new in {"kernel": "poly", "degree": 90}.items():
        value(name, new)(entries.fitted("SVR"), entries)
    write(tmp_path / "models", pack(text, entries))
    with pytest.raises(SourceError, match=r"small\.skops: makes a model that cannot predict"):
        load_model("small", folder=tmp_path / "models").predict(CELLS)


@pytest.mark.parametrize("predicted", [[NAN] * 3, [0.5] * 2, ["x"] * 3])
def test_predictions_are_as_many_numbers_as_cells(tmp_path, predicted):
    write(tmp_path / "models", small_model("dummy"))
    model = load_model("small", folder=tmp_path / "models")
    pipeline = make_pipeline(FunctionTransformer(), DummyRegressor())
    pipeline.predict = lambda _: np.array(predicted)
    with pytest.raises(SourceError, match="cannot predict"):
        replace(model, pipeline=pipeline).predict(CELLS)


def test_a_huge_schema_is_refused(tmp_path, process):
    text, model = unpack(small_model("dummy"))
    entries = Entries.read(model)
    entries.schema["x"] = "x" * 2**26
    write(tmp_path / "models", pack(text, entries))
    assert process.ending(tmp_path / "models") == "refused"


def test_one_bad_card_leaves_the_others_listed(tmp_path):
    write(tmp_path / "models", small_model("dummy"), "good")
    for name, text in {
        "cut": b"{",
        "typed": b'{"format": 2, "name": "a", "model_sha256": "b", "train_size": "\\u001b[2J"}',
    }.items():
        (tmp_path / "models" / f"{name}.json").write_bytes(text)
    (tmp_path / "models" / "folder.json").mkdir()
    cards = {card["name"]: card for card in list_models(tmp_path / "models")}
    assert cards["good"]["predictor"] == "dummy"
    assert "is no model card" in cards["cut"]["problem"]
    assert "train_size: is '\\x1b[2J'" in cards["typed"]["problem"]
    assert "folder.json" in cards["folder"]["problem"]


@pytest.mark.slow
def test_no_doctored_model_ends_the_process(process, tmp_path):
    chance = random.Random(5)
    seeds = [small_model(name) for name in PREDICTORS]
    endings = []
    for number in range(300):
        data = change(chance, seeds[number % len(seeds)])
        folder = tmp_path / str(number)
        write(folder, data)
        endings.append(process.ending(folder))
    print({one: endings.count(one) for one in set(endings)})
    assert endings.count("refused") > 120
    assert endings.count("predicted") > 30
