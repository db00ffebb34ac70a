"""From parts to estimators: every attribute passes its rule before the object that has it is made.

What a prediction does not use is left out, so that it needs no rule.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.predictors.fitted import Member
from mbml.predictors.saved.boosters import build_booster
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
from mbml.predictors.saved.parts import MEMBER, RefusedError, SavedPart
from mbml.predictors.saved.rules import number, number_array, plain
from mbml.predictors.saved.trees import build_tree
from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mbml.predictors.saved.rules import Sizes

_BLEND = "mbml.predictors.blend.Blend"
_CROSS_VALIDATED = "mbml.predictors.intervals.CrossValidated"


def build(part: Any) -> Any:
    """Make the estimator that a model is.

    Raises
    ------
    RefusedError
        An attribute is missing, or not what the estimator's own sizes say.
    """
    return _fitted(part, {}, ESTIMATORS)


def _fitted(part: Any, sizes: Sizes, among: Collection[str]) -> Any:
    if not isinstance(part, SavedPart) or part.name not in among:
        what = part if isinstance(part, SavedPart) else quoted(part)
        raise RefusedError(f"has {what} where another estimator belongs")
    kind = ESTIMATORS[part.name]
    found = _class(part.name)
    # A name of the class would hide its method.
    state = {
        name: _template(one)
        for name, one in part.state.items()
        if (plain(one) or not name.endswith("_")) and not hasattr(found, name)
    }
    for name, rule in kind.rules.items():
        if name in part.state:
            state[name] = _ruled(part, name, rule, sizes)
        elif not hasattr(rule, "may_be_missing"):
            raise RefusedError(f"has {part} without {name}")
    if kind.assemble:
        state |= _ASSEMBLE[kind.assemble](part, sizes)
    return _made(found, state)


def _ruled(part: SavedPart, name: str, rule: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return rule(part.state[name], *arguments)
    except RefusedError as error:
        raise RefusedError(f"has {part}.{name} that {error}") from None


def _made(found: Any, state: dict[str, Any]) -> Any:
    made = found.__new__(found)
    if "__setstate__" in vars(found):
        made.__setstate__(state)
    else:
        vars(made).update(state)
    return made


def _class(name: str) -> Any:
    module, _, attribute = (ESTIMATORS[name].made or name).rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _template(value: Any) -> Any:
    """Return what an estimator was made with: plain values, and estimators that are not fitted."""
    if isinstance(value, list | tuple):
        return type(value)(map(_template, value))
    if isinstance(value, SavedPart) and value.name == MEMBER:
        return Member(*map(_template, value.args))
    if isinstance(value, SavedPart) and value.name in ESTIMATORS:
        found = _class(value.name)
        state = value.state.items()
        return _made_unfitted(
            found, {k: _template(v) for k, v in state if not k.endswith("_") and k[0] != "_"}
        )
    return value if plain(value) else None


def _made_unfitted(found: Any, state: dict[str, Any]) -> Any:
    made = found.__new__(found)
    vars(made).update({name: one for name, one in state.items() if not hasattr(found, name)})
    return made


def _inside(part: SavedPart, name: str, features: int, among: Collection[str]) -> Any:
    return _fitted(part.state.get(name), {"features": features}, among)


def _only_features(sizes: Sizes) -> Sizes:
    return {name: one for name, one in sizes.items() if name == "features"}


def _pipeline(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    steps = part.state["steps"]
    if not isinstance(steps, list) or not steps:
        raise RefusedError("has a Pipeline without steps")
    made: list[Any] = []
    # The last first: what it was fitted on is the size that counts.
    for name, step in reversed(steps):
        if not isinstance(name, str):
            raise RefusedError("has a step without a name")
        inner = _only_features(sizes)
        made.insert(0, (name, _fitted(step, inner, TRANSFORMERS if made else LAST_STEPS)))
        sizes["features"] = inner["features"]
    return {"steps": made}


def _target(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    inner = _only_features(sizes)
    regressor = _fitted(part.state["regressor_"], inner, {*REGRESSORS, _BLEND, _CROSS_VALIDATED})
    sizes["features"] = inner["features"]
    return {
        "regressor_": regressor,
        "transformer_": _inside(part, "transformer_", 1, TARGET_TRANSFORMERS),
    }


def _regressor(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    among = {*REGRESSORS, _BLEND}
    return {"regressor_": _inside(part, "regressor_", sizes["features"], among)}


def _blend(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    members, fitted = part.state["members"], part.state["regressors_"]
    groups = part.state["column_groups"]
    if not isinstance(members, list) or not 0 < len(members) <= MOST_MEMBERS:
        raise RefusedError(f"has a Blend whose members are not 1 to {MOST_MEMBERS}")
    if not isinstance(fitted, dict) or list(fitted) != [one.args[0] for one in members]:
        raise RefusedError("has a Blend of other members than it says")
    if groups is not None and (not plain(groups) or len(groups) != sizes["features"]):
        raise RefusedError("has a Blend whose column_groups are not one a feature")
    regressors = {}
    for member in members:
        name, _, weight, without = member.args
        number(low=1e-9)(weight, {})
        if not isinstance(without, tuple) or not plain(without):
            raise RefusedError("has a Blend with a member that is none")
        seen = sizes["features"]
        if groups is not None and without:
            seen = sum(group not in without for group in groups)
        if not seen:
            raise RefusedError("has a Blend with a member that sees no feature")
        regressors[name] = _fitted(fitted[name], {"features": seen}, REGRESSORS)
    return {
        "regressors_": regressors,
        "members": _template(members),
        "column_groups": groups,
    }


def _process(_: SavedPart, sizes: Sizes) -> dict[str, Any]:
    if sizes["rows"] > MOST_ROWS:
        raise RefusedError(f"has a MaternGP of {sizes['rows']:,} rows; at most {MOST_ROWS:,} fit")
    return {}


def _vectors(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    if np.any(part.state["_n_support"] != sizes["vectors"]):
        raise RefusedError("has SVR._n_support that counts other support vectors")
    return {}


def _layers(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    weights, offsets = part.state["coefs_"], part.state["intercepts_"]
    for one in (weights, offsets):
        if not isinstance(one, list) or len(one) != len(weights) or not one:
            raise RefusedError("has MLPRegressor.coefs_ without as many intercepts_")
    width: int | str = sizes["features"]
    layers = []
    for number_, (weight, offset) in enumerate(zip(weights, offsets, strict=True), start=1):
        name: int | str = 1 if number_ == len(weights) else "width"
        inner: Sizes = {}
        try:
            layers.append(
                (number_array(width, name)(weight, inner), number_array(name)(offset, inner))
            )
        except RefusedError as error:
            raise RefusedError(f"has a layer of MLPRegressor that {error}") from None
        width = inner.get("width", 1)
    coefs, intercepts = map(list, zip(*layers, strict=True))
    return {"coefs_": coefs, "intercepts_": intercepts, "n_layers_": len(layers) + 1}


def _tree(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    return {"tree_": _ruled(part, "tree_", build_tree, sizes["features"])}


def _forest(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    trees = part.state["estimators_"]
    if not isinstance(trees, list) or not trees:
        raise RefusedError(f"has {part} without trees")
    if "weights" in sizes:
        used = part.state["estimator_weights_"][: len(trees)]
        if len(used) < len(trees) or not np.sum(used) > 0:
            raise RefusedError(f"has {part} whose trees have no weight")
    features = sizes["features"]
    return {"estimators_": [_fitted(one, {"features": features}, TREES) for one in trees]}


def _boosted(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    from sklearn._loss.loss import HalfSquaredError

    features, rows = sizes["features"], part.state["estimators_"]
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == 1 for row in rows
    ):
        raise RefusedError(f"has {part} whose trees are not one a step")
    made = np.empty((len(rows), 1), dtype=object)
    for place, [tree] in enumerate(rows):
        made[place, 0] = _fitted(tree, {"features": features}, TREES)
    first = _inside(part, "init_", features, {"sklearn.dummy.DummyRegressor"})
    # Each loss of regression predicts the sum as it is.
    return {"estimators_": made, "init_": first, "_loss": HalfSquaredError()}


def _booster(part: SavedPart, sizes: Sizes) -> dict[str, Any]:
    booster = _ruled(part, "_Booster", build_booster, sizes.get("features"))
    sizes["features"] = booster.num_features()
    return {"_Booster": booster}


_ASSEMBLE: dict[str, Callable[[SavedPart, Sizes], dict[str, Any]]] = {
    "pipeline": _pipeline,
    "target": _target,
    "regressor": _regressor,
    "blend": _blend,
    "process": _process,
    "vectors": _vectors,
    "layers": _layers,
    "tree": _tree,
    "trees": _forest,
    "boosted": _boosted,
    "booster": _booster,
}
