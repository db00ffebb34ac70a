"""What all spaces offer: counting, drawing, enumerating, steps between architectures."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from cells import nasbench101_cells, nasbench201_cells, renumberings, size_space_networks
from hypothesis import given, settings
from hypothesis import strategies as st

from mbml.errors import CellError, UsageError
from mbml.spaces import nasbench101
from mbml.spaces.registry import SPACES, recognise, space
from mbml.spaces.space import LEVELS

CELLS = {
    "nasbench101": nasbench101_cells(),
    "nasbench201": nasbench201_cells,
    "natsbench_sss": size_space_networks,
}
every_space = pytest.mark.parametrize("name", SPACES)


def test_spaces_by_name():
    assert list(SPACES) == ["nasbench101", "nasbench201", "natsbench_sss"]
    assert space("nasbench201") is SPACES["nasbench201"]
    with pytest.raises(UsageError, match="did you mean 'nasbench101'"):
        space("nas-bench-101")


def test_counts():
    assert {name: one.measured for name, one in SPACES.items()} == {
        "nasbench101": 423_624,
        "nasbench201": 15_625,
        "natsbench_sss": 32_768,
    }
    assert SPACES["nasbench101"].counts == {
        "cells": 1_293_208,
        "graph_ids": 423_624,
        "functional_ids": 423_624,
    }
    assert list(SPACES["nasbench201"].counts.values()) == [15_625, 6_466, 4_930]


@every_space
def test_enumeration_holds_as_many_as_were_measured(name):
    texts = SPACES[name].texts()
    assert len(set(texts)) == SPACES[name].measured
    assert SPACES[name].parse(texts[-1]).format() == texts[-1]


@every_space
@pytest.mark.parametrize("over", LEVELS)
def test_a_seed_draws_the_same_and_no_class_twice(name, over):
    drawn = SPACES[name].draw(50, seed=7, over=over)
    assert drawn == SPACES[name].draw(50, seed=7, over=over)
    assert drawn != SPACES[name].draw(50, seed=8, over=over)
    assert len(set(drawn)) == 50
    if over != "cells":
        assert len({getattr(cell, over.removesuffix("s")) for cell in drawn}) == 50


def test_drawing_over_classes_evens_out_what_drawing_over_cells_does_not():
    one = SPACES["nasbench201"]
    sizes = Counter(one.parse(text).functional_id for text in one.texts())
    assert sizes.most_common(1) == [("(0)@nor_conv_3x3", 460)]
    whole = one.draw(4_930, seed=0, over="functional_ids")
    assert set(Counter(cell.functional_id for cell in whole).values()) == {1}


def test_one_cannot_draw_more_than_there_are():
    with pytest.raises(UsageError, match="cannot draw 6,467 of NAS-Bench-201: it has 6,466"):
        SPACES["nasbench201"].draw(6_467, seed=0, over="graph_ids")
    with pytest.raises(UsageError, match="cannot draw -1"):
        SPACES["nasbench201"].draw(-1, seed=0)


@every_space
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_steps_stay_in_the_space_and_leave_the_cell(name, data):
    one, cell = SPACES[name], data.draw(CELLS[name])
    near = one.neighbours(cell)
    assert len(set(near)) == len(near) > 0
    assert cell not in near
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    moved = one.mutate(cell, rng)
    assert moved.graph_id in {other.graph_id for other in near}
    for other in (*near, moved):
        assert one.parse(other.format()) == other


@every_space
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_a_child_takes_after_its_parents(name, data):
    first, second = data.draw(CELLS[name]), data.draw(CELLS[name])
    rng = np.random.default_rng(0)
    child = SPACES[name].crossover(first, second, rng)
    assert SPACES[name].parse(child.format()) == child
    assert SPACES[name].crossover(first, first, rng) == first.pruned() or name != "nasbench101"
    if name == "nasbench201":
        trios = zip(child.operations, first.operations, second.operations, strict=True)
        assert all(one in (a, b) for one, a, b in trios)


def test_numbers_of_neighbours():
    for name, count in (("nasbench201", 24), ("natsbench_sss", 35)):
        one = SPACES[name]
        assert len(one.neighbours(one.parse(one.texts()[0]))) == count
    # Put a vertex beside the direct edge: three operations. (Its removal leaves no path.)
    near = SPACES["nasbench101"].neighbours(nasbench101.parse("0100:input,output"))
    assert sorted(cell.format() for cell in near) == [
        "011001000:input,conv1x1-bn-relu,output",
        "011001000:input,conv3x3-bn-relu,output",
        "011001000:input,maxpool3x3,output",
    ]


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_neighbours_do_not_depend_on_the_numbering(data):
    cell = data.draw(nasbench101_cells())
    other = data.draw(renumberings(cell))
    assert [one.graph_id for one in SPACES["nasbench101"].neighbours(cell)] == [
        one.graph_id for one in SPACES["nasbench101"].neighbours(other)
    ]


@every_space
@given(data=st.data())
def test_a_text_tells_its_space(name, data):
    cell = data.draw(CELLS[name])
    assert recognise(cell.format()) == (SPACES[name], cell)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty text where an architecture is expected"),
        ("resnet", "'resnet' is no architecture; write a NAS-Bench-101 cell as"),
        ("0" * 10_000_000, "is no architecture"),
        ("8:8:8", "3 widths; a network of the size space has 5"),
        ("|none~0|", "does not have the form |op~0|"),
        ("0100:input", "1 operations for 2 vertices"),
    ],
)
def test_a_text_of_no_space(text, message):
    with pytest.raises(CellError, match=re.escape(message)) as caught:
        recognise(text)
    assert len(str(caught.value)) < 400
