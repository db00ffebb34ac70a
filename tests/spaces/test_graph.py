"""One vocabulary for cells of all spaces."""

from __future__ import annotations

import pytest
from cells import nasbench101_cells, nasbench201_cells
from hypothesis import given

from mbml.spaces import nasbench101, nasbench201, natsbench_sss
from mbml.spaces.graph import VOCABULARY, OperationGraph, operation_graph


def test_a_nasbench101_cell_keeps_its_graph():
    graph = operation_graph(nasbench101.parse("011001000:input,maxpool3x3,output"))
    assert graph == OperationGraph(
        ((0, 1, 1), (0, 0, 1), (0, 0, 0)), ("input", "max_pool3x3", "output")
    )


def test_operations_on_edges_become_vertices():
    text = "|nor_conv_3x3~0|+|skip_connect~0|avg_pool_3x3~1|+|none~0|none~1|nor_conv_1x1~2|"
    graph = operation_graph(nasbench201.parse(text))
    assert graph.operations == ("input", "conv3x3", "skip", "avg_pool3x3", "conv1x1", "output")
    assert graph.matrix == (
        (0, 1, 1, 0, 0, 0),
        (0, 0, 0, 1, 0, 0),
        (0, 0, 0, 0, 1, 0),
        (0, 0, 0, 0, 1, 0),
        (0, 0, 0, 0, 0, 1),
        (0, 0, 0, 0, 0, 0),
    )


def test_edges_on_no_path_are_left_out():
    text = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
    assert operation_graph(nasbench201.parse(text)).operations == ("input", "skip", "output")


def test_a_cell_without_any_path_has_no_edge():
    graph = operation_graph(nasbench201.from_operations(["none"] * 6))
    assert graph == OperationGraph(((0, 0), (0, 0)), ("input", "output"))


def test_the_size_space_has_one_cell():
    one, other = (
        operation_graph(natsbench_sss.parse(text)) for text in ("8:8:8:8:8", "8:16:24:32:64")
    )
    assert one == other
    assert one.operations.count("conv3x3") == 5


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="no cell of a search space: str"):
        operation_graph("0100:input,output")


@given(nasbench101_cells())
def test_nasbench101_graphs_are_pruned(cell):
    assert operation_graph(cell) == operation_graph(cell.pruned())


def paths(graph, vertex=0):
    """Operation sequences from a vertex to the output."""
    if vertex == len(graph.operations) - 1:
        return [()]
    return [
        (graph.operations[target], *rest)
        for target, edge in enumerate(graph.matrix[vertex])
        if edge
        for rest in paths(graph, target)
    ]


@given(nasbench201_cells)
def test_paths_of_the_graph_are_those_of_the_cell(cell):
    graph = operation_graph(cell)
    assert set(graph.operations) <= set(VOCABULARY)
    names = dict(
        zip(
            nasbench201.OPERATIONS[1:],
            ("skip", "conv1x1", "conv3x3", "avg_pool3x3"),
            strict=True,
        )
    )
    expected = [
        tuple(names[cell.operations[edge]] for edge in path)
        for path in nasbench201.PATHS
        if all(cell.operations[edge] != "none" for edge in path)
    ]
    assert sorted(path[:-1] for path in paths(graph)) == sorted(expected)
