"""Every spelling reads back as the same architecture, and what is no architecture is refused."""

from __future__ import annotations

import itertools
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mbml import cell
from mbml.compat.topology import Topology
from mbml.errors import CellError
from mbml.spaces import nasbench101, nasbench201, natsbench_sss
from mbml.spaces.nasbench101.classes import CELLS, cells_at
from mbml.spaces.reading import space_of
from mbml.spaces.registry import SPACES

#: NASLib's conventions, written here a second time.
NASLIB_201 = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]
NASLIB_EDGES = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
NASLIB_101 = ["input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu"]
ONE_HOT_101 = {
    "maxpool3x3": [1, 0, 0],
    "conv3x3-bn-relu": [0, 1, 0],
    "conv1x1-bn-relu": [0, 0, 1],
}

cells_201 = st.lists(st.sampled_from(nasbench201.OPERATIONS), min_size=6, max_size=6).map(
    nasbench201.from_operations
)
cells_101 = st.integers(0, CELLS - 1).map(
    lambda place: nasbench101.cell(*cells_at(np.array([place]))[0])
)
networks = st.lists(st.sampled_from(natsbench_sss.WIDTHS), min_size=5, max_size=5).map(
    natsbench_sss.from_widths
)


class Tensor:
    """What a tensor of another library has in common with an array."""

    def __init__(self, parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts)

    def tolist(self):
        return self.parts


def in_every_type(parts):
    """Yield numbers, nested or not, as people hold, write and print them."""
    array = np.array(parts)
    yield from (parts, array, array.astype(float), array.astype(np.int8), Tensor(parts))
    yield from (str(parts), str(array), repr(array), repr(array.astype(float)))
    yield from (f"tensor({parts})", f"np.array({parts})", f" {parts}\n")
    if array.ndim == 1:
        yield from (tuple(parts), pl.Series(parts), str(tuple(parts)), str([*map(np.int64, parts)]))


def naslib_tuple(one):
    named = dict(zip(nasbench201.EDGES, one.operations, strict=True))
    return [NASLIB_201.index(named[edge]) for edge in NASLIB_EDGES]


@settings(max_examples=40)
@given(cells_201, st.randoms())
def test_a_cell_of_nasbench201_in_every_spelling(one, random):
    text = one.format()
    nodes = Topology.str2lists(text)
    shuffled = [random.sample(node, len(node)) for node in nodes]
    joined = ("|".join(f"{name}~{source}" for name, source in node) for node in shuffled)
    numbers = naslib_tuple(one)
    spelled = [
        *(one, text, f" {text}\n", nasbench201.official_order().index(text)),
        *(list(one.operations), np.array(one.operations), str(one.operations)),
        str(np.array(one.operations)),
        *(nodes, shuffled, str(nodes), str(shuffled)),
        "+".join(f"|{node}|" for node in joined),
        *in_every_type(numbers),
        *in_every_type([int(bit) for number in numbers for bit in np.eye(5)[number]]),
        *in_every_type(Topology.str2matrix(text).astype(int).tolist()),
    ]
    assert {cell("nasbench201", spelling) for spelling in spelled} == {one}
    printed = [spelling for spelling in spelled if str(spelling)[:1] in "(["]
    assert {space_of(str(spelling)) for spelling in printed} == {"nasbench201"}


@settings(max_examples=40)
@given(cells_101, st.data())
def test_a_cell_of_nasbench101_in_every_spelling(one, data):
    matrix, operations = [list(row) for row in one.matrix], list(one.operations)
    array = np.array(matrix)
    numbers = [*itertools.chain(*matrix), *map(NASLIB_101.index, operations)]
    spelled = [
        *(one, one.format(), {"matrix": array, "ops": operations}),
        *((matrix, operations), [array.astype(float), np.array(operations)]),
        *((Tensor(matrix), tuple(operations)), (one.matrix, one.operations)),
        *(f"{matrix}, {operations}", f"({array!r}, {operations})", f"{array}\n{operations}"),
        f"{array.astype(float)} {np.array(operations)}",
        str({"matrix": array, "ops": operations}),
    ]
    if len(operations) > 2:  # two vertices make six numbers, which are also NAS-Bench-201's
        spelled += in_every_type(numbers)
    # Cells of fewer vertices are filled up with vertices that have no operation.
    kept = data.draw(st.permutations(range(1, 6)).map(lambda p: sorted(p[: len(operations) - 2])))
    places = [0, *kept, 6]
    full = np.zeros((7, 7), int)
    full[np.ix_(places, places)] = array
    inner = dict(zip(kept, operations[1:-1], strict=True))
    bits = [full[u, v].item() for u, v in itertools.combinations(range(7), 2)]
    bits += [bit for v in range(1, 6) for bit in ONE_HOT_101.get(inner.get(v), [0, 0, 0])]
    spelled += in_every_type(bits)
    assert {cell("nasbench101", spelling) for spelling in spelled} == {one}
    printed = [
        spelling for spelling in spelled if isinstance(spelling, str) and spelling[0] in "(["
    ]
    assert {space_of(spelling) for spelling in printed} == {"nasbench101"}


