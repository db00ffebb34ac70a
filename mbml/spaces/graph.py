"""One vocabulary for cells of all spaces: directed graphs with an operation on each vertex.

NAS-Bench-101 cells have this form already. In a NAS-Bench-201 cell operations stand on edges; here
each of them becomes a vertex, fed by the operations that end where it starts (its line graph).
Edges that are `none`, or on no path free of `none`, are left out first; a skip stays a vertex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mbml.spaces import nasbench101, nasbench201, natsbench_sss

if TYPE_CHECKING:
    from mbml.spaces.space import Architecture

#: The shared names of operations.
VOCABULARY = (
    "input",
    "conv3x3",
    "conv1x1",
    "max_pool3x3",
    "avg_pool3x3",
    "skip",
    "output",
)

#: The name that all spaces share for each benchmark's own.
SHARED_NAMES = {
    "input": "input",
    "output": "output",
    "conv3x3-bn-relu": "conv3x3",
    "conv1x1-bn-relu": "conv1x1",
    "maxpool3x3": "max_pool3x3",
    "nor_conv_3x3": "conv3x3",
    "nor_conv_1x1": "conv1x1",
    "avg_pool_3x3": "avg_pool3x3",
    "skip_connect": "skip",
}


@dataclass(frozen=True)
class OperationGraph:
    """A cell of any space.

    Attributes
    ----------
    matrix
        Row u, column v is 1 where vertex u feeds vertex v; strictly upper-triangular.
    operations
        One name of `VOCABULARY` a vertex, `input` first and `output` last.
    """

    matrix: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]


def operation_graph(cell: Architecture) -> OperationGraph:
    """Express a cell of any space in the shared vocabulary, pruned.

    Parameters
    ----------
    cell
        A cell of one of the three spaces. A network of the size space has the fixed cell of all
        its networks.

    Returns
    -------
    OperationGraph
        A NAS-Bench-201 cell whose output does not depend on its input has no edge.

    Examples
    --------
    >>> text = "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|avg_pool_3x3~2|"
    >>> operation_graph(nasbench201.parse(text)).operations
    ('input', 'skip', 'conv3x3', 'avg_pool3x3', 'output')
    """
    if isinstance(cell, nasbench101.Cell):
        pruned = cell.pruned()
        return OperationGraph(
            pruned.matrix, tuple(SHARED_NAMES[name] for name in pruned.operations)
        )
    if isinstance(cell, natsbench_sss.Cell):
        return _line_graph(nasbench201.parse(natsbench_sss.GENOTYPE))
    if isinstance(cell, nasbench201.Cell):
        return _line_graph(cell)
    raise TypeError(f"no cell of a search space: {type(cell).__name__}")


def _line_graph(cell: nasbench201.Cell) -> OperationGraph:
    used = [
        (name, source, target)
        for name, (source, target) in zip(cell.pruned().operations, nasbench201.EDGES, strict=True)
        if name != nasbench201.NONE
    ]
    # The input ends at node 0, and the output starts from the last node. Edges in the order of
    # their targets keep the matrix upper-triangular.
    last = nasbench201.NODES - 1
    vertices = [("input", None, 0), *used, ("output", last, None)]
    matrix = tuple(
        tuple(int(target is not None and target == source) for _, source, _ in vertices)
        for _, _, target in vertices
    )
    return OperationGraph(matrix, tuple(SHARED_NAMES[name] for name, _, _ in vertices))
