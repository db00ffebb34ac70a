"""The trials of one NAS-Bench-201 or NATS-Bench architecture, in the benchmark's units.

Percent, seconds, millions of parameters and FLOPs; epochs counted from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mbml.compat.opening import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.store import Warehouse

#: Image sets on which a training was evaluated, and the prefix of their columns.
EVALUATED = {
    "cifar10-valid": {"x-valid": "valid", "ori-test": "test"},
    "cifar10": {"ori-test": "test"},
    "cifar100": {"ori-test": "valid_test", "x-valid": "valid", "x-test": "test"},
    "ImageNet16-120": {"ori-test": "valid_test", "x-valid": "valid", "x-test": "test"},
}
_COLUMNS = tuple(
    f"{prefix}_{metric}"
    for prefix in ("train", "valid", "test", "valid_test")
    for metric in ("accuracy", "loss", "seconds")
)
_LEGACY_SEED = 888


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training; the original's `ResultsCount`.

    Attributes
    ----------
    name
        The data set.
    seed, epochs
        Its seed (0: one summary value over trials that are not told) and length.
    params, flop
        Millions.
    latency
        Seconds a batch.
    curves
        By column of `epoch_metric`, what was recorded after each epoch, counted from 0.
    """

    name: str
    seed: int
    epochs: int
    params: float | None
    flop: float | None
    latency: float | None
    curves: dict[str, dict[int, float]]

    @property
    def train_acc1es(self) -> dict[int, float]:
        """Training accuracy in percent by epoch."""
        return self.curves["train_accuracy"]

    @property
    def train_losses(self) -> dict[int, float]:
        """Training loss by epoch."""
        return self.curves["train_loss"]

    @property
    def eval_acc1es(self) -> dict[str, float]:
        """Evaluation accuracy in percent by `image set@epoch`."""
        return self._by_set("accuracy")

    @property
    def eval_losses(self) -> dict[str, float]:
        """Evaluation loss by `image set@epoch`."""
        return self._by_set("loss")

    @property
    def eval_names(self) -> list[str]:
        """Image sets of the evaluation."""
        return list(EVALUATED[self.name])

    def _by_set(self, metric: str) -> dict[str, float]:
        return {
            f"{image_set}@{epoch}": value
            for image_set, prefix in EVALUATED[self.name].items()
            for epoch, value in self.curves[f"{prefix}_{metric}"].items()
        }

    def get_train(self, iepoch: int | None = None) -> dict[str, Any]:
        """Return loss, accuracy and times of training after an epoch; the last by default."""
        return self._at("train", iepoch)

    def get_eval(self, name: str, iepoch: int | None = None) -> dict[str, Any]:
        """Return loss, accuracy and times on an image set after an epoch; the last by default.

        Raises
        ------
        QueryError
            There was no such evaluation.
        """
        image_set = "x-valid" if name == "valid" else name
        if image_set not in EVALUATED[self.name]:
            raise QueryError(
                f"{self.name} has no {name}; it has {', '.join(EVALUATED[self.name])} and train"
            )
        return self._at(EVALUATED[self.name][image_set], iepoch)

    def _at(self, prefix: str, iepoch: int | None) -> dict[str, Any]:
        epoch = self.epochs - 1 if iepoch is None else iepoch
        if not 0 <= epoch < self.epochs:
            raise QueryError(f"invalid iepoch {epoch}; this training has 0 to {self.epochs - 1}")
        accuracy = self.curves[f"{prefix}_accuracy"].get(epoch)
        # A table of summaries may lack the training accuracy, which the originals always have.
        if accuracy is None and prefix != "train":
            raise QueryError(f"{self.name}, seed {self.seed}: no {prefix} accuracy at {epoch}")
        seconds = self.curves[f"{prefix}_seconds"]
        now, before = seconds.get(epoch), seconds.get(epoch - 1, None if epoch else 0.0)
        return {
            "iepoch": epoch,
            "loss": self.curves[f"{prefix}_loss"].get(epoch),
            "accuracy": accuracy,
            "cur_time": None if now is None or before is None else now - before,
            "all_time": now,
        }

    def get_latency(self) -> float:
        """Return seconds a batch; -1 if it was not measured."""
        return -1.0 if self.latency is None else self.latency

    def get_times(self) -> dict[str, float | None]:
        """Return the mean seconds an epoch and the total, for training and each image set."""
        times: dict[str, float | None] = {}
        for name, prefix in {"train": "train", **EVALUATED[self.name]}.items():
            total = self.curves[f"{prefix}_seconds"].get(self.epochs - 1)
            times[f"T-{name}@epoch"] = None if total is None else total / self.epochs
            times[f"T-{name}@total"] = total
        return times


