"""The whole of NAS-Bench-101 from nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from mbml.spaces import nasbench101
from mbml.spaces.nasbench101 import classes
from mbml.spaces.nasbench101.bulk import graph_ids
from mbml.spaces.nasbench101.known import cells_with


@pytest.mark.parametrize(
    ("max_nodes", "count"),
    [(2, 1), (3, 7), (4, 91), (5, 2_532), (6, 64_542), (7, 423_624)],
)
def test_classes_by_number_of_vertices(max_nodes, count):
    assert sum(classes.skeletons(nodes).classes for nodes in range(2, max_nodes + 1)) == count


def test_cells_apart_from_renumberings_are_all_different_and_valid():
    places = np.arange(0, classes.CELLS, 101)
    texts = classes.cells_at(places)
    assert len(set(texts)) == len(places)
    for bits, operations in texts[::50]:
        cell = nasbench101.cell(bits, operations)
        assert cell.pruned() is cell
    assert sum(classes.skeletons(nodes).cells for nodes in range(2, 8)) == classes.CELLS


def test_places_follow_the_order_of_the_list():
    texts = classes.class_texts()
    places = np.array([0, 423_623, 7, 90, 91, 300_000, 2_531])
    assert classes.classes_at(places) == [texts[place] for place in places]


def test_small_cells_one_by_one():
    assert [":".join(text) for text in classes.class_texts(max_nodes=3)] == [
        "0100:input,output",
        "010001000:input,conv3x3-bn-relu,output",
        "010001000:input,conv1x1-bn-relu,output",
        "010001000:input,maxpool3x3,output",
        "011001000:input,conv3x3-bn-relu,output",
        "011001000:input,conv1x1-bn-relu,output",
        "011001000:input,maxpool3x3,output",
    ]


def test_small_classes_have_different_hashes():
    hashes = graph_ids(classes.class_texts(max_nodes=5))
    assert len(set(hashes)) == 2_532


def test_nothing_is_enumerated_at_import():
    code = (
        "import mbml.spaces.registry, mbml.spaces.nasbench101.classes as c;"
        "print(c.skeletons.cache_info().currsize)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "0\n"


@pytest.mark.realdata
@pytest.mark.slow
def test_the_enumerated_set_is_the_real_tables_hash_for_hash(real_data):
    path = real_data / "nasbench101" / "measurements.parquet"
    real = pl.read_parquet(path, columns=["module_hash"])["module_hash"].unique().sort()
    # As many hashes as there are classes, and each is that of one.
    assert len(real) == classes.CLASSES
    found = cells_with(real.to_list())
    assert None not in found
    assert graph_ids(found[::1000]) == real.to_list()[::1000]
