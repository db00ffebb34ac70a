"""The topology features: where the wide layers are."""

from dataclasses import dataclass

import numpy as np

from mbml.features.topology.columns import Column, Feature, Topology
from mbml_toy.space import LAYERS, parse


@dataclass(frozen=True)
class Networks:
    """Shape (networks, layers): whether each is wide."""

    wide: np.ndarray

    def part(self, which):
        return Networks(self.wide[which])


def read(texts):
    return Networks(np.array([[kind == "wide" for kind in parse(one).layers] for one in texts]))


def features(networks):
    for layer in range(LAYERS):
        column = Column(f"wide_{layer + 1}", f"whether layer {layer + 1} is wide", "0 or 1", "W")
        yield Feature(column, networks.wide[:, layer])
    column = Column("wide_sum", "wide layers", "layers", "W")
    yield Feature(column, networks.wide.sum(axis=1))


TOPOLOGY = Topology(
    name="topology",
    space="toy",
    version="1",
    groups={"W": "wide layers"},
    example="plain>plain>plain>plain",
    prepare=read,
    compute=features,
)
