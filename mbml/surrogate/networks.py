"""The architectures that surrogate files are made of: the whole space, or its first indexes."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mbml.features.topology.nasbench201 import TOPOLOGY
from mbml.spaces import nasbench201, natsbench_sss
from mbml.surrogate.model import fitted
from mbml.surrogate.result_curves import CURVE_DATASETS, Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Groups of features that the fitted trees see.
GROUPS = ("F",)

#: Validation accuracy of the best cell of ImageNet16-120 over that of CIFAR-100, chance left out.
_IMAGENET_SHARE = 0.64


def topology_network(index: int, seed: int, expected: NDArray[np.float64]) -> Network:
    """Return a cell of the topology space with the levels of a seed.

    Parameters
    ----------
    index
        Official index.
    seed
        Decides how the cell deviates from what is expected of it.
    expected
        Its column of `expected_latent()`.
    """
    text = nasbench201.official_order()[index]
    model = fitted("nasbench201")
    chance = np.random.Generator(np.random.PCG64([seed, index, 1]))
    latent = expected + model.deviation @ chance.standard_normal(len(model.targets))
    cell = nasbench201.parse(text)
    levels = {}
    for target, value in zip(model.targets, latent, strict=True):
        dataset, epochs = target.split("/")
        level = 100 * float(model.accuracy(target, value))
        levels[dataset, int(epochs)] = level
        if dataset == "cifar100":
            # Not fitted, as no table of it was at hand: CIFAR-100's on another scale.
            low = CURVE_DATASETS["ImageNet16-120"][2]
            levels["ImageNet16-120", int(epochs)] = low + max(level - 1, 0) * _IMAGENET_SHARE
    if cell.functional_id == "#":
        levels = {key: CURVE_DATASETS[key[0]][2] for key in levels}
    return Network(index, text, levels, _costs(cell))


@cache
def expected_latent() -> NDArray[np.float64]:
    """Evaluate the model on all cells without any chance, shape (targets, 15,625)."""
    features = TOPOLOGY.matrix(list(nasbench201.official_order()), GROUPS)
    return fitted("nasbench201").latent(features)


def size_network(index: int) -> Network:
    """Return a net of the size space by its official index.

    No table of the size space was at hand to fit: wider nets are better, that is all.
    """
    text = natsbench_sss.official_order()[index]
    net = natsbench_sss.parse(text)
    quality = 0.72 + 0.27 * sum(net.widths) / 320
    levels = {
        (dataset, epochs): low + (high - low) * quality * (1 - 0.45 * math.exp(-epochs / 25))
        for dataset, (_, _, low, high) in CURVE_DATASETS.items()
        for epochs in (1, 12, 90)
    }
    return Network(index, text, levels, _costs(net))


def _costs(cell: nasbench201.Cell | natsbench_sss.Cell) -> dict[str, tuple[int, int]]:
    return {name: (cell.parameters_on(name), cell.flops_on(name)) for name in CURVE_DATASETS}
