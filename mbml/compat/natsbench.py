"""NATS-Bench's own interface: `from mbml.compat.natsbench import create`.

Names, signatures and defaults are those of the package `nats_bench` 1.8: percent, seconds,
millions, epochs from 0, and the 12-epoch schedule unless `hp` says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from mbml.compat.interface import Interface
from mbml.compat.nasbench201 import NASBench201API
from mbml.compat.opening import QueryError
from mbml.compat.topology import Topology
from mbml.compat.trials import ArchResults, ResultsCount
from mbml.spaces import nasbench201, natsbench_sss
from mbml.spaces.nasbench201.network import images

if TYPE_CHECKING:
    from pathlib import Path

    from mbml.store import Warehouse

__all__ = [
    "ArchResults",
    "NASBench201API",
    "NATS_BENCH_API_VERSIONs",
    "NATS_BENCH_SSS_NAMEs",
    "NATS_BENCH_TSS_NAMEs",
    "NATSsize",
    "NATStopology",
    "ResultsCount",
    "create",
    "pickle_load",
    "pickle_save",
    "search_space_info",
    "version",
]

#: Versions of the original's interface; the last is the one that is followed.
NATS_BENCH_API_VERSIONs = [f"v1.{minor}" for minor in range(9)]
NATS_BENCH_SSS_NAMEs = ("sss", "size")
NATS_BENCH_TSS_NAMEs = ("tss", "topology")

#: What `get_more_info` says of its numbers on CIFAR-10.
_COMMENTS = {
    "cifar10-valid": "train-: after {} epochs of training on the train set of CIFAR-10; valid-:"
    " its valid set; test-: its test set; per-time and all-time: seconds an epoch and in all",
    "cifar10": "train-: after {} epochs of training on the train and valid sets of CIFAR-10;"
    " test-: its test set; per-time and all-time: seconds an epoch and in all",
}


def version() -> str:
    """Return the version of the original's interface that is followed."""
    return NATS_BENCH_API_VERSIONs[-1]


def create(
    file_path_or_dict: str | Path | Warehouse | None,
    search_space: str,
    fast_mode: bool = False,
    verbose: bool = True,
    *,
    seed: int | None = None,
) -> NATStopology | NATSsize:
    """Open a search space of NATS-Bench.

    Parameters
    ----------
    file_path_or_dict
        Path of a warehouse, or an open one; None is the default warehouse.
    search_space
        `tss` or `topology`, `sss` or `size`.
    fast_mode, verbose
        As in the original; they change nothing but what the attributes say.
    seed
        Seed of the draws among trials and architectures; by default they come from Python's global
        generator, as in the original.

    Raises
    ------
    QueryError
        There is no such search space.
    UsageError
        The path is an original file, or nothing of the benchmark is held.
    """
    if search_space in NATS_BENCH_TSS_NAMEs:
        return NATStopology(file_path_or_dict, fast_mode, verbose, seed=seed)
    if search_space in NATS_BENCH_SSS_NAMEs:
        return NATSsize(file_path_or_dict, fast_mode, verbose, seed=seed)
    raise QueryError(f"invalid search space {search_space!r}; there are tss and sss")


def search_space_info(main_tag: str, aux_tag: str | None) -> dict[str, Any]:
    """Return what a search space is made of.

    Parameters
    ----------
    main_tag
        `nats-bench` or `nas-bench-201`.
    aux_tag
        `tss`, `topology`, `sss` or `size`; None for `nas-bench-201`.

    Raises
    ------
    QueryError
        There is no such search space.
    """
    topology = {"op_names": list(nasbench201.OPERATIONS), "num_nodes": nasbench201.NODES}
    if main_tag == "nas-bench-201" and aux_tag is None:
        return topology
    if main_tag == "nats-bench" and aux_tag in NATS_BENCH_TSS_NAMEs:
        return topology
    if main_tag == "nats-bench" and aux_tag in NATS_BENCH_SSS_NAMEs:
        return {"candidates": list(natsbench_sss.WIDTHS), "num_layers": natsbench_sss.LAYERS}
    raise QueryError(
        f"no search space {main_tag!r} with {aux_tag!r}; there are nats-bench with tss or sss, and"
        " nas-bench-201 with None"
    )


