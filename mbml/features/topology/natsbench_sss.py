"""The topology features of the size space of NATS-Bench: its networks differ in widths alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.features.topology.columns import Column, Feature, Topology
from mbml.spaces.natsbench_sss import LAYERS, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class NetworkArrays:
    """Networks side by side.

    Attributes
    ----------
    widths
        Shape (5, networks): channels of the layers.
    costs
        Shape (2, networks): parameters and multiply-accumulates, CIFAR-10.
    """

    widths: NDArray[np.int64]
    costs: NDArray[np.int64]

    def part(self, which: slice) -> NetworkArrays:
        """Take some of the networks."""
        return NetworkArrays(self.widths[:, which], self.costs[:, which])


def read(texts: Sequence[str]) -> NetworkArrays:
    """Read networks written `c1:c2:c3:c4:c5`; raises `CellError` if one is none."""
    networks = [parse(text) for text in texts]
    widths = np.array([one.widths for one in networks], dtype=np.int64).reshape(-1, LAYERS)
    costs = np.array([(one.parameters, one.flops) for one in networks], dtype=np.int64)
    return NetworkArrays(widths.T, costs.reshape(-1, 2).T)


def _w(name: str, meaning: str, unit: str, values: NDArray[Any]) -> Feature:
    return Feature(Column(name, meaning, unit, "W"), values)


def features(networks: NetworkArrays) -> Iterator[Feature]:
    """Yield all features, in the order of the version."""
    widths = networks.widths
    logs = np.log2(widths)
    for layer, (width, log) in enumerate(zip(widths, logs, strict=True), start=1):
        yield _w(f"width_{layer}", f"channels of layer {layer}", "channels", width)
        yield _w(f"width_{layer}_log", f"their logarithm, layer {layer}", "doublings", log)
    yield _w("width_min", "channels of the narrowest layer", "channels", widths.min(axis=0))
    yield _w("width_max", "channels of the widest layer", "channels", widths.max(axis=0))
    yield _w("width_sum", "channels of all layers", "channels", widths.sum(axis=0))
    yield _w("width_log_mean", "mean logarithm of the channels", "doublings", logs.mean(axis=0))
    for layer, step in enumerate(np.diff(logs, axis=0), start=1):
        meaning = f"growth of the width from layer {layer} to the next"
        yield _w(f"growth_{layer}", meaning, "doublings", step)
    narrowing = np.sum(np.diff(widths, axis=0) < 0, axis=0)
    yield _w("narrowings", "layers narrower than the one before", "layers", narrowing)
    for layer in (3, 5):
        meaning = f"whether the skip into layer {layer} is a projection"
        projected = widths[layer - 1] != widths[layer - 2]
        yield _w(f"projection_{layer}", meaning, "0 or 1", projected)
    parameters, flops = np.log(networks.costs / 1e6)
    yield _w("parameters_log", "logarithm of parameters in millions", "log count", parameters)
    yield _w("flops_log", "logarithm of multiply-accumulates in millions", "log count", flops)


TOPOLOGY = Topology(
    name="topology",
    space="natsbench_sss",
    version="1",
    groups={"W": "widths, their growth, costs"},
    example="8:8:8:8:8",
    prepare=read,
    compute=features,
)
