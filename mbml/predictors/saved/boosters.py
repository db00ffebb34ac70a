"""Boosted trees of XGBoost: its own bytes are read, checked, and written anew.

XGBoost reads only what is written here, so a byte that this reader takes otherwise does no harm.
Settings of its training are left out; one thread predicts.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from mbml.predictors.saved.parts import BOOSTER, RefusedError, SavedPart
from mbml.predictors.saved.rules import number_array, one_of, whole_number
from mbml.predictors.saved.trees import check_splits, check_walks
from mbml.predictors.saved.ubjson import decode, encode

_LEAF = -1
_NO_PARENT = 2**31 - 1
_NUMBER = re.compile(r"\[?(-?\d+(?:\.\d+)?(?:E-?\d+)?)\]?")
#: Arrays of a tree, each with an entry a node: what it is written as, and its rule.
_FLOATS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
_INDICES = ("left_children", "right_children", "parents", "split_indices")
_FLAGS = ("default_left", "split_type")


def build_booster(part: Any, features: int | None) -> Any:
    """Make a booster of a part, as `build_tree` does; its own features count if None are given."""
    from xgboost import Booster

    if (
        not isinstance(part, SavedPart)
        or part.name != BOOSTER
        or type(part.state["handle"]) is not bytes
    ):
        raise RefusedError("is no booster")
    held = decode(part.state["handle"])
    checked = _model(held["Model"], features)
    booster = Booster({"nthread": 1})
    booster.load_model(bytearray(encode(checked)))
    return booster


def _model(held: dict[str, Any], wanted: int | None) -> dict[str, Any]:
    learner = held["learner"]
    boosted = learner["gradient_booster"]
    one_of("gbtree")(boosted["name"], {})
    one_of("reg:squarederror")(learner["objective"]["name"], {})
    trees = boosted["model"]["trees"]
    if not isinstance(trees, list) or not trees:
        raise RefusedError("has no trees")
    parameters = learner["learner_model_param"]
    features = whole_number(1, 2**31)(int(parameters["num_feature"]), {})
    if wanted not in (None, features):
        raise RefusedError(f"takes {features} features, expected {wanted}")
    start = _NUMBER.fullmatch(parameters["base_score"])
    if start is None or not abs(float(start[1])) < 1e18:
        raise RefusedError("starts from what is no number")
    version = number_array(3, low=0, high=1000)(np.array(held["version"]), {})
    made = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
        "iteration_indptr": list(range(len(trees) + 1)),
        "tree_info": [0] * len(trees),
        "trees": [_tree(tree, number, features) for number, tree in enumerate(trees)],
        "cats": {
            "enc": [],
            "feature_segments": np.zeros(0, "i4"),
            "sorted_idx": np.zeros(0, "i4"),
        },
    }
    kept = {"num_feature": str(features), "num_class": "0", "num_target": "1"}
    return {
        "learner": {
            "attributes": _attributes(learner, len(trees)),
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {"model": made, "name": "gbtree"},
            "learner_model_param": {
                **kept,
                "base_score": parameters["base_score"],
                "boost_from_average": "1",
            },
            "objective": {
                "name": "reg:squarederror",
                "reg_loss_param": {"scale_pos_weight": "1"},
            },
        },
        "version": [int(one) for one in version],
    }


def _attributes(learner: dict[str, Any], trees: int) -> dict[str, str]:
    """Keep where a training that was stopped early ends, which prediction asks for."""
    if "best_iteration" not in learner["attributes"]:
        return {}
    best = whole_number(0, trees - 1)(int(learner["attributes"]["best_iteration"]), {})
    one_of("1")(learner["gradient_booster"]["model"]["gbtree_model_param"]["num_parallel_tree"], {})
    return {"best_iteration": str(best)}


def _tree(tree: dict[str, Any], number: int, features: int) -> dict[str, Any]:
    count = len(tree["left_children"])
    whole_number(1, 2**31 - 1)(count, {})
    made: dict[str, Any] = {
        name: number_array(count)(tree[name], {}).astype("f4") for name in _FLOATS
    }
    for name in _INDICES:
        rule = number_array(count, low=_LEAF, high=_NO_PARENT, exact="i4")
        made[name] = rule(tree[name], {})
    # A split between categories would read tables that are not checked here.
    for name, most in zip(_FLAGS, (1, 0), strict=True):
        made[name] = number_array(count, low=0, high=most, exact="u1")(tree[name], {})
    left, right = made["left_children"], made["right_children"]
    inner = np.flatnonzero(left != _LEAF)
    check_walks(left, right, inner)
    check_splits(made["split_indices"][inner], made["split_conditions"][inner], features)
    _check_parents(made, inner)
    return made | {
        "id": number,
        "categories": np.zeros(0, "i4"),
        "categories_nodes": np.zeros(0, "i4"),
        "categories_segments": np.zeros(0, "i8"),
        "categories_sizes": np.zeros(0, "i8"),
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(features),
            "num_nodes": str(count),
            "size_leaf_vector": "1",
        },
    }


def _check_parents(tree: dict[str, Any], inner: Any) -> None:
    """Check that the children of each node, and they alone, name it; raises `RefusedError`."""
    expected = np.full(len(tree["parents"]), _NO_PARENT, "i4")
    expected[tree["left_children"][inner]] = inner
    expected[tree["right_children"][inner]] = inner
    leaves = tree["left_children"] == _LEAF
    if np.any(tree["right_children"][leaves] != _LEAF):
        raise RefusedError("has a node with one child")
    if not np.array_equal(expected, tree["parents"]):
        raise RefusedError("has children that name another parent")
