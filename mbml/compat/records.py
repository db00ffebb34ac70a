"""Reading the records of NAS-Bench-101: one cell, or all of them in one go, into arrays.

A first question reads its cell alone. Once as many were read as cost the time of reading all of
them, all are read.
"""

from __future__ import annotations

import threading
from functools import cached_property
from math import isnan
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from mbml.compat.opening import QueryError
from mbml.compat.reading import arrow, of_runs, single_reads
from mbml.spaces import nasbench101

if TYPE_CHECKING:
    from collections.abc import KeysView

    from numpy.typing import NDArray

    from mbml.store import Warehouse

    #: The numbers of one training, in the order of `NAMES`; NaN where nothing was measured.
    Numbers = list[float]

#: Name of a measurement in the original, and its column.
METRICS = {
    "training_time": "train_seconds",
    "train_accuracy": "train_accuracy",
    "validation_accuracy": "valid_accuracy",
    "test_accuracy": "test_accuracy",
}
MOMENTS = ("halfway", "final")
#: What the original calls the numbers of a training.
NAMES = tuple(f"{moment}_{name}" for moment in MOMENTS for name in METRICS)
_COLUMNS = ", ".join(METRICS.values())
_ROWS_AT_ONCE = 2**17
_UNKNOWN = -1


class Cell(NamedTuple):
    """What is held of a cell.

    Attributes
    ----------
    bits, operations
        Its matrix row by row, and its operations joined by commas, as the benchmark writes them.
    parameters
        Trainable parameters; None if not recorded.
    repeats
        By length of training its repeats, as they came.
    """

    bits: str
    operations: str
    parameters: int | None
    repeats: dict[int, list[Numbers]]

    def adjacency(self) -> NDArray[np.int8]:
        """Return the matrix."""
        size = self.operations.count(",") + 1
        digits = np.frombuffer(self.bits.encode(), np.int8) - np.int8(ord("0"))
        return digits.reshape(size, size)


