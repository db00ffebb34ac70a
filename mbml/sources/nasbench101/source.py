"""NAS-Bench-101 record files: every training with its three evaluations, as the file has them.

Records are decoded in worker processes, piece by piece; what needs the whole file is done here, in
its order: numbering cells and trainings, and counting the repeats of a training, which have neither
index nor seed in the file. Nothing depends on the order of the records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from mbml.errors import SourceError
from mbml.sources.batch import ARCHITECTURE_SCHEMA, EPOCH_METRICS, EPOCH_SCHEMA, RUN_SCHEMA, Batch
from mbml.sources.containers.unpacking import head_of
from mbml.sources.files import check_file
from mbml.sources.nasbench101.decode import NO_PARAMETERS, decode_piece
from mbml.sources.pickles.torch_pickle import begins_as_pickle
from mbml.sources.tfrecord.pieces import PIECE_BYTES, pieces
from mbml.whole_file import as_path
from mbml.workers import map_in_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mbml.sources.batch import Source
    from mbml.sources.nasbench101.cells import WrittenCell
    from mbml.sources.nasbench101.decode import Records

#: Records of the published files, and the lengths of training in them.
CONTENT: Final = {
    "full": (5_083_488, frozenset({4, 12, 36, 108})),
    "only108": (1_270_872, frozenset({108})),
}

#: Starting workers takes longer than reading a smaller file.
_INLINE_BYTES: Final = 20_000_000
_MAX_SCHEDULES: Final = 64
_DATASET: Final = "cifar10"
_MEASURED = {
    "train_seconds": 1,
    "train_accuracy": 2,
    "valid_accuracy": 3,
    "test_accuracy": 4,
}


def open_records(path: Path | str) -> Sequence[Source]:
    """Open a record file, or NASLib's pickle of one, as its first bytes tell."""
    from mbml.sources.nasbench101.naslib import NaslibSource101

    path = as_path(path)
    check_file(path)
    return [(NaslibSource101 if begins_as_pickle(head_of(path).data) else NasBench101Source)(path)]


class NasBench101Source:
    """A record file in the format of ``nasbench_full.tfrecord``.

    Parameters
    ----------
    path
        The file.
    workers
        Processes that decode; by default one a core, and none for a file that is quickly read.
    piece_bytes
        Bytes decoded at a time.

    Raises
    ------
    UsageError
        The path names no file.
    SourceError
        The file is empty or must not be read.
    """

    benchmark = "nasbench101"
    format = "tfrecord"

    def __init__(
        self, path: Path | str, *, workers: int | None = None, piece_bytes: int = PIECE_BYTES
    ) -> None:
        self.path = as_path(path)
        self.files: tuple[Path, ...] = (self.path,)
        size = check_file(self.path)
        self._workers = 1 if workers is None and size < _INLINE_BYTES else workers
        self._piece_bytes = piece_bytes
        self._numbering: Numbering | None = None

    @property
    def release(self) -> str | None:
        """Return `full` or `only108` once all records of such a file are read, else None."""
        return release_of(self._numbering)

    def batches(self) -> Iterator[Batch]:
        """Read the file in bounded memory; one batch a piece of some megabytes.

        Raises
        ------
        SourceError
            The file is damaged, or a record is illegal: the first one that is, with its number and
            byte, both counted from 0.
        """
        self._numbering = None
        numbering = Numbering(self.path)
        cut = pieces(self.path, piece_bytes=self._piece_bytes)
        decoded = map_in_workers(decode_piece, cut, workers=self._workers)
        try:
            for records in decoded:
                yield numbering.batch(records)
        finally:
            decoded.close()
        self._numbering = numbering


def release_of(numbering: Numbering | None) -> str | None:
    """Tell the release that has as many trainings of the same lengths; None if none has."""
    if numbering is None:
        return None
    found = (numbering.runs, frozenset(numbering.schedules))
    return next((name for name, content in CONTENT.items() if content == found), None)


