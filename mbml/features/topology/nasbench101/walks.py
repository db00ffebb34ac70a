"""Random walks through a NAS-Bench-101 cell, and sums over its paths (column group H).

One walk goes from the output back to the input, in-edges equally likely, at the output in
proportion to the channels that they bring; the other from the input forward. What it meets on its
way is known exactly, from the probability of each path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.features.topology.columns import Column, Feature
from mbml.features.topology.nasbench101.paths import LAST, VERTEX_SUBSETS, CellArrays, added

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: What a walk counts, by operations: 3x3, 1x1, pooling.
_COUNTED = {"conv3x3": (0,), "conv": (0, 1), "maxpool": (2,), "any": (0, 1, 2)}
#: Gain of a signal in a 3x3 convolution, a 1x1 convolution and a pooling.
_GAINS = ((9.0, 1.0, 1.0), (9.0, 1.0, 0.2), (3.0, 1.5, 0.5), (2.0, 2.0, 0.5))
_FLOOR = 1e-3  # keeps the logarithm finite
_DIGIT = 6  # a path meets an operation at most five times


def _h(name: str, meaning: str, unit: str, values: NDArray[Any]) -> Feature:
    return Feature(Column(name, meaning, unit, "H"), values)


def walks(cells: CellArrays) -> Iterator[Feature]:
    """Yield the features of group H."""
    for direction, steps in (("back", _backward(cells)), ("forth", _forward(cells))):
        chances = cells.along_paths(steps)
        for name, kinds in _COUNTED.items():
            counts = added(cells.contents[list(kinds)])
            yield from _met(f"walk_{direction}_{name}", name, chances, counts)
    yield from _signals(cells)


def _forward(cells: CellArrays) -> NDArray[np.float32]:
    """Chance of the step from the first vertex to the second, shape (7, 7, cells)."""
    degrees = np.maximum(cells.outgoing, 1)[:, None]
    return (cells.edges / degrees).astype(np.float32)


def _backward(cells: CellArrays) -> NDArray[np.float32]:
    """Chance of the step from the second vertex back to the first, shape (7, 7, cells)."""
    arriving = cells.edges.astype(np.float32)
    # The input's projection brings as many channels as the output has.
    arriving[1:LAST, LAST] *= cells.channels[1:LAST]
    total = arriving.sum(axis=0)
    return (arriving / np.where(total > 0, total, 1)).astype(np.float32)


def _met(
    prefix: str, name: str, chances: NDArray[np.float32], counts: NDArray[np.int8]
) -> Iterator[Feature]:
    what = f"{name} vertices met by the walk"
    mean = (chances * counts).sum(axis=0)
    spread = np.sqrt((chances * (counts - mean) ** 2).sum(axis=0))
    yield _h(f"{prefix}_mean", f"{what}: expectation", "vertices", mean)
    yield _h(f"{prefix}_deviation", f"{what}: standard deviation", "vertices", spread)
    for number in range(3):
        chance = (chances * (counts == number)).sum(axis=0)
        yield _h(f"{prefix}_{number}", f"{what}: chance of {number}", "probability", chance)


def _signals(cells: CellArrays) -> Iterator[Feature]:
    """Yield the logarithm of what of a signal arrives at the output, for four sets of gains."""
    arriving = np.empty((len(VERTEX_SUBSETS), cells.labels.shape[1]), dtype=np.float32)
    for row, subset in enumerate(VERTEX_SUBSETS):
        share = cells.channels[subset[-1]] if subset else np.float32(1)
        np.multiply(cells.paths[row], share, out=arriving[row])
    first, second, third = cells.contents.view(np.uint8)
    # At most five vertices: no place is over 180.
    places = ((first * _DIGIT + second) * _DIGIT + third).astype(np.intp)
    powers = np.arange(_DIGIT)
    for gains in _GAINS:
        first, second, third = (np.float64(gain) ** powers for gain in gains)
        table = (first[:, None, None] * second[:, None] * third).astype(np.float32).ravel()
        signal = (table[places] * arriving).sum(axis=0)
        label = "_".join(f"{gain:g}".replace(".", "") for gain in gains)
        listed = ", ".join(f"{gain:g}" for gain in gains)
        meaning = f"logarithm of the signal at the output with gains {listed} (3x3, 1x1, pool)"
        yield _h(f"signal_{label}", meaning, "log gain", np.log(signal + _FLOOR))
