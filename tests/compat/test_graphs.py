"""What NAS-Bench-101's own tests ask of its specs and graphs, stated anew."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from mbml.compat import graph_util
from mbml.compat.model_spec import ModelSpec, is_upper_triangular


def matrix(*edges, size):
    linked = np.zeros((size, size), dtype=int)
    for source, target in edges:
        linked[source, target] = 1
    return linked


CHAIN = matrix((0, 1), (1, 2), size=3)
DIAMOND = matrix((0, 1), (0, 2), (1, 3), (2, 3), size=4)


@pytest.mark.parametrize(
    ("given", "live"),
    [
        (CHAIN, [0, 1, 2]),
        (DIAMOND, [0, 1, 2, 3]),
        (matrix((0, 1), (1, 3), size=4), [0, 1, 3]),  # an island
        (matrix((0, 1), (1, 4), (2, 3), size=5), [0, 1, 4]),  # an island of two
        (matrix((0, 1), (0, 2), (2, 3), size=4), [0, 2, 3]),  # leads nowhere
        (matrix((0, 2), (1, 3), (2, 3), size=4), [0, 2, 3]),  # comes from nowhere
    ],
)
def test_a_spec_is_pruned_to_what_lies_on_paths(given, live):
    ops = list(range(10, 10 + len(given)))
    spec = ModelSpec(given, ops)
    assert spec.valid_spec
    assert spec.matrix.tolist() == given[np.ix_(live, live)].tolist()
    assert spec.ops == [ops[vertex] for vertex in live]
    assert (spec.original_matrix == given).all()
    assert spec.original_ops == ops


@pytest.mark.parametrize(
    "given", [matrix(size=2), matrix((0, 1), (2, 3), size=4), matrix((1, 2), size=4)]
)
def test_a_spec_without_a_path_is_invalid(given):
    spec = ModelSpec(given, [0] * len(given))
    assert not spec.valid_spec
    assert spec.matrix is spec.ops is None
    with pytest.raises(TypeError, match="disconnected"):
        spec.hash_spec(["conv"])


def test_a_spec_keeps_what_it_was_given():
    given, ops = CHAIN.copy(), ["input", "maxpool3x3", "output"]
    spec = ModelSpec(given, ops)
    given[0, 2] = 1
    ops[1] = "other"
    assert spec.original_matrix[0, 2] == spec.matrix[0, 2] == 0
    assert spec.original_ops[1] == spec.ops[1] == "maxpool3x3"


def test_upper_triangular():
    for wanted, rows in (
        (True, np.zeros((4, 4))),
        (True, np.triu(np.ones((4, 4)), 1)),
        (True, [[0]]),
        (False, [[1]]),
        (False, np.tril(np.ones((4, 4)))),
        (False, matrix((0, 1), (2, 0), size=4)),
        (False, np.eye(3)),
    ):
        assert is_upper_triangular(np.array(rows)) is wanted


def test_full_graphs():
    for wanted, given in (
        (True, CHAIN),
        (True, matrix((0, 1), (0, 2), (1, 2), size=3)),
        (True, DIAMOND),
        (False, matrix((0, 2), (1, 2), size=3)),
        (False, matrix((0, 1), (0, 2), size=3)),
        (False, matrix((0, 2), (1, 3), (2, 4), size=5)),
        (False, matrix((0, 2), (1, 3), size=4)),
        (False, matrix((0, 1), (1, 3), size=4)),
    ):
        assert graph_util.is_full_dag(given) is wanted


def test_edges_come_from_bits_column_by_column():
    pairs = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    for bits in range(64):
        function = graph_util.gen_is_edge_fn(bits)
        found = np.fromfunction(function, (4, 4), dtype=np.int8)
        edges = [pair for place, pair in enumerate(pairs) if bits >> place & 1]
        assert (found == matrix(*edges, size=4)).all()
        assert graph_util.num_edges(found) == len(edges)


def test_permuted_graphs():
    given = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 1]])
    for order in permutations(range(3)):
        permuted, labels = graph_util.permute_graph(given, ["a", "b", "c"], order)
        for source, target in product(range(3), repeat=2):
            assert permuted[order[source], order[target]] == given[source, target]
        assert [labels[place] for place in order] == ["a", "b", "c"]


def test_isomorphic_graphs_share_a_hash_and_others_do_not():
    """Of labelled graphs with four vertices, cycles included."""
    draws = np.random.default_rng(0)
    graphs = [(draws.integers(0, 2, (4, 4)), draws.integers(0, 2, 4).tolist()) for _ in range(40)]
    for graph, other in product(graphs, graphs[:20]):
        same = graph_util.hash_module(*graph) == graph_util.hash_module(*other)
        assert same == graph_util.is_isomorphic(graph, other)


def test_a_permutation_of_any_size_changes_no_hash():
    draws = np.random.default_rng(1)
    for _ in range(60):
        size = int(draws.integers(3, 20))
        given, labels = draws.integers(0, 2, (size, size)), draws.integers(0, 10, size).tolist()
        order = draws.permutation(size).tolist()
        permuted = graph_util.permute_graph(given, labels, order)
        assert graph_util.hash_module(*permuted) == graph_util.hash_module(given, labels)


def test_hashes_heed_labels_directions_and_the_vertices_own():
    chain = matrix((0, 1), (1, 2), (2, 3), (3, 4), size=5)
    skip = matrix((0, 1), (0, 3), (1, 2), (2, 3), size=4)
    for given, one, other in (
        (chain, [-1, 1, 0, 0, -2], [-1, 0, 0, 1, -2]),
        (skip, [-1, 1, 0, -2], [-1, 0, 1, -2]),
    ):
        assert graph_util.hash_module(given, one) != graph_util.hash_module(given, other)
    with pytest.raises(AssertionError, match="labels do not fit"):
        graph_util.hash_module(chain, [1, 2])
    with pytest.raises(AssertionError, match="differ in size"):
        graph_util.is_isomorphic((chain, [0] * 5), (skip, [0] * 4))


def test_a_spec_outside_the_domain_has_a_hash():
    """Nine vertices, and operations of one's own; also as `graph_util` numbers them."""
    size, names = 9, ["a", "b"]
    given = np.triu(np.ones((size, size), dtype=int), 1)
    ops = ["input", *(names[vertex % 2] for vertex in range(size - 2)), "output"]
    labels = [-1, *(vertex % 2 for vertex in range(size - 2)), -2]
    found = ModelSpec(given, ops).hash_spec(names)
    assert found == graph_util.hash_module(given, labels)
    assert found != ModelSpec(given, ops).hash_spec(names[::-1])
