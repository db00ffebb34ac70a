"""Hypothesis strategies for cells."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from mbml.spaces import nasbench101, nasbench201, natsbench_sss


@st.composite
def nasbench101_cells(draw):
    """Valid cells of two to seven vertices, with something to prune or not."""
    nodes = draw(st.integers(2, nasbench101.MAX_NODES))
    pairs = [(u, v) for u in range(nodes) for v in range(u + 1, nodes)]
    inner = draw(st.sets(st.integers(1, nodes - 2))) if nodes > 2 else set()
    way = [0, *sorted(inner), nodes - 1]
    edges = set(pairwise(way))
    room = nasbench101.MAX_EDGES - len(edges)
    edges |= draw(st.sets(st.sampled_from(pairs), max_size=room))
    matrix = [[int((u, v) in edges) for v in range(nodes)] for u in range(nodes)]
    labels = st.sampled_from(nasbench101.OPERATIONS)
    names = draw(st.lists(labels, min_size=nodes - 2, max_size=nodes - 2))
    return nasbench101.from_matrix(matrix, ["input", *names, "output"])


nasbench201_cells = st.lists(st.sampled_from(nasbench201.OPERATIONS), min_size=6, max_size=6).map(
    nasbench201.from_operations
)

size_space_networks = st.lists(st.sampled_from(natsbench_sss.WIDTHS), min_size=5, max_size=5).map(
    natsbench_sss.from_widths
)


@st.composite
def renumberings(draw, cell):
    """The same pruned NAS-Bench-101 cell with its interior vertices in another valid order."""
    cell = cell.pruned()
    waiting, order = set(range(1, cell.nodes - 1)), [0]
    while waiting:
        free = [v for v in sorted(waiting) if not any(cell.matrix[u][v] for u in waiting)]
        order.append(draw(st.sampled_from(free)))
        waiting.remove(order[-1])
    order.append(cell.nodes - 1)
    return nasbench101.from_matrix(
        [[cell.matrix[u][v] for v in order] for u in order],
        [cell.operations[v] for v in order],
    )
