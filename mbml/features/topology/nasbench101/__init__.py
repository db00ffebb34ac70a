"""The topology features of NAS-Bench-101: what a cell's graph says about its accuracy.

None depends on the numbering of the vertices. `F` counts and measures, here; `H` are random walks
(`walks`), `G` finer patterns (`patterns`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.features.topology.columns import Column, Feature, Topology
from mbml.features.topology.nasbench101.paths import (
    INTERIOR,
    LAST,
    LENGTHS,
    OPERATIONS,
    CellArrays,
    added,
    largest,
    read,
    smallest,
)
from mbml.features.topology.nasbench101.patterns import patterns
from mbml.features.topology.nasbench101.walks import walks
from mbml.spaces.nasbench101.network import (
    FRAME_PARAMETERS,
    STACKS,
    STEM_CHANNELS,
    stack_parameters,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Subsets of the operations, by the name that columns give them.
OPERATION_SUBSETS: dict[str, tuple[int, ...]] = {
    "conv3x3": (0,),
    "conv1x1": (1,),
    "conv": (0, 1),
    "maxpool": (2,),
    "conv3x3_maxpool": (0, 2),
    "conv1x1_maxpool": (1, 2),
    "any": (0, 1, 2),
}
_NONE = np.int8(9)  # stands for a smallest value where there is none to take it of


def _f(name: str, meaning: str, unit: str, values: NDArray[Any]) -> Feature:
    return Feature(Column(name, meaning, unit, "F"), values)


def features(cells: CellArrays) -> Iterator[Feature]:
    """Yield all features of pruned cells, in the order of the version."""
    yield from _sizes(cells)
    for kind in range(len(OPERATIONS)):
        yield from _operation(cells, kind)
    yield from _edge_pairs(cells)
    for name, kinds in OPERATION_SUBSETS.items():
        yield from _subset_paths(cells, name, kinds)
    yield from _receptive_fields(cells)
    yield from _path_ends(cells)
    for name, kinds in OPERATION_SUBSETS.items():
        yield from _subset_degrees(cells, name, kinds)
    yield _parameters(cells)
    yield from walks(cells)
    yield from patterns(cells)


def _sizes(cells: CellArrays) -> Iterator[Feature]:
    direct = cells.edges[0, LAST]
    yield _f("vertices", "vertices, input and output included", "vertices", cells.nodes)
    yield _f("edges", "edges", "edges", added(cells.incoming))
    yield _f("input_degree", "vertices that the input feeds", "edges", cells.outgoing[0])
    yield _f("output_degree", "vertices that feed the output", "edges", cells.incoming[LAST])
    yield _f("direct_edge", "whether the input feeds the output", "0 or 1", direct)
    yield _f("paths", "paths from input to output", "paths", cells.path_count)
    yield _f("longest_path", "length of the longest path", "edges", cells.far[LAST])
    yield _f("shortest_path", "length of the shortest path", "edges", cells.near[LAST])
    yield _f("work_log", "logarithm of a cell's multiplications", "log count", _work(cells))
    levels = [
        added((cells.far[1:LAST] == level) & (cells.labels[1:LAST] >= 0))
        for level in range(1, INTERIOR + 1)
    ]
    widest = np.max(levels, axis=0)
    yield _f("width", "most vertices at one depth from the input", "vertices", widest)


def _work(cells: CellArrays) -> NDArray[Any]:
    channels = STEM_CHANNELS * cells.channels
    projections = STEM_CHANNELS * (cells.edges[0] * channels).sum(axis=0)
    areas = 9 * cells.kinds[0] + cells.kinds[1]
    convolutions = (areas * channels * channels).sum(axis=0)
    result: NDArray[Any] = np.log(projections + convolutions + 1)
    return result


def _operation(cells: CellArrays, kind: int) -> Iterator[Feature]:
    """Count, place, degrees, paths and channels of the vertices with one operation."""
    name, here = OPERATIONS[kind], cells.kinds[kind]
    count = added(here)
    divisor = np.maximum(count, 1)
    channels = here * cells.channels
    vertex = f"{name} vertices"

    def total(values: NDArray[Any]) -> NDArray[Any]:
        summed: NDArray[Any] = (here * values).sum(axis=0)
        return summed

    def feature(suffix: str, meaning: str, unit: str, values: NDArray[Any]) -> Feature:
        return _f(f"{name}_{suffix}", meaning, unit, values)

    yield feature("count", vertex, "vertices", count)
    fed, feeding = total(cells.edges[0]), total(cells.edges[:, LAST])
    yield feature("at_input", f"{vertex} fed by the input", "vertices", fed)
    yield feature("at_output", f"{vertex} that feed the output", "vertices", feeding)
    for end, far, near in (
        ("input", cells.far, cells.near),
        ("output", cells.far_back, cells.near_back),
    ):
        way = f"way between the {end} and {vertex}"
        most, least = largest(here, far), smallest(here, far, _NONE)
        yield feature(f"{end}_far_mean", f"longest {way}: mean", "edges", total(far) / divisor)
        yield feature(f"{end}_far_max", f"longest {way}: largest", "edges", most)
        yield feature(f"{end}_far_min", f"longest {way}: smallest, 9 if none", "edges", least)
        yield feature(f"{end}_near_mean", f"shortest {way}: mean", "edges", total(near) / divisor)
    for side, degrees in (("in", cells.incoming), ("out", cells.outgoing)):
        summed = total(degrees)
        yield feature(f"{side}_degree", f"{side}-degrees of {vertex}: sum", "edges", summed)
        mean = summed / divisor
        yield feature(f"{side}_degree_mean", f"{side}-degrees of {vertex}: mean", "edges", mean)
    share = total(cells.ways_in * cells.ways_out) / cells.path_count
    yield feature("path_share", f"{vertex} on a path, mean over paths", "vertices", share)
    width = f"channels of {vertex}, the output's as unit"
    norm = np.sqrt((channels * channels).sum(axis=0))
    yield feature("channels", f"{width}: sum", "output widths", channels.sum(axis=0))
    yield feature("channels_norm", f"{width}: root of the sum of squares", "output widths", norm)
    yield feature("channels_max", f"{width}: largest", "output widths", channels.max(axis=0))


def _edge_pairs(cells: CellArrays) -> Iterator[Feature]:
    ends = {name: cells.kinds[kind] for kind, name in enumerate(OPERATIONS)}
    at_input, at_output = np.zeros_like(cells.labels), np.zeros_like(cells.labels)
    at_input[0] = at_output[LAST] = 1
    for source, sources in {"input": at_input, **ends}.items():
        fed = added(sources[:, None] * cells.edges)
        for target, targets in {**ends, "output": at_output}.items():
            count = added(fed * targets)
            name = f"edges_{source}_to_{target}"
            yield _f(name, f"edges from {source} to {target}", "edges", count)


def _subset_paths(cells: CellArrays, name: str, kinds: tuple[int, ...]) -> Iterator[Feature]:
    """Paths made of some operations alone, and how often these occur on any path."""
    counts = added(cells.contents[list(kinds)])
    alone = cells.paths * (counts == LENGTHS).view(np.int8)
    number = added(alone)
    made = f"paths of {name} vertices alone"
    met = f"{name} vertices on a path"
    yield _f(f"{name}_paths", made, "paths", number)
    shortest = smallest(alone, LENGTHS, _NONE)
    longest = largest(alone, LENGTHS + np.int8(1)) - np.int8(1)
    yield _f(f"{name}_paths_min", f"{made}: shortest, 9 if none", "vertices", shortest)
    yield _f(f"{name}_paths_max", f"{made}: longest, -1 if none", "vertices", longest)
    most, fewest = largest(cells.paths, counts), smallest(cells.paths, counts, _NONE)
    yield _f(f"{name}_on_path_max", f"{met}: most", "vertices", most)
    yield _f(f"{name}_on_path_min", f"{met}: fewest", "vertices", fewest)
    mean = (cells.paths * counts).sum(axis=0, dtype=np.int16) / cells.path_count
    yield _f(f"{name}_on_path_mean", f"{met}: mean", "vertices", mean)
    yield _f(f"{name}_paths_share", f"share of {made}", "fraction", number / cells.path_count)


def _receptive_fields(cells: CellArrays) -> Iterator[Feature]:
    growth = np.int8(2) * (cells.contents[0] + cells.contents[2])
    what = "pixels that 3x3 operations add to the view along a path"
    most, least = largest(cells.paths, growth), smallest(cells.paths, growth, np.int8(99))
    mean = (cells.paths * growth).sum(axis=0, dtype=np.int16) / cells.path_count
    yield _f("view_max", f"{what}: most", "pixels", most)
    yield _f("view_mean", f"{what}: mean", "pixels", mean)
    yield _f("view_min", f"{what}: fewest", "pixels", least)


def _path_ends(cells: CellArrays) -> Iterator[Feature]:
    ends = {
        "first": cells.edges[0] * cells.ways_out,
        "last": cells.edges[:, LAST] * cells.ways_in,
    }
    direct = cells.edges[0, LAST] / cells.path_count
    yield _f("direct_share", "share of paths without any operation", "fraction", direct)
    for place, number in ends.items():
        for kind, name in enumerate(OPERATIONS):
            share = (cells.kinds[kind] * number).sum(axis=0, dtype=np.int16) / cells.path_count
            meaning = f"share of paths whose {place} operation is {name}"
            yield _f(f"{name}_{place}_share", meaning, "fraction", share)


def _subset_degrees(cells: CellArrays, name: str, kinds: tuple[int, ...]) -> Iterator[Feature]:
    """Count and degrees; for a single operation again, as models were tuned on them."""
    here = added(cells.kinds[list(kinds)])
    divisor = np.maximum(added(here), 1)
    yield _f(f"{name}_vertices", f"{name} vertices", "vertices", added(here))
    for side, degrees in (("in", cells.incoming), ("out", cells.outgoing)):
        mean = added(here * degrees) / divisor
        meaning = f"{side}-degrees of {name} vertices: mean"
        yield _f(f"{name}_set_{side}_degree_mean", meaning, "edges", mean)


def _parameters(cells: CellArrays) -> Feature:
    channels = cells.channels.astype(np.float64)
    areas = 9 * cells.kinds[0] + cells.kinds[1]
    projected = (cells.edges[0] * channels).sum(axis=0)
    squared = (areas * channels * channels).sum(axis=0)
    convolved = ((areas > 0) * channels).sum(axis=0)
    total = np.full_like(projected, FRAME_PARAMETERS)
    for stack in range(STACKS):
        width = STEM_CHANNELS << stack
        total += sum(
            stack_parameters(stack, projected * width, squared * width**2, convolved * width)
        )
    meaning = "logarithm of the network's parameters in millions, channels not rounded"
    return _f("parameters_log", meaning, "log count", np.log(total / 1e6))


TOPOLOGY = Topology(
    name="topology",
    space="nasbench101",
    version="1",
    groups={
        "F": "counts, depths, degrees, paths and channels by operation",
        "H": "random walks between input and output, and sums over paths",
        "G": "patterns of two and three operations, histograms of paths",
    },
    example="0100:input,output",
    prepare=read,
    compute=features,
)
