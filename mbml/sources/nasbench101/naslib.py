"""NASLib's pickle of NAS-Bench-101, `nasbench_only108.pkl`: results by module hash.

The file is a dictionary from module hash to a pair: what is fixed (adjacency, operations,
parameters), and a dictionary from the length of the training to a list of its repeats, each with
time and accuracies halfway and at the end. The evaluation before training and the total time, which
the record file has, are not in it.

Source of the layout: ``naslib/utils/nb101_api.py`` of automl/NASLib, and a part of such a file.
"""

from __future__ import annotations

import re
from contextlib import closing
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.errors import SourceError
from mbml.sources.files import check_file
from mbml.sources.nasbench101.cells import WrittenCell, first_wrong_cell
from mbml.sources.nasbench101.decode import Records
from mbml.sources.nasbench101.source import Numbering, release_of
from mbml.sources.pickles.torch_pickle import open_torch
from mbml.sources.pickles.values import NumberArray, summary_of
from mbml.spaces.nasbench101 import MAX_NODES
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mbml.sources.batch import Batch
    from mbml.sources.pickles.machine import PickledRecord
    from mbml.sources.pickles.torch_pickle import TorchPickle

_FIXED: Final = frozenset({"module_adjacency", "module_operations", "trainable_parameters"})
_HASH: Final = re.compile(r"[0-9a-f]{32}")
_LENGTHS: Final = frozenset({4, 12, 36, 108})
#: Of each evaluation, in the order of `Records.evaluations` after the epoch.
_MEASURED: Final = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
_EVALUATIONS: Final = ("halfway", "final")
_RESULT: Final = frozenset(f"{when}_{name}" for when in _EVALUATIONS for name in _MEASURED)
#: Under this key the package nasbenchapi keeps results; too many for one record.
_OF_NASBENCHAPI: Final = "entries_by_arch"
#: Cells of a batch.
_CELLS: Final = 5_000
_MOST_REPEATS: Final = 1_000
_MOST_PARAMETERS: Final = 2**31


class _FormError(ValueError):
    """A cell that is not as NASLib writes it; the message says why."""


def is_of_naslib(path: Path) -> bool:
    """Tell whether a file is such a pickle, by its first record; False too if it is damaged."""
    try:
        with closing(open_torch(path, record_keys=_FIXED | _LENGTHS)) as opened:
            first = next(opened.records(), None)
    except SourceError:
        return False
    return first is not None and not _FIXED.isdisjoint(first.value)


class NaslibSource101:
    """NASLib's pickle of NAS-Bench-101; see `Source`.

    The trials are numbered in the order of the list, as those of a record file are. `halfway` is
    after half of the epochs.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    UsageError
        The path names no file.
    SourceError
        The file is empty or not readable.
    """

    benchmark = "nasbench101"
    format = "naslib_pickle"

    def __init__(self, path: Path | str) -> None:
        self.path = as_path(path)
        self.files: tuple[Path, ...] = (self.path,)
        check_file(self.path)
        self._numbering: Numbering | None = None

    @property
    def release(self) -> str | None:
        """Return `only108` once all trainings of that release are read, else None."""
        return release_of(self._numbering)

    def batches(self) -> Iterator[Batch]:
        """Read the file in bounded memory; one batch each some thousands of cells.

        Raises
        ------
        SourceError
            The file is damaged, hostile, or not as NASLib writes it.
        """
        self._numbering = None
        numbering = Numbering(self.path)
        opened = open_torch(self.path, record_keys=_FIXED | _LENGTHS)
        try:
            yield from self._read(opened, numbering)
        except SourceError:
            if opened.machine.pending(_OF_NASBENCHAPI) is not None:
                raise self._of_nasbenchapi() from None
            raise
        finally:
            opened.close()
        if not numbering.runs:
            raise SourceError(self.path, "", "it holds no results of NAS-Bench-101")
        self._numbering = numbering

    def _read(self, opened: TorchPickle, numbering: Numbering) -> Iterator[Batch]:
        cells = _Cells(self.path)
        halves: list[PickledRecord] = []
        for half in opened.records():
            halves.append(half)
            if len(halves) < 2:
                continue
            cells.add(*halves)
            halves = []
            opened.machine.drop_records()
            if len(cells.cells) == _CELLS:
                yield cells.batch(numbering)
        top = opened.machine.result
        if type(top) is dict and _OF_NASBENCHAPI in top:
            raise self._of_nasbenchapi()
        if halves or type(top) is not dict or any(one != ({}, {}) for one in top.values()):
            raise SourceError(self.path, "", "it holds something else than pairs by hash")
        if cells.cells:
            yield cells.batch(numbering)

    def _of_nasbenchapi(self) -> SourceError:
        return SourceError(
            self.path,
            "",
            "it is a pickle of the package nasbenchapi, which is not read",
            "Load nasbench_full.tfrecord, of which it was made.",
        )


