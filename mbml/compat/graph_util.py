"""NAS-Bench-101's functions of graphs: matrices with a label on every vertex.

Names and signatures are those of `nasbench.lib.graph_util`, with `is_upper_triangular` of
`nasbench.lib.model_spec`.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.compat.opening import QueryError
from mbml.spaces.nasbench101.module_hash import module_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    #: A matrix and the labels of its vertices.
    Graph = tuple[ArrayLike, Sequence[Any]]


def gen_is_edge_fn(bits: int) -> Callable[..., Any]:
    """Return a function of rows and columns that tells whether there is an edge.

    Parameters
    ----------
    bits
        Edges above the diagonal, column by column from the lowest bit on.

    Examples
    --------
    >>> np.fromfunction(gen_is_edge_fn(0b101), (3, 3), dtype=np.int8).tolist()
    [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    """

    def is_edge(source: int, target: int) -> int:
        place = int(source) + int(target) * (int(target) - 1) // 2
        return bits >> place & 1 if source < target else 0

    return np.vectorize(is_edge)


def is_upper_triangular(matrix: ArrayLike) -> bool:
    """Tell whether a matrix is 0 on the diagonal and below."""
    return not np.tril(matrix).any()


def is_full_dag(matrix: ArrayLike) -> bool:
    """Tell whether every vertex but the last has an edge out, and every one but the first one in.

    An upper-triangular matrix then has all its vertices on paths from the first to the last.
    """
    linked = np.asarray(matrix) != 0
    return bool(linked[:-1].any(axis=1).all() and linked[:, 1:].any(axis=0).all())


def num_edges(matrix: ArrayLike) -> Any:
    """Return the sum of a matrix."""
    return np.sum(matrix)


def hash_module(matrix: ArrayLike, labeling: Sequence[int]) -> str:
    """Return the hash of a graph, which isomorphic graphs share.

    Parameters
    ----------
    matrix
        Square, of 0 and 1; cycles are allowed.
    labeling
        A whole number for every vertex: in the benchmark -1 for the input, -2 for the output, else
        the operation's place in `config["available_ops"]`.

    Raises
    ------
    QueryError
        There are as many labels as vertices in no dimension.
    """
    given = np.asarray(matrix)
    if given.shape != (len(labeling),) * 2:
        raise QueryError(f"{len(labeling)} labels do not fit a matrix of shape {given.shape}")
    return module_hash(given.tolist(), [int(label) for label in labeling])


def permute_graph(
    graph: ArrayLike, label: Sequence[Any], permutation: Sequence[int]
) -> tuple[NDArray[np.bool_], list[Any]]:
    """Return a graph whose vertex `permutation[v]` is vertex v of the given one."""
    order = np.argsort(permutation)
    return (np.asarray(graph) == 1)[np.ix_(order, order)], [label[vertex] for vertex in order]


def is_isomorphic(graph1: Graph, graph2: Graph) -> bool:
    """Tell whether one of the orders of its vertices makes one graph the other; tries them all.

    Raises
    ------
    QueryError
        They are of different sizes.
    """
    (matrix1, label1), (matrix2, label2) = graph1, graph2
    wanted, labels = np.asarray(matrix2), list(label2)
    if np.shape(matrix1) != wanted.shape or len(label1) != len(labels):
        raise QueryError(f"graphs of shapes {np.shape(matrix1)} and {wanted.shape} differ in size")
    return any(
        permuted == labels and np.array_equal(matrix, wanted)
        for matrix, permuted in (
            permute_graph(matrix1, label1, order) for order in permutations(range(len(labels)))
        )
    )
