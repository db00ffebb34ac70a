"""The topology features of NAS-Bench-201: what a cell's graph says about its accuracy.

All but two look at the pruned cell: edges that are on no path free of `none` do not count. The
two inner nodes are told apart, even in cells where exchanging them changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.features.topology.columns import Column, Feature, Topology
from mbml.spaces.nasbench201 import EDGES, OPERATIONS, PATHS, from_operations, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

#: Short names of the operations, by their numbers in `OPERATIONS`.
_SHORT = ("none", "skip", "conv1x1", "conv3x3", "avgpool")
_NONE, _SKIP, _CONV1X1, _CONV3X3, _AVGPOOL = range(5)
_USED = (_SKIP, _CONV1X1, _CONV3X3, _AVGPOOL)
_LENGTHS = np.array([len(path) for path in PATHS], dtype=np.int8)[:, None]
_NO_PATH = np.int8(9)  # stands for the fewest on a path where there is no path
_TOO_LONG = np.int8(5)  # stands for the shortest path where there is none of the kind


@dataclass(frozen=True, eq=False)
class CellArrays:
    """Cells side by side.

    Attributes
    ----------
    drawn
        Shape (6, cells): each edge's operation by its number in `OPERATIONS`, as given.
    """

    drawn: NDArray[np.int8]

    def part(self, which: slice) -> CellArrays:
        """Take some of the cells."""
        return CellArrays(self.drawn[:, which])

    @cached_property
    def paths(self) -> NDArray[np.bool_]:
        """Whether a path is free of `none`, shape (4, cells)."""
        return np.stack([np.all(self.drawn[list(path)] != _NONE, axis=0) for path in PATHS])

    @cached_property
    def edges(self) -> NDArray[np.int8]:
        """Operations of the pruned cells, shape (6, cells)."""
        live = np.zeros(self.drawn.shape, dtype=np.bool_)
        for path, whole in zip(PATHS, self.paths, strict=True):
            live[list(path)] |= whole
        return np.where(live, self.drawn, np.int8(_NONE))

    def on_paths(self, operations: Sequence[int]) -> NDArray[np.int8]:
        """Count the edges of each path that have one of some operations, shape (4, cells)."""
        here = self.having(operations)
        return np.stack([here[list(path)].sum(axis=0, dtype=np.int8) for path in PATHS])

    def having(self, operations: Sequence[int]) -> NDArray[np.int8]:
        """1 where an edge of the pruned cell has one of some operations, shape (6, cells)."""
        chosen = np.zeros(len(OPERATIONS), dtype=np.int8)
        chosen[list(operations)] = 1
        result: NDArray[np.int8] = chosen[self.edges]
        return result


def read(texts: Sequence[str]) -> CellArrays:
    """Read architecture strings; raises `CellError` if one is none."""
    numbers = {name: number for number, name in enumerate(OPERATIONS)}
    rows = [[numbers[name] for name in parse(text).operations] for text in texts]
    drawn = np.array(rows, dtype=np.int8).reshape(len(texts), len(EDGES))
    return CellArrays(np.ascontiguousarray(drawn.T))


def _f(name: str, meaning: str, unit: str, values: NDArray[Any]) -> Feature:
    return Feature(Column(name, meaning, unit, "F"), values)


def features(cells: CellArrays) -> Iterator[Feature]:
    """Yield all features, in the order of the version."""
    yield from _edges(cells)
    yield from _sizes(cells)
    for size in range(1, len(_USED) + 1):
        for operations in combinations(_USED, size):
            yield from _subset(cells, operations)
    yield from _costs(cells)
    yield from _path_encoding(cells)


def _edges(cells: CellArrays) -> Iterator[Feature]:
    for (source, target), operations in zip(EDGES, cells.edges, strict=True):
        for number in _USED:
            short = _SHORT[number]
            meaning = f"whether the edge from node {source} to node {target} is {short}"
            yield _f(f"edge_{source}_{target}_{short}", meaning, "0 or 1", operations == number)


def _sizes(cells: CellArrays) -> Iterator[Feature]:
    for number, short in enumerate(_SHORT):
        count = np.sum(cells.edges == number, axis=0)
        yield _f(f"edges_{short}", f"edges that are {short} after pruning", "edges", count)
    shortest = np.where(cells.paths, _LENGTHS, _NO_PATH).min(axis=0)
    yield _f("paths", "paths from input to output", "paths", cells.paths.sum(axis=0))
    longest = (cells.paths * _LENGTHS).max(axis=0)
    yield _f("longest_path", "length of the longest path, 0 if none", "edges", longest)
    yield _f("shortest_path", "length of the shortest path, 9 if none", "edges", shortest)


def _subset(cells: CellArrays, operations: tuple[int, ...]) -> Iterator[Feature]:
    """Paths and degrees of the subgraph whose edges have one of some operations."""
    shorts = "_".join(_SHORT[number] for number in operations)
    name = "any" if operations == _USED else shorts
    here, counts = cells.having(operations), cells.on_paths(operations)
    alone = cells.paths & (counts == _LENGTHS)
    made, met = f"paths of {name} edges alone", f"{name} edges on a path"
    shortest = np.where(alone, _LENGTHS, _TOO_LONG).min(axis=0)
    longest = np.where(alone, _LENGTHS, np.int8(0)).max(axis=0)
    fewest = np.where(cells.paths, counts, _NO_PATH).min(axis=0)

    def feature(suffix: str, meaning: str, unit: str, values: NDArray[Any]) -> Feature:
        return _f(f"{name}_{suffix}", meaning, unit, values)

    yield feature("paths", made, "paths", alone.sum(axis=0))
    yield feature("paths_min", f"{made}: shortest, 5 if none", "edges", shortest)
    yield feature("paths_max", f"{made}: longest, 0 if none", "edges", longest)
    yield feature("on_path_max", f"{met}: most", "edges", (cells.paths * counts).max(axis=0))
    yield feature("on_path_min", f"{met}: fewest, 9 if no path", "edges", fewest)
    yield feature("on_paths", f"{met}: sum", "edges", (cells.paths * counts).sum(axis=0))
    for suffix, where, at in (
        ("from_input", "from the input", [0, 1, 3]),
        ("to_output", "to the output", [3, 4, 5]),
        ("to_node_1", "to node 1", [0]),
        ("to_node_2", "to node 2", [1, 2]),
        ("from_node_1", "from node 1", [2, 4]),
        ("count", "in the cell", [0, 1, 2, 3, 4, 5]),
    ):
        yield feature(suffix, f"{name} edges {where}", "edges", here[at].sum(axis=0))


def _costs(cells: CellArrays) -> Iterator[Feature]:
    convolutions = cells.on_paths((_CONV1X1, _CONV3X3))
    on_path = cells.paths * convolutions
    fewest = np.where(cells.paths, convolutions, _NO_PATH).min(axis=0)
    yield _f("convolutions_max", "convolutions on a path: most", "edges", on_path.max(axis=0))
    yield _f("convolutions_min", "convolutions on a path: fewest, 9 if no path", "edges", fewest)
    yield _f("convolutions_sum", "convolutions on a path: sum", "edges", on_path.sum(axis=0))
    growth = cells.paths * (np.int8(2) * cells.on_paths((_CONV3X3, _AVGPOOL)))
    mean = growth.sum(axis=0) / np.maximum(cells.paths.sum(axis=0), 1)
    view = "pixels that 3x3 operations add to the view along a path"
    yield _f("view_max", f"{view}: most", "pixels", growth.max(axis=0))
    yield _f("view_mean", f"{view}: mean", "pixels", mean)
    for name, which, edges in (
        ("weights_used", "after pruning", cells.edges),
        ("weights_drawn", "before pruning", cells.drawn),
    ):
        weights = 9 * np.sum(edges == _CONV3X3, axis=0) + np.sum(edges == _CONV1X1, axis=0)
        meaning = f"kernel weights a pair of channels, {which}"
        yield _f(name, meaning, "weights", weights)
    meaning = "logarithm of the network's parameters in millions, CIFAR-10 head"
    yield _f("parameters_log", meaning, "log count", np.log(_parameters(cells) / 1e6))


def _parameters(cells: CellArrays) -> NDArray[np.int64]:
    """Count the networks' parameters, in which every edge has its own share."""
    empty = (OPERATIONS[_NONE],) * len(EDGES)
    frame = from_operations(empty).parameters
    shares = [from_operations((name, *empty[1:])).parameters - frame for name in OPERATIONS]
    total: NDArray[np.int64] = np.array(shares)[cells.drawn].sum(axis=0) + frame
    return total


def _path_encoding(cells: CellArrays) -> Iterator[Feature]:
    """Yield the number of paths with each sequence of operations, skips left out."""
    base = len(OPERATIONS)
    codes = np.zeros(cells.paths.shape, dtype=np.int64)
    for row, path in enumerate(PATHS):
        for edge in path:
            operations = cells.edges[edge]
            codes[row] = np.where(operations > _SKIP, codes[row] * base + operations, codes[row])
    longest = max(map(len, PATHS))
    for size in range(longest + 1):
        for sequence in product((_CONV1X1, _CONV3X3, _AVGPOOL), repeat=size):
            code = 0
            for number in sequence:
                code = code * base + number
            names = [_SHORT[number] for number in sequence] or ["skips"]
            count = np.sum(cells.paths & (codes == code), axis=0)
            meaning = f"paths over {', '.join(names)} and any skips"
            column = Column(f"paths_over_{'_'.join(names)}", meaning, "paths", "PE")
            yield Feature(column, count)


TOPOLOGY = Topology(
    name="topology",
    space="nasbench201",
    version="1",
    groups={
        "F": "edges, counts, paths and degrees by operation, costs",
        "PE": "paths by their sequence of operations, skips left out",
    },
    example="|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
    prepare=read,
    compute=features,
)
