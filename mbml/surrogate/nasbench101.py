"""Record files in the form of ``nasbench_full.tfrecord``, to the byte, with invented numbers.

The cells are real, the numbers are not: smooth functions of a cell's size and operations, plus
noise that depends on the seed, the cell's hash, the training and the repeat alone. So a smaller
file holds the same numbers for the same cells. Like the published ones, accuracies are multiples of
1/9984 kept as single precision.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import google_crc32c
import numpy as np

from mbml.errors import UsageError
from mbml.sources.naming import check_surrogate_name
from mbml.sources.nasbench101_message import TAIL_CHARACTERS, encode_tails
from mbml.sources.tfrecord import mask_crcs, record_header
from mbml.spaces.nasbench101_bulk import graph_ids, network_costs
from mbml.spaces.nasbench101_classes import CLASSES, classes_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SCHEDULES: Final = (4, 12, 36, 108)
REPEATS: Final = 3

_CELLS_AT_ONCE: Final = 2048
_STEPS: Final = 9984
_FAILED: Final = 0.001


class SurrogateCell(NamedTuple):
    """A cell to invent results for: row-major bits, comma-joined operations, size and hash."""

    adjacency: str
    operations: str
    parameters: int
    module_hash: str


def write_nasbench101(
    path: Path,
    cells: Iterable[SurrogateCell],
    *,
    seed: int = 0,
    schedules: Sequence[int] = SCHEDULES,
    repeats: int = REPEATS,
) -> int:
    """Write a record file with invented numbers, and return how many records it has.

    Parameters
    ----------
    path
        The file; its name must contain `surrogate`. It appears when it is complete.
    cells
        The cells; their records come sorted by hash, and within a cell repeat by repeat.
    seed
        The same seed gives the same bytes.
    schedules
        Lengths of the trainings, in epochs: even numbers.
    repeats
        Trainings of each length.

    Raises
    ------
    UsageError
        The name of the file does not say that it is a surrogate, or there is no such folder.
    """
    check_surrogate_name(path)
    ordered = iter(sorted(cells, key=lambda cell: cell.module_hash))
    unfinished = path.with_name(f"{path.name}.part")
    records = 0
    try:
        with unfinished.open("wb") as stream:
            while some := list(islice(ordered, _CELLS_AT_ONCE)):
                trainings = np.array(list(schedules) * repeats)
                stream.write(b"".join(_encode(some, trainings, seed)))
                records += len(some) * len(trainings)
        unfinished.replace(path)
    except FileNotFoundError:
        raise UsageError(f"{path.parent} does not exist") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return records


def draw_cells(count: int, *, seed: int = 0) -> list[SurrogateCell]:
    """Draw different cells from the whole search space of 423,624; needs no file.

    Raises
    ------
    UsageError
        There are not so many.
    """
    if not 0 < count <= CLASSES:
        raise UsageError(f"{count:,} cells asked for, and the space has 1 to {CLASSES:,} to give")
    places = np.random.default_rng(seed).choice(CLASSES, count, replace=False)
    texts = classes_at(places)
    hashes = graph_ids(texts)
    sizes = network_costs(texts).parameters.tolist()
    return [
        SurrogateCell(bits, operations, parameters, module_hash)
        for (bits, operations), parameters, module_hash in zip(texts, sizes, hashes, strict=True)
    ]


def _encode(cells: list[SurrogateCell], trainings: NDArray[np.int64], seed: int) -> Iterator[bytes]:
    """Yield the bytes of the records of some cells, three pieces a record."""
    evaluations, total_seconds = _invent(cells, trainings, seed)
    parameters = np.repeat([cell.parameters for cell in cells], len(trainings))
    tails = encode_tails(parameters, total_seconds, evaluations).tobytes()
    fronts: list[bytes] = []
    crcs: list[int] = []
    for cell in cells:
        by_epochs = {}
        for epochs in trainings.tolist():
            if epochs not in by_epochs:
                text = (
                    f'["{cell.module_hash}", {epochs}, "{cell.adjacency}", "{cell.operations}", "'
                )
                head = text.encode()
                header = record_header(len(head) + TAIL_CHARACTERS)
                by_epochs[epochs] = (header + head, google_crc32c.value(head))
            front, crc = by_epochs[epochs]
            start = len(fronts) * TAIL_CHARACTERS
            fronts.append(front)
            crcs.append(google_crc32c.extend(crc, tails[start : start + TAIL_CHARACTERS]))
    footers = mask_crcs(np.array(crcs, np.uint32)).astype("<u4").tobytes()
    for record, front in enumerate(fronts):
        start = record * TAIL_CHARACTERS
        yield front
        yield tails[start : start + TAIL_CHARACTERS]
        yield footers[4 * record : 4 * record + 4]


def _invent(
    cells: list[SurrogateCell], trainings: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Invent evaluations, shape (5, records, 3), and total seconds, shape (records,).

    Accuracy follows a logistic curve in the logarithm of the epochs, up to a ceiling that better
    cells have higher; halfway, with the learning rate still high, it is lower.
    """
    quality, seconds_an_epoch = _traits(cells)
    noise = _Noise(cells, len(trainings), seed)
    quality = np.repeat(quality, len(trainings)) + 0.1 * noise.of_cell()
    epochs = np.tile(trainings, len(cells))
    rows = len(epochs)
    ceiling = 0.9 + 0.05 * np.tanh(quality)
    failed = noise.uniform() < _FAILED
    accuracy = np.empty((3, rows, 3))
    for turn, share, lag in ((0, 0.0, 1.0), (1, 0.5, 0.85), (2, 1.0, 1.0)):
        learned = lag * _progress(share * epochs, quality) * ~failed
        valid = 0.1 + (ceiling - 0.1) * learned
        train = 0.1 + 0.9 * learned**0.8
        for row, mean in enumerate((train, valid, valid - 0.006 * learned)):
            accuracy[row, :, turn] = mean + 0.01 * noise.symmetric()
    rounded = np.round(np.clip(accuracy, 0, 1) * _STEPS) / _STEPS
    evaluations = np.zeros((5, rows, 3))
    evaluations[0] = epochs[:, None] * np.array([0, 0.5, 1])
    pace = np.repeat(seconds_an_epoch, len(trainings)) * (1 + 0.01 * noise.symmetric())
    evaluations[1] = (evaluations[0] * pace[:, None]).astype(np.float32)
    evaluations[2:] = rounded.astype(np.float32)
    total = evaluations[1, :, 2] * 1.1 + 300 + 50 * noise.symmetric()
    return evaluations, total


