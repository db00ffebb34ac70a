"""Record files in the form of ``nasbench_full.tfrecord``, to the byte, with invented numbers.

The cells are real, the numbers are not (`nasbench101_results`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import google_crc32c
import numpy as np

from mbml.errors import UsageError
from mbml.sources.nasbench101.message import TAIL_CHARACTERS, encode_tails
from mbml.sources.tfrecord.framing import mask_crcs, record_header
from mbml.spaces.nasbench101.bulk import graph_ids, network_costs
from mbml.spaces.nasbench101.classes import CLASSES, classes_at
from mbml.surrogate.files import check_request
from mbml.surrogate.nasbench101_results import SurrogateCell, invent
from mbml.whole_file import as_path, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_SCHEDULES: Final = (4, 12, 36, 108)
_REPEATS: Final = 3

_CELLS_AT_ONCE: Final = 4096


def write_nasbench101(
    path: Path | str,
    cells: Iterable[SurrogateCell],
    *,
    seed: int = 0,
    schedules: Sequence[int] = _SCHEDULES,
    repeats: int = _REPEATS,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
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
        Lengths of the trainings, in epochs: some of `SCHEDULES`.
    repeats
        Trainings of each length.
    overwrite
        Take the place of a surrogate that has the name already.
    progress
        Called with the number of cells written so far.

    Raises
    ------
    UsageError
        The name of the file does not say that it is a surrogate, the file exists, its folder does
        not, or there is no cell.
    """
    ordered = sorted(cells, key=lambda cell: cell.module_hash)
    path = as_path(path)
    check_request(path, len(ordered), CLASSES, overwrite=overwrite)
    trainings = np.array(list(schedules) * repeats)
    with whole(path) as part, part.open("wb") as stream:
        for first in range(0, len(ordered), _CELLS_AT_ONCE):
            some = ordered[first : first + _CELLS_AT_ONCE]
            stream.write(b"".join(_encode(some, trainings, seed)))
            if progress is not None:
                progress(first + len(some))
    return len(ordered) * len(trainings)


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
    evaluations, total_seconds = invent(cells, trainings, seed)
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
