"""Cells of NAS-Bench-101 by their module hashes."""

from __future__ import annotations

from mbml.spaces.nasbench101 import classes, known
from mbml.spaces.nasbench101.bulk import graph_ids

SMALL = [classes.class_texts(5)[place] for place in (0, 6, 90, 2_531, 6)]


def test_hashes_of_small_cells_give_their_cells_in_order(monkeypatch):
    found = known.cells_with(graph_ids(SMALL))
    assert found == SMALL
    assert known.cells_with([]) == []
    monkeypatch.setattr(known, "MAX_NODES", 5)
    assert known.cells_with(["0" * 32, graph_ids(SMALL)[1]]) == [None, SMALL[1]]
