"""What both search spaces of NATS-Bench answer, whatever the space."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mbml.compat.architectures import Architectures
from mbml.compat.opening import QueryError, open_held
from mbml.compat.summary import summary_lines
from mbml.compat.trials import EVALUATED, ArchResults, read_trials

if TYPE_CHECKING:
    from pathlib import Path

    from mbml.store import Warehouse

#: Architectures whose trials are kept in memory, about 300 KB each.
_KEPT = 256
#: What the interface calls the image sets of the warehouse.
_NAMES = {"valid": "valid", "test": "test", "valid_test": "valtest"}


class Interface(Architectures):
    """What both search spaces answer."""

    _hps: tuple[str, ...]
    search_space_name: str
    full_train_epochs: int

    def __init__(
        self,
        file_path_or_dict: str | Path | Warehouse | None = None,
        fast_mode: bool = False,
        verbose: bool = True,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(open_held(file_path_or_dict, self._benchmark))
        self.verbose = verbose
        self.fast_mode = fast_mode
        self.filename = self._warehouse.path.name
        self._random = random.Random(seed)  # noqa: S311
        self._results = lru_cache(maxsize=_KEPT)(self._read_results)
        self.reset_time()

    def __repr__(self) -> str:
        """Return how much is held, and where."""
        return (
            f"{type(self).__name__}({len(self._arch_ids)}/{len(self)} architectures,"
            f" fast_mode={self.fast_mode}, file={self.filename})"
        )

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
        return self._random.randint(0, len(self) - 1)

    def query_meta_info_by_index(self, arch_index: int, hp: str | int = "12") -> ArchResults:
        """Return all trials of an architecture under a schedule."""
        return self._results(arch_index, self._schedule(hp))

    def _schedule(self, hp: str | int) -> int:
        if str(hp) not in self._hps:
            raise QueryError(f"no hyper-parameters {hp!r}; there are {', '.join(self._hps)}")
        return int(hp)

    def _read_results(self, arch_index: int, schedule: int) -> ArchResults:
        if arch_index not in self._arch_ids:
            raise QueryError(f"architecture {arch_index} is not in {self._warehouse.path}")
        return ArchResults(
            arch_index=arch_index,
            arch_str=self.meta_archs[arch_index],
            trials=read_trials(self._warehouse, self._arch_ids[arch_index], schedule),
        )

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
        return "\n".join(summary_lines(info, tests_valid=self.search_space_name == "size"))

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
            True a trial drawn by the generator, False the mean over trials, an integer that seed.

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
        results = self.query_meta_info_by_index(self.query_index_by_arch(index), hp)
        if is_random is True:
            is_random = self._random.choice(results.get_dataset_seeds(dataset))
        train = results.get_metrics(dataset, "train", iepoch, is_random)
        info = _told("train", train)
        for image_set in EVALUATED[dataset]:
            name = _NAMES[EVALUATED[dataset][image_set]]
            try:
                info |= _told(name, results.get_metrics(dataset, image_set, iepoch, is_random))
            except QueryError:
                continue
        return info

    def simulate_train_eval(
        self,
        arch: object,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        account_time: bool = True,
    ) -> tuple[float, float | None, float, float]:
        """Train and validate one drawn trial, as a search would; `cifar10` is `cifar10-valid`.

        Where the epoch has no validation accuracy, that on validation and test images together
        stands in, and one validation of the last epoch is charged, as in the original.

        Returns
        -------
        tuple
            Validation accuracy (percent), latency (seconds), seconds charged, seconds so far.

        Raises
        ------
        QueryError
            The data set is none of `cifar10`, `cifar100`, `ImageNet16-120`, or something is not
            held; with a time missing, nothing can be charged.
        """
        if dataset not in {"cifar10", "cifar100", "ImageNet16-120"}:
            raise QueryError(f"invalid dataset {dataset!r}; cifar10, cifar100 or ImageNet16-120")
        index = self.query_index_by_arch(arch)
        trained = "cifar10-valid" if dataset == "cifar10" else dataset
        info = self.get_more_info(index, trained, iepoch, hp)
        evaluation = info
        accuracy = info.get("valid-accuracy")
        if accuracy is None:
            accuracy = info.get("valtest-accuracy")
            evaluation = self.get_more_info(index, dataset, None, hp)
        training, validation = info["train-all-time"], evaluation.get("valid-per-time")
        if accuracy is None or training is None or validation is None:
            raise QueryError(f"architecture {index} on {trained}: no validation, or no times, held")
        cost: float = training + validation
        if account_time:
            self._used_time += cost
        return accuracy, self.get_latency(index, dataset, hp), cost, self._used_time

    def get_cost_info(
        self, index: int, dataset: str, hp: str | int = "12"
    ) -> dict[str, float | None]:
        """Return FLOPs and parameters in millions, latency in seconds, and times in seconds."""
        return self.query_meta_info_by_index(index, hp).get_compute_costs(dataset)

    def get_latency(self, index: int, dataset: str, hp: str | int = "12") -> float | None:
        """Return the latency of a batch of 256 images in seconds; None if not measured."""
        return self.get_cost_info(index, dataset, hp)["latency"]

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        enforce_all: bool | None = None,  # noqa: ARG002 - all that is held is looked at
    ) -> tuple[int, float | None]:
        """Return index and accuracy (percent, mean over trials) of the best architecture held.

        Parameters
        ----------
        dataset, metric_on_set
            `valid` and `test` mean what the benchmark's papers mean by them; the image sets'
            own names are taken too.
        flop_max, param_max
            Upper bounds, in millions.
        hp
            The schedule.
        enforce_all
            Without effect.

        Returns
        -------
        tuple
            -1 and None if nothing is held within the bounds; the lower index of equal ones.

        Raises
        ------
        QueryError
            There is no such data set or image set.
        """
        trained, column = _column_of(dataset, metric_on_set)
        schedule = self._schedule(hp)
        # Sums of the same trials may differ in the last digit: twelve decide.
        best = self._warehouse.rows(
            f"select native_key, {column} from cell_metric"  # noqa: S608
            " inner join architecture using (arch_id)"
            " where benchmark::text = ? and dataset::text = ? and schedule_epochs = ?"
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
        """Return how many of the architectures held have how many trials on a data set."""
        rows = self._warehouse.rows(
            "select trials, count(*) from (select count(run_id) as trials from architecture"
            " left join run on run.arch_id = architecture.arch_id and dataset::text = ?"
            " and schedule_epochs = ? where benchmark::text = ? group by architecture.arch_id)"
            " group by trials order by trials",
            [dataset, self._schedule(hp), self._benchmark],
        )
        return dict(rows)

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """Return what the benchmark's code builds the network from."""
        raise NotImplementedError


def _told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    seconds = found["all_time"]
    return {
        f"{name}-loss": found["loss"],
        f"{name}-accuracy": found["accuracy"],
        f"{name}-per-time": None if seconds is None else seconds / (found["iepoch"] + 1),
        f"{name}-all-time": seconds,
    }


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
