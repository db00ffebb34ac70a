"""`mbml cell`, `neighbours`, `sample`: with and without a warehouse, and what they refuse."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from mbml.errors import UsageError
from mbml.predictors.models import load_model
from mbml.spaces import nasbench101, nasbench201
from mbml.spaces.registry import SPACES, recognise

README_CELL = (
    "0111010000000100000010000100000000100000010000000:input,conv1x1-bn-relu,conv3x3-bn-relu,"
    "conv3x3-bn-relu,conv3x3-bn-relu,maxpool3x3,output"
)
FIRST_201 = nasbench201.official_order()[0]
THREE_NODES = "010001000:input,maxpool3x3,output"
NETWORK = "8:16:24:32:64"
DENSE = "0111111" + "0000001" * 5 + "0" * 7


def without_warehouse(mbml, tmp_path, *arguments, **options):
    mbml.warehouse = tmp_path / "nowhere.duckdb"
    return mbml(*arguments, **options)


def test_a_cell_needs_no_warehouse(mbml, tmp_path):
    told = json.loads(without_warehouse(mbml, tmp_path, "cell", README_CELL, "--json").stdout)
    assert told["arch_key"] == told["graph_id"] == "28cfc7874f6d200472e1a9dcd8650aa0"
    assert told["parameters"] == 2_694_282
    assert told["in_space"] is True
    assert told["in_warehouse"] is None
    assert told["measured"] == []
    assert not (tmp_path / "nowhere.duckdb").exists()


def test_a_cell_with_a_vertex_on_no_path_is_shown_pruned(mbml, tmp_path):
    text = "0011000000000000:input,conv3x3-bn-relu,conv1x1-bn-relu,output"
    said = without_warehouse(mbml, tmp_path, "cell", text).stdout
    assert "pruned" in said
    assert "0100:input,output" in said


@pytest.mark.parametrize("text", [README_CELL, FIRST_201])
def test_equivalents_are_the_same_architecture(mbml, text):
    told = mbml.json("cell", text)
    assert text not in told["equivalents"]
    assert told["equivalents"]
    assert {recognise(one)[1].functional_id for one in told["equivalents"]} == {
        told["functional_id"]
    }


def test_measured_results_are_those_of_the_warehouse(mbml):
    told = mbml.json("cell", FIRST_201)
    assert told["in_warehouse"] is True
    [row] = told["measured"]
    assert (row["dataset"], row["schedule_epochs"], row["epoch"]) == ("cifar100", 200, 200)
    assert row["valid_accuracy"] == 0.5
    assert mbml.json("cell", nasbench201.official_order()[-1])["in_warehouse"] is False


def test_a_module_hash_is_looked_up_and_surrogates_are_named(mbml):
    text = "010001000:input,conv3x3-bn-relu,output"
    key = nasbench101.parse(text).graph_id
    assert mbml.json("cell", key)["arch"] == text
    assert "SURROGATE DATA" in mbml("cell", key).stdout


def test_a_module_hash_is_found_by_its_beginning(mbml):
    text = "010001000:input,conv3x3-bn-relu,output"
    key = nasbench101.parse(text).graph_id
    assert mbml.json("cell", key[:8])["arch"] == text


def test_of_several_module_hashes_the_first_are_named(mbml, tmp_path, monkeypatch):
    several = [(f"abcdef{digit}", "010001000:input,maxpool3x3,output") for digit in "12"]
    monkeypatch.setattr("mbml.frames.cells_with_key", lambda *_: several)
    said = mbml("cell", "abcdef", expect=2).stderr
    assert "several module hashes start with abcdef: abcdef1, abcdef2, …" in said


@pytest.mark.parametrize(
    ("given", "index"),
    [
        (["284"], 284),
        (["0"], 0),
        (["(0, 0, 1, 0, 3, 1)"], 284),
        (["[0,0,1,0,3,1]"], 284),
        (["[0 0 1 0 3 1]"], 284),
        (["array([0., 0., 1., 0., 3., 1.])"], 284),
    ],
)
@pytest.mark.parametrize("command", ["cell", "neighbours"])
def test_an_official_index_or_a_tuple_of_naslib(mbml, command, given, index):
    expected = mbml.json(command, nasbench201.official_order()[index])
    assert mbml.json(command, *given) == expected


def test_an_index_of_another_space(mbml):
    assert mbml.json("cell", "5", "--space", "natsbench_sss")["arch"] == "8:8:8:8:48"


@pytest.mark.slow
@pytest.mark.parametrize("space", ["nasbench101", "nasbench201"])
def test_keys_of_sampled_cells_are_what_other_commands_take(mbml, space):
    keys = mbml("sample", space, "-n", 3, "--format", "keys").stdout
    listed = [one["arch"] for one in mbml.json("sample", space, "-n", 3)]
    assert keys.splitlines() == listed
    model = {"nasbench101": "101-108epochs", "nasbench201": "201-cifar100"}[space]
    predicted = mbml("predict", f"pretrained:nasbench{model}", "-", "--format", "csv", stdin=keys)
    assert len(predicted.stdout.splitlines()) == 4
    assert mbml.json("cell", listed[0])["arch"] == listed[0]


@pytest.mark.parametrize(
    ("command", "given", "arch"),
    [
        ("cell", "[[0,1,0],[0,0,1],[0,0,0]], ['input','maxpool3x3','output']", THREE_NODES),
        (
            "neighbours",
            "[[0 1 0]\n [0 0 1]\n [0 0 0]] ['input' 'maxpool3x3' 'output']",
            THREE_NODES,
        ),
        ("cell", "(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1)", THREE_NODES),
        ("cell", "[8, 16, 24, 32, 64]", NETWORK),
        ("neighbours", "array([ 8, 16, 24, 32, 64])", NETWORK),
    ],
)
def test_the_space_of_a_sequence_is_found(mbml, command, given, arch):
    assert mbml.json(command, given) == mbml.json(command, arch)


@pytest.mark.parametrize("command", ["cell", "neighbours", "predict"])
def test_edges_in_another_order_are_put_in_order_and_that_is_told(mbml, command):
    call = (command, "pretrained:nasbench201-cifar100") if command == "predict" else (command,)
    ordered = "|none~0|+|none~0|nor_conv_3x3~1|+|none~0|skip_connect~1|none~2|"
    given = "|none~0|+|nor_conv_3x3~1|none~0|+|none~2|none~0|skip_connect~1|"
    expected, found = mbml(*call, ordered), mbml(*call, given)
    assert found.stdout == expected.stdout
    assert found.stderr == expected.stderr + (
        f"note: {given} has edges of a node in another order; read as {ordered}\n"
    )


@pytest.mark.parametrize(
    "given",
    [
        *("284", 284, None, nasbench201.parse(FIRST_201)),
        *((0, 0, 1, 0, 3, 1), ([[0, 1], [0, 0]], ["input", "output"])),
        {"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"]},
    ],
    ids=lambda given: type(given).__name__,
)
def test_one_architecture_is_no_list_of_architectures(given):
    with pytest.raises(UsageError, match=r"expected a list of architectures, got .*as \[archit"):
        load_model("pretrained:nasbench201-cifar100").predict(given)


def test_a_model_predicts_of_any_spelling():
    cell = nasbench201.parse(nasbench201.official_order()[284])
    one = (0, 0, 1, 0, 3, 1)
    spelled = [284, "284", cell, cell.format(), one, list(one), np.array(one), f"{one}"]
    model = load_model("pretrained:nasbench201-cifar100")

    def keys(cells):
        return model.predict(cells)["arch_key"].to_list()

    assert keys(spelled) == [cell.format()] * len(spelled)
    assert keys((cell.format(), cell)) == [cell.format()] * 2
    assert keys(np.array([one, one])) == keys(np.array([284, 284])) == [cell.format()] * 2


@pytest.mark.parametrize("text", [README_CELL, FIRST_201, NETWORK])
def test_features_on_request(mbml, text):
    assert "features" not in mbml.json("cell", text)
    told = mbml.json("cell", text, "--features", "topology")["features"]
    assert all(isinstance(value, float) for value in told.values())
    assert len(told) > 20


@pytest.mark.parametrize("text", [README_CELL, FIRST_201, NETWORK])
def test_drawings_show_each_operation(mbml, tmp_path, text):
    said = mbml("cell", text, "--svg", tmp_path / "cell.svg")
    drawn = ET.parse(tmp_path / "cell.svg").getroot()
    labels = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    _, cell = recognise(text)
    wanted = getattr(cell, "operations", ())
    assert sorted(name for name in labels if name in wanted) == sorted(wanted)
    assert all(name in said.stdout for name in wanted)


def test_what_is_on_no_path_is_marked(mbml):
    said = mbml("cell", "|none~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_1x1~2|")
    assert "nor_conv_3x3 ─> 2 node 2   (on no path)" in said.stdout
    assert "skip_connect ─> 2 node 2\n" in said.stdout


@pytest.mark.parametrize("text", [README_CELL, FIRST_201, NETWORK])
def test_neighbours_are_other_cells_of_the_space(mbml, text):
    told = mbml.json("neighbours", text)
    space, cell = recognise(text)
    assert [row["arch"] for row in told] == [one.format() for one in space.neighbours(cell)]
    assert text not in {row["arch"] for row in told}


@pytest.mark.parametrize("space", SPACES)
def test_a_seed_draws_the_same_sample(mbml, space):
    call = ("sample", space, "-n", 5, "--seed", 3, "--over", "graph_ids")
    first, again = mbml.json(*call), mbml.json(*call)
    assert first == again
    assert len({row["graph_id"] for row in first}) == 5
    assert first != mbml.json("sample", space, "-n", 5, "--seed", 4, "--over", "graph_ids")


BAD_CELLS = [
    ("", "empty text"),
    ("nonsense", "is no architecture; write"),
    ("0" * 10_000_000, "(10,000,000 characters)"),
    ("01" * 5_000_000 + ":input,output", "characters)"),
    ("|" + "none~0|" * 1_500_000, "too long"),
    ("011001000:input,output", "operation"),
    ("000100010:input,conv3x3-bn-relu,output", "an entry below the diagonal"),
    ("010101010:input,conv3x3-bn-relu,output", "the graph has a cycle"),
    ("0.1.0.:input,output", "'0.1.0.'"),
    ("010001000:input,conv3x3-bn-rleu,output", "did you mean 'conv3x3-bn-relu'"),
    ("000001000:input,conv3x3-bn-relu,output", "path"),
    ("0" * 64 + ":input" + ",maxpool3x3" * 6 + ",output", "7"),
    (f"{DENSE}:input{',maxpool3x3' * 5},output", "11 edges"),
    ("|none~0|+|none~0|none~1|", "does not have the form"),
    ("|none~0|+|none~0|none~1|+|skip_conect~0|none~1|none~2|", "did you mean 'skip_connect'?"),
    ("8:16:24:32:65", "width 65 is none of the space's"),
    ("8:16:24:32", "4 widths"),
    ("0" * 32, "knows no cell with module hash"),
]


@pytest.mark.parametrize(("text", "said"), BAD_CELLS, ids=lambda one: one[:30])
@pytest.mark.parametrize("command", ["cell", "neighbours"])
def test_a_bad_cell_is_one_clear_message(mbml, command, text, said):
    result = mbml(command, text, expect=2)
    assert said in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 600
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("sample", "nasbench102"), "did you mean"),
        (("sample", "nasbench201", "-n", "15626"), "it has 15,625 cells"),
        (("sample", "nasbench201", "-n", "-1"), "cannot draw -1"),
        (("sample", "nasbench201", "--seed", "-1"), "a seed is 0 or more"),
        (("sample", "nasbench201", "--over", "graphs"), "did you mean 'graph_ids'"),
        (("cell", NETWORK, "--features", "published"), "not defined for natsbench_sss"),
        (("cell", "02e5a024"), "knows no cell with module hash 02e5a024"),
        (("cell", "15625"), "NAS-Bench-201 has the indices 0 to 15,624, got 15,625"),
        (("cell", "40000", "--space", "natsbench_sss"), "has the indices 0 to 32,767"),
        (("cell", "7", "--space", "nasbench101"), "has no official index, got 7; give"),
        (("cell", "7", "--space", "nasbench102"), "did you mean 'nasbench101'"),
        (("cell", "(1, 2, 3)"), "is not an architecture: it has 3 numbers; expected 6 numbers"),
        (("cell", "(0, 0, 1, 0, 3, 9)"), "operation 9 of a NASLib tuple"),
        (("cell", FIRST_201, "--features", "curve:12"), "measured, so that a cell alone"),
    ],
)
def test_bad_requests_are_usage_errors(mbml, call, said):
    result = mbml(*call, expect=2)
    assert said in result.stderr
    assert result.stdout == ""


def test_a_module_hash_without_a_warehouse_says_how_to_make_one(mbml, tmp_path):
    result = without_warehouse(mbml, tmp_path, "cell", "0" * 32, expect=3)
    assert "no such warehouse; load a source into it first" in result.stderr


def test_a_broken_warehouse_does_not_keep_a_cell_from_being_shown(mbml, tmp_path):
    mbml.warehouse = tmp_path / "w.duckdb"
    mbml.warehouse.write_bytes(b"not a database" * 100)
    result = mbml("cell", NETWORK)
    assert "no measured results are shown" in result.stderr
    assert "no warehouse at" not in result.stdout
    assert "198,050" in result.stdout