def pickle_load(file_path: str | Path, ext: str = ".pbz2") -> NoReturn:
    """Refuse: mbml unpickles nothing."""
    raise QueryError(
        f"{file_path}{ext}: mbml unpickles nothing; load the folder of files once (mbml ingest"
        " natsbench)"
    )


def pickle_save(obj: object, file_path: str | Path, ext: str = ".pbz2", protocol: int = 4) -> None:
    """Refuse: mbml writes no pickles."""
    del obj, protocol
    raise QueryError(f"{file_path}{ext}: mbml writes no pickles; write tables with mbml export")


class NatsInterface(Interface):
    """What both search spaces of NATS-Bench answer."""

    search_space_name: str
    full_train_epochs: int

    def __init__(
        self,
        file_path_or_dict: str | Path | Warehouse | None = None,
        fast_mode: bool = False,
        verbose: bool = True,
        *,
        seed: int | None = None,
    ) -> None:
        super().__init__(file_path_or_dict, verbose=verbose, seed=seed)
        self.evaluated_indexes = set(self._arch_ids)
        self._fast_mode = fast_mode
        self._archive_dir: str | None = None

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "fast_mode": self.fast_mode}

    def __repr__(self) -> str:
        """Return how much is held, and where."""
        return (
            f"{type(self).__name__}({len(self.evaluated_indexes)}/{len(self)} architectures,"
            f" fast_mode={self.fast_mode}, file={self.filename})"
        )

    @property
    def fast_mode(self) -> bool:
        """What was said when it was opened; without effect."""
        return self._fast_mode

    @property
    def archive_dir(self) -> str | None:
        """What `reset_archive_dir` said; without effect."""
        return self._archive_dir

    @property
    def is_topology(self) -> bool:
        """Whether this is the topology search space."""
        return self.search_space_name == "topology"

    @property
    def is_size(self) -> bool:
        """Whether this is the size search space."""
        return self.search_space_name == "size"

    @property
    def full_epochs_in_paper(self) -> int:
        """Length of the trainings that the paper reports."""
        return self.full_train_epochs

    def reset_archive_dir(self, archive_dir: str | None) -> None:
        """Set `archive_dir`, which has no effect."""
        self._archive_dir = archive_dir

    def reset_fast_mode(self, fast_mode: bool) -> None:
        """Set `fast_mode`, which has no effect."""
        self._fast_mode = fast_mode

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
            `all-time` (seconds); an image set without a measurement is left out. On CIFAR-10 a
            `comment` as well.

        Raises
        ------
        QueryError
            The architecture, data set, epoch or seed is not held.
        """
        info = super().get_more_info(index, dataset, iepoch, hp, is_random)
        if dataset in _COMMENTS:
            info["comment"] = _COMMENTS[dataset].format(hp)
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
            Validation accuracy (percent), latency (seconds; None if not held), seconds charged,
            seconds so far.

        Raises
        ------
        QueryError
            The data set is none of `cifar10`, `cifar100`, `ImageNet16-120`, or something is not
            held; with a time missing, nothing can be charged.
        """
        index = self.query_index_by_arch(arch)
        accuracy, cost = self._simulated(index, dataset, iepoch, hp)
        latency = self._latency(index, dataset, hp)
        return accuracy, latency, cost, self._charge(cost, account_time=account_time)

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
        return self._best(dataset, metric_on_set, flop_max, param_max, hp)


class NATStopology(Topology, NatsInterface):
    """The topology search space, 15,625 cells: NAS-Bench-201's own."""

    search_space_name = "topology"
    full_train_epochs = 200

    def get_unique_str(self, arch: object) -> str:
        """Return the text that isomorphic cells share, zeros considered."""
        return nasbench201.parse(self.arch(self.query_index_by_arch(arch))).graph_id


class NATSsize(NatsInterface):
    """The size search space, 32,768 networks."""

    _benchmark = natsbench_sss.NAME
    _hps: tuple[str, ...] = ("01", "12", "90")
    _tests_valid: ClassVar[bool] = True
    search_space_name = "size"
    full_train_epochs = 90

    def _official_order(self) -> tuple[str, ...]:
        return natsbench_sss.official_order()

    def _arch_config(self, index: int, dataset: str) -> dict[str, Any]:
        widths = self.meta_archs[index]
        return {
            "name": "infer.shape.tiny",
            "channels": widths,
            "arch_str": widths,
            "genotype": natsbench_sss.GENOTYPE,
            "class_num": images(dataset).classes,
        }