@dataclass(frozen=True, kw_only=True)
class ArchResults:
    """All trials of an architecture under one schedule."""

    arch_index: int
    arch_str: str
    trials: dict[tuple[str, int], Trial]

    @property
    def dataset_seed(self) -> dict[str, list[int]]:
        """Seeds in ascending order by data set."""
        seeds: dict[str, list[int]] = {}
        for dataset in EVALUATED:
            found = sorted(seed for name, seed in self.trials if name == dataset)
            if found:
                seeds[dataset] = found
        return seeds

    def get_dataset_names(self) -> list[str]:
        """Return the data sets it was trained on."""
        return list(self.dataset_seed)

    def get_dataset_seeds(self, dataset: str) -> list[int]:
        """Return the seeds of the trainings on a data set."""
        return sorted(self.query(dataset))

    def query(self, dataset: str, seed: int | None = None) -> Any:
        """Return a trial, or without a seed all of a data set by seed."""
        if dataset not in self.dataset_seed:
            raise QueryError(
                f"architecture {self.arch_index} has no {dataset!r}; held:"
                f" {', '.join(self.get_dataset_names()) or 'nothing'}"
            )
        found = {one: self.trials[dataset, one] for one in self.dataset_seed[dataset]}
        if seed is None:
            return found
        if seed not in found:
            raise QueryError(f"can not find random seed ({seed}) from {list(found)}")
        return found[seed]

    def get_metrics(
        self,
        dataset: str,
        setname: str,
        iepoch: int | None = None,
        is_random: bool | int = False,
    ) -> dict[str, Any]:
        """Return loss, accuracy and times: of a seed, or the mean.

        Parameters
        ----------
        dataset, setname
            Data set and image set (`train`, `x-valid`, `x-test`, `ori-test`).
        iepoch
            Epoch from 0; the last by default.
        is_random
            False the mean over trials, an integer that seed, True the lowest seed.

        Raises
        ------
        QueryError
            There is no such trial or evaluation.
        """
        seeds = self.get_dataset_seeds(dataset)
        if is_random is True:
            seeds = seeds[:1]
        elif is_random is not False:
            seeds = [self.query(dataset, is_random).seed]
        trials = [self.trials[dataset, seed] for seed in seeds]
        infos = [
            one.get_train(iepoch) if setname == "train" else one.get_eval(setname, iepoch)
            for one in trials
        ]
        return {key: mean([info[key] for info in infos]) for key in infos[0]}

    def get_compute_costs(self, dataset: str) -> dict[str, float | None]:
        """Return FLOPs and parameters in millions, latency in seconds, and times.

        Where the trials of the release disagree on the first two, those of seed 888 hold.
        """
        trials: dict[int, Trial] = self.query(dataset)
        info = {
            "flops": _agreed({seed: one.flop for seed, one in trials.items()}),
            "params": _agreed({seed: one.params for seed, one in trials.items()}),
            "latency": mean([one.latency for one in trials.values() if one.latency] or [None]),
        }
        times = [one.get_times() for one in trials.values()]
        return info | {key: mean([one[key] for one in times]) for key in times[0]}


def mean(values: Sequence[Any]) -> Any:
    """Return the mean; None if any value is None."""
    if len(values) == 1 or None in values:
        return None if None in values else values[0]
    return sum(values) / len(values)


def _agreed(by_seed: dict[int, float | None]) -> float | None:
    known = {seed: value for seed, value in by_seed.items() if value is not None}
    if len({f"{value:.5f}" for value in known.values()}) > 1 and _LEGACY_SEED in known:
        return known[_LEGACY_SEED]
    return mean(list(known.values())) if known else None


def read_trials(warehouse: Warehouse, arch_id: int, schedule: int) -> dict[tuple[str, int], Trial]:
    """Read the trials of an architecture under a schedule, by data set and seed."""
    runs = warehouse.rows(
        "select run_id, dataset::text, trial, parameters, flops, latency_seconds from run"
        " where arch_id = ? and schedule_epochs = ?",
        [arch_id, schedule],
    )
    curves: dict[int, dict[str, dict[int, float]]] = {
        run[0]: {name: {} for name in _COLUMNS} for run in runs
    }
    if runs:
        # The bounds let DuckDB skip all blocks but those of the architecture.
        rows = warehouse.rows(
            f"select run_id, epoch, {', '.join(_COLUMNS)} from epoch_metric"  # noqa: S608
            " where run_id between ? and ? and epoch > 0",
            [min(curves), max(curves)],
        )
        for run_id, epoch, *values in rows:
            if run_id not in curves:
                continue
            for name, value in zip(_COLUMNS, values, strict=True):
                if value is not None:
                    scale = 100.0 if name.endswith("_accuracy") else 1.0
                    curves[run_id][name][epoch - 1] = value * scale
    return {
        (dataset, seed): Trial(
            name=dataset,
            seed=seed,
            epochs=schedule,
            params=None if parameters is None else parameters / 1e6,
            flop=None if flops is None else flops / 1e6,
            latency=latency,
            curves=curves[run_id],
        )
        for run_id, dataset, seed, parameters, flops, latency in runs
    }
