"""What the network around a NAS-Bench-101 cell costs, counted without building it.

The network (Ying et al. 2019, `model_builder.py`): a 3x3 stem of 128 channels, three stacks of
three cells with 128, 256 and 512 channels, a 2x2 max-pooling before the second and third stack,
global average pooling, one dense layer. Every convolution has batch normalisation and no bias.
The benchmark publishes no FLOPs; they are counted here as NAS-Bench-201 counts them:
multiply-accumulates of convolutions and of the dense layer with its bias, nothing else.

Cells come as arrays, many with the same number of vertices. The last vertex is the output;
vertices without edges may stand between the interior and it and cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.spaces.module_hash import LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEM_CHANNELS = 128
IMAGE_CHANNELS = 3
IMAGE_SIDE = 32
CELLS_A_STACK = 3
STACKS = 3
CLASSES = 10

_AREAS = {LABELS["conv3x3-bn-relu"]: 9, LABELS["conv1x1-bn-relu"]: 1}


class Costs(NamedTuple):
    """Costs of networks, shape (cells,) each.

    Attributes
    ----------
    parameters
        Trainable parameters with the CIFAR-10 head.
    flops
        Multiply-accumulates of one image of 32 x 32 pixels.
    """

    parameters: NDArray[np.int64]
    flops: NDArray[np.int64]


def vertex_channels(matrices: NDArray[np.uint8], outputs: int) -> NDArray[np.int64]:
    """Channels at each vertex of pruned cells, by the benchmark's rule.

    The output's channels are shared out evenly among the interior vertices that feed it, the
    first of them taking one more where that leaves a rest; any other vertex has as many as the
    largest that it feeds.

    Parameters
    ----------
    matrices
        Shape (cells, vertices, vertices), strictly upper-triangular, 0 and 1.
    outputs
        Channels of the output vertex.

    Returns
    -------
    numpy.ndarray
        Shape (cells, vertices). The input's number is left at 0: it is the cell's, not the
        rule's.
    """
    cells, nodes, _ = matrices.shape
    last = nodes - 1
    channels = np.zeros((cells, nodes), dtype=np.int64)
    feeds = matrices[:, 1:last, last].astype(np.int64)
    share, rest = np.divmod(outputs, np.maximum(feeds.sum(axis=1), 1))
    order = np.cumsum(feeds, axis=1)
    channels[:, 1:last] = feeds * (share[:, None] + (order <= rest[:, None]))
    channels[:, last] = outputs
    for v in range(last - 1, 0, -1):
        widest = (matrices[:, v, 1:last] * channels[:, 1:last]).max(axis=1, initial=0)
        channels[:, v] = np.where(feeds[:, v - 1], channels[:, v], widest)
    return channels


def costs(matrices: NDArray[np.uint8], labels: NDArray[np.int8]) -> Costs:
    """Count parameters and FLOPs of the networks of many pruned cells.

    Parameters
    ----------
    matrices
        Shape (cells, vertices, vertices), strictly upper-triangular, 0 and 1.
    labels
        Shape (cells, vertices), numbers from `LABELS`.

    Returns
    -------
    Costs
        `parameters` is the benchmark's `trainable_parameters`.
    """
    areas = np.zeros(labels.shape, dtype=np.int64)
    for label, area in _AREAS.items():
        areas[labels == label] = area
    projected = matrices[:, 0, :].astype(np.int64)
    stem = 9 * IMAGE_CHANNELS * STEM_CHANNELS
    dense = STEM_CHANNELS * 2 ** (STACKS - 1) * CLASSES + CLASSES
    parameters = np.full(len(labels), stem + 2 * STEM_CHANNELS + dense, dtype=np.int64)
    flops = np.full(len(labels), stem * IMAGE_SIDE**2 + dense, dtype=np.int64)
    inputs = STEM_CHANNELS
    for stack in range(STACKS):
        outputs, positions = STEM_CHANNELS << stack, (IMAGE_SIDE >> stack) ** 2
        channels = vertex_channels(matrices, outputs)
        fed = (projected * channels).sum(axis=1)
        inner = (areas * channels * channels).sum(axis=1)
        # Scale and shift of each convolution's normalisation.
        scales = 2 * fed + 2 * (channels * (areas > 0)).sum(axis=1)
        # The first cell of a stack reads the channels of the stack before.
        weights = fed * (inputs + (CELLS_A_STACK - 1) * outputs) + CELLS_A_STACK * inner
        parameters += weights + CELLS_A_STACK * scales
        flops += weights * positions
        inputs = outputs
    return Costs(parameters, flops)
