"""Invented results of NAS-Bench-101 trainings, drawn from the fitted model.

Noise depends on the seed, the cell's hash, the training and the repeat alone, so a smaller file
holds the same numbers for the same cells. Like the published ones, accuracies are multiples of
1/9984 kept as single precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from mbml.features.topology.nasbench101 import TOPOLOGY
from mbml.surrogate.model import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Groups of features that the fitted trees see.
_GROUPS: Final = ("F", "H")

_STEPS: Final = 9984
_CHANCE: Final = 0.1
#: Share of the way from chance to the last accuracy that is done at half time, mean and deviation.
#: At 108 epochs from the four published cells; at 4 they are still at chance; log-linear between.
_HALFWAY: Final = {4: (0.01, 0.01), 12: (0.25, 0.08), 36: (0.49, 0.1), 108: (0.73, 0.1)}


class SurrogateCell(NamedTuple):
    """A cell to invent results for: row-major bits, comma-joined operations, size and hash."""

    adjacency: str
    operations: str
    parameters: int
    module_hash: str


def expected_accuracy(cells: Sequence[SurrogateCell], epochs: int) -> Floats:
    """Return the test accuracy that the model expects of cells without any chance.

    Parameters
    ----------
    cells
        The cells.
    epochs
        Length of the training: 4, 12, 36 or 108.

    Returns
    -------
    numpy.ndarray
        Shape (cells,), fractions in [0, 1].
    """
    model = fitted("nasbench101")
    name = str(epochs)
    valid = model.accuracy(name, model.evaluate(name, _features(cells)))
    return valid + (0 if epochs == 108 else model.numbers["test_offset"][name])


def invent(
    cells: Sequence[SurrogateCell], trainings: NDArray[np.int64], seed: int
) -> tuple[Floats, Floats]:
    """Invent evaluations, shape (5, records, 3), and total seconds, shape (records,).

    An evaluation is epoch, seconds, training, validation and test accuracy; before the first
    epoch, halfway and after the last.
    """
    features = _features(cells)
    noise = _Noise(cells, len(trainings), seed)
    last = _last_accuracies(features, trainings, noise)
    start, halfway = (
        np.full_like(last, _CHANCE),
        _CHANCE + (last - _CHANCE) * _half(trainings, len(cells), noise),
    )
    accuracy = np.stack([start, halfway, last], axis=2)
    accuracy[:, :, :2] += 0.003 * noise.normal()[:, None]
    epochs = np.tile(trainings, len(cells))
    evaluations = np.zeros((5, len(epochs), 3))
    evaluations[0] = epochs[:, None] * np.array([0, 0.5, 1])
    seconds = np.repeat(fitted("nasbench101").evaluate("seconds", features), len(trainings))
    pace = np.maximum(seconds, 1) * (1 + 0.003 * noise.normal())
    evaluations[1] = (evaluations[0] * pace[:, None]).astype(np.float32)
    evaluations[2:] = (np.round(np.clip(accuracy, 0, 1) * _STEPS) / _STEPS).astype(np.float32)
    total = evaluations[1, :, 2] * 1.1 + 300 + 20 * noise.normal()
    return evaluations, total


def _features(cells: Sequence[SurrogateCell]) -> NDArray[np.float32]:
    return TOPOLOGY.matrix([f"{cell.adjacency}:{cell.operations}" for cell in cells], _GROUPS)


def _last_accuracies(
    features: NDArray[np.float32], trainings: NDArray[np.int64], noise: _Noise
) -> Floats:
    """Invent training, validation and test accuracy after the last epoch, shape (3, records)."""
    model = fitted("nasbench101")
    numbers = model.numbers
    latent = model.latent(features) + model.deviation @ noise.of_cells(len(model.targets))
    rows = latent.shape[1] * len(trainings)
    places = np.tile([model.targets.index(str(one)) for one in trainings], latent.shape[1])
    drawn = np.repeat(latent.T, len(trainings), axis=0)[np.arange(rows), places]
    by_name = {name: places == place for place, name in enumerate(model.targets)}
    run, apart = noise.normal(), noise.normal()
    valid, test = np.empty(rows), np.empty(rows)
    for name, here in by_name.items():
        deviation, offset = numbers["run_deviation"][name], numbers["test_offset"][name]
        curve = model.accuracy(name, drawn[here] + deviation * run[here])
        # The curve of 108 epochs is of test accuracy, those of the others of validation accuracy.
        valid[here] = curve - offset if name == "108" else curve
        test[here] = valid[here] + offset
        test[here] += numbers["test_noise"][name] * apart[here]
    train = np.interp(valid, *numbers["train"])
    result = np.stack([train, valid, test])
    failed = noise.uniform() < np.repeat(model.evaluate("failed", features), len(trainings))
    result[:, failed] = _CHANCE
    return result


def _half(trainings: NDArray[np.int64], cells: int, noise: _Noise) -> Floats:
    """Invent the share of the way done at half time, shape (records,)."""
    mean, deviation = np.array([_HALFWAY[int(one)] for one in trainings]).T
    share = np.tile(mean, cells) + np.tile(deviation, cells) * noise.normal()
    return np.clip(share, 0, 0.97)


class _Noise:
    """Numbers that depend on seed, cell, training and the draws before, not on other cells."""

    def __init__(self, cells: Sequence[SurrogateCell], trainings: int, seed: int) -> None:
        prefix = [int(cell.module_hash[:16], 16) for cell in cells]
        self._cell = _mix(np.array(prefix, np.uint64) ^ np.uint64(seed % 2**64))
        turn = np.tile(np.arange(1, trainings + 1, dtype=np.uint64), len(cells))
        self._record = np.repeat(self._cell, trainings) + turn * _GOLDEN
        self._drawn = np.uint64(0)

    def uniform_of_cells(self) -> Floats:
        """Draw from (0, 1), shape (cells,)."""
        return self._draw(self._cell)

    def of_cells(self, numbers: int) -> Floats:
        """Draw standard normal numbers, shape (numbers, cells)."""
        return np.array([ndtri(self.uniform_of_cells()) for _ in range(numbers)])

    def uniform(self) -> Floats:
        """Draw from (0, 1), shape (records,)."""
        return self._draw(self._record)

    def normal(self) -> Floats:
        """Draw standard normal numbers, shape (records,)."""
        drawn: Floats = ndtri(self.uniform())
        return drawn

    def _draw(self, states: NDArray[np.uint64]) -> Floats:
        self._drawn += np.uint64(1)
        return _unit(_mix(states ^ _mix(np.array([self._drawn]))))


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble bits: the output function of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _unit(bits: NDArray[np.uint64]) -> Floats:
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
