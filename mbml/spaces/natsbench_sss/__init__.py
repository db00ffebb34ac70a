"""The size space of NATS-Bench: one fixed cell, five widths of 8 to 64 channels.

An architecture is written `c1:c2:c3:c4:c5`: stem and first cell, first residual block, second
cell, second residual block, third cell (Dong et al. 2021, https://arxiv.org/abs/2009.00437,
`DynamicShapeTinyNet`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

from mbml.errors import CellError
from mbml.spaces.nasbench201 import EDGES, NODES
from mbml.spaces.nasbench201.network import (
    IMAGE_CHANNELS,
    NOTHING,
    NetworkCost,
    convolution,
    head,
    images,
    reduction,
)
from mbml.spaces.wording import shown_cell

NAME = "natsbench_sss"
WIDTHS = tuple(range(8, 72, 8))
LAYERS = 5
SIZE = len(WIDTHS) ** LAYERS

#: The cell that all networks share.
GENOTYPE = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)

_LONGEST = 100
_FORM = "c1:c2:c3:c4:c5"


@dataclass(frozen=True)
class Cell:
    """A network of the space; made by `parse` or `from_widths`, which check it.

    Attributes
    ----------
    widths
        Channels of the five layers.
    """

    widths: tuple[int, ...]

    @property
    def nodes(self) -> int:
        """Number of nodes of the shared cell."""
        return NODES

    @property
    def edges(self) -> int:
        """Number of edges of the shared cell."""
        return len(EDGES)

    def _repr_svg_(self) -> str:
        """Draw the cell, in a notebook."""
        from mbml.spaces.drawing import as_svg, sketch

        return as_svg(sketch(self), self.format())

    def format(self) -> str:
        """Write the widths as `parse` reads them."""
        return ":".join(map(str, self.widths))

    def pruned(self) -> Cell:
        """Return the network itself: there is nothing to prune."""
        return self

    @property
    def graph_id(self) -> str:
        """The widths' text: no two networks of the space are equivalent."""
        return self.format()

    @property
    def functional_id(self) -> str:
        """The widths' text: no two networks of the space are equivalent."""
        return self.format()

    @property
    def parameters(self) -> int:
        """Trainable parameters of the network with the CIFAR-10 head."""
        return self.parameters_on("cifar10")

    @property
    def flops(self) -> int:
        """Multiply-accumulates of one CIFAR-10 image, as the benchmark counts them."""
        return self.flops_on("cifar10")

    def parameters_on(self, dataset: str) -> int:
        """Trainable parameters of the network for a dataset; raises `UsageError` if unknown."""
        return self._cost(dataset).parameters

    def flops_on(self, dataset: str) -> int:
        """Multiply-accumulates of one image of a dataset; raises `UsageError` if unknown."""
        return self._cost(dataset).flops

    def _cost(self, dataset: str) -> NetworkCost:
        shape = images(dataset)
        side, inputs = shape.side, self.widths[0]
        total = convolution(3, IMAGE_CHANNELS, inputs, side)
        for layer, width in enumerate(self.widths):
            if layer % 2:
                side //= 2
                total += reduction(inputs, width, side)
            else:
                total += _cell_cost(inputs, width, side)
            inputs = width
        return total + head(inputs, shape.classes)


def _cell_cost(inputs: int, outputs: int, side: int) -> NetworkCost:
    """Two edges read the cell's input by convolution, one by a skip, three read inner nodes."""
    skip = NOTHING if inputs == outputs else convolution(1, inputs, outputs, side)
    return (
        convolution(3, inputs, outputs, side) * 2
        + convolution(3, outputs, outputs, side) * 3
        + skip
    )


def parse(text: str) -> Cell:
    """Read `c1:c2:c3:c4:c5`.

    Raises
    ------
    CellError
        If the text is no network of the space; the message says why.

    Examples
    --------
    >>> parse("8:16:24:32:64").widths
    (8, 16, 24, 32, 64)
    """
    if not text:
        raise CellError(f"empty text where five widths {_FORM} are expected")
    if len(text) > _LONGEST:
        raise CellError(f"{shown_cell(text)} is too long for five widths {_FORM}")
    parts = text.split(":")
    for part in parts:
        if not (part.isascii() and part.isdigit()):
            raise CellError(f"width {shown_cell(part)} in {shown_cell(text)} is not a whole number")
    return from_widths([int(part) for part in parts])


def from_widths(widths: tuple[int, ...] | list[int]) -> Cell:
    """Make a network from five widths.

    Raises
    ------
    CellError
        If their number is another, or one is not in `WIDTHS`.
    """
    if len(widths) != LAYERS:
        raise CellError(f"{len(widths)} widths; a network of the size space has {LAYERS}")
    for width in widths:
        if width not in WIDTHS:
            known = ", ".join(map(str, WIDTHS))
            raise CellError(f"width {width} is none of the space's: {known}")
    return Cell(tuple(widths))


@cache
def official_order() -> tuple[str, ...]:
    """All 32,768 texts by the benchmark's index: counting, the last layer's width the fastest."""
    return tuple(":".join(map(str, widths)) for widths in product(WIDTHS, repeat=LAYERS))


def index_of(text: str) -> int:
    """Look up the benchmark's index of a network, 0 to 32,767; raises `CellError` if it is none."""
    index = 0
    for width in parse(text).widths:
        index = index * len(WIDTHS) + WIDTHS.index(width)
    return index
