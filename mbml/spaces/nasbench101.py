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
from mbml.spaces.wording import shown, unknown_operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

NAME = "nasbench101"
MAX_NODES = 7
MAX_EDGES = 9
INPUT, OUTPUT = "input", "output"
OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")

_SIDES = {nodes * nodes: nodes for nodes in range(2, MAX_NODES + 1)}
_LONGEST_OPERATIONS = 1000
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
        live = _live(self.matrix)
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
    nodes = _SIDES.get(len(bits))
    if nodes is None:
        raise CellError(_wrong_length(bits))
    strange = next((place for place, char in enumerate(bits) if char not in "01"), None)
    if strange is not None:
        raise CellError(
            f"adjacency holds {bits[strange]!r} at character {strange + 1}; "
            "only the digits 0 and 1 are allowed, row by row, without separators"
        )
    rows = [[int(char) for char in bits[v * nodes : (v + 1) * nodes]] for v in range(nodes)]
    if len(operations) > _LONGEST_OPERATIONS:
        raise CellError(f"too long a list of operations: {shown(operations)}")
    return _checked(rows, operations.split(","))


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


def _wrong_length(bits: str) -> str:
    side = round(len(bits) ** 0.5)
    if side * side == len(bits) and side > MAX_NODES:
        return f"{side} vertices in {shown(bits)}; a cell has at most {MAX_NODES}"
    return (
        f"adjacency {shown(bits)} has {len(bits):,} digits; "
        f"a cell of n vertices has n * n, n from 2 to {MAX_NODES}"
    )


def _checked(rows: list[list[int]], operations: list[str]) -> Cell:
    nodes = len(rows)
    if not 2 <= nodes <= MAX_NODES:
        raise CellError(f"{nodes:,} vertices; a cell has 2 to {MAX_NODES}")
    if any(len(row) != nodes for row in rows):
        raise CellError(f"adjacency matrix of {nodes} rows is not square")
    if len(operations) != nodes:
        raise CellError(f"{len(operations)} operations for {nodes} vertices")
    _check_operations(operations)
    strange = next((entry for row in rows for entry in row if entry not in (0, 1)), None)
    if strange is not None:
        raise CellError(f"adjacency matrix holds {strange}; only 0 and 1 are allowed")
    _check_direction(rows)
    live = _live(rows)
    if not live:
        raise CellError("no path from input to output")
    edges = sum(rows[u][v] for u in live for v in live)
    if edges > MAX_EDGES:
        raise CellError(f"{edges} edges; a cell has at most {MAX_EDGES}")
    return Cell(tuple(map(tuple, rows)), tuple(operations))


def _check_operations(operations: list[str]) -> None:
    for place, name, wanted in ((0, INPUT, "first"), (-1, OUTPUT, "last")):
        if operations[place] != name:
            raise CellError(f"the {wanted} operation is {shown(operations[place])}, not {name!r}")
    for name in operations[1:-1]:
        if name not in OPERATIONS:
            raise CellError(unknown_operation(name, OPERATIONS))


def _check_direction(rows: list[list[int]]) -> None:
    size = range(len(rows))
    downwards = [(u, v) for u in size for v in size if u >= v and rows[u][v]]
    if not downwards:
        return
    u, v = downwards[0]
    waiting = set(size)
    while free := [w for w in waiting if not any(rows[t][w] for t in waiting)]:
        waiting -= set(free)
    if waiting:
        raise CellError(f"the graph has a cycle, by the edge from vertex {u} to vertex {v}")
    raise CellError(
        f"edge from vertex {u} to vertex {v}: an entry below the diagonal; "
        "number the vertices so that every edge goes from a lower to a higher one"
    )


def _live(rows: Sequence[Sequence[int]]) -> list[int]:
    """Vertices on a path from the first to the last; none if there is no path."""
    last = len(rows) - 1
    forward, backward = {0}, {last}
    for v in range(1, last + 1):
        if any(rows[u][v] for u in forward):
            forward.add(v)
    for u in range(last - 1, -1, -1):
        if any(rows[u][v] for v in backward):
            backward.add(u)
    return sorted(forward & backward) if last in forward else []
