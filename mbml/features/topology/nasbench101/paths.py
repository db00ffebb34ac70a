"""NAS-Bench-101 cells as arrays in which every path is a row.

A cell has at most five interior vertices, and a path visits some of them in their order: so each
path is one of 32 subsets, and what is asked of paths is asked of 32 rows at once, without a loop
over cells. In all arrays cells are the last axis. Vertices are numbered 0 (input), 1 to 5
(interior) and 6 (output), whatever the size of the cell; absent vertices have no edges.

Channels are shares of the output's: evenly divided among the vertices that feed it. The benchmark
rounds them to whole numbers by the order of the vertices, which is left out here, so that nothing
depends on the numbering.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mbml.spaces.nasbench101.bulk import read_cells
from mbml.spaces.nasbench101.rules import MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

INTERIOR = MAX_NODES - 2
LAST = MAX_NODES - 1
#: The operations by the names that columns give them, in the order of `CellArrays.kinds`.
OPERATIONS = ("conv3x3", "conv1x1", "maxpool")
#: Every set of interior vertices, in ascending order within.
VERTEX_SUBSETS = tuple(
    subset for size in range(INTERIOR + 1) for subset in combinations(range(1, LAST), size)
)
LENGTHS = np.array([len(subset) for subset in VERTEX_SUBSETS], dtype=np.int8)[:, None]
_MEMBERS = np.array([[v in subset for v in range(1, LAST)] for subset in VERTEX_SUBSETS])
_ABSENT = -3


_Number = TypeVar("_Number", np.int8, np.float32)


def added(values: NDArray[Any], axis: int = 0) -> NDArray[np.int8]:
    """Add small whole numbers, of which no sum is over 127."""
    result: NDArray[np.int8] = values.sum(axis=axis, dtype=np.int8)
    return result


def largest(here: NDArray[np.int8], values: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the largest of small values from 0, over the rows where `here` is 1; 0 if none is.

    Products take a tenth of the time of `numpy.where`, here and in `smallest`.
    """
    result: NDArray[np.int8] = (here * values).max(axis=0)
    return result


def smallest(here: NDArray[np.int8], values: NDArray[np.int8], none: np.int8) -> NDArray[np.int8]:
    """Return the smallest of values up to `none`, over the rows where `here` is 1; or `none`."""
    return none - largest(here, none - values)


