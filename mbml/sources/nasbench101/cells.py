"""The cells of a NAS-Bench-101 file: legal ones, and each under its own module hash."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mbml.errors import CellError
from mbml.sources.nasbench101.known_cells import are_published
from mbml.spaces.nasbench101 import INPUT, MAX_NODES, OPERATIONS, OUTPUT
from mbml.spaces.nasbench101 import cell as read_cell
from mbml.spaces.nasbench101.bulk import graph_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


#: Reading the table of published cells takes as long as hashing some thousand cells.
_WORTH_A_TABLE: Final = 2_000


class WrittenCell(NamedTuple):
    """A cell as a record writes it: hash, row-major bits, comma-joined operations."""

    module_hash: str
    adjacency: str
    operations: str


def first_wrong_cell(cells: Sequence[WrittenCell]) -> tuple[int, str] | None:
    """Find the first illegal cell, or one under a wrong hash: its position, and what is wrong.

    Published cells are looked up. Others that were found right are remembered, so that a file that
    comes back to a cell pays for it once.
    """
    new = [position for position in _unpublished(cells) if _code(cells[position]) not in _right]
    if not new:
        return None
    try:
        hashes = graph_ids([(cells[at].adjacency, cells[at].operations) for at in new])
    except CellError:
        return _first_illegal(cells, new)
    for at, found in zip(new, hashes, strict=True):
        if found != cells[at].module_hash:
            return at, _differs(cells[at], found)
    _remember([cells[at] for at in new])
    return None


def _unpublished(cells: Sequence[WrittenCell]) -> Iterable[int]:
    if len(cells) < _WORTH_A_TABLE:
        return range(len(cells))
    return np.flatnonzero(~are_published(cells)).tolist()


def _first_illegal(cells: Sequence[WrittenCell], positions: list[int]) -> tuple[int, str]:
    for at in positions:
        try:
            found = read_cell(cells[at].adjacency, cells[at].operations).graph_id
        except CellError as error:
            return at, f"its cell is not legal: {error}"
        if found != cells[at].module_hash:
            return at, _differs(cells[at], found)
    raise AssertionError("cells that are illegal together are legal one by one")


def _differs(cell: WrittenCell, found: str) -> str:
    return f"its module hash is {cell.module_hash}, and that of its cell is {found}"


#: As many as the whole benchmark has, 50 MB at most.
_MAX_REMEMBERED: Final = 423_624
_right: set[int] = set()


def _code(cell: WrittenCell) -> int | None:
    """Return a number that no other cell has; None if its operations are in no cell."""
    operations = _number(cell.operations)
    if operations is None:
        return None
    return int(cell.module_hash, 16) << 61 | int("1" + cell.adjacency, 2) << 11 | operations


@lru_cache(maxsize=1024)
def _number(operations: str) -> int | None:
    """Return a number below 2 ** 11 that no other operations have: it follows from them alone."""
    first, *inner = operations.split(",")
    last = inner.pop() if inner else None
    if (first, last) != (INPUT, OUTPUT) or len(inner) > MAX_NODES - 2:
        return None
    number = 1
    for name in inner:
        if name not in OPERATIONS:
            return None
        number = number << 2 | OPERATIONS.index(name)
    return number


def _remember(cells: Sequence[WrittenCell]) -> None:
    if len(_right) >= _MAX_REMEMBERED:
        _right.clear()
    _right.update(code for code in map(_code, cells) if code is not None)
