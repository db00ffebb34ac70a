"""The view `operation_graph` says what `mbml.spaces.graph` says."""

from __future__ import annotations

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.frames import cell_texts
from mbml.spaces.graph import VOCABULARY, operation_graph
from mbml.spaces.registry import recognise


@pytest.mark.slow
def test_the_view_agrees_with_the_function_on_every_cell(warehouse, tmp_path):
    load_rows(
        warehouse,
        nasbench201_rows(15_625, valid_accuracy=0.5, test_accuracy=0.5),
        tmp_path / "a.parquet",
    )
    load_rows(warehouse, nasbench101_rows(), tmp_path / "b.parquet")
    size = nasbench201_rows(1).with_columns(arch_str=pl.lit("8:16:24:32:64"))
    load_rows(warehouse, size, tmp_path / "c.parquet")
    found = warehouse.frame(
        "select arch_id, graph_adjacency, graph_operations from operation_graph"
    )
    assert found.height == 15_625 + 4 + 1
    cells = [recognise(text)[1] for text in cell_texts(warehouse, found["arch_id"])]
    graphs = [operation_graph(cell) for cell in cells]
    assert found["graph_adjacency"].to_list() == [
        "".join(str(entry) for row in graph.matrix for entry in row) for graph in graphs
    ]
    assert found["graph_operations"].to_list() == [",".join(graph.operations) for graph in graphs]
    told = found["graph_operations"].str.split(",").explode().unique()
    assert set(told) == set(VOCABULARY)