@settings(max_examples=40)
@given(networks)
def test_a_network_of_the_size_space_in_every_spelling(one):
    spelled = [one, one.format(), natsbench_sss.index_of(one.format())]
    spelled += [f"{spelled[-1]}", *in_every_type(list(one.widths))]
    assert {cell("natsbench_sss", spelling) for spelling in spelled} == {one}


def test_two_vertices_are_told_from_nasbench201_by_the_space():
    assert cell("nasbench101", (0, 1, 0, 0, 0, 1)).format() == "0100:input,output"
    assert space_of("(0, 1, 0, 0, 0, 1)") == "nasbench201"


ONES = [1, 0, 0, 0, 0] * 6
REFUSED = [
    ("nasbench201", [*ONES[:-5], 1, 1, 0, 0, 0], "edge 6 of the one-hot has 2 ones"),
    ("nasbench201", [*ONES[:-5], 0, 0, 0, 0, 0], "an edge of the one-hot has no 1"),
    ("nasbench201", [2, *ONES[1:]], "it has 30 numbers; expected 6 numbers"),
    ("nasbench201", (0, 0, 1, 0, 3, 5), "operation 5 of a NASLib tuple; there are 0 to 4"),
    ("nasbench201", (0, 0, 1, 0, 3, 0.5), "0.5 is not a number of an architecture"),
    ("nasbench201", (0, 0, 1, 0, 3, float("nan")), "nan is not a number of an architecture"),
    ("nasbench201", (0, 0, 1, 0, 3, 10**5000), "is not a number of an architecture"),
    ("nasbench201", [[0, 1, 0, 0], *[[0] * 4] * 3], "row 0, column 1 of the matrix of operations"),
    ("nasbench201", [[0] * 4, [9, 0, 0, 0], *[[0] * 4] * 2], "operation 9"),
    ("nasbench201", [[("none", 0)]] * 3, "it has 3 parts; expected 6 numbers"),
    ("nasbench201", "|none~0|+|none~1|none~1|+|none~0|none~1|none~2|", "does not have the form"),
    ("nasbench201", "|none~0|+|none~2|none~0|+|none~0|none~1|none~2|", "does not have the form"),
    ("nasbench201", ["none"] * 5 + ["skip"], "unknown operation 'skip'; did you mean"),
    ("nasbench201", True, "True is not an architecture"),
    ("nasbench201", 10**5000, "has the indices 0 to 15,624, got"),
    ("nasbench201", np.zeros((1000, 30)), "is not an architecture"),
    ("nasbench201", b"|none~0|", "is not an architecture"),
    ("nasbench201", {"matrix": 1}, "is not an architecture"),
    ("nasbench201", object(), "is not an architecture"),
    ("nasbench201", Tensor(3), "is not an architecture"),
    ("nasbench201", "(" * 3000, "is not a list or tuple of numbers and operations"),
    ("nasbench201", "(" + "-" * 3000 + "1)", "is not a list or tuple of numbers and operations"),
    ("nasbench201", "[" * 50 + "]" * 50, "is not an architecture"),
    # A pattern that goes back and forth over spaces would take hours.
    (
        "nasbench201",
        "array(" + " " * 3900 + "x",
        "is not a list or tuple of numbers and operations",
    ),
    ("nasbench201", "array([" + "], a=1" * 600, "is not a list or tuple of numbers and operations"),
    ("nasbench201", "[__import__('os').getpid()]", "is not a list or tuple of numbers and operat"),
    ("nasbench201", "[" + "0, " * 2000 + "0]", "is too long for an architecture"),
    ("nasbench101", ([[0, 1], [0, 0]], [0, 1]), "operations are [0, 1]; expected their names"),
    ("nasbench101", ([0, 1], ["input", "output"]), "expected an adjacency matrix of rows"),
    ("nasbench101", ([[0, 2], [0, 0]], ["input", "output"]), "adjacency matrix holds 2"),
    ("nasbench101", ([[0, 1]], ["input", "output"]), "a cell has 2 to 7"),
    ("nasbench101", ([[0, 1, 0], [0, 0]], ["input", "output"]), "is not square"),
    ("nasbench101", [0] * 36, "no path from input to output"),
    ("nasbench101", [1] + [0] * 35, "an edge (0, 1) of a vertex without an operation"),
    ("nasbench101", [0] * 34 + [1, 1], "operation 5 of the one-hot has 2 ones"),
    ("nasbench101", 284, "has no official index, got 284"),
    ("natsbench_sss", [8, 8, 8, 8, 9], "width 9 is none of the space's"),
    ("natsbench_sss", "[8, 8, 8, 8]", "it has 4 numbers; expected 5 widths"),
]


@pytest.mark.parametrize(("space", "spelled", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_architecture_is_one_clear_error(space, spelled, said):
    with pytest.raises(CellError, match=re.escape(said)) as refused:
        cell(space, spelled)
    assert len(str(refused.value)) < 600


written = st.text(st.sampled_from("[](){},:|~+-.'\" 0123456789ejTruearynone\n"), max_size=60)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda parts: st.lists(parts, max_size=7) | st.dictionaries(st.text(max_size=3), parts),
)


@settings(max_examples=200)
@given(st.sampled_from(sorted(SPACES)), written | anything)
def test_whatever_is_given_is_an_architecture_or_a_cell_error(space, given_):
    try:
        read = cell(space, given_)
    except CellError:
        return
    assert cell(space, read.format()) == read
