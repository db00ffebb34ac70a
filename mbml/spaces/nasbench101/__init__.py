"""Cells of NAS-Bench-101: at most seven vertices and nine edges, an operation on each vertex.

Vertex 0 is the input, the last one the output, and every edge goes from a lower to a higher
number (Ying et al. 2019, https://arxiv.org/abs/1902.09635).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import index as as_index
from typing import TYPE_CHECKING

import numpy as np

from mbml.errors import CellError
from mbml.spaces.nasbench101.module_hash import LABELS, module_hash
from mbml.spaces.nasbench101.network import costs
from mbml.spaces.nasbench101.rules import (
    INPUT,
    MAX_EDGES,
    MAX_NODES,
    OPERATIONS,
    OUTPUT,
    check_cell,
    prune,
    read_bits,
    read_operations,
)
from mbml.spaces.wording import shown_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "INPUT",
    "MAX_EDGES",
    "MAX_NODES",
    "NAME",
    "OPERATIONS",
    "OUTPUT",
    "Cell",
    "cell",
    "from_matrix",
    "parse",
]

NAME = "nasbench101"
_FORM = "<row-major adjacency bits>:<comma-joined operations>"


@dataclass(frozen=True)
class Cell:
    """A valid cell; made by `cell`, `parse` or `from_matrix`, which check it.

    Attributes
    ----------
    matrix
        Row u, column v is 1 where vertex u feeds vertex v; strictly upper-triangular.
    operations
        One label a vertex, `input` first and `output` last.
    """

    matrix: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]

    @property
    def nodes(self) -> int:
        """Number of vertices, input and output included."""
        return len(self.operations)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return sum(map(sum, self.matrix))

    @property
    def bits(self) -> str:
        """The matrix row by row, as the benchmark's file writes it."""
        return "".join(str(entry) for row in self.matrix for entry in row)

    def _repr_svg_(self) -> str:
        """Draw the cell, in a notebook."""
        from mbml.spaces.drawing import as_svg, sketch

        return as_svg(sketch(self), self.format())

    def format(self) -> str:
        """Write the cell as `parse` reads it."""
        return f"{self.bits}:{','.join(self.operations)}"

    def pruned(self) -> Cell:
        """Leave out vertices that are on no path from the input to the output."""
        matrix, operations = prune(self.matrix, self.operations)
        return self if len(operations) == self.nodes else Cell(matrix, operations)

    @cached_property
    def graph_id(self) -> str:
        """The benchmark's module hash, the same for isomorphic cells."""
        cell = self.pruned()
        return module_hash(cell.matrix, [LABELS[name] for name in cell.operations])

    @property
    def functional_id(self) -> str:
        """The graph id: no two classes of this space are known to compute the same function."""
        return self.graph_id

    @property
    def parameters(self) -> int:
        """Trainable parameters of the benchmark's network, which has the CIFAR-10 head."""
        return self._costs[0]

    @property
    def flops(self) -> int:
        """Multiply-accumulates of one CIFAR-10 image, counted as NAS-Bench-201 counts them."""
        return self._costs[1]

    @cached_property
    def _costs(self) -> tuple[int, int]:
        cell = self.pruned()
        labels = [LABELS[name] for name in cell.operations]
        found = costs(np.array([cell.matrix], dtype=np.uint8), np.array([labels], dtype=np.int8))
        return int(found.parameters[0]), int(found.flops[0])


def parse(text: str) -> Cell:
    """Read a cell from `<row-major adjacency bits>:<comma-joined operations>`.

    Raises
    ------
    CellError
        If the text is no such cell; the message says why.

    Examples
    --------
    >>> parse("010001000:input,maxpool3x3,output").graph_id
    '53cee42601ad14d661bb6878031d6acb'
    """
    if not text:
        raise CellError(f"empty text where a cell {_FORM} is expected")
    bits, colon, operations = text.partition(":")
    if not colon:
        raise CellError(f"no colon in {shown_cell(text)}; write a cell as {_FORM}")
    return cell(bits, operations)


def cell(bits: str, operations: str) -> Cell:
    """Read a cell from its two texts in the benchmark's file.

    Parameters
    ----------
    bits
        The adjacency matrix row by row: n * n digits 0 and 1, n from 2 to 7.
    operations
        n labels joined by commas.

    Raises
    ------
    CellError
        If they are no cell; the message says why.
    """
    return _checked(read_bits(bits), read_operations(operations))


def from_matrix(matrix: Iterable[Iterable[int]], operations: Iterable[str]) -> Cell:
    """Make a cell from a matrix (nested sequences or an integer array) and its labels.

    Raises
    ------
    CellError
        If they are no cell, or the matrix does not hold integers; the message says why.
    """
    try:
        rows = [[as_index(entry) for entry in row] for row in matrix]
    except TypeError:
        raise CellError(
            "adjacency matrix does not hold integers; the module hash is defined for integers "
            "only: convert the matrix with `.astype(int)`"
        ) from None
    return _checked(rows, list(operations))


def _checked(rows: list[list[int]], operations: list[str]) -> Cell:
    check_cell(rows, operations)
    return Cell(tuple(map(tuple, rows)), tuple(operations))
