"""NAS-Bench-101 cells: reading, checking, pruning, hashing, counting parameters."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import polars as pl
import pytest
from cells import nasbench101_cells, renumberings
from hypothesis import given, settings
from hypothesis import strategies as st

from mbml.errors import CellError
from mbml.spaces import nasbench101
from mbml.spaces.nasbench101 import md5
from mbml.spaces.nasbench101.bulk import graph_ids, network_costs

README_CELL = (
    "0111010000000100000010000100000000100000010000000:"
    "input,conv1x1-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,maxpool3x3,output"
)
FIRST_RECORD = (
    "0100110001000000010010000010000001000000010000000",
    "input,conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,output",
)


def test_the_benchmarks_own_example():
    cell = nasbench101.parse(README_CELL)
    assert cell.graph_id == "28cfc7874f6d200472e1a9dcd8650aa0"
    assert cell.functional_id == cell.graph_id
    assert cell.parameters == 2_694_282
    assert cell.flops == 402002954
    assert (cell.nodes, cell.edges) == (7, 9)
    assert cell.format() == README_CELL


def test_the_first_record_of_the_full_file():
    cell = nasbench101.cell(*FIRST_RECORD)
    assert cell.graph_id == "00005c142e6f48ac74fdcf73e3439874"
    assert cell.parameters == 8_555_530
    assert cell.bits == FIRST_RECORD[0]


def test_the_smallest_cell_is_valid():
    cell = nasbench101.parse("0100:input,output")
    assert cell.matrix == ((0, 1), (0, 0))
    assert cell.operations == ("input", "output")
    assert cell.pruned() is cell


def test_a_dangling_vertex_changes_neither_hash_nor_parameters():
    whole = nasbench101.cell("010001000", "input,maxpool3x3,output")
    dangling = nasbench101.cell("0110000000010000", "input,conv3x3-bn-relu,maxpool3x3,output")
    assert dangling.pruned() == whole
    assert dangling.graph_id == whole.graph_id
    assert dangling.parameters == whole.parameters
    assert whole.pruned() is whole


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty text where a cell"),
        ("0100", "no colon in '0100'"),
        ("010:input,output", "adjacency '010' has 3 digits"),
        ("0:input", "adjacency '0' has 1 digits"),
        (":input,output", "adjacency '' has 0 digits"),
        ("0" * 64 + ":input,output", "8 vertices in"),
        ("0.00:input,output", "adjacency holds '.' at character 2"),
        ("0200:input,output", "adjacency holds '2' at character 2"),
        ("0100:output,input", "the first operation is 'output', not 'input'"),
        ("0100:input,input", "the last operation is 'input', not 'output'"),
        ("0100:input,maxpool3x3,output", "3 operations for 2 vertices"),
        ("0100:", "1 operations for 2 vertices"),
        (
            "010001000:input,conv3x3,output",
            "unknown operation 'conv3x3'; did you mean 'conv3x3-bn-relu'",
        ),
        ("0000:input,output", "no path from input to output"),
        ("010000000:input,maxpool3x3,output", "no path from input to output"),
        ("010101000:input,maxpool3x3,output", "the graph has a cycle"),
        ("010011000:input,maxpool3x3,output", "the graph has a cycle"),
        (
            "0101000001000000:input,maxpool3x3,maxpool3x3,output",
            "edge from vertex 2 to vertex 1: an entry below the diagonal",
        ),
        (
            "0111100111000110000100000:input,maxpool3x3,maxpool3x3,maxpool3x3,output",
            "10 edges; a cell has at most 9",
        ),
    ],
)
def test_bad_text_gets_one_clear_message(text, message):
    with pytest.raises(CellError, match=re.escape(message)):
        nasbench101.parse(text)


@pytest.mark.parametrize(
    "text", ["0" * 10_000_000, "0100:" + "x" * 10_000_000, "1" * 9_000_000 + ":"]
)
def test_a_huge_text_is_not_echoed(text):
    with pytest.raises(CellError) as caught:
        nasbench101.parse(text)
    assert len(str(caught.value)) < 300


def test_a_float_matrix_is_refused_and_integer_arrays_are_not():
    matrix = np.array([[0, 1], [0, 0]])
    assert nasbench101.from_matrix(matrix, ["input", "output"]).bits == "0100"
    with pytest.raises(CellError, match=r"does not hold integers.*astype\(int\)"):
        nasbench101.from_matrix(matrix.astype(float), ["input", "output"])
    with pytest.raises(CellError, match="does not hold integers"):
        nasbench101.from_matrix([0, 1], ["input", "output"])


def test_matrices_of_wrong_shape_or_value_are_refused():
    with pytest.raises(CellError, match="not square"):
        nasbench101.from_matrix([[0, 1], [0]], ["input", "output"])
    with pytest.raises(CellError, match="holds 2"):
        nasbench101.from_matrix([[0, 2], [0, 0]], ["input", "output"])
    with pytest.raises(CellError, match="8 vertices"):
        nasbench101.from_matrix(np.zeros((8, 8), dtype=int), ["input"] * 8)


@given(nasbench101_cells())
def test_format_and_parse_are_inverse(cell):
    assert nasbench101.parse(cell.format()) == cell


@given(nasbench101_cells())
def test_pruning_is_idempotent_and_keeps_the_hash(cell):
    pruned = cell.pruned()
    assert pruned.pruned() is pruned
    assert pruned.graph_id == cell.graph_id
    assert pruned.parameters == cell.parameters


@given(st.data())
def test_the_hash_does_not_depend_on_the_numbering(data):
    cell = data.draw(nasbench101_cells())
    other = data.draw(renumberings(cell))
    assert other.graph_id == cell.graph_id
    feeders = sum(row[-1] for row in cell.pruned().matrix[1:])
    if feeders not in {3, 5}:
        assert (other.parameters, other.flops) == (cell.parameters, cell.flops)


def test_costs_depend_on_the_order_of_three_vertices_that_feed_the_output():
    """128 channels make 43, 43 and 42, given out in the vertices' order."""
    bits = "0111000001000010000100000"
    one, other = (
        nasbench101.cell(bits, f"input,{names},output")
        for names in (
            "conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3",
            "maxpool3x3,conv1x1-bn-relu,conv3x3-bn-relu",
        )
    )
    assert one.graph_id == other.graph_id
    assert one.parameters > other.parameters


