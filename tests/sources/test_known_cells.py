"""The table of published cells of NAS-Bench-101, without the published file."""

from __future__ import annotations

import pytest

from mbml.sources.nasbench101 import cells
from mbml.sources.nasbench101.cells import WrittenCell, first_wrong_cell
from mbml.sources.nasbench101.known_cells import CELLS, _table, are_published

PUBLISHED = [
    WrittenCell("043721b9c7fe8c5fad811d47d83132ec", "0100", "input,output"),
    WrittenCell("09fc2d10bdd6225e167a6f81a22a3f06", "011001000", "input,conv1x1-bn-relu,output"),
    WrittenCell(
        "02e5a0247bbdcf2860b7e96f74961594",
        "0110011000001000010000000100000001000000010000000",
        "input,conv1x1-bn-relu,conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,output",
    ),
]
SWAPPED = PUBLISHED[1]._replace(module_hash=PUBLISHED[0].module_hash)


def test_published_cells_are_known_under_their_own_hash_alone():
    assert are_published(PUBLISHED).all()
    assert not are_published([SWAPPED]).any()
    assert not are_published([PUBLISHED[1]._replace(operations="input,maxpool3x3,output")]).any()


@pytest.mark.parametrize("wrong", [SWAPPED, PUBLISHED[0]._replace(adjacency="0110")])
def test_a_wrong_cell_among_published_ones_is_found(monkeypatch, wrong):
    monkeypatch.setattr(cells, "_WORTH_A_TABLE", 1)
    assert first_wrong_cell(PUBLISHED) is None
    position, _ = first_wrong_cell([*PUBLISHED, wrong])
    assert position == len(PUBLISHED)


def test_the_table_is_of_the_whole_benchmark():
    table = _table()
    assert len(table) == CELLS
    assert (table[1:] > table[:-1]).all()
