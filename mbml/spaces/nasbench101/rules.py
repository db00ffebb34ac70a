"""What a valid NAS-Bench-101 cell is, and the messages about those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import CellError
from mbml.spaces.wording import shown_cell, unknown_operation

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NODES = 7
MAX_EDGES = 9
INPUT, OUTPUT = "input", "output"
OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")

_SIDES = {nodes * nodes: nodes for nodes in range(2, MAX_NODES + 1)}
_LONGEST_OPERATIONS = 1000


def read_bits(bits: str) -> list[list[int]]:
    """Cut row-major digits into the rows of a matrix; raises `CellError` if they are none."""
    nodes = _SIDES.get(len(bits))
    if nodes is None:
        raise CellError(_wrong_length(bits))
    strange = next((place for place, char in enumerate(bits) if char not in "01"), None)
    if strange is not None:
        raise CellError(
            f"adjacency holds {bits[strange]!r} at character {strange + 1}; "
            "only the digits 0 and 1 are allowed, row by row, without separators"
        )
    return [[int(char) for char in bits[v * nodes : (v + 1) * nodes]] for v in range(nodes)]


def read_operations(operations: str) -> list[str]:
    """Split comma-joined labels; raises `CellError` if they are too long to be a cell's."""
    if len(operations) > _LONGEST_OPERATIONS:
        raise CellError(f"too long a list of operations: {shown_cell(operations)}")
    return operations.split(",")


def _wrong_length(bits: str) -> str:
    side = round(len(bits) ** 0.5)
    if side * side == len(bits) and side > MAX_NODES:
        return f"{side} vertices in {shown_cell(bits)}; a cell has at most {MAX_NODES}"
    return (
        f"adjacency {shown_cell(bits)} has {len(bits):,} digits; "
        f"a cell of n vertices has n * n, n from 2 to {MAX_NODES}"
    )


def check_cell(rows: list[list[int]], operations: list[str]) -> None:
    """Raise `CellError`, saying why, unless matrix and labels are a valid cell."""
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
    live = live_vertices(rows)
    if not live:
        raise CellError("no path from input to output")
    edges = sum(rows[u][v] for u in live for v in live)
    if edges > MAX_EDGES:
        raise CellError(f"{edges} edges; a cell has at most {MAX_EDGES}")


def _check_operations(operations: list[str]) -> None:
    for place, name, wanted in ((0, INPUT, "first"), (-1, OUTPUT, "last")):
        if operations[place] != name:
            raise CellError(
                f"the {wanted} operation is {shown_cell(operations[place])}, not {name!r}"
            )
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


def prune(
    rows: Sequence[Sequence[int]], operations: Sequence[str]
) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """Leave out the vertices that are on no path from the first to the last."""
    live = live_vertices(rows)
    matrix = tuple(tuple(rows[u][v] for v in live) for u in live)
    return matrix, tuple(operations[v] for v in live)


def live_vertices(rows: Sequence[Sequence[int]]) -> list[int]:
    """List the vertices on a path from the first to the last; none if there is no path."""
    last = len(rows) - 1
    forward, backward = {0}, {last}
    for v in range(1, last + 1):
        if any(rows[u][v] for u in forward):
            forward.add(v)
    for u in range(last - 1, -1, -1):
        if any(rows[u][v] for v in backward):
            backward.add(u)
    return sorted(forward & backward) if last in forward else []
