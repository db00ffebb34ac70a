"""What the interfaces of NATS-Bench and NAS-Bench-201 answer alike, whatever the space."""

from __future__ import annotations

import copy
import random
import threading
from contextlib import suppress
from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from mbml.compat.architectures import Architectures, ByIndex
from mbml.compat.draws import draws
from mbml.compat.opening import QueryError, open_held, reopened
from mbml.compat.reading import PLACES, Trials
from mbml.compat.summary import summary_lines
from mbml.compat.trials import (
    EVALUATED,
    ArchResults,
    ResultsCount,
    compute_costs,
    measured,
    net_config,
    no_seed,
    no_weights,
    not_held,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mbml.compat.reading import Curves
    from mbml.store import Warehouse

#: What the interface calls the image sets of the warehouse, in the order in which it gives them.
_NAMES = {"train": "train", "valid": "valid", "test": "test", "valid_test": "valtest"}
#: By data set: where the accuracy stands among the numbers of a trial, and what loss, accuracy,
#: seconds an epoch and seconds are called.
_KEYS = {
    dataset: [
        (
            PLACES[prefix],
            tuple(f"{name}-{what}" for what in ("loss", "accuracy", "per-time", "all-time")),
        )
        for prefix, name in _NAMES.items()
        if prefix == "train" or prefix in sets.values()
    ]
    for dataset, sets in EVALUATED.items()
}
_SEARCHED = ("cifar10", "cifar100", "ImageNet16-120")
#: Lines that `show` draws around each schedule.
_RULE = 40


class Interface(Architectures):
    """What the interfaces answer alike."""

    _hps: tuple[str, ...]
    #: What stands between loss and accuracy in the text of an architecture.
    _joint: ClassVar[str] = " & "
    _tests_valid: ClassVar[bool] = False
    _results: ClassVar[type[ArchResults]] = ArchResults
    _trial: ClassVar[type[ResultsCount]] = ResultsCount

    def __init__(
        self, place: str | Path | Warehouse | None, *, verbose: bool, seed: int | None
    ) -> None:
        super().__init__(open_held(place, self._benchmark))
        self.verbose = verbose
        self.filename = self._warehouse.path.name
        self.arch2infos_dict: Mapping[int, dict[str, ArchResults]] = ByIndex(
            self._arch_ids.keys(), self._by_schedule
        )
        self._draws = draws(seed)
        self._clock = threading.Lock()
        self._trials = self._unread()
        self.reset_time()

    def _options(self) -> dict[str, Any]:
        """Return the arguments that make another such object of the same warehouse."""
        return {"verbose": self.verbose}

    def _state(self) -> dict[str, Any]:
        drawn = {} if self._draws is random else {"_draws": self._draws}
        return {"_used_time": self.used_time, **drawn}

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process, where the warehouse is opened again."""
        path = self._warehouse.path.absolute()
        return reopened, (type(self), path, self._options(), self._state())

    def __deepcopy__(self, memo: dict[int, Any]) -> Interface:
        """Return an object with a clock and draws of its own, on the same open warehouse."""
        state = copy.deepcopy(self._state(), memo)
        copied: Interface = reopened(type(self), self._warehouse, self._options(), state)
        return copied

    @property
    def avaliable_hps(self) -> list[str]:
        """The schedules; the name is spelt as in the original."""
        return list(self._hps)

    @property
    def used_time(self) -> float:
        """Seconds charged by `simulate_train_eval`."""
        return self._used_time

    def reset_time(self) -> None:
        """Set the clock to zero."""
        self._used_time = 0.0

    def random(self) -> int:
        """Draw an index of the search space."""
        return self._draws.randint(0, len(self) - 1)

    def reload(self, archive_root: str | None = None, index: int | None = None) -> None:
        """Forget what was read, so that it is read again: after another load, for instance."""
        del archive_root  # of the original's files, which are not needed
        if index is not None:
            self._prepare_info(index)
        self._trials = self._unread()

    def _unread(self) -> Trials:
        return Trials(self._warehouse, self._benchmark, self._arch_ids, len(self))

    def clear_params(self, index: int, hp: str | int | None = None) -> None:
        """Check that an architecture is held; there are no weights to clear."""
        self._prepare_info(index)
        if hp is not None:
            self._schedule(hp)

    def _prepare_info(self, index: int) -> None:
        if index not in self._arch_ids:
            raise QueryError(f"architecture {index} is not in {self._warehouse.path}")

    def _schedule(self, hp: str | int) -> int:
        if str(hp) not in self._hps:
            raise QueryError(f"no hyper-parameters {hp!r}; there are {', '.join(self._hps)}")
        return int(hp)

    def _curves(self, index: int, schedule: int) -> tuple[Curves, ...]:
        self._prepare_info(index)
        return self._trials.of(index, schedule)

    def _arch_config(self, index: int, dataset: str) -> dict[str, Any]:
        """Return what the benchmark's code builds the network from, as its files have it."""
        raise NotImplementedError

    def _made(self, index: int, schedule: int, curves: tuple[Curves, ...]) -> ArchResults:
        results = self._results(index, self.meta_archs[index]).drawing_from(self._draws)
        for dataset in EVALUATED:
            found = [one for one in curves if one.dataset == dataset]
            if found:
                results.dataset_seed[dataset] = [one.seed for one in found]
            for one in found:
                config = self._arch_config(index, dataset)
                results.all_results[dataset, one.seed] = self._trial.of(one, schedule, config)
        return results

    def _by_schedule(self, index: int) -> dict[str, ArchResults]:
        read = {hp: self._curves(index, int(hp)) for hp in self._hps}
        return {hp: self._made(index, int(hp), curves) for hp, curves in read.items() if curves}

    def query_meta_info_by_index(self, arch_index: int, hp: str | int = "12") -> ArchResults:
        """Return all trials of an architecture under a schedule."""
        schedule = self._schedule(hp)
        return self._made(arch_index, schedule, self._curves(arch_index, schedule))

    def query_by_index(
        self, arch_index: int, dataname: str | None = None, hp: str | int = "12"
    ) -> Any:
        """Return the trials on a data set by seed, or all trials as one `ArchResults`."""
        info = self.query_meta_info_by_index(arch_index, hp)
        return info if dataname is None else info.query(dataname)

    def query_by_arch(self, arch: object, hp: str | int) -> str:
        """Return a text about an architecture; the older name of `query_info_str_by_arch`."""
        return self.query_info_str_by_arch(arch, hp)

    def query_info_str_by_arch(self, arch: object, hp: str | int = "12") -> str:
        """Return a text about an architecture: costs and last epochs, means over trials."""
        info = self.query_meta_info_by_index(self.query_index_by_arch(arch), hp)
        return "\n".join(self._lines(info, f"arch-index={info.arch_index}"))

    def _lines(self, info: ArchResults, extra_info: str | None) -> list[str]:
        return summary_lines(info, extra_info, tests_valid=self._tests_valid, joint=self._joint)

    def show(self, index: int = -1) -> None:
        """Print what is held of an architecture under every schedule; below 0, of all."""
        if index >= len(self):
            print(f"This index ({index}) is out of range (0~{len(self)}).")  # noqa: T201
        elif index >= 0 and index not in self._arch_ids:
            print(f"The {index}-th architecture has not been evaluated or not saved.")  # noqa: T201
        elif index >= 0:
            self._show_one(index)
        else:
            print(self)  # noqa: T201
            for place, one in enumerate(sorted(self._arch_ids)):
                print(f"\n---------- {place + 1} of {len(self._arch_ids)} ----------")  # noqa: T201
                print(f"arch : {self.meta_archs[one]}")  # noqa: T201
                self._show_one(one)

    def _show_one(self, index: int) -> None:
        for info in self._by_schedule(index).values():
            title = f" {info.get_total_epoch():03d} epochs "
            print(f"{'>' * _RULE}{title}{'>' * _RULE}")  # noqa: T201
            print("\n".join(self._lines(info, None)))  # noqa: T201
        print(f"{'<' * _RULE}------------{'<' * _RULE}")  # noqa: T201

    def get_more_info(
        self,
        index: object,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        is_random: bool | int = True,
    ) -> dict[str, Any]:
        """Return what was measured after an epoch.

        Parameters
        ----------
        index
            An index, a text, or an object with `tostr`.
        dataset
            `cifar10-valid`, `cifar10`, `cifar100` or `ImageNet16-120`.
        iepoch
            Epoch from 0; the last by default.
        hp
            The schedule.
        is_random
            True a drawn trial, False the mean over trials, an integer that seed.

        Returns
        -------
        dict
            `train-`, `valid-`, `test-`, `valtest-` `loss`, `accuracy` (percent), `per-time` and
            `all-time` (seconds); an image set without a measurement is left out.

        Raises
        ------
        QueryError
            The architecture, data set, epoch or seed is not held.
        """
        schedule = self._schedule(hp)
        epoch = schedule if iepoch is None else iepoch + 1
        seeds, rows = self._moment(self.query_index_by_arch(index), dataset, schedule, epoch)
        if is_random is True:
            is_random = self._draws.choice(seeds)
        if is_random is not False:
            if is_random not in seeds:
                raise no_seed(is_random, seeds)
            numbers = rows[seeds.index(is_random)]
        elif len(rows) == 1:
            [numbers] = rows
        else:
            numbers = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        info: dict[str, Any] = {}
        for place, (loss_key, accuracy_key, per_time, all_time) in _KEYS[dataset]:
            accuracy, loss, seconds = numbers[place : place + 3]
            if isnan(accuracy) and place != 0:
                continue
            info[loss_key] = measured(loss)
            info[accuracy_key] = measured(accuracy)
            info[per_time] = measured(seconds / epoch)
            info[all_time] = measured(seconds)
        return info

    def _moment(
        self, index: int, dataset: str, schedule: int, epoch: int
    ) -> tuple[list[int], list[list[float]]]:
        """Return seeds and numbers of the trials after an epoch counted from 1."""
        self._prepare_info(index)
        if dataset not in EVALUATED:
            raise self._has_no(index, dataset, schedule)
        if not 1 <= epoch <= schedule:
            raise QueryError(f"invalid iepoch {epoch - 1}; this training has 0 to {schedule - 1}")
        moment = self._trials.at(index, dataset, schedule, epoch)
        if not moment[0]:
            raise self._has_no(index, dataset, schedule)
        return moment

    def _has_no(self, index: int, dataset: object, schedule: int) -> QueryError:
        names = dict.fromkeys(one.dataset for one in self._trials.of(index, schedule))
        return not_held(index, dataset, [name for name in EVALUATED if name in names])

    def _simulated(
        self, index: int, dataset: str, iepoch: int | None, hp: str | int
    ) -> tuple[float, float]:
        """Return validation accuracy and seconds of one drawn trial."""
        if dataset not in _SEARCHED:
            raise QueryError(f"invalid dataset {dataset!r}; {', '.join(_SEARCHED)}")
        trained = "cifar10-valid" if dataset == "cifar10" else dataset
        info = self.get_more_info(index, trained, iepoch, hp)
        evaluation = info
        accuracy: float | None = info.get("valid-accuracy")
        if accuracy is None:
            accuracy = info.get("valtest-accuracy")
            if accuracy is None:
                raise QueryError(
                    f"architecture {index} on {trained}: no validation accuracy is held"
                )
            evaluation = self.get_more_info(index, dataset, None, hp)
        training, validation = info["train-all-time"], evaluation.get("valid-per-time")
        if training is None or validation is None:
            raise QueryError(
                f"architecture {index} on {trained}, {hp} epochs: no times are held, so nothing can"
                " be charged; load the benchmark's own file (mbml ingest nasbench201 or natsbench),"
                " or call get_more_info, which needs no times"
            )
        return accuracy, training + validation

    def _latency(self, index: int, dataset: str, *hps: str | int) -> float | None:
        """Return the latency under the first of these schedules that is held, None if none is."""
        for hp in hps:
            with suppress(QueryError):
                return self.get_latency(index, dataset, hp)
        return None

    def _charge(self, cost: float, *, account_time: bool) -> float:
        """Return the seconds charged so far, with these if they count."""
        with self._clock:
            if account_time:
                self._used_time += cost
            return self._used_time

    def get_cost_info(
        self, index: int, dataset: str, hp: str | int = "12"
    ) -> dict[str, float | None]:
        """Return FLOPs and parameters in millions, latency in seconds, and times in seconds."""
        schedule = self._schedule(hp)
        seeds, rows = self._moment(index, dataset, schedule, schedule)
        *_, flops, params, latencies = ([*map(measured, one)] for one in zip(*rows, strict=True))
        sets = {"train": "train"} | EVALUATED[dataset]
        times: list[dict[str, float | None]] = [{} for _ in rows]
        for known, row in zip(times, rows, strict=True):
            for name, prefix in sets.items():
                seconds = row[PLACES[prefix] + 2]
                known[f"T-{name}@epoch"] = measured(seconds / schedule)
                known[f"T-{name}@total"] = measured(seconds)
        return compute_costs(seeds, flops, params, latencies, times)

    def get_latency(self, index: int, dataset: str, hp: str | int = "12") -> float | None:
        """Return the latency of a batch of 256 images in seconds; None if not measured."""
        return self.get_cost_info(index, dataset, hp)["latency"]

    def get_net_param(
        self, index: int, dataset: str, seed: int | None, hp: str | int = "12"
    ) -> NoReturn:
        """Refuse: there are no weights."""
        no_weights(index, dataset, seed, hp)

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """Return what the benchmark's code builds the network from."""
        self.arch(index)  # refuses what is no index
        if dataset not in EVALUATED:
            raise QueryError(f"{dataset!r} is not a data set; there are {', '.join(EVALUATED)}")
        return net_config(self._arch_config(index, dataset), None)

    def _best(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None,
        param_max: float | None,
        hp: str | int,
    ) -> tuple[int, float | None]:
        """Return index and accuracy (percent, mean over trials) of the best architecture held.

        -1 and None if nothing is held within the bounds; the lower index of equal ones.
        """
        trained, column = _column_of(dataset, metric_on_set)
        schedule = self._schedule(hp)
        # Sums of the same trials may differ in the last digit: twelve decide.
        best = self._warehouse.rows(
            f"select native_key, {column} from cell_metric"  # noqa: S608
            " inner join architecture using (arch_id)"
            " where benchmark = ? and dataset = ? and schedule_epochs = ?"
            f" and epoch = ? and {column} is not null"
            " and (?::double is null or flops / 1e6 <= ?)"
            " and (?::double is null or parameters / 1e6 <= ?)"
            f" order by round({column}, 12) desc, native_index limit 1",
            [self._benchmark, trained, schedule, schedule, *[flop_max] * 2, *[param_max] * 2],
        )
        if not best:
            return -1, None
        [(text, accuracy)] = best
        return self.archstr2index[text], accuracy * 100

    def statistics(self, dataset: str, hp: str | int) -> dict[int, int]:
        """Return how many of the architectures held have how many trials on a data set.

        Raises
        ------
        QueryError
            There is no such data set.
        """
        if dataset not in EVALUATED:
            raise QueryError(f"{dataset!r} is not a data set; there are {', '.join(EVALUATED)}")
        rows = self._warehouse.rows(
            "select trials, count(*) from (select count(run_id) as trials from architecture"
            " left join run on run.arch_id = architecture.arch_id and dataset = ?"
            " and schedule_epochs = ? where benchmark = ? group by architecture.arch_id)"
            " group by trials order by trials",
            [dataset, self._schedule(hp), self._benchmark],
        )
        return dict(rows)


def _column_of(dataset: str, metric_on_set: str) -> tuple[str, str]:
    """Return the data set that is meant, and the column of its accuracy."""
    if dataset == "cifar10" and metric_on_set == "valid":
        dataset, metric_on_set = "cifar10-valid", "x-valid"
    elif dataset == "cifar10" and metric_on_set == "test":
        metric_on_set = "ori-test"
    elif metric_on_set in {"valid", "test"}:
        metric_on_set = f"x-{metric_on_set}"
    sets = EVALUATED.get(dataset, {}) | {"train": "train"}
    if dataset not in EVALUATED or metric_on_set not in sets:
        raise QueryError(f"nothing was measured on {metric_on_set!r} of {dataset!r}")
    return dataset, f"{sets[metric_on_set]}_accuracy"
