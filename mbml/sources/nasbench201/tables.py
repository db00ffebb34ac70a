"""Checked records -> the three Arrow tables of a batch: filled run by run, checked at once."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mbml.errors import CellError, SourceError
from mbml.sources.batch import (
    ARCHITECTURE_SCHEMA,
    DATASETS,
    EPOCH_METRICS,
    EPOCH_SCHEMA,
    RUN_SCHEMA,
    Batch,
)
from mbml.sources.nasbench201.curves import RecordFaultError
from mbml.sources.nasbench201.records import RecordedRun, check_state, runs_of
from mbml.sources.pickles.values import summary_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

#: Rows after which a batch is full: 6 MB of numbers; or architectures, of which some have no rows.
_ROWS = 50_000
_ARCHITECTURES = 5_000
_FIRST_ROWS = 4096
_SPARE = 10_000

_COLUMN: Final = {name: place for place, name in enumerate(EPOCH_METRICS)}
_IS_PERCENT: Final = tuple(name.endswith("_accuracy") for name in EPOCH_METRICS)
_UPPER: Final = tuple(100.0 if percent else sys.float_info.max for percent in _IS_PERCENT)
_IS_SECONDS: Final = frozenset(name for name in EPOCH_METRICS if name.endswith("_seconds"))
_DATASET: Final = {name: place for place, name in enumerate(DATASETS)}


@dataclass(frozen=True, slots=True)
class Identity:
    """What the search space knows of an architecture string; see `ARCHITECTURE_SCHEMA`."""

    operations: str | None
    nodes: int
    edges: int
    graph_id: str
    functional_id: str


class ResultTables:
    """Collects architectures and their runs until a batch is full.

    Parameters
    ----------
    path
        The file, for errors.
    identify
        The search space's parser.
    schedules
        The keys that a record may have.
    indexes
        How many architectures the space has: an index is below.
    """

    def __init__(
        self,
        path: Path,
        identify: Callable[[str], Identity],
        schedules: frozenset[str],
        indexes: int,
    ) -> None:
        self.path = path
        self._identify = identify
        self._schedules = schedules
        self._indexes = indexes
        self._start()

    def _start(self) -> None:
        self._metrics: NDArray[np.float64] = np.full((len(EPOCH_METRICS), _FIRST_ROWS), np.nan)
        self._expected = [0] * len(EPOCH_METRICS)
        self.rows = 0
        self._architectures: list[tuple[int, str, Identity]] = []
        self._runs: list[tuple[int, RecordedRun, bool | None, str]] = []

    @property
    def architectures(self) -> int:
        """Architectures waiting."""
        return len(self._architectures)

    @property
    def batches(self) -> float:
        """How many batches wait: a part of one, or more."""
        return max(self.rows / _ROWS, self.architectures / _ARCHITECTURES)

    def add(self, states: Mapping[object, object], index: int, place: str) -> None:
        """Add a record.

        Parameters
        ----------
        states
            `ArchResults` states by schedule.
        index
            The index under which the file holds it.
        place
            Where it stands, for errors.

        Raises
        ------
        SourceError
            If the record is not as the benchmark writes it.
        """
        try:
            schedules, text = self._check_head(states, index)
        except RecordFaultError as fault:
            raise SourceError(self.path, place, str(fault)) from None
        runs = (
            (run, f"{place}, {name!a}")
            for name in schedules
            for run in runs_of(states[name], name, text)
        )
        self.add_runs(index, text, runs, place)

    def add_runs(
        self, index: int, text: str, runs: Iterable[tuple[RecordedRun, str]], place: str
    ) -> None:
        """Add an architecture, its checked runs, and the place of each.

        Raises
        ------
        SourceError
            If the text is no architecture, or making the runs raises `RecordFaultError`.
        """
        try:
            identity = self._identify(text)
            # What a damaged number does to a sum is found out when the batch is full.
            with np.errstate(over="ignore", invalid="ignore"):
                for run, where in runs:
                    self._add_run(run, where)
        except RecordFaultError as fault:
            raise SourceError(self.path, place, str(fault)) from None
        except CellError as fault:
            raise SourceError(self.path, f"{place}, arch_str", str(fault)) from None
        self._architectures.append((index, text, identity))

    def _check_head(self, states: Mapping[object, object], index: int) -> tuple[list[str], str]:
        """Check what is common to the schedules; return these and the architecture string."""
        if not 0 <= index < self._indexes:
            problem = f"it is {summary_of(index)}, expected 0 to {self._indexes - 1:,}"
            raise RecordFaultError("index", problem)
        heads: dict[str, str] = {}
        for name, state in states.items():
            if not isinstance(name, str) or name not in self._schedules:
                raise RecordFaultError(summary_of(name), "this space has no such schedule")
            own_index, heads[name] = check_state(state, name)
            if own_index != index:
                problem = f"expected {index}, got {summary_of(own_index)}"
                raise RecordFaultError(f"{name!a}/arch_index", problem)
        if len(set(heads.values())) != 1:
            raise RecordFaultError("arch_str", "it differs between schedules")
        return list(heads), next(iter(heads.values()))

    def _add_run(self, run: RecordedRun, place: str) -> None:
        first = self.rows
        last = first + run.epochs
        if last > self._metrics.shape[1]:
            # Once to the size of a whole batch: most sources are either small or large.
            more = max(_ROWS + _SPARE, self._metrics.shape[1])
            room = np.full((len(EPOCH_METRICS), self._metrics.shape[1] + more), np.nan)
            room[:, :first] = self._metrics[:, :first]
            self._metrics = room
        measured: bool | None = None
        for name, points in run.curves:
            column = _COLUMN[name]
            target = self._metrics[column, first:last]
            values = points.values
            self._expected[column] += len(values)
            if name not in _IS_SECONDS:
                if points.in_order:
                    target[: len(values)] = values
                else:
                    target[points.epochs] = values
                continue
            if name == "train_seconds":
                measured = run.epochs == 1 or bool((values != values[0]).any())
            elif measured is None:
                measured = True
            if points.in_order:
                np.cumsum(values, out=target[: len(values)])
            else:
                if np.isnan(values).any():
                    raise RecordFaultError(f"{place}, {name}", "it holds what is not a number")
                target[points.epochs] = values
                self._expected[column] -= len(values) - _accumulate(target)
        self.rows = last
        self._runs.append((len(self._architectures), run, measured, place))

    def batch(self, records: int, bytes_done: int) -> Batch:
        """Check what was collected and give it as a batch, numbered from 0; start anew.

        Raises
        ------
        SourceError
            If a number is not finite, negative, or an accuracy above 100 %.
        """
        metrics = self._metrics[:, : self.rows]
        lengths = [run.epochs for _, run, _, _ in self._runs]
        epochs = [
            pa.array(np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)),
            pa.array(_counts(lengths)),
        ]
        for column, expected in enumerate(self._expected):
            if not expected:
                epochs.append(pa.nulls(self.rows, pa.float64()))
                continue
            values = metrics[column]
            if np.count_nonzero((values >= 0) & (values <= _UPPER[column])) != expected:
                raise self._number_fault(metrics)
            if _IS_PERCENT[column]:
                values /= 100
            epochs.append(pa.array(values, from_pandas=True))
        batch = Batch(
            architectures=self._architecture_table(),
            runs=self._run_table(),
            epochs=pa.table(epochs, schema=EPOCH_SCHEMA),
            records=records,
            bytes_done=bytes_done,
        )
        self._start()
        return batch

    def _architecture_table(self) -> pa.Table:
        rows = self._architectures
        known = [identity for _, _, identity in rows]
        return pa.table(
            {
                "arch": range(len(rows)),
                "native_index": [index for index, _, _ in rows],
                "native_key": [text for _, text, _ in rows],
                "adjacency": [None] * len(rows),
                "operations": [one.operations for one in known],
                "nodes": [one.nodes for one in known],
                "edges": [one.edges for one in known],
                "graph_id": [one.graph_id for one in known],
                "functional_id": [one.functional_id for one in known],
            },
            schema=ARCHITECTURE_SCHEMA,
        )

    def _run_table(self) -> pa.Table:
        rows = self._runs
        dataset = pa.DictionaryArray.from_arrays(
            pa.array([_DATASET[run.dataset] for _, run, _, _ in rows], pa.int8()), list(DATASETS)
        )
        return pa.table(
            {
                "run": range(len(rows)),
                "arch": [arch for arch, _, _, _ in rows],
                "dataset": dataset,
                "schedule_epochs": [run.epochs for _, run, _, _ in rows],
                "trial": [run.seed for _, run, _, _ in rows],
                "parameters": [run.parameters for _, run, _, _ in rows],
                "flops": [run.flops for _, run, _, _ in rows],
                "latency_seconds": [run.latency for _, run, _, _ in rows],
                "total_seconds": [None] * len(rows),
                "seconds_are_measured": [measured for _, _, measured, _ in rows],
            },
            schema=RUN_SCHEMA,
        )

    def _number_fault(self, metrics: NDArray[np.float64]) -> SourceError:
        """Find the first run with a number that cannot be."""
        row = 0
        for _, run, _, place in self._runs:
            for name, points in run.curves:
                column = _COLUMN[name]
                summed = metrics[column, row : row + run.epochs]
                where = f"{place}/all_results/({run.dataset!a}, {run.seed}), {name}"
                within = (points.values >= 0) & (points.values <= _UPPER[column])
                if not within.all():
                    bad = int(np.argmin(within))
                    rule = "percent from 0 to 100" if _IS_PERCENT[column] else "finite, 0 or more"
                    found = f"is {points.values[bad].item()}, expected {rule}"
                    after = f"the value after {points.epochs[bad] + 1} epochs"
                    return SourceError(self.path, where, f"{after} {found}")
                if np.isinf(summed).any():
                    return SourceError(self.path, where, "the values add up to infinity")
            row += run.epochs
        return SourceError(self.path, "", "a number is not a possible one")


def _accumulate(values: NDArray[np.float64]) -> int:
    """Sum up in place; beyond the first gap the sum is unknown. Return how many are known."""
    np.cumsum(values, out=values)
    return int(np.count_nonzero(~np.isnan(values)))


def _counts(lengths: list[int]) -> NDArray[np.uint16]:
    """Return 1 to n for each n of `lengths`, in a row."""
    if not lengths:
        return np.zeros(0, np.uint16)
    ramps = {length: np.arange(1, length + 1, dtype=np.uint16) for length in set(lengths)}
    return np.concatenate([ramps[length] for length in lengths])


def renumbered(batch: Batch, arch: int, run: int, bytes_done: int) -> Batch:
    """Shift a batch's ordinals, to follow on others."""
    runs = _shifted(_shifted(batch.runs, "arch", arch), "run", run)
    return Batch(
        architectures=_shifted(batch.architectures, "arch", arch),
        runs=runs,
        epochs=_shifted(batch.epochs, "run", run),
        records=batch.records,
        bytes_done=bytes_done,
    )


def _shifted(table: pa.Table, column: str, offset: int) -> pa.Table:
    if not offset:
        return table
    place = table.schema.get_field_index(column)
    shifted = pc.add(table.column(place), pa.scalar(offset, pa.uint32()))
    return table.set_column(place, table.schema.field(place), shifted)
