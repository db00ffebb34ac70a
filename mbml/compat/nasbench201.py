"""NAS-Bench-201's first interface: `from mbml.compat.nasbench201 import NASBench201API`.

Names, signatures and defaults are those of the package `nas_201_api` 2.1. Where that takes `hp`,
its versions 1 took `use_12epochs_result`: it is taken as a keyword, or as a truth value in the
place of `hp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mbml.compat.architectures import ByIndex
from mbml.compat.interface import Interface
from mbml.compat.summary import summary_lines
from mbml.compat.topology import Topology
from mbml.compat.trials import ArchResults as _ArchResults
from mbml.compat.trials import ResultsCount, loaded_results

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mbml.store import Warehouse

__all__ = ["NAS_BENCH_201_API_VERSION", "ArchResults", "NASBench201API", "ResultsCount"]

#: What the package `nas_201_api` 2.1 says of itself.
NAS_BENCH_201_API_VERSION = "v2.0"
_JOINT = ", "


class ArchResults(_ArchResults):
    """All trials of an architecture under one schedule."""

    def show(self, is_print: bool = False) -> list[str]:
        """Return lines about it, and print them if asked to."""
        lines = summary_lines(self, None, tests_valid=False, joint=_JOINT)
        if is_print:
            print("\n".join(lines))  # noqa: T201
        return lines

    @staticmethod
    def create_from_state_dict(state_dict_or_file: Any) -> _ArchResults:
        """Make it of a `state_dict`; a file is refused, as mbml unpickles nothing."""
        return loaded_results(ArchResults, state_dict_or_file)


class NASBench201API(Topology, Interface):
    """The topology search space as the package `nas_201_api` has it, without a fast mode.

    Attributes
    ----------
    evaluated_indexes
        Indices of the architectures held, ascending.
    arch2infos_dict
        By index and schedule (`12`, `200`) the trials.
    arch2infos_less, arch2infos_full
        By index the trials of 12 and of 200 epochs, as versions 1 have them.
    """

    _joint: ClassVar[str] = _JOINT
    _results: ClassVar[type[_ArchResults]] = ArchResults

    def __init__(
        self,
        file_path_or_dict: str | Path | Warehouse | None = None,
        verbose: bool = True,
        *,
        seed: int | None = None,
    ) -> None:
        super().__init__(file_path_or_dict, verbose=verbose, seed=seed)
        self.evaluated_indexes = sorted(self._arch_ids)
        self.arch2infos_less: Mapping[int, _ArchResults] = self._of_schedule("12")
        self.arch2infos_full: Mapping[int, _ArchResults] = self._of_schedule("200")

    def _of_schedule(self, hp: str) -> ByIndex[_ArchResults]:
        return ByIndex(
            self._arch_ids.keys(),
            lambda index: super(NASBench201API, self).query_by_index(index, hp=hp),
        )

    def __repr__(self) -> str:
        """Return how much is held, and where."""
        return (
            f"{type(self).__name__}({len(self.evaluated_indexes)}/{len(self)} architectures,"
            f" file={self.filename})"
        )

    def _schedule(self, hp: str | int) -> int:
        return super()._schedule({True: "12", False: "200"}[hp] if isinstance(hp, bool) else hp)

    def query_meta_info_by_index(
        self,
        arch_index: int,
        hp: str | int = "12",
        *,
        use_12epochs_result: bool | None = None,
    ) -> _ArchResults:
        """Return all trials of an architecture under a schedule."""
        return super().query_meta_info_by_index(arch_index, _either(hp, use_12epochs_result))

    def query_by_index(
        self,
        arch_index: int,
        dataname: str | None = None,
        hp: str | int = "12",
        *,
        use_12epochs_result: bool | None = None,
    ) -> Any:
        """Return the trials on a data set by seed, or all trials as one `ArchResults`."""
        return super().query_by_index(arch_index, dataname, _either(hp, use_12epochs_result))

    def query_by_arch(
        self, arch: object, hp: str | int = "12", *, use_12epochs_result: bool | None = None
    ) -> str:
        """Return a text about an architecture; the older name of `query_info_str_by_arch`."""
        return self.query_info_str_by_arch(arch, _either(hp, use_12epochs_result))

    def get_more_info(
        self,
        index: object,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        is_random: bool | int = True,
        *,
        use_12epochs_result: bool | None = None,
    ) -> dict[str, Any]:
        """Return what was measured after an epoch; see `NATStopology.get_more_info`."""
        schedule = _either(hp, use_12epochs_result)
        return super().get_more_info(index, dataset, iepoch, schedule, is_random)

    def get_cost_info(
        self,
        index: int,
        dataset: str,
        hp: str | int = "12",
        *,
        use_12epochs_result: bool | None = None,
    ) -> dict[str, float | None]:
        """Return FLOPs and parameters in millions, latency in seconds, and times in seconds."""
        return super().get_cost_info(index, dataset, _either(hp, use_12epochs_result))

    def get_latency(
        self,
        index: int,
        dataset: str,
        hp: str | int = "12",
        *,
        use_12epochs_result: bool | None = None,
    ) -> float | None:
        """Return the latency of a batch of 256 images in seconds; None if not measured."""
        return super().get_latency(index, dataset, _either(hp, use_12epochs_result))

    def simulate_train_eval(
        self, arch: object, dataset: str, hp: str | int = "12", account_time: bool = True
    ) -> tuple[float, float | None, float, float]:
        """Train and validate one drawn trial, as a search would; `cifar10` is `cifar10-valid`.

        Returns
        -------
        tuple
            Validation accuracy (percent), latency (seconds; None if not held; under the 12-epoch
            schedule where that is held, as in the original), seconds charged, seconds so far.

        Raises
        ------
        QueryError
            The data set is none of `cifar10`, `cifar100`, `ImageNet16-120`, or something is not
            held; with a time missing, nothing can be charged.
        """
        index = self.query_index_by_arch(arch)
        accuracy, cost = self._simulated(index, dataset, None, hp)
        latency = self._latency(index, dataset, "12", hp)
        return accuracy, latency, cost, self._charge(cost, account_time=account_time)

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        FLOP_max: float | None = None,  # noqa: N803 - the original's name
        Param_max: float | None = None,  # noqa: N803
        hp: str | int = "12",
        *,
        use_12epochs_result: bool | None = None,
    ) -> tuple[int, float | None]:
        """Return index and accuracy (percent, mean over trials) of the best architecture held.

        Parameters
        ----------
        dataset, metric_on_set
            `valid` and `test` mean what the benchmark's papers mean by them; the image sets'
            own names are taken too.
        FLOP_max, Param_max
            Upper bounds, in millions.
        hp, use_12epochs_result
            The schedule.

        Returns
        -------
        tuple
            -1 and None if nothing is held within the bounds; the lower index of equal ones.
        """
        schedule = _either(hp, use_12epochs_result)
        return self._best(dataset, metric_on_set, FLOP_max, Param_max, schedule)


def _either(hp: str | int, use_12epochs_result: bool | None) -> str | int:
    return hp if use_12epochs_result is None else use_12epochs_result
