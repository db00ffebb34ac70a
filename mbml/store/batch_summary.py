"""Means and deviations over trials, computed from a batch while its rows are in memory.

What they are is defined by `sql/20_macros/cell_summary.sql`. This module computes the same for the
cells whose trials stand together in one batch, as they do in every published file; a cell whose
trials do not is named instead, and SQL summarises it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from mbml.sources.batch import EPOCH_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mbml.sources.batch import Batch

    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]

#: What the row of the last epoch also tells of half time, in the benchmark that recorded no other.
RECORDED_AT_HALF_TIME: Final = "nasbench101"
AT_HALF_TIME: Final = ("train_accuracy", "valid_accuracy", "test_accuracy", "train_seconds")

#: The trial whose parameters and FLOPs hold where trials disagree.
_TRUSTED: Final = 888


class Schedule(NamedTuple):
    """One length of training on one data set."""

    dataset: str
    epochs: int


class Piece(NamedTuple):
    """Cells of one schedule.

    Attributes
    ----------
    schedule
        The schedule.
    cells
        Their ordinals, shape (cells,).
    summary
        A row a cell and epoch, ordered so: `arch`, and the columns of `cell_metric` that have a
        value. None where SQL must summarise the cells.
    """

    schedule: Schedule
    cells: NDArray[np.uint32]
    summary: pa.Table | None


def summarise(batch: Batch, benchmark: str) -> Iterator[Piece]:
    """Summarise the cells of a checked batch, as if no other batch had trials of them."""
    runs = _Runs(batch)
    epochs = batch.epochs.column("epoch").to_numpy()
    metrics = _metrics(batch.epochs)
    for schedule, at in runs.alike():
        fits = runs.are_whole_trials(at)
        rows = runs.rows(at[fits])
        if rows.size:
            same = (epochs[rows] == epochs[rows[0, 0]]).all(axis=(1, 2))
            fits[fits], rows = same, rows[same]
        summary = None
        if rows.size and metrics is not None:
            after = epochs[rows[0, 0]]
            measured = {
                column: values
                for name, metric in metrics.items()
                for column, values in _over_trials(name, metric[rows])
            }
            if benchmark == RECORDED_AT_HALF_TIME:
                measured |= dict(_at_half_time(measured, after, schedule.epochs))
            summary = _table(runs, at[fits], after, measured)
        if summary is None:
            fits[:] = False
        else:
            yield Piece(schedule, runs.arch[at[fits, 0]], summary)
        if not fits.all():
            yield Piece(schedule, runs.arch[at[~fits, 0]], None)


class _Runs:
    """The runs of a batch as arrays, each of shape (runs,); a null count is masked.

    Attributes
    ----------
    arch, trial
        As in `RUN_SCHEMA`.
    first_row, length
        Where the epochs of a run begin, and how many rows they have.
    """

    def __init__(self, batch: Batch) -> None:
        table = batch.runs.combine_chunks()
        self._dataset = table.column("dataset").combine_chunks()
        self._schedule = table.column("schedule_epochs").to_numpy()
        self._counts = {name: _masked(table.column(name)) for name in ("parameters", "flops")}
        self._latency = table.column("latency_seconds").to_numpy()
        self.arch = table.column("arch").to_numpy()
        self.trial = table.column("trial").to_numpy()
        run = table.column("run").to_numpy()
        run_of_row = batch.epochs.column("run").to_numpy()
        self.first_row = np.searchsorted(run_of_row, run)
        self.length = np.searchsorted(run_of_row, run, side="right") - self.first_row

    def alike(self) -> Iterator[tuple[Schedule, Positions]]:
        """Yield cells of one schedule with equally many trials and rows in the first of these.

        Yields
        ------
        The schedule, and the positions of the cells' runs, shape (cells, trials): cells by their
        ordinals, trials by their numbers.
        """
        if not len(self.arch):
            return
        names = self._dataset.dictionary.to_pylist()
        codes = self._dataset.indices.to_numpy().astype(np.int64) << 16 | self._schedule
        schedules, place = np.unique(codes, return_inverse=True)
        cell = place << 32 | self.arch
        order = np.lexsort((self.trial, cell))
        starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        first = order[starts]
        kinds = np.stack((place[first], sizes, self.length[first]))
        distinct, kind = np.unique(kinds, axis=1, return_inverse=True)
        for number, (which, size, _) in enumerate(distinct.T.tolist()):
            chosen = starts[kind.reshape(-1) == number]
            code = int(schedules[which])
            yield (
                Schedule(names[code >> 16], code & 0xFFFF),
                order[chosen[:, None] + np.arange(size)],
            )

    def are_whole_trials(self, at: Positions) -> NDArray[np.bool_]:
        """Tell the cells whose runs are trials with equally many rows, shape (cells,)."""
        length = self.length[at]
        # Trial 0 is a summary already.
        is_trial = self.trial[at] > 0
        whole: NDArray[np.bool_] = (is_trial & (length > 0) & (length == length[:, :1])).all(axis=1)
        return whole

    def rows(self, at: Positions) -> Positions:
        """Return the rows of runs of one length, shape (cells, trials, epochs)."""
        length = int(self.length[at[0, 0]]) if len(at) else 0
        rows: Positions = self.first_row[at][:, :, None] + np.arange(length)
        return rows

    def counted(self, at: Positions) -> Iterator[tuple[str, pa.Array]]:
        """Yield parameters, FLOPs and latency of cells, each of shape (cells,)."""
        is_trusted = self.trial[at] == _TRUSTED
        for name, (values, is_known) in self._counts.items():
            # Of those that are known, the trusted trial comes first, then the least one.
            rank = np.where(is_known[at], np.where(is_trusted, 1, 2), 3)
            chosen = at[np.arange(len(at)), rank.argmin(axis=1)]
            if is_known[chosen].any():
                yield name, pa.array(values[chosen], mask=~is_known[chosen])
        latency, _ = _mean_and_deviation(self._latency[at])
        if not np.isnan(latency).all():
            yield "latency_seconds", pa.array(latency, from_pandas=True)


def _masked(column: pa.ChunkedArray) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    return column.fill_null(0).to_numpy(), column.is_valid().to_numpy()


def _metrics(epochs: pa.Table) -> dict[str, Floats] | None:
    """Return the metrics that have values, null as NaN; None where a value is not a number."""
    metrics = {}
    for name in EPOCH_METRICS:
        column = epochs.column(name)
        if column.null_count == len(column):
            continue
        metrics[name] = values = column.to_numpy()
        if np.count_nonzero(np.isfinite(values)) != len(column) - column.null_count:
            return None
    return metrics


def _over_trials(name: str, values: Floats) -> Iterator[tuple[str, Floats]]:
    # Most metrics have values on one data set and none on another.
    if np.isnan(values[0, 0, 0]) and np.isnan(values).all():
        return
    mean, deviation = _mean_and_deviation(values)
    yield name, mean
    yield f"{name}_std", deviation


def _mean_and_deviation(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and population deviation along the second axis, over what is not NaN.

    Both are computed as DuckDB's `avg` and `stddev_pop` do, in the order of the axis.
    """
    trials = [values[:, trial] for trial in range(values.shape[1])]
    if np.isnan(values).any():
        return _over_the_known(trials)
    total, moving, squares = trials[0].copy(), trials[0].copy(), np.zeros_like(trials[0])
    for count, one in enumerate(trials[1:], 2):
        total += one
        step = one - moving
        moving += step / count
        squares += (one - moving) * step
    return total / len(trials), np.sqrt(squares / len(trials))


