"""What queries of a search can see: the target of all candidates after an epoch of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml import frames
from mbml.datasets import META_DATASETS
from mbml.errors import UsageError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from mbml.datasets import MetaDataset
    from mbml.store import Warehouse

    Values = NDArray[np.float64]


class Look(NamedTuple):
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

    def of_one_trial(self, drawn: NDArray[np.int64]) -> Look:
        """Return the look at one trial a candidate, by random numbers of shape (candidates,)."""
        rows = np.arange(len(drawn))
        trial = drawn % (~np.isnan(self.values)).sum(axis=1)
        return self._replace(values=self.values[rows, trial], seconds=self.seconds[rows, trial])

    @property
    def is_whole(self) -> bool:
        """True if every candidate has a value."""
        first = self.values if self.values.ndim == 1 else self.values[:, 0]
        return not np.isnan(first).any()


def read_looks(
    warehouse: Warehouse,
    dataset: MetaDataset,
    arch_ids: pl.Series,
    target: str,
    *,
    one_trial: bool,
    earlier_epochs: bool,
) -> dict[int, Look]:
    """Read what queries can see, by epoch; the last is the view's own.

    Raises
    ------
    UsageError
        Trials or earlier epochs are asked for and not held.
    """
    epochs = [*(_earlier(dataset) if earlier_epochs else ()), dataset.epoch]
    looks = {
        epoch: _look(warehouse, dataset, arch_ids, epoch, target, one_trial=one_trial)
        for epoch in epochs
    }
    if not looks[dataset.epoch].is_whole:
        raise UsageError(
            f"{dataset.name} holds {target} as a summary, without its trials, for some of its"
            f" {len(arch_ids):,} architectures; ask for the mean"
        )
    looks = {epoch: look for epoch, look in looks.items() if look.is_whole}
    if earlier_epochs and len(looks) == 1:
        raise UsageError(
            f"{dataset.name} holds no earlier {target} of all its {len(arch_ids):,} architectures,"
            " which this strategy needs; choose another view or strategy"
        )
    return looks


def _earlier(dataset: MetaDataset) -> list[int]:
    """List the earlier epochs that the benchmark published, and half time in NAS-Bench-101."""
    separate = dataset.benchmark == "nasbench101"
    found = {
        one.epoch
        for one in META_DATASETS.values()
        if (one.benchmark, one.dataset) == (dataset.benchmark, dataset.dataset)
        and one.epoch < dataset.epoch
        and (separate or one.schedule_epochs == dataset.schedule_epochs)
    }
    return sorted(found | {dataset.epoch // 2} if separate else found)


def _look(
    warehouse: Warehouse,
    dataset: MetaDataset,
    arch_ids: pl.Series,
    epoch: int,
    target: str,
    *,
    one_trial: bool,
) -> Look:
    goes_on = dataset.benchmark != "nasbench101" or epoch in {dataset.epoch, dataset.epoch // 2}
    if one_trial:
        held = frames.read_trials(warehouse, dataset, arch_ids, epoch=epoch, accuracy=target)
        return Look(*held, goes_on)
    frame = frames.read_earlier(warehouse, dataset, arch_ids, epoch=epoch, accuracy=target)
    return Look(floats(frame[target]), floats(frame["train_seconds"]), goes_on)


def floats(series: pl.Series) -> Values:
    """Return numbers as an array, NaN for NULL."""
    values: Values = series.cast(float).fill_null(np.nan).to_numpy()
    return values
