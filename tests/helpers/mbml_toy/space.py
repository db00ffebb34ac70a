"""The search space: four layers, each plain or wide, written `plain>wide>wide>plain`."""

from dataclasses import dataclass
from itertools import product

from mbml.errors import CellError
from mbml.spaces import choices
from mbml.spaces.space import LEVELS, Space

LAYERS, KINDS = 4, ("plain", "wide")


@dataclass(frozen=True)
class Network:
    """Four layers in a row."""

    layers: tuple[str, ...]

    nodes, edges = LAYERS + 2, LAYERS + 1

    @property
    def graph_id(self):
        return self.format()

    functional_id = graph_id

    @property
    def parameters(self):
        return 100 + 50 * self.layers.count("wide")

    @property
    def flops(self):
        return 10 * self.parameters

    def format(self):
        return ">".join(self.layers)

    def pruned(self):
        return self


def parse(text):
    layers = tuple(text.split(">"))
    if len(layers) != LAYERS or not set(layers) <= set(KINDS):
        raise CellError(f"{text!r} is not four layers, plain or wide")
    return Network(layers)


NETWORKS = [Network(layers) for layers in product(KINDS, repeat=LAYERS)]

SPACE = Space(
    name="toy",
    title="Toy benchmark",
    measured=len(NETWORKS),
    counts=dict.fromkeys(LEVELS, len(NETWORKS)),
    key=Network.format,
    parse=parse,
    texts=lambda: [one.format() for one in NETWORKS],
    pick=lambda level, places, rng: [NETWORKS[place] for place in places],
    neighbours=lambda one: [Network(to) for to in choices.neighbours(one.layers, KINDS)],
    mutate=lambda one, rng: Network(choices.mutate(one.layers, KINDS, rng)),
    crossover=lambda one, other, rng: Network(choices.crossover(one.layers, other.layers, rng)),
)
