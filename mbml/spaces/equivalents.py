"""Other texts of the same cell."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from mbml.spaces import nasbench101, nasbench201

if TYPE_CHECKING:
    from mbml.spaces.space import Architecture


def equivalents(cell: Architecture) -> list[str]:
    """List the other texts that compute the same function.

    Returns
    -------
    list of str
        NAS-Bench-101: the pruned cell with its inner vertices in any other order; NAS-Bench-201:
        all strings with the same `functional_id`, in official order; the size space: none.

    Examples
    --------
    >>> from mbml.spaces import nasbench101
    >>> equivalents(nasbench101.parse("0111000100010000:input,conv3x3-bn-relu,maxpool3x3,output"))
    ['0111000100010000:input,maxpool3x3,conv3x3-bn-relu,output']
    """
    own = cell.format()
    if isinstance(cell, nasbench101.Cell):
        return sorted(_relabelled(cell.pruned()) - {own})
    if isinstance(cell, nasbench201.Cell):
        wanted = cell.functional_id
        others = (text for text in nasbench201.official_order() if text != own)
        return [text for text in others if nasbench201.parse(text).functional_id == wanted]
    return []


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
