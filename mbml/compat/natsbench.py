"""NATS-Bench's and NAS-Bench-201's own interface: `from mbml.compat.natsbench import create`.

Names, defaults and units are those of https://github.com/D-X-Y/NATS-Bench: percent, seconds,
millions, epochs from 0, and the 12-epoch schedule unless `hp` says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.compat.interface import Interface
from mbml.compat.opening import QueryError
from mbml.spaces import nasbench201, natsbench_sss
from mbml.spaces.nasbench201_network import CELLS_A_STAGE, images

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mbml.store import Warehouse

_STEM_CHANNELS = 16


def create(
    file_path_or_dict: str | Path | Warehouse | None,
    search_space: str,
    fast_mode: bool = False,
    verbose: bool = True,
    *,
    seed: int = 0,
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
        Seed of the draws among trials.

    Raises
    ------
    QueryError
        There is no such search space.
    UsageError
        The path is an original file, or nothing of the benchmark is held.
    """
    if search_space in {"tss", "topology"}:
        return NATStopology(file_path_or_dict, fast_mode, verbose, seed=seed)
    if search_space in {"sss", "size"}:
        return NATSsize(file_path_or_dict, fast_mode, verbose, seed=seed)
    raise QueryError(f"invalid search space {search_space!r}; there are tss and sss")


class NATStopology(Interface):
    """The topology search space, 15,625 cells: NAS-Bench-201's own."""

    _benchmark = nasbench201.NAME
    _hps = ("12", "200")
    search_space_name = "topology"
    full_train_epochs = 200

    def _official_order(self) -> tuple[str, ...]:
        return nasbench201.official_order()

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """Return what the benchmark's code builds the network from."""
        return {
            "name": "infer.tiny",
            "C": _STEM_CHANNELS,
            "N": CELLS_A_STAGE,
            "arch_str": self.arch(index),
            "num_classes": images(dataset).classes,
        }

    def get_unique_str(self, arch: object) -> str:
        """Return the text that isomorphic cells share, zeros considered."""
        return nasbench201.parse(self.arch(self.query_index_by_arch(arch))).graph_id

    @staticmethod
    def str2lists(arch_str: str) -> list[tuple[tuple[str, int], ...]]:
        """Return for each node the operations and nodes that feed it."""
        nodes = (filter(None, node.split("|")) for node in arch_str.split("+"))
        pairs = ([edge.partition("~") for edge in node] for node in nodes)
        return [tuple((name, int(source)) for name, _, source in node) for node in pairs]

    @staticmethod
    def str2matrix(
        arch_str: str, search_space: Sequence[str] = nasbench201.OPERATIONS
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return a matrix with the operation's number at row node, column source."""
        lists = NATStopology.str2lists(arch_str)
        matrix = np.zeros((len(lists) + 1, len(lists) + 1))
        for node, edges in enumerate(lists, start=1):
            for name, source in edges:
                if name not in search_space:
                    raise QueryError(f"operation {name!r} is not in {list(search_space)}")
                matrix[node, source] = search_space.index(name)
        return matrix


class NASBench201API(NATStopology):
    """The interface of the package `nas_201_api`, which has no fast mode."""

    def __init__(
        self,
        file_path_or_dict: str | Path | Warehouse | None = None,
        verbose: bool = True,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(file_path_or_dict, fast_mode=False, verbose=verbose, seed=seed)


class NATSsize(Interface):
    """The size search space, 32,768 networks."""

    _benchmark = natsbench_sss.NAME
    _hps = ("01", "12", "90")
    search_space_name = "size"
    full_train_epochs = 90

    def _official_order(self) -> tuple[str, ...]:
        return natsbench_sss.official_order()

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """Return what the benchmark's code builds the network from."""
        return {
            "name": "infer.shape.tiny",
            "channels": self.arch(index),
            "genotype": natsbench_sss.GENOTYPE,
            "num_classes": images(dataset).classes,
        }
