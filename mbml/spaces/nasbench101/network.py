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

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from mbml.spaces.nasbench101.module_hash import LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEM_CHANNELS = 128
IMAGE_CHANNELS = 3
IMAGE_SIDE = 32
CELLS_A_STACK = 3
STACKS = 3
CLASSES = 10

_STEM_WEIGHTS = 9 * IMAGE_CHANNELS * STEM_CHANNELS
_DENSE_INPUTS = STEM_CHANNELS << STACKS - 1
#: Parameters outside the cells: the stem with its normalisation, the dense layer.
FRAME_PARAMETERS = _STEM_WEIGHTS + 2 * STEM_CHANNELS + _DENSE_INPUTS * CLASSES + CLASSES

_AREAS = {LABELS["conv3x3-bn-relu"]: 9, LABELS["conv1x1-bn-relu"]: 1}


N = TypeVar("N", np.int64, np.float64)


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
    largest that it feeds. So a rest (with three or five of them) makes the channels depend on the
    vertices' order, and with them the costs, slightly, of isomorphic cells.

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
    convolving = areas > 0
    projected = matrices[:, 0, :].astype(np.int64)
    parameters = np.full(len(labels), FRAME_PARAMETERS, dtype=np.int64)
    dense = _DENSE_INPUTS * CLASSES + CLASSES
    flops = np.full(len(labels), _STEM_WEIGHTS * IMAGE_SIDE**2 + dense, dtype=np.int64)
    for stack in range(STACKS):
        channels = vertex_channels(matrices, STEM_CHANNELS << stack)
        weights, scales = stack_parameters(
            stack,
            (projected * channels).sum(axis=1),
            (areas * channels * channels).sum(axis=1),
            (convolving * channels).sum(axis=1),
        )
        parameters += weights + scales
        flops += weights * (IMAGE_SIDE >> stack) ** 2
    return Costs(parameters, flops)


def stack_parameters(
    stack: int, projected: NDArray[N], squared: NDArray[N], convolved: NDArray[N]
) -> tuple[NDArray[N], NDArray[N]]:
    """Count the parameters of a stack of cells.

    Parameters
    ----------
    stack
        0 to 2; its output has 128, 256 or 512 channels.
    projected
        Channels of the vertices that the input feeds, summed over them; shape (cells,).
    squared
        Channels squared, times the kernel's area, summed over the convolutions.
    convolved
        Channels summed over the convolutions.

    Returns
    -------
    tuple of numpy.ndarray
        Weights of convolutions, and scales and shifts of their normalisations.
    """
    outputs = STEM_CHANNELS << stack
    # The first cell of a stack reads the channels of the stack before.
    inputs = STEM_CHANNELS << max(stack - 1, 0)
    weights = projected * (inputs + (CELLS_A_STACK - 1) * outputs) + squared * CELLS_A_STACK
    return weights, (projected + convolved) * (2 * CELLS_A_STACK)
