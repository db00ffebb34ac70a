"""Patterns in a NAS-Bench-101 cell: two and three operations, histograms (column group G)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.features.topology.columns import Column, Feature
from mbml.features.topology.nasbench101.paths import (
    INTERIOR,
    LAST,
    LENGTHS,
    OPERATIONS,
    CellArrays,
    added,
)
from mbml.spaces.nasbench101.network import STEM_CHANNELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def _g(name: str, meaning: str, unit: str, values: NDArray[Any]) -> Feature:
    return Feature(Column(name, meaning, unit, "G"), values)


def patterns(cells: CellArrays) -> Iterator[Feature]:
    """Yield the features of group G."""
    yield from _trigrams(cells)
    yield from _ancestors(cells)
    yield from _longest(cells)
    yield from _ends(cells)
    yield from _branches(cells)
    yield from _sources(cells)
    yield from _histograms(cells)


def _trigrams(cells: CellArrays) -> Iterator[Feature]:
    """Yield the number of two successive edges by the three operations that they join."""
    kinds = dict(zip(OPERATIONS, cells.kinds, strict=True))
    at_input, at_output = np.zeros_like(cells.labels), np.zeros_like(cells.labels)
    at_input[0] = at_output[LAST] = 1
    before = {
        name: added(here[:, None] * cells.edges)
        for name, here in {"input": at_input, **kinds}.items()
    }
    after = {
        name: added(here * cells.edges, axis=1)
        for name, here in {**kinds, "output": at_output}.items()
    }
    for first, fed in before.items():
        for middle, here in kinds.items():
            for last, feeding in after.items():
                count = added(fed * here * feeding)
                meaning = f"two successive edges over {first}, {middle} and {last}"
                yield _g(f"edges_{first}_{middle}_{last}", meaning, "pairs of edges", count)


def _ancestors(cells: CellArrays) -> Iterator[Feature]:
    for first, sources in zip(OPERATIONS, cells.kinds, strict=True):
        behind = added(sources[:, None] * cells.reach)
        for last, targets in zip(OPERATIONS, cells.kinds, strict=True):
            count = added(behind * targets)
            meaning = f"pairs of a {first} and a {last} vertex on a path, in this order"
            yield _g(f"{first}_before_{last}", meaning, "pairs", count)
    inner = cells.nodes - np.int8(2)
    ordered = added(added(cells.reach[1:LAST, 1:LAST]))
    apart = inner * (inner - np.int8(1)) // np.int8(2) - ordered
    yield _g("vertices_side_by_side", "pairs of vertices on no common path", "pairs", apart)


def _longest(cells: CellArrays) -> Iterator[Feature]:
    """Yield the largest sum along a path, for four ways to value a vertex."""
    whole, half = cells.kinds[0].astype(np.float32), cells.kinds[1] * np.float32(0.5)
    scale = np.log2(STEM_CHANNELS * cells.channels + 1) / np.log2(STEM_CHANNELS + 1)
    valued = whole + half
    ways = {
        "plain": ("3x3 counts 1, 1x1 a half", valued),
        "log_channels": ("the same times the logarithm of the channels", valued * scale),
        "channels": ("the same times the channels", valued * cells.channels),
        "pooled": ("3x3 counts 1, pooling minus a half", whole - cells.kinds[2] * np.float32(0.5)),
    }
    for name, (how, weights) in ways.items():
        sums = np.where(cells.paths > 0, cells.summed(weights), -np.inf)
        meaning = f"largest sum along a path, where {how}"
        yield _g(f"largest_path_{name}", meaning, "weighted vertices", sums.max(axis=0))


def _ends(cells: CellArrays) -> Iterator[Feature]:
    for name, here in zip(OPERATIONS, cells.kinds, strict=True):
        channels = here * cells.channels
        projected = (channels * cells.edges[0]).sum(axis=0)
        brought = (channels * cells.edges[:, LAST]).sum(axis=0)
        meaning = f"channels that the input is projected to for {name} vertices"
        yield _g(f"{name}_projected", meaning, "output widths", projected)
        yield _g(f"{name}_brought", f"share of output channels from {name}", "fraction", brought)


def _branches(cells: CellArrays) -> Iterator[Feature]:
    single = (cells.incoming == 1) & (cells.outgoing == 1)
    alone = (single & (cells.edges[0] > 0) & (cells.edges[:, LAST] > 0)).view(np.int8)
    for name, here in zip(OPERATIONS, cells.kinds, strict=True):
        meaning = f"branches from input to output of one {name} vertex alone"
        count = added(here * alone)
        yield _g(f"{name}_branches", meaning, "branches", count)
    more = added(np.maximum(cells.incoming[1:LAST] - np.int8(1), 0))
    yield _g("additions", "edges into interior vertices beyond their first", "edges", more)


def _sources(cells: CellArrays) -> Iterator[Feature]:
    feeding = cells.edges[:, LAST] * cells.channels
    conv3x3, conv = cells.kinds[0], cells.kinds[0] | cells.kinds[1]
    for name, here in (("conv3x3", conv3x3), ("conv", conv)):
        touched = here | (here[:, None] * cells.reach).max(axis=0)
        meaning = f"share of output channels that come from or through a {name} vertex"
        yield _g(f"{name}_touched", meaning, "fraction", (feeding * touched).sum(axis=0))


def _histograms(cells: CellArrays) -> Iterator[Feature]:
    """Yield how many paths, and which share, have a length or hold an operation so often."""
    shape = cells.paths.shape
    counted = {"any": np.broadcast_to(LENGTHS, shape)}
    counted |= dict(zip(OPERATIONS, cells.contents, strict=True))
    counted["conv"] = cells.contents[0] + cells.contents[1]
    numbers = [
        (name, times, added(cells.paths * (counts == times)))
        for name, counts in counted.items()
        for times in range(INTERIOR + 1)
    ]
    for name, times, number in numbers:
        meaning = f"paths with {times} {name} vertices"
        yield _g(f"paths_with_{times}_{name}", meaning, "paths", number)
    for name, times, number in numbers:
        meaning = f"share of paths with {times} {name} vertices"
        share = number / cells.path_count
        yield _g(f"paths_with_{times}_{name}_share", meaning, "fraction", share)
