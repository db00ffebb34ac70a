"""The cells of a NAS-Bench-101 file: legal ones, and each under its own module hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mbml.errors import CellError
from mbml.spaces.nasbench101 import cell as read_cell
from mbml.spaces.nasbench101_bulk import graph_ids

if TYPE_CHECKING:
    from collections.abc import Sequence


class Cell(NamedTuple):
    """A cell as a record writes it: hash, row-major bits, comma-joined operations."""

    module_hash: str
    adjacency: str
    operations: str


def first_wrong_cell(cells: Sequence[Cell]) -> tuple[int, str] | None:
    """Find the first illegal cell, or one under a wrong hash: its position, and what is wrong.

    Cells found right are remembered, so that a file that comes back to a cell pays for it once.
    """
    new = [position for position, cell in enumerate(cells) if _code(cell) not in _right]
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


def _first_illegal(cells: Sequence[Cell], positions: list[int]) -> tuple[int, str]:
    for at in positions:
        try:
            found = read_cell(cells[at].adjacency, cells[at].operations).graph_id
        except CellError as error:
            return at, f"its cell is not legal: {error}"
        if found != cells[at].module_hash:
            return at, _differs(cells[at], found)
    raise AssertionError("cells that are illegal together are legal one by one")


def _differs(cell: Cell, found: str) -> str:
    return f"its module hash is {cell.module_hash}, and that of its cell is {found}"


#: As many as the whole benchmark has, 50 MB at most.
_MAX_REMEMBERED: Final = 423_624
_right: set[int] = set()
_operations: dict[str, int] = {}


def _code(cell: Cell) -> int | None:
    """Return a number that no other cell has; None if its operations are in no cell found right."""
    operations = _operations.get(cell.operations)
    if operations is None:
        return None
    return int(cell.module_hash, 16) << 60 | int("1" + cell.adjacency, 2) << 10 | operations


def _remember(cells: Sequence[Cell]) -> None:
    if len(_right) >= _MAX_REMEMBERED:
        _right.clear()
    for cell in cells:
        _operations.setdefault(cell.operations, len(_operations))
        code = _code(cell)
        if code is not None:
            _right.add(code)
