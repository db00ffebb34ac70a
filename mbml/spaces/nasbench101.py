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
from mbml.spaces.module_hash import LABELS, module_hash, module_hashes
from mbml.spaces.nasbench101_network import parameters
from mbml.spaces.nasbench101_rules import (
    INPUT,
    MAX_EDGES,
    MAX_NODES,
    OPERATIONS,
    OUTPUT,
    check,
    live_vertices,
    read_bits,
    read_operations,
)
from mbml.spaces.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

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
    "graph_ids",
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

    def format(self) -> str:
        """Write the cell as `parse` reads it."""
        return f"{self.bits}:{','.join(self.operations)}"

    def pruned(self) -> Cell:
        """Leave out vertices that are on no path from the input to the output."""
        live = live_vertices(self.matrix)
        if len(live) == self.nodes:
            return self
        return Cell(
            tuple(tuple(self.matrix[u][v] for v in live) for u in live),
            tuple(self.operations[v] for v in live),
        )

    @cached_property
    def graph_id(self) -> str:
        """The benchmark's module hash, the same for isomorphic cells."""
        cell = self.pruned()
        return module_hash(cell.matrix, [LABELS[name] for name in cell.operations])

    @property
    def functional_id(self) -> str:
        """The graph id: no two classes of this space are known to compute the same function."""
        return self.graph_id

    @cached_property
    def parameters(self) -> int:
        """Trainable parameters of the benchmark's network for CIFAR-10."""
        cell = self.pruned()
        return parameters(cell.matrix, cell.operations)


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
        raise CellError(f"no colon in {shown(text)}; write a cell as {_FORM}")
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
    check(rows, operations)
    return Cell(tuple(map(tuple, rows)), tuple(operations))


def graph_ids(cells: Sequence[tuple[str, str]]) -> list[str]:
    """Check and hash many cells, far faster than one by one.

    Parameters
    ----------
    cells
        Pairs of the two texts that `cell` takes.

    Returns
    -------
    list of str
        `cell(bits, operations).graph_id` of each.

    Raises
    ------
    CellError
        At the first text that is no cell; the message names its index in `cells`.
    """
    hashes = [""] * len(cells)
    known: dict[str, list[int] | None] = {}
    groups: dict[int, tuple[list[int], list[list[int]]]] = {}
    for number, (bits, operations) in enumerate(cells):
        if operations not in known:
            known[operations] = _labels(operations)
        labels = known[operations]
        if labels is None or len(labels) ** 2 != len(bits):
            hashes[number] = _slow_graph_id(number, bits, operations)
            continue
        numbers, rows = groups.setdefault(len(labels), ([], []))
        numbers.append(number)
        rows.append(labels)
    for nodes, (numbers, rows) in groups.items():
        text = "".join([cells[number][0] for number in numbers])
        flat = np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8) ^ np.uint8(ord("0"))
        matrices = flat.reshape(-1, nodes, nodes)
        plain = _plain(matrices)
        for number in np.asarray(numbers)[~plain].tolist():
            hashes[number] = _slow_graph_id(number, *cells[number])
        found = module_hashes(matrices[plain], np.array(rows, dtype=np.int8)[plain])
        for number, one in zip(np.asarray(numbers)[plain].tolist(), found, strict=True):
            hashes[number] = one
    return hashes


def _slow_graph_id(number: int, bits: str, operations: str) -> str:
    try:
        return cell(bits, operations).graph_id
    except CellError as error:
        raise CellError(f"cell {number}: {error}") from None


def _labels(operations: str) -> list[int] | None:
    """Look up the recipe's numbers for a well-formed list of operations; None for any other."""
    names = operations.split(",")
    well_formed = (
        2 <= len(names) <= MAX_NODES
        and names[0] == INPUT
        and names[-1] == OUTPUT
        and all(name in OPERATIONS for name in names[1:-1])
    )
    return [LABELS[name] for name in names] if well_formed else None


def _plain(matrices: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Say of each matrix whether it is a valid cell with nothing to prune, shape (cells,)."""
    nodes = matrices.shape[1]
    upper = np.triu(np.ones((nodes, nodes), dtype=np.uint8), 1)
    plain: NDArray[np.bool_] = np.all(matrices <= upper, axis=(1, 2))
    # With edges only upwards, all vertices are live if each has an edge in and an edge out.
    plain &= np.all(np.any(matrices[:, :-1, :], axis=2), axis=1)
    plain &= np.all(np.any(matrices[:, :, 1:], axis=1), axis=1)
    plain &= matrices.sum(axis=(1, 2), dtype=np.intp) <= MAX_EDGES
    return plain
