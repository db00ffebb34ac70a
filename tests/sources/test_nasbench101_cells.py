"""NAS-Bench-101's cells as a file brings them: one found right makes no other one right."""

from __future__ import annotations

from itertools import product

from mbml.sources.nasbench101.cells import WrittenCell, first_wrong_cell
from mbml.spaces import nasbench101

VERTICES = 5
PLACES = product(range(VERTICES), repeat=2)
BITS = "".join("1" if column == row + 1 else "0" for row, column in PLACES)


def test_the_hash_of_another_cell_is_wrong_whatever_was_found_right():
    texts = [
        ",".join(["input", *inner, "output"])
        for inner in product(nasbench101.OPERATIONS, repeat=VERTICES - 2)
    ]
    right = [WrittenCell(nasbench101.cell(BITS, text).graph_id, BITS, text) for text in texts]
    for _ in range(2):
        assert first_wrong_cell(right) is None
    for cell, text in product(right[::9], texts):
        if text != cell.operations:
            position, said = first_wrong_cell([*right, cell._replace(operations=text)])
            assert position == len(right)
            assert said.startswith(f"its module hash is {cell.module_hash}")
    short = right[0]._replace(operations=texts[0].replace("conv3x3-bn-relu,", "", 1))
    for wrong in (short, right[0]._replace(operations="input"), right[0]._replace(operations="")):
        position, said = first_wrong_cell([wrong])
        assert position == 0
        assert "not legal" in said