class _Cells:
    """Cells with their trainings, until a batch is full."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start()

    def _start(self) -> None:
        self.cells: list[WrittenCell] = []
        self._places: list[str] = []
        self._cell: list[int] = []
        self._epochs: list[int] = []
        self._parameters: list[int] = []
        self._evaluations: list[list[tuple[float, ...]]] = []
        self._end = 0

    def add(self, fixed: PickledRecord, results: PickledRecord) -> None:
        """Check the two halves of a pair and take them.

        Raises
        ------
        SourceError
            They are not as NASLib writes them.
        """
        place = f"{summary_of(fixed.key)} (bytes {fixed.start} to {results.end})"
        try:
            cell, parameters = _fixed(fixed)
            for epochs, repeats in results.value.items():
                for evaluations in _repeats(epochs, repeats):
                    self._cell.append(len(self.cells))
                    self._epochs.append(epochs)  # type: ignore[arg-type]
                    self._parameters.append(parameters)
                    self._evaluations.append(evaluations)
        except _FormError as error:
            raise SourceError(self.path, place, str(error)) from None
        self.cells.append(cell)
        self._places.append(place)
        self._end = results.end

    def batch(self, numbering: Numbering) -> Batch:
        """Check the hashes of the cells, give all as a batch, and start anew.

        Raises
        ------
        SourceError
            A cell is illegal, stands under a wrong hash, or comes twice.
        """
        wrong = first_wrong_cell(self.cells)
        if wrong is not None:
            raise SourceError(self.path, self._places[wrong[0]], wrong[1])
        batch = numbering.batch(
            Records(
                end=self._end,
                cells=self.cells,
                cell=np.array(self._cell, np.int64),
                schedule_epochs=np.array(self._epochs, np.uint16),
                parameters=np.array(self._parameters, np.int64),
                total_seconds=np.full(len(self._cell), np.nan),
                evaluations=np.array(self._evaluations).transpose(2, 0, 1),
                complete=False,
            )
        )
        if batch.architectures.num_rows < len(self.cells):
            raise SourceError(self.path, "", "a module hash comes twice")
        self._start()
        return batch


def _fixed(record: PickledRecord) -> tuple[WrittenCell, int]:
    found = record.value
    if type(record.key) is not str or _HASH.fullmatch(record.key) is None:
        raise _FormError("its key is not a module hash of 32 lower-case hexadecimal digits")
    if found.keys() != _FIXED:
        raise _FormError("it does not begin with adjacency, operations and parameters")
    operations = found["module_operations"]
    if type(operations) is not list or any(type(one) is not str for one in operations):
        raise _FormError("module_operations is not a list of texts")
    nodes = len(operations)
    if not 1 < nodes <= MAX_NODES:
        raise _FormError(f"module_operations has {nodes} labels, expected 2 to {MAX_NODES}")
    bits = _bits(found["module_adjacency"], nodes)
    parameters = found["trainable_parameters"]
    if type(parameters) is not int or not 0 <= parameters < _MOST_PARAMETERS:
        raise _FormError(
            f"trainable_parameters is {summary_of(parameters)}, expected a whole number from 0 to"
            f" {_MOST_PARAMETERS - 1:,}"
        )
    return WrittenCell(record.key, bits, ",".join(operations)), parameters


def _bits(matrix: object, nodes: int) -> str:
    """Return a matrix, an array or a list of rows, as its entries in a row."""
    rows: object = matrix
    if type(matrix) is NumberArray:
        if matrix.shape != (nodes, nodes):
            raise _FormError(f"module_adjacency is not a matrix of {nodes} rows and columns")
        rows = matrix.numbers().tolist()
    if type(rows) is not list or any(type(row) is not list for row in rows):
        raise _FormError("module_adjacency is not a matrix")
    entries = [entry for row in rows for entry in row]
    if len(rows) != nodes or any(len(row) != nodes for row in rows):
        raise _FormError(f"module_adjacency is not a matrix of {nodes} rows and columns")
    if any(type(entry) not in {int, bool} or entry not in {0, 1} for entry in entries):
        raise _FormError("module_adjacency has an entry that is neither 0 nor 1")
    return "".join(str(int(entry)) for entry in entries)


def _repeats(epochs: object, repeats: object) -> Iterator[list[tuple[float, ...]]]:
    """Give the evaluations of each repeat: epoch, seconds, and three accuracies."""
    if type(epochs) is not int or epochs not in _LENGTHS:
        raise _FormError(f"it has results after {summary_of(epochs)} epochs")
    if type(repeats) is not list or not 1 <= len(repeats) <= _MOST_REPEATS:
        raise _FormError(f"the results after {epochs} epochs are {summary_of(repeats)}")
    for result in repeats:
        if type(result) is not dict or result.keys() != _RESULT:
            raise _FormError(
                f"a result after {epochs} epochs is not times and accuracies, halfway and final"
            )
        yield [
            (float(epoch), *_measured(result, when, epochs))
            for epoch, when in ((epochs // 2, "halfway"), (epochs, "final"))
        ]


def _measured(result: dict[str, object], when: str, epochs: int) -> Iterable[float]:
    for name in _MEASURED:
        value = result[f"{when}_{name}"]
        upper = float("inf") if name == "training_time" else 1.0
        if type(value) is not float or not isfinite(value) or not 0 <= value <= upper:
            expected = "seconds" if name == "training_time" else "a fraction in [0, 1]"
            raise _FormError(
                f"{when}_{name} after {epochs} epochs is {summary_of(value)}, expected {expected}"
            )
        yield value