@dataclass(frozen=True, eq=False)
class CellArrays:
    """Pruned cells side by side.

    Attributes
    ----------
    edges
        Shape (7, 7, cells): 1 where the first vertex feeds the second.
    labels
        Shape (7, cells): numbers of the operations as in the module hash; -3 where no vertex is.
    """

    edges: NDArray[np.int8]
    labels: NDArray[np.int8]

    def part(self, which: slice) -> CellArrays:
        """Take some of the cells."""
        return CellArrays(
            np.ascontiguousarray(self.edges[..., which]),
            np.ascontiguousarray(self.labels[..., which]),
        )

    @cached_property
    def kinds(self) -> NDArray[np.int8]:
        """1 where a vertex has an operation: shape (3, 7, cells), 3x3, 1x1, pooling."""
        return np.stack([(self.labels == kind).view(np.int8) for kind in range(3)])

    @cached_property
    def nodes(self) -> NDArray[np.int8]:
        """Number of vertices, shape (cells,)."""
        return added(self.labels != _ABSENT)

    @cached_property
    def incoming(self) -> NDArray[np.int8]:
        """In-degrees, shape (7, cells)."""
        return added(self.edges)

    @cached_property
    def outgoing(self) -> NDArray[np.int8]:
        """Out-degrees, shape (7, cells)."""
        return added(self.edges, axis=1)

    @cached_property
    def paths(self) -> NDArray[np.int8]:
        """1 where a subset is a path, shape (32, cells)."""
        return self.along_paths(self.edges)

    @cached_property
    def path_count(self) -> NDArray[np.int8]:
        """Number of paths, shape (cells,), at least 1."""
        return added(self.paths)

    @cached_property
    def contents(self) -> NDArray[np.int8]:
        """Number of vertices of each operation in each subset, shape (3, 32, cells)."""
        counts = np.zeros((3, len(VERTEX_SUBSETS), self.labels.shape[1]), dtype=np.int8)
        for row, subset in enumerate(VERTEX_SUBSETS):
            if subset:
                # A subset without its last vertex stands in an earlier row.
                counts[:, row] = (
                    counts[:, VERTEX_SUBSETS.index(subset[:-1])] + self.kinds[:, subset[-1]]
                )
        return counts

    @cached_property
    def channels(self) -> NDArray[np.float32]:
        """Each vertex's channels as a share of the output's, shape (7, cells); input 0."""
        shares = np.zeros(self.labels.shape, dtype=np.float32)
        feeders = added(self.edges[1:LAST, LAST])
        shares[1:LAST] = self.edges[1:LAST, LAST] / np.maximum(feeders, 1)
        shares[LAST] = 1
        for v in range(LAST - 2, 0, -1):
            widest = (self.edges[v, v + 1 : LAST] * shares[v + 1 : LAST]).max(axis=0)
            shares[v] = np.where(self.edges[v, LAST], shares[v], widest)
        return shares

    @cached_property
    def reach(self) -> NDArray[np.int8]:
        """1 where a path leads from the first vertex to the second, shape (7, 7, cells)."""
        reach = self.edges.copy()
        for u in range(LAST - 1, -1, -1):
            for v in range(u + 1, LAST):
                reach[u] |= self.edges[u, v] * reach[v]
        return reach

    def along_paths(self, steps: NDArray[_Number]) -> NDArray[_Number]:
        """Multiply a number of each edge along every subset taken as a path.

        Parameters
        ----------
        steps
            Shape (7, 7, cells), 0 where there is no edge.

        Returns
        -------
        numpy.ndarray
            Shape (32, cells): 0 where the subset is no path.
        """
        prefixes: dict[tuple[int, ...], NDArray[_Number]] = {}
        result = np.empty((len(VERTEX_SUBSETS), steps.shape[2]), dtype=steps.dtype)
        for row, subset in enumerate(VERTEX_SUBSETS):
            if not subset:
                result[row] = steps[0, LAST]
                continue
            before, last = subset[-2] if len(subset) > 1 else 0, subset[-1]
            step = steps[before, last]
            start = prefixes.get(subset[:-1])
            prefixes[subset] = step if start is None else start * step
            np.multiply(prefixes[subset], steps[last, LAST], out=result[row])
        return result

    def summed(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add a number of each vertex, shape (7, cells), over every subset: shape (32, cells)."""
        return _MEMBERS.astype(np.float32) @ weights[1:LAST]

    @cached_property
    def ways_in(self) -> NDArray[np.int8]:
        """Number of paths from the input to each vertex, shape (7, cells)."""
        ways = np.zeros_like(self.labels)
        ways[0] = 1
        for v in range(1, MAX_NODES):
            ways[v] = added(self.edges[:v, v] * ways[:v])
        return ways

    @cached_property
    def ways_out(self) -> NDArray[np.int8]:
        """Number of paths from each vertex to the output, shape (7, cells)."""
        return self._turned().ways_in[::-1]

    @cached_property
    def far(self) -> NDArray[np.int8]:
        """Edges on the longest way from the input to each vertex, shape (7, cells); -1 if none."""
        return self._depths(longest=True)

    @cached_property
    def near(self) -> NDArray[np.int8]:
        """Edges on the shortest way from the input to each vertex, shape (7, cells)."""
        return self._depths(longest=False)

    @cached_property
    def far_back(self) -> NDArray[np.int8]:
        """Edges on the longest way from each vertex to the output, shape (7, cells)."""
        return self._turned().far[::-1]

    @cached_property
    def near_back(self) -> NDArray[np.int8]:
        """Edges on the shortest way from each vertex to the output, shape (7, cells)."""
        return self._turned().near[::-1]

    def _turned(self) -> CellArrays:
        """Turn every edge round and count the vertices from the output."""
        return CellArrays(self.edges.transpose(1, 0, 2)[::-1, ::-1], self.labels[::-1])

    def _depths(self, *, longest: bool) -> NDArray[np.int8]:
        depths = np.zeros_like(self.labels)
        for v in range(1, MAX_NODES):
            here, ways = self.edges[:v, v], depths[:v] + np.int8(1)
            if longest:
                depths[v] = largest(here, ways + np.int8(1)) - np.int8(1)
            else:
                depths[v] = smallest(here, ways, np.int8(MAX_NODES))
        return depths


def read(texts: Sequence[str]) -> CellArrays:
    """Read, check, prune and pack cells written `<bits>:<operations>`.

    Raises
    ------
    CellError
        If a text is no cell; the message names its index.
    """
    pairs = [(bits, operations) for bits, _, operations in (one.partition(":") for one in texts)]
    edges = np.zeros((MAX_NODES, MAX_NODES, len(texts)), dtype=np.int8)
    labels = np.full((MAX_NODES, len(texts)), _ABSENT, dtype=np.int8)
    for group in read_cells(pairs):
        size = group.labels.shape[1]
        places = [*range(size - 1), LAST]
        labels[np.ix_(places, group.numbers)] = group.labels.T
        for u, row in zip(places, group.matrices.transpose(1, 2, 0), strict=True):
            for v, column in zip(places, row, strict=True):
                edges[u, v, group.numbers] = column
    return CellArrays(edges, labels)
