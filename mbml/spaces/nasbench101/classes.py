"""All 423,624 cells of NAS-Bench-101, found from nothing, one for each isomorphism class.

A skeleton is a graph without labels, held as one integer: bit k stands for the k-th pair (u, v),
u < v, in row-major order. Of a skeleton's renumberings that keep edges upwards the smallest
integer is canonical; of a canonical skeleton's labellings, those that no automorphism makes
smaller. Nothing is compared pairwise, so the whole space takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np

from mbml.spaces.nasbench101.rules import INPUT, MAX_EDGES, MAX_NODES, OPERATIONS, OUTPUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Cells with nothing to prune, renumberings apart, and isomorphism classes of all cells.
CELLS, CLASSES = 1_293_208, 423_624

_LOW_BITS = 11  # a renumbering is looked up in two tables, for the low and the high bits


@dataclass(frozen=True, eq=False)
class Skeletons:
    """All graphs of one number of vertices with nothing to prune and at most nine edges.

    Attributes
    ----------
    nodes
        Number of vertices.
    numbered
        Every graph as an integer, renumberings apart, ascending.
    canonical
        Those of them that are the smallest of their renumberings.
    labelled
        Shape (canonical, 3 ** interior vertices): whether a labelling is the smallest of those
        that the graph's automorphisms make of it. Labellings count in base 3, the first interior
        vertex the highest digit.
    """

    nodes: int
    numbered: NDArray[np.int64]
    canonical: NDArray[np.int64]
    labelled: NDArray[np.bool_]

    @property
    def classes(self) -> int:
        """Number of isomorphism classes of cells."""
        return int(np.count_nonzero(self.labelled))

    @property
    def cells(self) -> int:
        """Number of cells, renumberings apart."""
        return int(len(self.numbered) * len(OPERATIONS) ** (self.nodes - 2))

    def matrices(self, graphs: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Unpack integers to adjacency matrices, shape (graphs, nodes, nodes)."""
        matrices = np.zeros((len(graphs), self.nodes, self.nodes), dtype=np.uint8)
        for bit, (u, v) in enumerate(combinations(range(self.nodes), 2)):
            matrices[:, u, v] = graphs >> bit & 1
        return matrices

    def texts(
        self, graphs: NDArray[np.int64], labellings: NDArray[np.int64]
    ) -> list[tuple[str, str]]:
        """Write cells as the benchmark's file does: pairs of adjacency bits and operations."""
        digits = self.matrices(graphs) + np.uint8(ord("0"))
        bits, size = digits.tobytes().decode("ascii"), self.nodes * self.nodes
        names = _operation_texts(self.nodes)
        return [
            (bits[start : start + size], names[labelling])
            for start, labelling in zip(range(0, len(bits), size), labellings.tolist(), strict=True)
        ]


def _operation_texts(nodes: int) -> list[str]:
    interior = nodes - 2
    rows = np.arange(3**interior)[:, None] // 3 ** np.arange(interior - 1, -1, -1) % 3
    return [",".join([INPUT, *(OPERATIONS[d] for d in row), OUTPUT]) for row in rows.tolist()]


@cache
def skeletons(nodes: int) -> Skeletons:
    """Find all skeletons of 2 to 7 vertices and their labellings."""
    graphs = _live_graphs(nodes)
    smallest = graphs.copy()
    pairs = list(combinations(range(nodes), 2))
    renumberings = [(0, *inner, nodes - 1) for inner in permutations(range(1, nodes - 1))]
    for order in renumberings:
        np.minimum(smallest, _renumbered(graphs, pairs, order), out=smallest)
    canonical = graphs[smallest == graphs]
    digits = np.arange(3 ** (nodes - 2))
    labelled = np.ones((len(canonical), len(digits)), dtype=np.bool_)
    for order in renumberings:
        symmetric = _renumbered(canonical, pairs, order) == canonical
        labelled[symmetric] &= digits <= _relabelled(digits, order)
    return Skeletons(nodes, graphs, canonical, labelled)


def _live_graphs(nodes: int) -> NDArray[np.int64]:
    """List the graphs in which every vertex has an edge in and an edge out where it must."""
    pairs = list(combinations(range(nodes), 2))
    edges = np.zeros(1, dtype=np.int8)  # of each graph: np.bitwise_count came with NumPy 2
    for _ in pairs:
        edges = np.concatenate([edges, edges + 1])
    graphs = np.flatnonzero(edges <= MAX_EDGES)
    for vertex in range(nodes):
        for side, needless in ((0, nodes - 1), (1, 0)):
            if vertex != needless:
                mask = sum(1 << k for k, pair in enumerate(pairs) if pair[side] == vertex)
                graphs = graphs[graphs & mask != 0]
    return graphs


