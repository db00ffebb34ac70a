"""What the network around a NAS-Bench-101 cell costs, counted without building it.

The network (Ying et al. 2019, `model_builder.py`): a 3x3 stem of 128 channels, three stacks of
three cells with 128, 256 and 512 channels, a 2x2 max-pooling before the second and third stack,
global average pooling, one dense layer. Every convolution has batch normalisation and no bias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STEM_CHANNELS = 128
IMAGE_CHANNELS = 3
CELLS_A_STACK = 3
STACKS = 3
CLASSES = 10
KERNELS = {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1}


def vertex_channels(matrix: Sequence[Sequence[int]], inputs: int, outputs: int) -> list[int]:
    """Channels at each vertex of a pruned cell, by the benchmark's rule.

    The output's channels are shared out evenly among the vertices that feed it, the first of
    them taking one more where that leaves a rest; any other vertex has as many as the largest
    that it feeds.

    Parameters
    ----------
    matrix
        Square, strictly upper-triangular, 0 and 1.
    inputs, outputs
        Channels of the input and of the output vertex.

    Returns
    -------
    list of int
        One number a vertex.
    """
    last = len(matrix) - 1
    channels = [inputs] + [0] * (last - 1) + [outputs]
    feeders = [v for v in range(1, last) if matrix[v][last]]
    for place, v in enumerate(feeders):
        channels[v] = outputs // len(feeders) + (place < outputs % len(feeders))
    for v in range(last - 1, 0, -1):
        if not matrix[v][last]:
            channels[v] = max(channels[w] for w in range(v + 1, last) if matrix[v][w])
    return channels


def _convolution(kernel: int, inputs: int, outputs: int) -> int:
    """Weights, and the normalisation's scale and shift."""
    return kernel * kernel * inputs * outputs + 2 * outputs


def _cell_parameters(
    matrix: Sequence[Sequence[int]], operations: Sequence[str], inputs: int, outputs: int
) -> int:
    channels = vertex_channels(matrix, inputs, outputs)
    projections = sum(
        _convolution(1, inputs, channels[v]) for v in range(1, len(matrix)) if matrix[0][v]
    )
    return projections + sum(
        _convolution(KERNELS[name], width, width)
        for name, width in zip(operations, channels, strict=True)
        if name in KERNELS
    )


def parameters(matrix: Sequence[Sequence[int]], operations: Sequence[str]) -> int:
    """Trainable parameters of the network for CIFAR-10.

    Parameters
    ----------
    matrix, operations
        A pruned cell.

    Returns
    -------
    int
        The benchmark's `trainable_parameters`.
    """
    total = _convolution(3, IMAGE_CHANNELS, STEM_CHANNELS)
    inputs = STEM_CHANNELS
    for stack in range(STACKS):
        outputs = STEM_CHANNELS << stack
        for _ in range(CELLS_A_STACK):
            total += _cell_parameters(matrix, operations, inputs, outputs)
            inputs = outputs
    return total + inputs * CLASSES + CLASSES
