"""What is particular to the topology search space, 15,625 cells, in every interface to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.compat.architectures import Architectures
from mbml.compat.opening import QueryError
from mbml.spaces import nasbench201
from mbml.spaces.nasbench201.network import CELLS_A_STAGE, images

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEM_CHANNELS = 16


class Topology(Architectures):
    """The cells of the topology search space."""

    _benchmark = nasbench201.NAME
    _hps: tuple[str, ...] = ("12", "200")

    def _official_order(self) -> tuple[str, ...]:
        return nasbench201.official_order()

    def _arch_config(self, index: int, dataset: str) -> dict[str, Any]:
        return {
            "channel": _STEM_CHANNELS,
            "num_cells": CELLS_A_STAGE,
            "arch_str": self.meta_archs[index],
            "class_num": images(dataset).classes,
        }

    @staticmethod
    def str2lists(arch_str: str) -> list[tuple[tuple[str, int], ...]]:
        """Return for each node the operations and nodes that feed it.

        Raises
        ------
        QueryError
            An edge is not written as operation, `~` and node.
        """
        nodes = [list(filter(None, node.split("|"))) for node in arch_str.split("+")]
        for edge in (edge for node in nodes for edge in node):
            if edge.count("~") != 1:
                raise QueryError(f"invalid edge {edge!r}; write it as operation~node")
        pairs = ([edge.split("~") for edge in node] for node in nodes)
        return [tuple((name, int(source)) for name, source in node) for node in pairs]

    @staticmethod
    def str2matrix(
        arch_str: str, search_space: Sequence[str] = nasbench201.OPERATIONS
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return a matrix with the operation's number at row node, column source."""
        lists = Topology.str2lists(arch_str)
        matrix = np.zeros((len(lists) + 1, len(lists) + 1))
        for node, edges in enumerate(lists, start=1):
            for name, source in edges:
                if name not in search_space:
                    raise QueryError(f"operation {name!r} is not in {list(search_space)}")
                matrix[node, source] = search_space.index(name)
        return matrix