def _renumbered(
    graphs: NDArray[np.int64], pairs: list[tuple[int, int]], order: tuple[int, ...]
) -> NDArray[np.int64]:
    """Give vertex v the number order[v]; -> a huge integer where an edge would go downwards."""
    place = {pair: bit for bit, pair in enumerate(pairs)}
    downwards = 1 << len(pairs)
    moved = [1 << place.get((order[u], order[v]), len(pairs)) for u, v in pairs]
    low = _sums(moved[:_LOW_BITS])
    high = _sums(moved[_LOW_BITS:])
    result = low[graphs & (1 << _LOW_BITS) - 1] | high[graphs >> _LOW_BITS]
    return np.where(result & downwards, np.iinfo(np.int64).max, result)


def _sums(values: list[int]) -> NDArray[np.int64]:
    """Combine by `or` the values of every subset, the subset's integer as index."""
    table = np.zeros(1, dtype=np.int64)
    for value in values:
        table = np.concatenate([table, table | value])
    return table


def _relabelled(labellings: NDArray[np.int64], order: tuple[int, ...]) -> NDArray[np.int64]:
    """Move each interior vertex's base-3 digit to the place that the renumbering gives it."""
    interior = len(order) - 2
    result = np.zeros_like(labellings)
    for vertex in range(1, interior + 1):
        digit = labellings // 3 ** (interior - vertex) % 3
        result += digit * 3 ** (interior - order[vertex])
    return result


def class_texts(max_nodes: int = MAX_NODES) -> list[tuple[str, str]]:
    """List one cell for each class as the benchmark's file writes it, smaller cells first.

    Parameters
    ----------
    max_nodes
        Leave out larger cells.

    Returns
    -------
    list of tuple
        Pairs of row-major adjacency bits and comma-joined operations.
    """
    found: list[tuple[str, str]] = []
    for nodes in range(2, max_nodes + 1):
        found += class_texts_at(nodes, np.arange(skeletons(nodes).classes))
    return found


def class_texts_at(nodes: int, places: NDArray[np.int64]) -> list[tuple[str, str]]:
    """Write the cells with a number of vertices at places among the classes of that number."""
    return _class_texts(skeletons(nodes), places)


def cells_at(places: NDArray[np.int64]) -> list[tuple[str, str]]:
    """Write the cells at places 0 to `CELLS` - 1 of a fixed order, renumberings apart."""
    return _at(places, [part.cells for part in _sizes()], _numbered_texts)


def classes_at(places: NDArray[np.int64]) -> list[tuple[str, str]]:
    """Write the cells at places 0 to `CLASSES` - 1 of the order of `texts`."""
    return _at(places, [part.classes for part in _sizes()], _class_texts)


def _sizes() -> list[Skeletons]:
    return [skeletons(nodes) for nodes in range(2, MAX_NODES + 1)]


def _numbered_texts(part: Skeletons, places: NDArray[np.int64]) -> list[tuple[str, str]]:
    graphs, labellings = np.divmod(places, part.labelled.shape[1])
    return part.texts(part.numbered[graphs], labellings)


def _class_texts(part: Skeletons, places: NDArray[np.int64]) -> list[tuple[str, str]]:
    flat = np.flatnonzero(part.labelled)[places]
    graphs, labellings = np.divmod(flat, part.labelled.shape[1])
    return part.texts(part.canonical[graphs], labellings)


def _at(
    places: NDArray[np.int64],
    lengths: list[int],
    write: Callable[[Skeletons, NDArray[np.int64]], list[tuple[str, str]]],
) -> list[tuple[str, str]]:
    """Find which number of vertices each place falls to, and write the cells there."""
    ends = np.cumsum(lengths)
    sizes = np.searchsorted(ends, places, side="right")
    found: list[tuple[str, str]] = [("", "")] * len(places)
    for size, part in enumerate(_sizes()):
        chosen = np.flatnonzero(sizes == size)
        written = write(part, places[chosen] - (ends[size] - lengths[size]))
        for place, text in zip(chosen.tolist(), written, strict=True):
            found[place] = text
    return found
