"""Decision trees of scikit-learn: compiled code walks them, and trusts what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.predictors.saved.parts import TREE, RefusedError, SavedPart
from mbml.predictors.saved.rules import number_array, whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAF = -1


def build_tree(part: Any, features: int) -> Any:
    """Make a tree of a part, after checking that every walk through it stays in it and ends.

    Parameters
    ----------
    part
        What the file holds.
    features
        Number of columns that the estimator around it takes.

    Raises
    ------
    RefusedError
        A walk might leave the tree, not end, or give what is no number.
    """
    from sklearn.tree._tree import Tree

    if not isinstance(part, SavedPart) or part.name != TREE or len(part.args) != 3:
        raise RefusedError("is no tree")
    sizes = {"features": features}
    of_features, classes, outputs = part.args
    # The constructor reads as many classes as there are outputs, whatever is there.
    whole_number("features", "features")(of_features, sizes)
    number_array(1, low=1, high=1, exact="i8")(classes, sizes)
    whole_number(1, 1)(outputs, sizes)
    nodes, state = part.state["nodes"], dict(part.state)
    wanted = Tree(1, np.ones(1, np.intp), 1).__getstate__()["nodes"].dtype
    if not isinstance(nodes, np.ndarray) or nodes.dtype.names != wanted.names or nodes.ndim != 1:
        raise RefusedError("has nodes that are none")
    whole_number(1, 2**31)(len(nodes), sizes)
    whole_number(len(nodes), len(nodes))(state["node_count"], sizes)
    whole_number(0, len(nodes))(state["max_depth"], sizes)
    state["nodes"] = nodes = nodes.astype(wanted)
    state["values"] = number_array(len(nodes), 1, 1, exact="f8")(state["values"], sizes)
    inner = np.flatnonzero(nodes["left_child"] != _LEAF)
    check_walks(nodes["left_child"], nodes["right_child"], inner)
    check_splits(nodes["feature"][inner], nodes["threshold"][inner], features)
    tree = Tree(features, np.ones(1, np.intp), 1)
    tree.__setstate__({key: state[key] for key in ("max_depth", "node_count", "nodes", "values")})
    return tree


def check_walks(left: NDArray[Any], right: NDArray[Any], inner: NDArray[np.intp]) -> None:
    """Check that each child stands behind its node, so that every walk ends; raises as above."""
    if len(left) != len(right):
        raise RefusedError("has more left than right children")
    for child in (left[inner], right[inner]):
        if np.any(child <= inner) or np.any(child >= len(left)):
            raise RefusedError("leads out of itself or back")


def check_splits(feature: NDArray[Any], threshold: NDArray[Any], features: int) -> None:
    """Check what the inner nodes ask for; raises as above."""
    if np.any(feature < 0) or np.any(feature >= features):
        raise RefusedError("asks for a feature that is not there")
    if not np.all(np.isfinite(threshold)):
        raise RefusedError("compares with what is no number")
