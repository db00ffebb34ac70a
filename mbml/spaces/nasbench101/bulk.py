"""Many NAS-Bench-101 cells at once: texts to arrays, hashes and costs.

What a whole benchmark file needs; the messages are those of single cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.errors import CellError
from mbml.spaces.nasbench101.module_hash import LABELS, module_hashes
from mbml.spaces.nasbench101.network import Costs, costs
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Group(NamedTuple):
    """Pruned cells with the same number of vertices.

    Attributes
    ----------
    numbers
        Their indices among all cells that were given.
    matrices
        Shape (cells, vertices, vertices), 0 and 1.
    labels
        Shape (cells, vertices), numbers from `LABELS`.
    """

    numbers: NDArray[np.intp]
    matrices: NDArray[np.uint8]
    labels: NDArray[np.int8]


def read_cells(cells: Sequence[tuple[str, str]]) -> list[Group]:
    """Check and prune many cells, sorted by their number of vertices.

    Parameters
    ----------
    cells
        Pairs of row-major adjacency bits and comma-joined operations.

    Returns
    -------
    list of Group
        Every cell in one of them.

    Raises
    ------
    CellError
        At a text that is no cell; the message names its index in `cells`.
    """
    texts = [bits for bits, _ in cells]
    # Few lists of operations occur, so that each is looked at once.
    given = [operations for _, operations in cells]
    lists = list(dict.fromkeys(given))
    kinds = {operations: kind for kind, operations in enumerate(lists)}
    kind = np.fromiter(map(kinds.__getitem__, given), dtype=np.intp, count=len(cells))
    found = [_labels(one) for one in lists]
    sizes = np.array([len(one) for one in found], dtype=np.intp)[kind]
    lengths = np.fromiter(map(len, texts), dtype=np.intp, count=len(cells))
    fits = (sizes > 0) & (sizes**2 == lengths)
    special = np.flatnonzero(~fits).tolist()
    labels = np.zeros((len(found), MAX_NODES), dtype=np.int8)
    for row, one in zip(labels, found, strict=True):
        row[: len(one)] = one
    groups = []
    for nodes in np.unique(sizes[fits]).tolist():
        numbers = np.flatnonzero(fits & (sizes == nodes))
        matrices = _matrices(nodes, [texts[number] for number in numbers.tolist()])
        plain = _plain(matrices)
        special += numbers[~plain].tolist()
        if not plain.all():
            numbers, matrices = numbers[plain], matrices[plain]
        groups.append(Group(numbers, matrices, labels[kind[numbers], :nodes]))
    if special:
        special.sort()
        rest = read_cells([_pruned_texts(number, *cells[number]) for number in special])
        places = np.array(special)
        groups += [one._replace(numbers=places[one.numbers]) for one in rest]
    return groups


def _labels(operations: str) -> list[int]:
    """Look up the recipe's numbers for a well-formed list of operations; none for any other."""
    names = operations.split(",")
    well_formed = (
        2 <= len(names) <= MAX_NODES
        and names[0] == INPUT
        and names[-1] == OUTPUT
        and all(name in OPERATIONS for name in names[1:-1])
    )
    return [LABELS[name] for name in names] if well_formed else []


def _matrices(nodes: int, texts: list[str]) -> NDArray[np.uint8]:
    # One byte a character, so that a foreign character stands where it stood and is found out.
    packed = "".join(texts).encode("latin-1", "replace")
    digits = np.frombuffer(packed, dtype=np.uint8) ^ np.uint8(ord("0"))
    return digits.reshape(-1, nodes, nodes)


def _plain(matrices: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Say of each matrix whether it is a valid cell with nothing to prune, shape (cells,)."""
    count, nodes, _ = matrices.shape
    # With cells last, each entry is looked at in all cells at once.
    entries = np.ascontiguousarray(matrices.reshape(count, -1).T).reshape(nodes, nodes, count)
    upper = np.triu(np.ones((nodes, nodes), dtype=np.uint8), 1)
    plain: NDArray[np.bool_] = np.all(entries <= upper[:, :, None], axis=(0, 1))
    # With edges only upwards, all vertices are live if each has an edge in and an edge out.
    plain &= np.all(np.any(entries[:-1], axis=1), axis=0)
    plain &= np.all(np.any(entries[:, 1:], axis=0), axis=0)
    plain &= entries.sum(axis=(0, 1), dtype=np.int16) <= MAX_EDGES
    return plain


def _pruned_texts(number: int, bits: str, operations: str) -> tuple[str, str]:
    try:
        rows, names = read_bits(bits), read_operations(operations)
        check_cell(rows, names)
    except CellError as error:
        raise CellError(f"cell {number}: {error}") from None
    matrix, kept = prune(rows, names)
    return "".join(str(entry) for row in matrix for entry in row), ",".join(kept)


def graph_ids(cells: Sequence[tuple[str, str]]) -> list[str]:
    """Check and hash many cells, far faster than one by one.

    Parameters
    ----------
    cells
        Pairs of the two texts that `nasbench101.cell` takes.

    Returns
    -------
    list of str
        `cell(bits, operations).graph_id` of each.

    Raises
    ------
    CellError
        At a text that is no cell; the message names its index in `cells`.
    """
    hashes = [""] * len(cells)
    for group in read_cells(cells):
        found = module_hashes(group.matrices, group.labels)
        for number, one in zip(group.numbers.tolist(), found, strict=True):
            hashes[number] = one
    return hashes


def network_costs(cells: Sequence[tuple[str, str]]) -> Costs:
    """Count parameters and FLOPs of many cells' networks, in the order given.

    Raises
    ------
    CellError
        At a text that is no cell; the message names its index in `cells`.
    """
    result = Costs(*(np.zeros(len(cells), dtype=np.int64) for _ in Costs._fields))
    for group in read_cells(cells):
        for total, part in zip(result, costs(group.matrices, group.labels), strict=True):
            total[group.numbers] = part
    return result