class Numbering:
    """Ordinals of cells and trainings, and the trial of each training, over the whole file.

    Attributes
    ----------
    runs
        Trainings so far.
    schedules
        Column of `_counts` for each length of training so far.
    """

    def __init__(self, path: Path) -> None:
        self.runs = 0
        self.schedules: dict[int, int] = {}
        self._path = path
        self._archs: dict[bytes, int] = {}
        self._counts = np.zeros((1024, 4), np.uint16)

    def batch(self, records: Records) -> Batch:
        """Return decoded records in the common form."""
        ordinals, first_seen = self._number_cells(records.cells)
        arch = ordinals[records.cell]
        trial = self._trials(arch, records.schedule_epochs)
        run = np.arange(self.runs, self.runs + len(arch), dtype=np.uint32)
        self.runs += len(arch)
        return Batch(
            architectures=_architectures(
                [records.cells[at] for at in first_seen], ordinals[first_seen]
            ),
            runs=_runs(records, run, arch, trial),
            epochs=_epochs(records, run),
            records=len(arch),
            bytes_done=records.end,
        )

    def _number_cells(self, cells: list[WrittenCell]) -> tuple[NDArray[np.uint32], list[int]]:
        """Return the ordinal of each cell, and the positions of those not seen before."""
        ordinals = np.empty(len(cells), np.uint32)
        first_seen = []
        for position, cell in enumerate(cells):
            key = bytes.fromhex(cell.module_hash)
            known = len(self._archs)
            ordinals[position] = self._archs.setdefault(key, known)
            if len(self._archs) > known:
                first_seen.append(position)
        return ordinals, first_seen

    def _trials(
        self, arch: NDArray[np.uint32], schedule_epochs: NDArray[np.uint16]
    ) -> NDArray[np.uint16]:
        """Count how often each cell was trained that long, this time included."""
        column = self._columns(schedule_epochs)
        rows = len(self._archs)
        if rows > len(self._counts):
            more = np.zeros((max(rows, 2 * len(self._counts)), self._counts.shape[1]), np.uint16)
            more[: len(self._counts)] = self._counts
            self._counts = more
        counts = self._counts.reshape(-1)
        key = arch.astype(np.int64) * self._counts.shape[1] + column
        order = np.argsort(key, kind="stable")
        ranked = key[order]
        starts = np.flatnonzero(np.diff(ranked, prepend=-1))
        sizes = np.diff(starts, append=len(key))
        within = np.arange(len(key)) - np.repeat(starts, sizes)
        trial = np.empty(len(key), np.int64)
        trial[order] = counts[ranked] + within + 1
        if trial.max() > np.iinfo(np.uint16).max:
            raise SourceError(self._path, "", "more than 65,535 repeats of one training")
        counts[ranked[starts]] += sizes.astype(np.uint16)
        return trial.astype(np.uint16)

    def _columns(self, schedule_epochs: NDArray[np.uint16]) -> NDArray[np.int64]:
        distinct, inverse = np.unique(schedule_epochs, return_inverse=True)
        for epochs in distinct.tolist():
            self.schedules.setdefault(epochs, len(self.schedules))
        if len(self.schedules) > _MAX_SCHEDULES:
            problem = f"trainings of more than {_MAX_SCHEDULES} different lengths"
            raise SourceError(self._path, "", problem, "It is not a NAS-Bench-101 file.")
        missing = len(self.schedules) - self._counts.shape[1]
        if missing > 0:
            self._counts = np.pad(self._counts, ((0, 0), (0, missing)))
        return np.array([self.schedules[epochs] for epochs in distinct.tolist()])[inverse]


def _architectures(cells: list[WrittenCell], ordinals: NDArray[np.uint32]) -> pa.Table:
    hashes = pa.array([cell.module_hash for cell in cells], pa.string())
    columns = {
        "arch": pa.array(ordinals),
        "native_index": pa.nulls(len(cells), pa.uint32()),
        "native_key": hashes,
        "adjacency": pa.array([cell.adjacency for cell in cells], pa.string()),
        "operations": pa.array([cell.operations for cell in cells], pa.string()),
        "nodes": pa.array([cell.operations.count(",") + 1 for cell in cells], pa.uint8()),
        "edges": pa.array([cell.adjacency.count("1") for cell in cells], pa.uint8()),
        "graph_id": hashes,
        "functional_id": hashes,
    }
    return _table(ARCHITECTURE_SCHEMA, columns)


def _runs(
    records: Records,
    run: NDArray[np.uint32],
    arch: NDArray[np.uint32],
    trial: NDArray[np.uint16],
) -> pa.Table:
    rows = len(run)
    absent = None if records.complete else records.parameters == NO_PARAMETERS
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([_DATASET]))
    columns = {
        "run": pa.array(run),
        "arch": pa.array(arch),
        "dataset": names,
        "schedule_epochs": pa.array(records.schedule_epochs),
        "trial": pa.array(trial),
        "parameters": pa.array(records.parameters.astype(np.uint32), mask=absent),
        "flops": pa.nulls(rows, pa.uint64()),
        "latency_seconds": pa.nulls(rows, pa.float64()),
        "total_seconds": _numbers(records.total_seconds, records),
        "seconds_are_measured": pa.array(np.ones(rows, bool)),
    }
    return _table(RUN_SCHEMA, columns)


def _epochs(records: Records, run: NDArray[np.uint32]) -> pa.Table:
    evaluations = records.evaluations
    nothing = pa.nulls(evaluations[0].size, pa.float64())
    columns = {
        "run": pa.array(np.repeat(run, evaluations.shape[2])),
        "epoch": pa.array(evaluations[0].reshape(-1).astype(np.uint16)),
        **dict.fromkeys(EPOCH_METRICS, nothing),
    }
    for name, row in _MEASURED.items():
        columns[name] = _numbers(evaluations[row].reshape(-1), records)
    return _table(EPOCH_SCHEMA, columns)


def _numbers(values: NDArray[np.float64], records: Records) -> pa.Array:
    return pa.array(values, from_pandas=not records.complete)


def _table(schema: pa.Schema, columns: dict[str, pa.Array]) -> pa.Table:
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