@settings(max_examples=30)  # of up to 20 cells each
@given(st.lists(nasbench101_cells(), max_size=20))
def test_many_hashes_at_once_equal_single_ones(several):
    pairs = [(cell.bits, ",".join(cell.operations)) for cell in several]
    assert graph_ids(pairs) == [cell.graph_id for cell in several]


@pytest.mark.parametrize(
    ("bits", "operations"),
    [
        ("0100", "input,conv"),
        ("0101", "input,output"),
        ("0110", "input,output"),
        ("0000", "input,output"),
        ("010", "input,output"),
        ("01é0", "input,output"),
        ("01😀0", "input,output"),
        ("0111100111000110000100000", "input,maxpool3x3,maxpool3x3,maxpool3x3,output"),
    ],
)
def test_many_at_once_name_the_bad_one_as_a_single_one_would(bits, operations):
    with pytest.raises(CellError) as single:
        nasbench101.cell(bits, operations)
    with pytest.raises(CellError) as bulk:
        graph_ids([FIRST_RECORD, (bits, operations), FIRST_RECORD])
    assert str(bulk.value) == f"cell 1: {single.value}"


@given(st.integers(0, 200), st.integers(1, 5), st.randoms(use_true_random=False))
def test_digests_equal_hashlib(length, count, random):
    texts = [random.randbytes(length) for _ in range(count)]
    messages = md5.buffer(count, length)
    for row, text in zip(messages, texts, strict=True):
        row[:length] = np.frombuffer(text, dtype=np.uint8)
    spelled = md5.hexadecimal(md5.digests(messages))
    assert [row.tobytes().decode() for row in spelled] == [
        hashlib.md5(text).hexdigest() for text in texts
    ]


@pytest.mark.realdata
@pytest.mark.slow
def test_every_real_cell_has_its_hash(real_data):
    path = real_data / "nasbench101" / "measurements.parquet"
    table = pl.read_parquet(path, columns=["module_hash", "adjacency", "operations"]).unique()
    pairs = list(zip(table["adjacency"], table["operations"], strict=True))
    assert len(pairs) == 423_624
    assert graph_ids(pairs) == table["module_hash"].to_list()


@settings(max_examples=30)  # of up to 20 cells each
@given(st.lists(nasbench101_cells(), max_size=20))
def test_many_costs_at_once_equal_single_ones(several):
    found = network_costs([(cell.bits, ",".join(cell.operations)) for cell in several])
    assert found.parameters.tolist() == [cell.parameters for cell in several]
    assert found.flops.tolist() == [cell.flops for cell in several]


@pytest.mark.realdata
@pytest.mark.slow
def test_every_real_cell_has_its_parameters(real_data):
    path = real_data / "nasbench101" / "measurements.parquet"
    columns = ["adjacency", "operations", "parameters"]
    table = pl.read_parquet(path, columns=columns).unique(subset=columns[:2])
    assert table.height == 423_624
    found = network_costs(list(zip(table["adjacency"], table["operations"], strict=True)))
    assert np.array_equal(found.parameters, table["parameters"])