class Records:
    """All that a warehouse holds of NAS-Bench-101; threads may share it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        held = arrow(
            warehouse,
            "select native_key, arch_id from architecture where benchmark = ?",
            [nasbench101.NAME],
        )
        ids, hashes = held["arch_id"].to_numpy(), held["native_key"]
        if (ids[1:] < ids[:-1]).any():
            order = np.argsort(ids)
            ids, hashes = ids[order], hashes.take(order)
        self._arch_ids: NDArray[np.uint32] = ids
        self._places = {name: place for place, name in enumerate(hashes.to_pylist())}
        self._lock = threading.Lock()
        self._cells: dict[int, Cell] = {}
        self._all: _All | None = None

    def hashes(self) -> KeysView[str]:
        """Return the module hashes of all cells held, in the order in which they came."""
        return self._places.keys()

    def cell(self, module_hash: str) -> Cell:
        """Return all that is held of a cell; raises `QueryError` if it is not."""
        place = self._places.get(module_hash)
        if place is None:
            raise QueryError(f"{module_hash}: no such cell in {self._warehouse.path}")
        if self._all is not None:
            return self._all.cell(place)
        cell = self._cells.get(place)
        if cell is None:
            if self._is_due():
                return self.read_all().cell(place)
            cell = self._cells[place] = self._read_one(int(self._arch_ids[place]))
        return cell

    @cached_property
    def _single_reads(self) -> int:
        return single_reads(self._warehouse)

    def _is_due(self) -> bool:
        return len(self._cells) >= self._single_reads

    def read_all(self) -> _All:
        """Read all cells, once."""
        with self._lock:
            if self._all is None:
                self._all = _All(self._warehouse, self._arch_ids)
                self._cells.clear()
            return self._all

    def _read_one(self, arch_id: int) -> Cell:
        [(bits, operations)] = self._warehouse.rows(
            "select adjacency, operations from architecture where arch_id = ?", [arch_id]
        )
        runs = self._warehouse.rows(
            "select run_id, schedule_epochs, trial, parameters from run where arch_id = ?",
            [arch_id],
        )
        runs.sort(key=itemgetter(1, 2))
        numbers = {run_id: [np.nan] * len(NAMES) for run_id, *_ in runs}
        schedules = {run_id: schedule for run_id, schedule, *_ in runs}
        rows = runs and self._warehouse.rows(of_runs(_COLUMNS, numbers))
        for run_id, epoch, *values in rows:
            first = _first_column(schedules[run_id], epoch)
            if first is not None:
                found = [np.nan if value is None else value for value in values]
                numbers[run_id][first : first + len(METRICS)] = found
        repeats: dict[int, list[Numbers]] = {}
        for run_id, schedule, *_ in runs:
            repeats.setdefault(schedule, []).append(numbers[run_id])
        return Cell(bits, operations, runs[0][3] if runs else None, repeats)


def _first_column(schedule: Any, epoch: Any) -> int | None:
    if epoch == schedule:
        return len(METRICS)
    return 0 if 2 * epoch == schedule else None


class _All:
    """All cells, in arrays: places are those of the architectures' ids."""

    def __init__(self, warehouse: Warehouse, arch_ids: NDArray[np.uint32]) -> None:
        cells = arrow(
            warehouse,
            "select arch_id, adjacency, operations from architecture where benchmark = ?"
            " order by arch_id",
            [nasbench101.NAME],
        )
        # Cells that were loaded since the object was made are none of its own.
        cells = cells.filter(np.isin(cells["arch_id"].to_numpy(), arch_ids))
        self._bits, self._operations = _Texts(cells["adjacency"]), _Texts(cells["operations"])
        del cells
        runs = arrow(
            warehouse,
            "select arch_id, run_id, schedule_epochs, trial, parameters from run"
            " where arch_id in (select arch_id from architecture where benchmark = ?)",
            [nasbench101.NAME],
        )
        places = np.searchsorted(arch_ids, runs["arch_id"].to_numpy()).astype(np.int32)
        known = np.take(arch_ids, places, mode="clip") == runs["arch_id"].to_numpy()
        if not known.all():
            runs, places = runs.filter(known), places[known]
        order = np.lexsort((runs["trial"].to_numpy(), runs["schedule_epochs"].to_numpy(), places))
        self._ends = np.cumsum(np.bincount(places, minlength=len(arch_ids)))
        self._schedules = runs["schedule_epochs"].to_numpy()[order]
        self._parameters = runs["parameters"].fill_null(0).to_numpy()[order]
        self._has_parameters = runs["parameters"].is_valid().to_numpy()[order]
        run_ids = runs["run_id"].to_numpy()[order]
        del runs, places, known, order
        pa.default_memory_pool().release_unused()
        self._numbers = np.full((len(run_ids), len(NAMES)), np.nan)
        if len(run_ids):
            self._read_numbers(warehouse, run_ids)

    def _read_numbers(self, warehouse: Warehouse, run_ids: NDArray[np.uint32]) -> None:
        first = int(run_ids.min())
        place_of = np.full(int(run_ids.max()) - first + 1, _UNKNOWN, dtype=np.int32)
        place_of[run_ids - first] = np.arange(len(run_ids), dtype=np.int32)
        sql = (
            f"select run_id, epoch, {_COLUMNS} from epoch_metric"  # noqa: S608
            f" where run_id between {first} and {int(run_ids.max())} and epoch > 0"
        )
        with warehouse.reading() as con:
            for batch in con.sql(sql).to_arrow_reader(_ROWS_AT_ONCE):
                places = place_of[batch["run_id"].to_numpy() - first]
                epochs = batch["epoch"].to_numpy().astype(np.int64)
                schedules = self._schedules[places].astype(np.int64)
                columns = [batch[name].to_numpy(zero_copy_only=False) for name in METRICS.values()]
                for moment, at in enumerate((2 * epochs == schedules, epochs == schedules)):
                    taken = np.flatnonzero(at & (places != _UNKNOWN))
                    for metric, values in enumerate(columns):
                        column = moment * len(METRICS) + metric
                        self._numbers[places[taken], column] = values[taken]

    def cell(self, place: int) -> Cell:
        first, last = int(self._ends[place - 1]) if place else 0, int(self._ends[place])
        repeats: dict[int, list[Numbers]] = {}
        for schedule, numbers in zip(
            self._schedules[first:last].tolist(), self._numbers[first:last].tolist(), strict=True
        ):
            repeats.setdefault(schedule, []).append(numbers)
        known = first < last and self._has_parameters[first]
        return Cell(
            self._bits[place],
            self._operations[place],
            int(self._parameters[first]) if known else None,
            repeats,
        )


class _Texts:
    """Texts by place, each different one kept once."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        encoded = column.combine_chunks().dictionary_encode()
        self._codes = encoded.indices.to_numpy()
        self._texts = encoded.dictionary.to_pylist()

    def __getitem__(self, place: int) -> str:
        text: str = self._texts[self._codes[place]]
        return text


def named(numbers: Numbers) -> dict[str, float | None]:
    """Return the numbers of a training under the original's names."""
    return {
        name: None if isnan(number) else number for name, number in zip(NAMES, numbers, strict=True)
    }
