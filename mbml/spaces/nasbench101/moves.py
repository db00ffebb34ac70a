"""Steps from one NAS-Bench-101 cell to others: neighbours, mutation, crossover.

One edit of a pruned cell removes an edge, adds one that closes no cycle, changes the operation of
an interior vertex, or puts a new vertex with one edge in and one edge out. What is then on no path
is pruned. The edits depend on the graph alone, not on its numbering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import CellError
from mbml.spaces.nasbench101 import Cell, from_matrix
from mbml.spaces.nasbench101.rules import INPUT, MAX_NODES, OPERATIONS, OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

_TRIES = 100


def neighbours(cell: Cell) -> list[Cell]:
    """List the cells one edit away, each class once, without the cell's own class.

    Returns
    -------
    list of Cell
        Pruned cells, ascending by graph id.
    """
    found = {one.graph_id: one for one in _edited(cell.pruned())}
    found.pop(cell.graph_id, None)
    return [found[graph_id] for graph_id in sorted(found)]


def mutate(cell: Cell, rng: np.random.Generator) -> Cell:
    """Make one edit, drawn uniformly among those that lead to another class.

    Parameters
    ----------
    cell
        Any cell.
    rng
        Decides the edit.

    Returns
    -------
    Cell
        A pruned cell of another class.
    """
    edited: list[Cell] = list(_edited(cell.pruned()))
    for place in rng.permutation(len(edited)):
        one = edited[int(place)]
        if one.graph_id != cell.graph_id:
            return one
    raise AssertionError("every cell of the space has a neighbour")


def crossover(first: Cell, second: Cell, rng: np.random.Generator) -> Cell:
    """Mix two cells: every vertex's operation and every edge comes from one of them.

    Interior vertices are matched by their numbers, outputs with each other; the child has as many
    vertices as one of its parents. Mixtures that are no cell are drawn anew, a hundred times at
    most; after that the child is one of the parents.

    Returns
    -------
    Cell
        A pruned cell.
    """
    parents = (first.pruned(), second.pruned())
    for _ in range(_TRIES):
        nodes = parents[rng.integers(2)].nodes
        operations = [INPUT]
        for v in range(1, nodes - 1):
            names = [one.operations[v] for one in parents if v < one.nodes - 1]
            operations.append(names[rng.integers(len(names))])
        rows = [[0] * nodes for _ in range(nodes)]
        for u in range(nodes - 1):
            for v in range(u + 1, nodes):
                entries = list(_entries(parents, u, v, nodes))
                rows[u][v] = entries[rng.integers(len(entries))]
        try:
            return from_matrix(rows, [*operations, OUTPUT]).pruned()
        except CellError:
            continue
    return parents[rng.integers(2)]


def _entries(parents: tuple[Cell, Cell], u: int, v: int, nodes: int) -> Iterator[int]:
    """Look up the edge from u to v, of a cell with so many nodes, in each parent that has it."""
    for one in parents:
        last = one.nodes - 1
        if u < last and (v == nodes - 1 or v < last):
            yield one.matrix[u][last if v == nodes - 1 else v]


def _edited(cell: Cell) -> Iterator[Cell]:
    """Yield the valid results of all edits of a pruned cell."""
    for rows, operations in _edits(cell):
        order = _upwards(rows)
        try:
            one = from_matrix(
                [[rows[u][v] for v in order] for u in order], [operations[v] for v in order]
            )
        except CellError:
            continue
        yield one.pruned()


def _edits(cell: Cell) -> Iterator[tuple[list[list[int]], list[str]]]:
    """Yield matrix and operations after each edit; edges may go down, but close no cycle."""
    nodes, names = cell.nodes, list(cell.operations)
    reach = _reachable(cell)
    pairs = [
        (u, v) for u in range(nodes - 1) for v in range(1, nodes) if u != v and not reach[v][u]
    ]
    for u, v in pairs:
        rows = [list(row) for row in cell.matrix]
        rows[u][v] = 1 - rows[u][v]
        yield rows, names
    for v in range(1, nodes - 1):
        for name in OPERATIONS:
            if name != names[v]:
                yield [list(row) for row in cell.matrix], [*names[:v], name, *names[v + 1 :]]
    if nodes == MAX_NODES:
        return
    for u, v in pairs:
        for name in OPERATIONS:
            rows = [[*row[:-1], 0, row[-1]] for row in cell.matrix]
            rows.insert(nodes - 1, [0] * (nodes + 1))
            rows[u][nodes - 1] = 1
            rows[nodes - 1][v if v < nodes - 1 else nodes] = 1
            yield rows, [*names[:-1], name, OUTPUT]


def _reachable(cell: Cell) -> list[list[bool]]:
    """Say of every two vertices whether a path leads from the first to the second."""
    nodes = cell.nodes
    reach = [[bool(entry) for entry in row] for row in cell.matrix]
    for u in range(nodes - 1, -1, -1):
        for v in range(u + 1, nodes):
            if cell.matrix[u][v]:
                reach[u] = [a or b for a, b in zip(reach[u], reach[v], strict=True)]
    return reach


def _upwards(rows: list[list[int]]) -> list[int]:
    """Order the vertices so that edges go from earlier to later ones, the output last."""
    waiting = list(range(len(rows) - 1))
    order = []
    while waiting:
        free = next(v for v in waiting if not any(rows[u][v] for u in waiting))
        waiting.remove(free)
        order.append(free)
    return [*order, len(rows) - 1]
