"""What Python pickles, the machine reads back: as plain values, with and without the fast path."""

from __future__ import annotations

import pickle
import re
import struct
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pickle_machines import read

from mbml.errors import SourceError
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.limits import Limits

LAYOUTS = Layouts()
INTEGERS = st.integers(-(1 << 200), 1 << 200)
NUMBERS = st.floats(allow_nan=False)
KEYS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 52), 1 << 52),
    st.text(max_size=20),
    st.tuples(st.text(max_size=4), st.integers(0, 999)),
)
LEAVES = st.one_of(
    st.none(), st.booleans(), INTEGERS, NUMBERS, st.text(), st.binary(min_size=1), KEYS
)
#: The dictionaries that the fast path knows, and near misses.
SERIES = st.one_of(
    st.dictionaries(st.integers(0, 300), NUMBERS, max_size=40),
    st.integers(0, 1100).map(lambda n: {e: e / 8 for e in range(n)}),
    st.builds(
        lambda names, n: {f"{split}@{e}": e / 4 for split in names for e in range(n)},
        st.lists(st.sampled_from(["x-valid", "x-test", "ori-test", "@", "é"]), max_size=3),
        st.integers(0, 260),
    ),
)
TREES = st.recursive(
    st.one_of(LEAVES, SERIES, SERIES.map(OrderedDict)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner),
        st.dictionaries(KEYS, inner, max_size=5),
        st.dictionaries(KEYS, inner, max_size=5).map(OrderedDict),
        inner.map(lambda one: [one, one]),
    ),
    max_leaves=25,
)


@given(TREES, st.sampled_from([2, 3, 4, 5]))
def test_random_trees_are_read_back_equal(tree, protocol):
    data = pickle.dumps(tree, protocol)
    assert read(data) == tree
    assert read(data, layouts=LAYOUTS) == tree


@given(st.sets(KEYS), st.frozensets(KEYS), st.sampled_from([4, 5]))
def test_sets_of_protocol_4_are_read_back_equal(loose, frozen, protocol):
    assert read(pickle.dumps([loose, frozen], protocol)) == [loose, frozen]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["x-valid", "x-test", "ori-test"]), st.sampled_from([1, 12, 90, 200])
        ),
        max_size=12,
    ),
    st.sampled_from([2, 3, 4, 5]),
    st.booleans(),
)
def test_dictionaries_that_share_their_keys_are_read_back_equal(kinds, protocol, share):
    tree = []
    for split, count in kinds:
        keys = [f"{split}@{epoch}" for epoch in range(count)]
        first = {key: place / 3 for place, key in enumerate(keys)}
        copies = [key if share else "".join(list(key)) for key in keys]
        tree += [first, {key: place / 7 for place, key in enumerate(copies)}, keys[-1]]
    data = pickle.dumps(tree, protocol)
    assert read(data) == tree
    assert read(data, layouts=LAYOUTS) == tree


@given(TREES, st.sampled_from([2, 4]), st.integers(1, 5000))
def test_the_size_of_pieces_makes_no_difference(tree, protocol, piece):
    assert read(pickle.dumps(tree, protocol), layouts=LAYOUTS, piece=piece) == tree


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("code", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u2", "b1"])
def test_numpy_scalars_become_plain_numbers(code, protocol):
    value = np.dtype(code).type(1)
    found = read(pickle.dumps(value, protocol))
    assert found == 1
    assert type(found) in {float, int, bool}


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_both_names_of_numpys_scalar_are_known(module):
    data = pickle.dumps(np.float64(0.5), 2)
    assert data.count(np.float64(0.5).__reduce__()[0].__module__.encode()) == 1
    assert read(re.sub(rb"numpy\._?core\.multiarray", module, data)) == 0.5


def test_a_big_endian_scalar_keeps_its_value():
    data = pickle.dumps(np.float64(0.5), 3)
    little = struct.pack("<d", 0.5)
    assert data.count(little) == 1
    assert (
        read(data.replace(little, struct.pack(">d", 0.5)).replace(b"X\x01\0\0\0<", b"X\x01\0\0\0>"))
        == 0.5
    )


def test_a_long_file_needs_frames_joined_only_where_they_cut_dictionaries():
    tree = [{f"x-valid@{e}": e / 3 for e in range(200)} for _ in range(300)]
    data = pickle.dumps(tree, 4)
    assert data.count(b"\x95") > 10
    assert read(data, layouts=LAYOUTS) == tree


REFUSED = {
    "a text over the limit": (pickle.dumps("x" * 101), Limits(text=100), "text of 101 bytes"),
    "texts over the limit": (
        pickle.dumps(["x" * 50, "y" * 51]),
        Limits(texts=100),
        "more than 100 bytes of text",
    ),
    "an integer over the limit": (
        pickle.dumps(1 << 800),
        Limits(integer=100),
        "an integer of 101 bytes",
    ),
    "too deep": (pickle.dumps([[[[[1, 2], 2], 2], 2], 2]), Limits(depth=4), "nested deeper than 4"),
    "too many opcodes": (pickle.dumps([1] * 50), Limits(steps=40), "more than 40 opcodes"),
    "too many items in a list": (pickle.dumps([1] * 50), Limits(items=40), "more than 40 items"),
    "too many items in a dict": (
        pickle.dumps(dict.fromkeys(range(50), "a")),
        Limits(items=40),
        "more than 40 items",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_limits_are_kept(name):
    data, limits, message = REFUSED[name]
    with pytest.raises(SourceError, match=message):
        read(data, limits=limits)


def test_a_fault_names_file_and_byte():
    data = pickle.dumps({"a": 1.5}, 2)
    with pytest.raises(SourceError, match=r"^file\.pkl, byte 5: opcode DUP, which this format"):
        read(data[:5] + b"2" + data[6:])


def test_a_fault_after_a_cut_frame_names_the_byte_of_the_file():
    tree = [{f"x-valid@{e}": e / 3 for e in range(200)} for _ in range(40)]
    data = pickle.dumps(tree, 4)
    at = data.rindex(b"e.")
    broken = data[:at] + b"2" + data[at + 1 :]
    for layouts in (None, LAYOUTS):
        with pytest.raises(SourceError, match=rf", byte {at}: opcode DUP"):
            read(broken, layouts=layouts)