def _progress(epochs: NDArray[np.floating], quality: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of what there is to learn that is learned after some epochs."""
    reached = np.log(np.maximum(epochs, 0.01)) - 2.35 + 0.2 * quality
    learned: NDArray[np.float64] = 1 / (1 + np.exp(-1.7 * reached))
    return learned


def _traits(cells: list[SurrogateCell]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the quality of cells, around 0, and their seconds an epoch."""
    parameters = np.array([cell.parameters for cell in cells], np.float64)
    wide = np.array([cell.operations.count("conv3x3") for cell in cells])
    pools = np.array([cell.operations.count("maxpool") for cell in cells])
    edges = np.array([cell.adjacency.count("1") for cell in cells])
    quality = 0.4 * (np.log(parameters) - 15.5) + 0.25 * wide - 0.2 * pools + 0.05 * (edges - 8)
    return np.clip(quality, -1.5, 1.5), 4 + 1.2e-6 * parameters + 1.1 * edges


class _Noise:
    """Numbers that depend on seed, cell, training and the draws before, not on other cells."""

    def __init__(self, cells: list[SurrogateCell], trainings: int, seed: int) -> None:
        prefix = [int(cell.module_hash[:16], 16) for cell in cells]
        self._cell = _mix(np.array(prefix, np.uint64) ^ np.uint64(seed % 2**64))
        self._trainings = trainings
        turn = np.tile(np.arange(1, trainings + 1, dtype=np.uint64), len(cells))
        self._record = np.repeat(self._cell, trainings) + turn * _GOLDEN
        self._drawn = np.uint64(0)

    def of_cell(self) -> NDArray[np.float64]:
        """Draw from [-1, 1) once for each cell, shape (records,)."""
        return np.repeat(_unit(_mix(self._cell)), self._trainings) * 2 - 1

    def uniform(self) -> NDArray[np.float64]:
        """Draw from [0, 1), shape (records,)."""
        self._drawn += np.uint64(1)
        return _unit(_mix(self._record ^ _mix(np.array([self._drawn]))))

    def symmetric(self) -> NDArray[np.float64]:
        """Draw from (-1, 1), values near 0 more often, shape (records,)."""
        return self.uniform() - self.uniform()


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble bits: the output function of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _unit(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
