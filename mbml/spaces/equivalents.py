"""Other texts of the same cell."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

from mbml.spaces import nasbench101

if TYPE_CHECKING:
    from mbml.spaces.space import Architecture, Space


def equivalents(space: Space[Any], cell: Architecture) -> list[str]:
    """List the other texts that compute the same function.

    Parameters
    ----------
    space
        The space of the cell.
    cell
        A cell.

    Returns
    -------
    list of str
        NAS-Bench-101: the pruned cell with its inner vertices in any other order; other spaces:
        all texts with the same `functional_id`, in the order of the space.

    Examples
    --------
    >>> from mbml.spaces.registry import NASBENCH101
    >>> text = "0111000100010000:input,conv3x3-bn-relu,maxpool3x3,output"
    >>> equivalents(NASBENCH101, NASBENCH101.parse(text))
    ['0111000100010000:input,maxpool3x3,conv3x3-bn-relu,output']
    """
    own = cell.format()
    if isinstance(cell, nasbench101.Cell):
        return sorted(_relabelled(cell.pruned()) - {own})
    if space.counts["functional_ids"] == space.measured:
        return []
    wanted = cell.functional_id
    others = (text for text in space.texts() if text != own)
    return [text for text in others if space.parse(text).functional_id == wanted]


def _relabelled(cell: nasbench101.Cell) -> set[str]:
    """Texts of all orders of the vertices in which edges still go from lower to higher."""
    last = cell.nodes - 1
    edges = [(u, v) for u, row in enumerate(cell.matrix) for v, entry in enumerate(row) if entry]
    found = set()
    for inner in permutations(range(1, last)):
        order = (0, *inner, last)
        place = {vertex: position for position, vertex in enumerate(order)}
        moved = {(place[u], place[v]) for u, v in edges}
        if all(u < v for u, v in moved):
            bits = "".join(
                str(int((u, v) in moved)) for u in range(cell.nodes) for v in range(cell.nodes)
            )
            found.add(f"{bits}:{','.join(cell.operations[vertex] for vertex in order)}")
    return found
