"""What queries of a search can see: the target of all candidates after an epoch of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from mbml import frames
from mbml.datasets import meta_datasets
from mbml.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse

    Values = NDArray[np.float64]


class Observation(NamedTuple):
    """What is seen of all candidates after one epoch of training.

    Attributes
    ----------
    values
        The target, shape (candidates,); (candidates, trials) if queries return one trial, with NaN
        beyond a candidate's own trials.
    seconds
        Training so far, of the same shape; NaN where not recorded.
    goes_on
        True if the view's own training passes here, so that it goes on from here; False if it is
        a shorter training of its own, as in NAS-Bench-101.
    """

    values: Values
    seconds: Values
    goes_on: bool

    def of_one_trial(self, drawn: NDArray[np.int64]) -> Observation:
        """Return the look at one trial a candidate, by random numbers of shape (candidates,)."""
        rows = np.arange(len(drawn))
        trial = drawn % self.trials
        return self._replace(values=self.values[rows, trial], seconds=self.seconds[rows, trial])

    def of_second_trial(self, drawn: NDArray[np.int64]) -> Observation:
        """Return another trial than `of_one_trial` does; NaN where a candidate has one alone."""
        second = self.of_one_trial(drawn + 1)
        return second._replace(values=np.where(self.trials > 1, second.values, np.nan))

    @property
    def trials(self) -> NDArray[np.int64]:
        """How many trials each candidate has, shape (candidates,)."""
        trials: NDArray[np.int64] = (~np.isnan(self.values)).sum(axis=1)
        return trials

    @property
    def is_whole(self) -> bool:
        """True if every candidate has a value."""
        first = self.values if self.values.ndim == 1 else self.values[:, 0]
        return not np.isnan(first).any()


def read_observations(
    warehouse: Warehouse,
    dataset: MetaDataset,
    arch_ids: pl.Series,
    target: str,
    *,
    one_trial: bool,
    earlier_epochs: bool,
) -> dict[int, Observation]:
    """Read what queries can see, by epoch; the last is the view's own.

    Raises
    ------
    UsageError
        Trials or earlier epochs are asked for and not held.
    """
    epochs = [*(_earlier(dataset) if earlier_epochs else ()), dataset.epoch]
    observations = {
        epoch: _observation(warehouse, dataset, arch_ids, epoch, target, one_trial=one_trial)
        for epoch in epochs
    }
    if not observations[dataset.epoch].is_whole:
        raise UsageError(
            f"{dataset.name} holds {target} as a summary, without its trials, for some of its"
            f" {len(arch_ids):,} architectures; ask for the mean"
        )
    observations = {
        epoch: observation for epoch, observation in observations.items() if observation.is_whole
    }
    if earlier_epochs and len(observations) == 1:
        raise UsageError(
            f"{dataset.name} holds no earlier {target} of all its {len(arch_ids):,} architectures,"
            " which this strategy needs; choose another view or strategy"
        )
    return observations


def _earlier(dataset: MetaDataset) -> list[int]:
    """List the earlier epochs that the benchmark published, and half time in NAS-Bench-101."""
    separate = dataset.benchmark == "nasbench101"
    found = {
        one.epoch
        for one in meta_datasets().values()
        if (one.benchmark, one.dataset) == (dataset.benchmark, dataset.dataset)
        and one.epoch < dataset.epoch
        and (separate or one.schedule_epochs == dataset.schedule_epochs)
    }
    return sorted(found | {dataset.epoch // 2} if separate else found)


def _observation(
    warehouse: Warehouse,
    dataset: MetaDataset,
    arch_ids: pl.Series,
    epoch: int,
    target: str,
    *,
    one_trial: bool,
) -> Observation:
    goes_on = dataset.benchmark != "nasbench101" or epoch in {dataset.epoch, dataset.epoch // 2}
    if dataset.is_own and epoch == dataset.epoch and not one_trial:
        return _of_own(warehouse, dataset, arch_ids, target)
    if one_trial:
        held = frames.trial_accuracies(warehouse, dataset, arch_ids, epoch=epoch, accuracy=target)
        return Observation(*held, goes_on)
    frame = frames.read_earlier(warehouse, dataset, arch_ids, epoch=epoch, accuracy=target)
    return Observation(floats(frame[target]), floats(frame["train_seconds"]), goes_on)


def _of_own(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, target: str
) -> Observation:
    """Read what a view of the user says of its epoch; without seconds, none are known."""
    known = frames.view_columns(warehouse, dataset.name)
    seconds = [name for name in ("train_seconds",) if name in known]
    problem = frames.stored_problem(
        warehouse, dataset, [], target=target, beside=("arch_id", *seconds)
    )
    rows = problem.rows.with_columns(value=pl.Series(problem.y))
    held = arch_ids.to_frame("arch_id").join(rows, on="arch_id", how="left", maintain_order="left")
    spent = floats(held["train_seconds"]) if seconds else np.full(held.height, np.nan)
    return Observation(floats(held["value"]), spent, goes_on=True)


def floats(series: pl.Series) -> Values:
    """Return numbers as an array, NaN for NULL."""
    values: Values = series.cast(float).fill_null(np.nan).to_numpy()
    return values