def _over_the_known(trials: list[Floats]) -> tuple[Floats, Floats]:
    total, moving, squares = (np.zeros_like(trials[0]) for _ in range(3))
    count = np.zeros(trials[0].shape, np.int64)
    for one in trials:
        known = ~np.isnan(one)
        count += known
        value = np.where(known, one, moving)
        total += np.where(known, one, 0)
        step = value - moving
        moving += step / np.maximum(count, 1)
        squares += (value - moving) * step
    count = np.where(count, count, np.nan)
    return total / count, np.sqrt(squares / count)


def _at_half_time(
    measured: dict[str, Floats], epochs: NDArray[np.uint16], schedule_epochs: int
) -> Iterator[tuple[str, Floats]]:
    """Yield the values at half the schedule, in the place of its last epoch."""
    half = np.flatnonzero(2 * epochs.astype(np.int64) == schedule_epochs)
    last = np.flatnonzero(epochs == schedule_epochs)
    if not (len(half) and len(last)):
        return
    for name in AT_HALF_TIME:
        if name in measured:
            values = np.full_like(measured[name], np.nan)
            values[:, last] = measured[name][:, half]
            yield f"halfway_{name}", values


def _table(
    runs: _Runs, at: Positions, epochs: NDArray[np.uint16], measured: dict[str, Floats]
) -> pa.Table | None:
    """Lay a summary out as rows; None where a value left the range of doubles."""
    if any(np.isinf(values).any() for values in measured.values()):
        return None
    cells, trials = at.shape
    cell = pa.array(np.repeat(np.arange(cells), len(epochs)))
    columns = {
        "arch": pa.array(runs.arch[at[:, 0]]).take(cell),
        "epoch": pa.array(np.tile(epochs, cells)),
        "trials": pa.array(np.full(len(cell), trials, np.uint16)),
    }
    columns |= {name: values.take(cell) for name, values in runs.counted(at)}
    columns |= {
        name: pa.array(values.reshape(-1), from_pandas=True) for name, values in measured.items()
    }
    return pa.table(columns)
