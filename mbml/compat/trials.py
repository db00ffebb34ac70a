"""The trials of one NAS-Bench-201 or NATS-Bench architecture, in the benchmark's units.

Percent, seconds, millions of parameters and FLOPs; epochs counted from 0. The objects are a
caller's own: what is changed in them changes nothing that is held.
"""

from __future__ import annotations

import copy
import random
from itertools import accumulate
from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from mbml.compat.opening import QueryError
from mbml.compat.reading import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mbml.compat.draws import Draws
    from mbml.compat.reading import Curves

#: Image sets on which a training was evaluated, and the prefix of their columns.
EVALUATED = {
    "cifar10-valid": {"x-valid": "valid", "ori-test": "test"},
    "cifar10": {"ori-test": "test"},
    "cifar100": {"ori-test": "valid_test", "x-valid": "valid", "x-test": "test"},
    "ImageNet16-120": {"ori-test": "valid_test", "x-valid": "valid", "x-test": "test"},
}
_LEGACY_SEED = 888
_LOSS, _SECONDS = 1, 2


def no_weights(*_arguments: object) -> NoReturn:
    """Refuse to give what no warehouse holds."""
    raise QueryError(
        "a warehouse holds no trained weights; read them from the original's full archive"
    )


class ResultsCount:
    """One training, a trial.

    Attributes
    ----------
    name
        The data set.
    seed, epochs
        Its seed (0: one summary value over trials that are not told) and length.
    params, flop
        Millions; None if not recorded.
    latency
        A list of seconds a batch; None if not measured.
    train_acc1es, train_acc5es, train_losses, train_times
        By epoch; `train_acc5es` and `train_times` None if not recorded.
    eval_names, eval_acc1es, eval_losses, eval_times
        Image sets of the evaluation, and by `image set@epoch` what was recorded.
    arch_config
        What the benchmark's code builds the network from.
    net_state_dict
        None: there are no weights.
    """

    _curves: NDArray[np.float64]

    def __init__(
        self,
        name: Any,
        state_dict: Any,
        train_accs: Any,
        train_losses: Any,
        params: Any,
        flop: Any,
        arch_config: Any,
        seed: Any,
        epochs: Any,
        latency: Any,
    ) -> None:
        self.name = name
        self.net_state_dict = state_dict
        self.train_acc1es = copy.deepcopy(train_accs)
        self.train_acc5es: Any = None
        self.train_losses = copy.deepcopy(train_losses)
        self.train_times: Any = None
        self.arch_config = copy.deepcopy(arch_config)
        self.params = params
        self.flop = flop
        self.seed = seed
        self.epochs = epochs
        self.latency = latency
        #: Seconds since the start, by image set and epoch.
        self._elapsed: dict[str, dict[int, float]] = {}
        self.reset_eval()

    @classmethod
    def of(cls, curves: Curves, epochs: int, arch_config: dict[str, Any]) -> Self:
        """Make it of what was read; what is by epoch is made when it is asked for."""
        flop, params, latency = map(measured, curves.costs)
        trial = cls.__new__(cls)
        vars(trial).update(
            name=curves.dataset,
            net_state_dict=None,
            arch_config=arch_config,
            params=params,
            flop=flop,
            seed=curves.seed,
            epochs=epochs,
            latency=None if latency is None else [latency],
            eval_names=list(EVALUATED[curves.dataset]),
            _curves=curves.values,
        )
        return trial

    def __getattr__(self, name: str) -> Any:
        """Make what is by epoch."""
        if name not in _BY_EPOCH or "_curves" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        value = vars(self)[name] = _BY_EPOCH[name](self)
        return value

    def _curve(self, column: int) -> dict[int, float]:
        """Return what was recorded, by epoch."""
        values = self._curves[:, column].tolist()
        return {epoch: value for epoch, value in enumerate(values) if not isnan(value)}

    def _by_set(self, metric: int) -> dict[str, float]:
        return {
            f"{image_set}@{epoch}": value
            for image_set, prefix in EVALUATED[self.name].items()
            for epoch, value in self._curve(PLACES[prefix] + metric).items()
        }

    def _elapsed_by_set(self) -> dict[str, dict[int, float]]:
        sets = {"train": "train"} | EVALUATED[self.name]
        return {name: self._curve(PLACES[prefix] + _SECONDS) for name, prefix in sets.items()}

    def __repr__(self) -> str:
        """Return what it was trained on, and its size."""
        return (
            f"{type(self).__name__}({self.name}, arch={self.arch_config['arch_str']},"
            f" FLOP={shown(self.flop, '.2f')}M, Param={shown(self.params, '.3f')}MB,"
            f" seed={self.seed}, {len(self.eval_names)} eval-sets: [{', '.join(self.eval_names)}])"
        )

    def reset_eval(self) -> None:
        """Forget the evaluations."""
        self.eval_names: list[str] = []
        self.eval_acc1es: dict[str, float] = {}
        self.eval_times: dict[str, float] = {}
        self.eval_losses: dict[str, float] = {}

    def update_train_info(
        self, train_acc1es: Any, train_acc5es: Any, train_losses: Any, train_times: Any
    ) -> None:
        """Set what was recorded of the training, each by epoch."""
        self.train_acc1es = train_acc1es
        self.train_acc5es = train_acc5es
        self.train_losses = train_losses
        self._set_train_times(train_times)

    def _set_train_times(self, times: Mapping[int, float] | None) -> None:
        self.train_times = times
        self._elapsed["train"] = _sums(times or {})

    def update_eval(
        self, accs: Mapping[str, float], losses: Mapping[str, float], times: Mapping[str, float]
    ) -> None:
        """Add evaluations, each by `image set@epoch`."""
        for name in dict.fromkeys(key.split("@")[0] for key in accs):
            if name in self.eval_names:
                raise QueryError(f"{name} has already been added into eval-names")
            self.eval_names.append(name)
            for epoch in range(self.epochs):
                key = f"{name}@{epoch}"
                self.eval_acc1es[key] = accs[key]
                self.eval_losses[key] = losses[key]
                self.eval_times[key] = times[key]
            self._elapsed[name] = _sums({e: times[f"{name}@{e}"] for e in range(self.epochs)})

    def update_OLD_eval(  # noqa: N802 - the original's name
        self, name: str, accs: Mapping[int, float], losses: Mapping[int, float]
    ) -> None:
        """Add an evaluation by epoch, without times."""
        if name in self.eval_names:
            raise QueryError(f"{name} has already been added")
        self.eval_names.append(name)
        for epoch in filter(accs.__contains__, range(self.epochs)):
            self.eval_acc1es[f"{name}@{epoch}"] = accs[epoch]
            self.eval_losses[f"{name}@{epoch}"] = losses[epoch]

    def reset_pseudo_train_times(self, estimated_per_epoch_time: float) -> None:
        """Set the seconds of every epoch's training."""
        self._set_train_times(dict.fromkeys(range(self.epochs), estimated_per_epoch_time))

    def reset_pseudo_eval_times(self, eval_name: str, estimated_per_epoch_time: float) -> None:
        """Set the seconds of every epoch's evaluation on an image set."""
        if eval_name not in self.eval_names:
            raise QueryError(f"invalid eval name {eval_name!r}; there are {self.eval_names}")
        times = dict.fromkeys(range(self.epochs), estimated_per_epoch_time)
        self.eval_times |= {f"{eval_name}@{epoch}": seconds for epoch, seconds in times.items()}
        self._elapsed[eval_name] = _sums(times)

    def update_latency(self, latency: Sequence[float]) -> None:
        """Set the measured latencies."""
        self.latency = copy.deepcopy(latency)

    def get_latency(self) -> float:
        """Return seconds a batch; -1 if it was not measured."""
        return -1.0 if self.latency is None else sum(self.latency) / len(self.latency)

    def get_total_epoch(self) -> int:
        """Return the length of the training."""
        epochs: int = self.epochs
        return epochs

    def get_times(self) -> dict[str, float | None]:
        """Return the mean seconds an epoch and the total, for training and each image set."""
        times: dict[str, float | None] = {}
        for name in ("train", *self.eval_names):
            total = self._elapsed.get(name, {}).get(self.epochs - 1)
            times[f"T-{name}@epoch"] = None if total is None else total / self.epochs
            times[f"T-{name}@total"] = total
        return times

    def get_eval_set(self) -> list[str]:
        """Return the image sets of the evaluation."""
        return self.eval_names

    def judge_valid(self, iepoch: int) -> None:
        """Refuse an epoch outside the training."""
        if not 0 <= iepoch < self.epochs:
            raise QueryError(f"invalid iepoch {iepoch}; this training has 0 to {self.epochs - 1}")

    def get_train(self, iepoch: int | None = None) -> dict[str, Any]:
        """Return loss, accuracy and times of training after an epoch; the last by default."""
        epoch = self._epoch(iepoch)
        # A table of summaries may lack the training accuracy, which the originals always have.
        return self._at("train", epoch, self.train_losses.get(epoch), self.train_acc1es.get(epoch))

    def get_eval(self, name: str, iepoch: int | None = None) -> dict[str, Any]:
        """Return loss, accuracy and times on an image set after an epoch; the last by default.

        Raises
        ------
        QueryError
            There was no such evaluation.
        """
        image_set = "x-valid" if name == "valid" else name
        if image_set not in self.eval_names:
            raise QueryError(
                f"{self.name} has no {name}; it has {', '.join(self.eval_names)} and train"
            )
        epoch = self._epoch(iepoch)
        key = f"{image_set}@{epoch}"
        if key not in self.eval_acc1es:
            raise QueryError(f"{self.name}, seed {self.seed}: no {image_set} accuracy at {epoch}")
        return self._at(image_set, epoch, self.eval_losses.get(key), self.eval_acc1es[key])

    def _epoch(self, iepoch: int | None) -> int:
        epoch = self.epochs - 1 if iepoch is None else iepoch
        self.judge_valid(epoch)
        return epoch

    def _at(
        self, name: str, epoch: int, loss: float | None, accuracy: float | None
    ) -> dict[str, Any]:
        elapsed = self._elapsed.get(name, {})
        now, before = elapsed.get(epoch), elapsed.get(epoch - 1, None if epoch else 0.0)
        return {
            "iepoch": epoch,
            "loss": loss,
            "accuracy": accuracy,
            "cur_time": None if now is None or before is None else now - before,
            "all_time": now,
        }

    def get_net_param(self, clone: bool = False) -> NoReturn:
        """Refuse: there are no weights."""
        no_weights(clone)

    def get_config(self, str2structure: Callable[[str], Any] | None) -> dict[str, Any]:
        """Return what the benchmark's code builds the network from.

        Parameters
        ----------
        str2structure
            Makes a structure of the cell's text; None leaves the text.
        """
        return net_config(self.arch_config, str2structure)

    def state_dict(self) -> dict[str, Any]:
        """Return everything, as `load_state_dict` takes it."""
        for name in _BY_EPOCH:
            getattr(self, name)
        return {name: value for name, value in vars(self).items() if name != "_curves"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take everything over from a `state_dict`, of the original as well."""
        vars(self).update(state_dict)
        if "_elapsed" not in state_dict:
            self._elapsed = {"train": _sums(self.train_times or {})}
            for name in self.eval_names:
                keys = ((epoch, f"{name}@{epoch}") for epoch in range(self.epochs))
                times = {epoch: self.eval_times.get(key) for epoch, key in keys}
                if None not in times.values():
                    self._elapsed[name] = _sums(times)

    @staticmethod
    def create_from_state_dict(state_dict: Mapping[str, Any]) -> ResultsCount:
        """Make a trial of a `state_dict`."""
        return _loaded(ResultsCount, state_dict)


def net_config(
    config: Mapping[str, Any], str2structure: Callable[[str], Any] | None
) -> dict[str, Any]:
    """Return what the benchmark's code builds the network from, of a trial's `arch_config`."""
    if config.get("name") == "infer.shape.tiny":
        shape = {"name": config["name"], "channels": config["channels"]}
        key, text = "genotype", config["genotype"]
    else:
        shape = {"name": "infer.tiny", "C": config["channel"], "N": config["num_cells"]}
        key, text = "arch_str", config["arch_str"]
    cell = {key: text} if str2structure is None else {"genotype": str2structure(text)}
    return {**shape, **cell, "num_classes": config["class_num"]}


def _loaded(kind: type[ResultsCount], state_dict: Mapping[str, Any]) -> ResultsCount:
    trial = kind(*[None] * 10)
    trial.load_state_dict(state_dict)
    return trial


def _sums(times: Mapping[int, Any]) -> dict[int, float]:
    return dict(zip(times, accumulate(times.values()), strict=True))


def _steps(elapsed: Mapping[int, float]) -> dict[int, float]:
    """Return the seconds of each epoch that follows a known one."""
    return {
        epoch: now - (elapsed[epoch - 1] if epoch else 0.0)
        for epoch, now in elapsed.items()
        if not epoch or epoch - 1 in elapsed
    }


def _train_times(trial: ResultsCount) -> dict[int, float] | None:
    times = _steps(trial._elapsed["train"])  # noqa: SLF001 - a part of that class
    return times if len(times) == trial.epochs else None


def _eval_times(trial: ResultsCount) -> dict[str, float]:
    return {
        f"{name}@{epoch}": seconds
        for name in trial.eval_names
        for epoch, seconds in _steps(trial._elapsed[name]).items()  # noqa: SLF001
    }


_TOP5_COLUMN = -1
_BY_EPOCH: dict[str, Callable[[ResultsCount], Any]] = {
    "train_acc1es": lambda trial: trial._curve(PLACES["train"]),  # noqa: SLF001
    "train_acc5es": lambda trial: trial._curve(_TOP5_COLUMN) or None,  # noqa: SLF001
    "train_losses": lambda trial: trial._curve(PLACES["train"] + _LOSS),  # noqa: SLF001
    "train_times": _train_times,
    "eval_acc1es": lambda trial: trial._by_set(0),  # noqa: SLF001
    "eval_losses": lambda trial: trial._by_set(_LOSS),  # noqa: SLF001
    "eval_times": _eval_times,
    "_elapsed": lambda trial: trial._elapsed_by_set(),  # noqa: SLF001
}


class ArchResults:
    """All trials of an architecture under one schedule.

    Attributes
    ----------
    arch_index, arch_str
        The architecture.
    all_results
        Trials by data set and seed.
    dataset_seed
        Seeds in ascending order by data set.
    clear_net_done
        Whether `clear_params` was called.
    """

    _trial: ClassVar[type[ResultsCount]] = ResultsCount

    def __init__(self, arch_index: int, arch_str: Any) -> None:
        self.arch_index = int(arch_index)
        self.arch_str = copy.deepcopy(arch_str)
        self.all_results: dict[tuple[str, int], ResultsCount] = {}
        self.dataset_seed: dict[str, list[int]] = {}
        self.clear_net_done = False

    #: Where `is_random=True` draws from; the interface's own when it has a seed.
    _draws: Draws = random

    def drawing_from(self, draws: Draws) -> Self:
        """Draw trials from a generator."""
        if draws is not random:
            self._draws = draws
        return self

    def __repr__(self) -> str:
        """Return which architecture it is of, and how many trainings are held."""
        return (
            f"{type(self).__name__}(arch-index={self.arch_index}, arch={self.arch_str},"
            f" {len(self.all_results)} runs, clear={self.clear_net_done})"
        )

    def arch_idx_str(self) -> str:
        """Return the index in six digits."""
        return f"{self.arch_index:06d}"

    def get_dataset_names(self) -> list[str]:
        """Return the data sets it was trained on."""
        return list(self.dataset_seed)

    def get_dataset_seeds(self, dataset: str) -> list[int]:
        """Return the seeds of the trainings on a data set."""
        return list(self.query(dataset))

    def query(self, dataset: str, seed: int | None = None) -> Any:
        """Return a trial, or without a seed all of a data set by seed."""
        if dataset not in self.dataset_seed:
            raise not_held(self.arch_index, dataset, self.get_dataset_names())
        found = {one: self.all_results[dataset, one] for one in self.dataset_seed[dataset]}
        if seed is None:
            return found
        if seed not in found:
            raise no_seed(seed, found)
        return found[seed]

    def update(self, dataset_name: str, seed: int, result: ResultsCount) -> None:
        """Add a trial."""
        seeds = self.dataset_seed.setdefault(dataset_name, [])
        if seed in seeds:
            raise QueryError(
                f"architecture {self.arch_index} already has seed {seed} on {dataset_name}"
            )
        self.dataset_seed[dataset_name] = sorted([*seeds, seed])
        self.all_results[dataset_name, seed] = result
        self.clear_net_done = False

    def get_metrics(
        self,
        dataset: str,
        setname: str,
        iepoch: int | None = None,
        is_random: bool | int = False,
    ) -> dict[str, Any]:
        """Return loss, accuracy and times: of a seed, of a drawn one, or the mean.

        Parameters
        ----------
        dataset, setname
            Data set and image set (`train`, `x-valid`, `x-test`, `ori-test`).
        iepoch
            Epoch from 0; the last by default.
        is_random
            False the mean over trials, an integer that seed, True a drawn trial.

        Raises
        ------
        QueryError
            There is no such trial or evaluation.
        """
        by_seed: dict[int, ResultsCount] = self.query(dataset)
        trials = list(by_seed.values())
        if is_random is True:
            trials = [trials[self._draws.randint(0, len(trials) - 1)]]
        elif is_random is not False:
            if is_random not in by_seed:
                raise no_seed(is_random, by_seed)
            trials = [by_seed[is_random]]
        infos = [
            one.get_train(iepoch) if setname == "train" else one.get_eval(setname, iepoch)
            for one in trials
        ]
        return {key: mean([info[key] for info in infos]) for key in infos[0]}

    def get_compute_costs(self, dataset: str) -> dict[str, float | None]:
        """Return FLOPs and parameters in millions, latency in seconds, and times.

        Where the trials of the release disagree on the first two, those of seed 888 hold.
        """
        trials: dict[int, ResultsCount] = self.query(dataset)
        latencies = [one.get_latency() for one in trials.values()]
        return compute_costs(
            list(trials),
            [one.flop for one in trials.values()],
            [one.params for one in trials.values()],
            [one if one > 0 else None for one in latencies],
            [one.get_times() for one in trials.values()],
        )

    def get_comput_costs(self, dataset: str) -> dict[str, float | None]:
        """Return the costs; the name that versions 1 of `nas_201_api` gave `get_compute_costs`."""
        return self.get_compute_costs(dataset)

    def get_latency(self, dataset: str) -> float:
        """Return the mean latency in seconds.

        Raises
        ------
        QueryError
            A trial has none.
        """
        latencies: list[float] = []
        for seed, trial in self.query(dataset).items():
            latency = trial.get_latency()
            if latency <= 0:
                raise QueryError(f"no latency of {dataset} with seed {seed} is held")
            latencies.append(latency)
        return sum(latencies) / len(latencies)

    def get_total_epoch(self, dataset: str | None = None) -> int:
        """Return the length of the trainings on a data set, or of all."""
        trials = self.all_results if dataset is None else self.query(dataset)
        lengths = {trial.get_total_epoch() for trial in trials.values()}
        if len(lengths) != 1:
            raise QueryError(f"expected trials of one length, got {sorted(lengths)}")
        [length] = lengths
        return length

    def get_net_param(self, dataset: str, seed: int | None = None) -> NoReturn:
        """Refuse: there are no weights."""
        no_weights(dataset, seed)

    def clear_params(self) -> None:
        """Note that weights are not wanted; there are none."""
        self.clear_net_done = True

    def reset_latency(self, dataset: str, seed: int | None, latency: float) -> None:
        """Set the latency of a trial, or without a seed of all on a data set."""
        for trial in self._trials(dataset, seed):
            trial.update_latency([latency])

    def reset_pseudo_train_times(
        self, dataset: str, seed: int | None, estimated_per_epoch_time: float
    ) -> None:
        """Set the seconds of every epoch's training, in the same trials."""
        for trial in self._trials(dataset, seed):
            trial.reset_pseudo_train_times(estimated_per_epoch_time)

    def reset_pseudo_eval_times(
        self, dataset: str, seed: int | None, eval_name: str, estimated_per_epoch_time: float
    ) -> None:
        """Set the seconds of every epoch's evaluation on an image set, in the same trials."""
        for trial in self._trials(dataset, seed):
            trial.reset_pseudo_eval_times(eval_name, estimated_per_epoch_time)

    def _trials(self, dataset: str, seed: int | None) -> list[ResultsCount]:
        return list(self.query(dataset).values()) if seed is None else [self.query(dataset, seed)]

    def state_dict(self) -> dict[str, Any]:
        """Return everything, as `load_state_dict` takes it."""
        trials = {key: trial.state_dict() for key, trial in self.all_results.items()}
        return {
            "arch_index": self.arch_index,
            "arch_str": self.arch_str,
            "all_results": trials,
            "dataset_seed": self.dataset_seed,
            "clear_net_done": self.clear_net_done,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take everything over from a `state_dict`, of the original as well."""
        vars(self).update(state_dict)
        self.all_results = {
            key: _loaded(self._trial, state) for key, state in state_dict["all_results"].items()
        }

    @staticmethod
    def create_from_state_dict(state_dict_or_file: Any) -> ArchResults:
        """Make it of a `state_dict`; a file is refused, as mbml unpickles nothing."""
        return loaded_results(ArchResults, state_dict_or_file)

    def debug_test(self) -> None:
        """Print latency, trials and times on every data set."""
        for dataset, seeds in self.dataset_seed.items():
            print(f"---->>>> {dataset}")  # noqa: T201 - as the original does
            print(f"The latency on {dataset} is {self.get_latency(dataset)} s")  # noqa: T201
            for seed in seeds:
                trial = self.all_results[dataset, seed]
                print(f"  ==>> result = {trial}\n  ==>> cost = {trial.get_times()}")  # noqa: T201


def loaded_results(kind: type[ArchResults], state_dict: Any) -> ArchResults:
    """Make results of a `state_dict`."""
    if isinstance(state_dict, str):
        raise QueryError(
            f"{state_dict}: mbml unpickles nothing; load the file once (mbml ingest natsbench)"
        )
    if not isinstance(state_dict, dict):
        raise QueryError(f"expected a dictionary, got {type(state_dict).__name__}")
    results = kind(-1, -1)
    results.load_state_dict(state_dict)
    return results


def not_held(arch_index: int, dataset: object, names: Sequence[str]) -> QueryError:
    """Return the error for a data set that an architecture has not."""
    return QueryError(
        f"architecture {arch_index} has no {dataset!r}; held: {', '.join(names) or 'nothing'}"
    )


def no_seed(seed: object, seeds: Mapping[int, Any] | Sequence[int]) -> QueryError:
    """Return the error for a seed that is not held."""
    return QueryError(f"can not find random seed ({seed}) from {list(seeds)}")


def compute_costs(
    seeds: Sequence[int],
    flops: Sequence[float | None],
    params: Sequence[float | None],
    latencies: Sequence[float | None],
    times: Sequence[Mapping[str, float | None]],
) -> dict[str, float | None]:
    """Return the costs of trials as `get_compute_costs` does."""
    return {
        "flops": _agreed(seeds, flops),
        "params": _agreed(seeds, params),
        "latency": mean([one for one in latencies if one] or [None]),
        **{key: mean([one[key] for one in times]) for key in times[0]},
    }


def mean(values: Sequence[Any]) -> Any:
    """Return the mean; None if any value is None."""
    if len(values) == 1 or None in values:
        return None if None in values else values[0]
    return sum(values) / len(values)


def measured(value: float) -> float | None:
    """Return None in place of NaN, which marks what was not measured."""
    return None if isnan(value) else value


def shown(value: float | None, form: str) -> str:
    """Write a number, or None."""
    return "None" if value is None else format(value, form)


def _agreed(seeds: Sequence[int], values: Sequence[float | None]) -> float | None:
    known = {seed: value for seed, value in zip(seeds, values, strict=True) if value is not None}
    if len({f"{value:.5f}" for value in known.values()}) > 1 and _LEGACY_SEED in known:
        return known[_LEGACY_SEED]
    return mean(list(known.values())) if known else None
