"""What the network around a NAS-Bench-201 cell costs, counted without building it.

The network (Dong and Yang 2020, `TinyNetwork`): a 3x3 stem of 16 channels, three stages of five
cells with 16, 32 and 64 channels, a residual block of stride 2 before the second and the third,
batch normalisation, global average pooling, one dense layer. FLOPs are the benchmark's: the
multiply-accumulates of convolutions and of the dense layer with its bias, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mbml.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

STAGE_CHANNELS = (16, 32, 64)
CELLS_A_STAGE = 5
IMAGE_CHANNELS = 3
KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


@dataclass(frozen=True)
class Images:
    """What of a dataset decides a network's size.

    Attributes
    ----------
    side
        Height and width in pixels.
    classes
        Number of classes.
    """

    side: int
    classes: int


IMAGES = {
    "cifar10": Images(32, 10),
    "cifar10-valid": Images(32, 10),
    "cifar100": Images(32, 100),
    "ImageNet16-120": Images(16, 120),
}


def images(dataset: str) -> Images:
    """Look up a dataset; raises `UsageError` if it is unknown."""
    if dataset not in IMAGES:
        raise unknown_name("dataset", dataset, IMAGES)
    return IMAGES[dataset]


@dataclass(frozen=True)
class NetworkCost:
    """Trainable parameters and multiply-accumulates of a part of a network."""

    parameters: int
    flops: int

    def __add__(self, other: NetworkCost) -> NetworkCost:
        return NetworkCost(self.parameters + other.parameters, self.flops + other.flops)

    def __mul__(self, times: int) -> NetworkCost:
        return NetworkCost(self.parameters * times, self.flops * times)


NOTHING = NetworkCost(0, 0)


def convolution(
    kernel: int, inputs: int, outputs: int, side: int, *, normalised: bool = True
) -> NetworkCost:
    """Cost of a convolution without bias, and of its normalisation.

    Parameters
    ----------
    kernel
        Height and width of the kernel.
    inputs, outputs
        Channels.
    side
        Height and width of the result.
    normalised
        Whether batch normalisation follows (scale and shift a channel).
    """
    weights = kernel * kernel * inputs * outputs
    return NetworkCost(weights + 2 * outputs * normalised, weights * side * side)


def reduction(inputs: int, outputs: int, side: int) -> NetworkCost:
    """Cost of the residual block of stride 2; `side` is that of its result."""
    return (
        convolution(3, inputs, outputs, side)
        + convolution(3, outputs, outputs, side)
        + convolution(1, inputs, outputs, side, normalised=False)
    )


def head(channels: int, classes: int) -> NetworkCost:
    """Cost of the last normalisation and of the dense layer."""
    dense = channels * classes + classes
    return NetworkCost(2 * channels + dense, dense)


def _cost(operations: Sequence[str], dataset: str) -> NetworkCost:
    shape = images(dataset)
    side, inputs = shape.side, STAGE_CHANNELS[0]
    total = convolution(3, IMAGE_CHANNELS, inputs, side)
    for stage, channels in enumerate(STAGE_CHANNELS):
        if stage:
            side //= 2
            total += reduction(inputs, channels, side)
        for name in operations:
            if name in KERNELS:
                total += convolution(KERNELS[name], channels, channels, side) * CELLS_A_STAGE
        inputs = channels
    return total + head(inputs, shape.classes)


def parameters(operations: Sequence[str], dataset: str) -> int:
    """Trainable parameters; edges on no path count too, for the benchmark builds them.

    Raises
    ------
    UsageError
        If the dataset is unknown.
    """
    return _cost(operations, dataset).parameters


def flops(operations: Sequence[str], dataset: str) -> int:
    """Multiply-accumulates of one image; raises `UsageError` if the dataset is unknown."""
    return _cost(operations, dataset).flops
