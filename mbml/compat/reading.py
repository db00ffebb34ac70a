"""Reading the trials of a search space of NATS-Bench: one architecture, or many in one go.

A first question reads its architecture alone. Once as many were read as cost the time of reading
all of them, all are read, at the epoch asked for, into arrays.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa  # noqa: TC002 - here, so that opening need not wait for it
from numpy import ma

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mbml.store import Warehouse

    #: Seeds of the trials, ascending, and of each trial its numbers after one epoch (`NUMBERS`).
    Moment = tuple[list[int], list[list[float]]]

_METRICS = ("accuracy", "loss", "seconds")
_CURVES = tuple(
    f"{prefix}_{metric}"
    for prefix in ("train", "valid", "test", "valid_test")
    for metric in _METRICS
)
#: The numbers of a trial after an epoch, in this order; NaN where nothing was measured. Accuracies
#: are percent, FLOPs and parameters millions.
NUMBERS = (*_CURVES, "flops", "parameters", "latency_seconds")
#: Where the accuracy of an image set stands among them; its loss and seconds follow.
PLACES = {"train": 0, "valid": 3, "test": 6, "valid_test": 9}
_TOP5 = "train_top5_accuracy"
_PERCENT = np.array([100.0 if name.endswith("accuracy") else 1.0 for name in (*_CURVES, _TOP5)])
_MILLIONS = np.array([1e6, 1e6, 1.0])

#: Architectures and bytes that are kept.
_KEPT_CELLS = 256
_KEPT_BYTES = 2**28
#: Single reads after which all are read: as many, and one more for so many rows to be scanned.
_SINGLE_READS = 16
_ROWS_A_READ = 100_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """One training as it is held.

    Attributes
    ----------
    dataset, seed
        What it was trained on, and its seed.
    costs
        FLOPs and parameters in millions, and latency in seconds.
    values
        Row e holds the numbers after epoch e, counted from 0; the last column is top-5 accuracy.
    """

    dataset: str
    seed: int
    costs: list[float]
    values: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Block:
    """All trials on one data set under one schedule, after one epoch."""

    starts: list[int]
    seeds: list[int]
    values: NDArray[np.float64]

    def of(self, index: int) -> Moment:
        first, last = self.starts[index], self.starts[index + 1]
        return self.seeds[first:last], self.values[first:last].tolist()


def arrow(warehouse: Warehouse, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
    """Run a query and return its rows as an Arrow table."""
    with warehouse.reading() as con:
        return con.sql(sql, params=list(parameters)).to_arrow_table()


def of_runs(columns: str, run_ids: Iterable[int]) -> str:
    """Return a query of the rows of some runs, one part for each row of consecutive ids.

    Equal bounds let DuckDB skip the blocks without them, however far apart the runs are.
    """
    ranges: list[list[int]] = []
    for run_id in sorted(run_ids):
        if ranges and run_id == ranges[-1][1] + 1:
            ranges[-1][1] = run_id
        else:
            ranges.append([run_id, run_id])
    return " union all ".join(
        f"select run_id, epoch, {columns} from epoch_metric"  # noqa: S608 - names and numbers
        f" where run_id between {first} and {last} and epoch > 0"
        for first, last in ranges
    )


def single_reads(warehouse: Warehouse) -> int:
    """Return after how many single reads it is time to read all."""
    [(rows,)] = warehouse.rows("select count(*) from epoch_metric")
    return _SINGLE_READS + int(rows) // _ROWS_A_READ


class Trials:
    """The trials that a warehouse holds of a search space; threads may share it.

    Parameters
    ----------
    warehouse, benchmark
        Where they are held.
    arch_ids
        The architectures' ids by index.
    size
        Number of architectures in the space.
    """

    def __init__(
        self, warehouse: Warehouse, benchmark: str, arch_ids: dict[int, int], size: int
    ) -> None:
        self._warehouse = warehouse
        self._benchmark = benchmark
        self._arch_ids = arch_ids
        self._size = size
        self._lock = threading.Lock()
        self._cells: dict[tuple[int, int], tuple[Curves, ...]] = {}
        self._blocks: dict[tuple[str, int, int], _Block] = {}
        self._misses: Counter[tuple[str, int, int]] = Counter()

    def of(self, index: int, schedule: int) -> tuple[Curves, ...]:
        """Return the trainings of an architecture under a schedule, with all epochs."""
        key = (index, schedule)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._read_cell(self._arch_ids[index], schedule)
            with self._lock:
                self._cells[key] = cell
                while len(self._cells) > _KEPT_CELLS:
                    del self._cells[next(iter(self._cells))]
        return cell

    def at(self, index: int, dataset: str, schedule: int, epoch: int) -> Moment:
        """Return the trials of an architecture on a data set, after an epoch counted from 1."""
        key = (dataset, schedule, epoch)
        block = self._blocks.get(key)
        if block is None and (index, schedule) not in self._cells:
            block = self._block_when_due(key)
        if block is not None:
            return block.of(index)
        trials = [one for one in self.of(index, schedule) if one.dataset == dataset]
        return (
            [one.seed for one in trials],
            [one.values[epoch - 1, : len(_CURVES)].tolist() + one.costs for one in trials],
        )

    @cached_property
    def _single_reads(self) -> int:
        return single_reads(self._warehouse)

    def _block_when_due(self, key: tuple[str, int, int]) -> _Block | None:
        with self._lock:
            if key in self._blocks:
                return self._blocks[key]
            self._misses[key] += 1
            if self._misses[key] <= self._single_reads:
                return None
            block = self._read_block(*key)
            self._misses[key] = 0
            self._blocks[key] = block
            while sum(one.values.nbytes for one in self._blocks.values()) > _KEPT_BYTES:
                del self._blocks[next(iter(self._blocks))]
        return block

    def _read_cell(self, arch_id: int, schedule: int) -> tuple[Curves, ...]:
        runs = self._warehouse.rows(
            "select run_id, dataset, trial, flops, parameters, latency_seconds from run"
            " where arch_id = ? and schedule_epochs = ?",
            [arch_id, schedule],
        )
        runs.sort(key=itemgetter(2))
        if not runs:
            return ()
        # Written out, ids let DuckDB skip the blocks without them, however far apart they are.
        sql = of_runs(f"{', '.join(_CURVES)}, {_TOP5}", (run[0] for run in runs))
        with self._warehouse.reading() as con:
            found = con.execute(sql).fetchnumpy()
        place = {run[0]: row for row, run in enumerate(runs)}
        rows = [place[run_id] for run_id in found["run_id"].tolist()]
        values = np.full((len(runs), schedule, len(_PERCENT)), np.nan)
        columns = [ma.filled(found[name], np.nan) for name in (*_CURVES, _TOP5)]
        values[rows, found["epoch"].astype(np.intp) - 1] = np.column_stack(columns) * _PERCENT
        values.flags.writeable = False
        costs = np.array([run[3:] for run in runs], dtype=float) / _MILLIONS
        return tuple(
            Curves(dataset=run[1], seed=run[2], costs=costs[row].tolist(), values=values[row])
            for row, run in enumerate(runs)
        )

    def _read_block(self, dataset: str, schedule: int, epoch: int) -> _Block:
        table = arrow(
            self._warehouse,
            f"select arch_id, trial, {', '.join(NUMBERS)} from run"  # noqa: S608
            " inner join architecture using (arch_id)"
            " left join epoch_metric on epoch_metric.run_id = run.run_id and epoch = ?"
            " where benchmark = ? and dataset = ? and schedule_epochs = ?",
            [epoch, self._benchmark, dataset, schedule],
        )
        index_of = {arch_id: index for index, arch_id in self._arch_ids.items()}
        # Architectures that were loaded since this object was made are none of its own.
        known = [index_of.get(arch_id, self._size) for arch_id in table["arch_id"].to_pylist()]
        index = np.array(known, dtype=np.intp)
        seeds = table["trial"].to_numpy().astype(np.intp)
        order = np.lexsort((seeds, index))
        values = np.empty((len(order), len(NUMBERS)))
        for column, name in enumerate(NUMBERS):
            values[:, column] = table[name].to_numpy()[order]
        values[:, : len(_CURVES)] *= _PERCENT[: len(_CURVES)]
        values[:, len(_CURVES) :] /= _MILLIONS
        ends = np.cumsum(np.bincount(index, minlength=self._size))[: self._size]
        return _Block(starts=[0, *ends.tolist()], seeds=seeds[order].tolist(), values=values)
