"""The fast path of dictionaries of numbers: what it takes, what it leaves to the machine."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from nas_records import plain
from opcodes import pickled, text
from pickle_machines import Bytes

from mbml.errors import SourceError
from mbml.sources.pickles.layouts import BATCH, Layouts
from mbml.sources.pickles.machine import Machine
from mbml.sources.pickles.values import Series

EPOCHS = tuple(range(5))
TEXTS = tuple(f"x-valid@{epoch}" for epoch in (0, 7, 12, 199, 10_000))
#: What stands before the dictionary and after it in these tests.
BEFORE, AFTER = b"before", b"after"


def item(form, key, place, first):
    """An item but for its number, as a pickler writes it in that form."""
    if form == "int":
        return b"K" + bytes([key])
    if form == "put":
        return (
            b"X"
            + struct.pack("<I", len(key))
            + key.encode()
            + b"r"
            + struct.pack("<I", first + place)
        )
    if form == "memoise":
        return b"\x8c" + bytes([len(key)]) + key.encode() + b"\x94"
    if form == "short":
        return b"h" + bytes([first + place])
    return b"j" + struct.pack("<I", first + place)


def items(form, keys, values, first=3):
    written = (
        item(form, key, place, first) + b"G" + struct.pack(">d", value)
        for place, (key, value) in enumerate(zip(keys, values, strict=True))
    )
    return BEFORE + b"".join(written) + b"u" + AFTER


def keys_of(form):
    return EPOCHS if form == "int" else TEXTS


def read(layouts, data):
    return layouts.read(data, len(BEFORE))


FORMS = ("int", "put", "memoise", "short", "long")
VALUES = (0.25, -1.5, 1e300, 0.1, float("inf"))


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read_at_once(form):
    data = items(form, keys_of(form), VALUES)
    found = read(Layouts(), data)
    assert found.values.tolist() == list(VALUES)
    assert found.values.dtype == np.float64
    assert found.layout.form == form
    assert found.layout.length == len(data) - len(BEFORE + AFTER)
    # Forms that look their keys up know how many there are, and no more.
    known = range(5) if form in {"short", "long"} else keys_of(form)
    assert found.layout.keys.texts == tuple(known)
    assert found.first_memo == (3 if form in {"put", "short", "long"} else -1)


@pytest.mark.parametrize("form", FORMS)
def test_a_layout_is_learnt_once_whatever_the_numbers_and_the_indexes(form):
    layouts, keys = Layouts(), keys_of(form)
    first = read(layouts, items(form, keys, VALUES))
    again = read(layouts, items(form, keys, VALUES[::-1], first=90))
    assert again.layout is first.layout
    assert again.values.tolist() == list(VALUES[::-1])
    assert again.first_memo == (90 if form in {"put", "short", "long"} else -1)
    # Bytes that look like a newline or an opcode are numbers like any other.
    [odd] = struct.unpack(">d", b"\n" * 8)
    assert read(layouts, items(form, keys, (odd,) * 5)).layout is first.layout


@pytest.mark.parametrize("form", FORMS)
def test_a_longer_and_a_shorter_dictionary_have_layouts_of_their_own(form):
    layouts, keys = Layouts(), keys_of(form)
    found = [read(layouts, items(form, keys[:size], VALUES[:size])) for size in (5, 2, 1, 5, 2, 1)]
    assert [len(one.layout.keys) for one in found] == [5, 2, 1, 5, 2, 1]
    assert [one.layout for one in found[:3]] == [one.layout for one in found[3:]]
    assert found[4].values.tolist() == list(VALUES[:2])


@pytest.mark.parametrize("form", ["put", "short", "long"])
@pytest.mark.parametrize("place", range(5))
def test_indexes_that_do_not_follow_one_another_are_left_alone(form, place):
    """Whether a layout is known for the keys or not; an index past its bytes is none either."""
    layouts, keys = Layouts(), keys_of(form)
    data = bytearray(items(form, keys, VALUES))
    at = data.index(struct.pack(">d", VALUES[place])) - (2 if form == "short" else 5)
    data[at] += 1
    assert read(layouts, bytes(data)) is None
    assert read(layouts, items(form, keys, VALUES)) is not None
    assert read(layouts, bytes(data)) is None


@pytest.mark.parametrize("form", FORMS)
def test_another_opcode_anywhere_is_left_alone(form):
    layouts, keys = Layouts(), keys_of(form)
    data = items(form, keys, VALUES)
    known = read(layouts, data).layout
    end = len(data) - len(AFTER)
    numbers = {data.index(struct.pack(">d", one)) + byte for one in VALUES for byte in range(8)}
    indexes = {
        at - byte
        for at in numbers
        if at - 1 not in numbers
        for byte in range(2, {"short": 3, "put": 6, "long": 6}.get(form, 2))
    }
    for place in sorted({*range(len(BEFORE), end)} - numbers - indexes):
        other = bytearray(data)
        other[place] ^= 0x80
        found = read(layouts, bytes(other))
        assert found is None or found.layout is not known


@pytest.mark.parametrize("form", ["int", "put", "memoise"])
def test_a_key_that_comes_twice_is_left_alone(form):
    first, *_ = keys = keys_of(form)
    assert read(Layouts(), items(form, [*keys[:4], first], VALUES)) is None


@pytest.mark.parametrize("form", ["put", "long"])
def test_a_full_batch_is_left_alone_as_it_may_go_on(form):
    keys = [f"x@{epoch}" for epoch in range(BATCH)]
    assert BATCH == 1000
    assert read(Layouts(), items(form, keys, [0.5] * BATCH)) is None
    assert len(read(Layouts(), items(form, keys[1:], [0.5] * (BATCH - 1))).values) == BATCH - 1


@pytest.mark.parametrize("text", ["x" * 25 + "@1", "@1", "x@", "x@123456", "x y@1", "x"])
@pytest.mark.parametrize("form", ["put", "memoise"])
def test_other_texts_are_left_alone(form, text):
    assert read(Layouts(), items(form, [text], [0.5])) is None
    assert read(Layouts(), items(form, ["x" * 24 + "@12345"], [0.5])) is not None


@pytest.mark.parametrize("form", ["put", "memoise"])
@pytest.mark.parametrize("by", [-1, 1, 60])
def test_a_text_whose_length_is_not_its_own_is_left_alone(form, by):
    data = bytearray(items(form, TEXTS, VALUES))
    data[len(BEFORE) + 1] += by
    assert read(Layouts(), bytes(data)) is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", range(1, 12))
def test_a_dictionary_that_is_cut_short_is_left_alone(form, cut):
    layouts = Layouts()
    data = items(form, keys_of(form), VALUES)
    whole = data[: len(data) - len(AFTER)]
    assert read(layouts, whole[:-cut]) is None
    assert read(layouts, whole) is not None
    assert read(layouts, whole[:-cut]) is None


def test_what_begins_with_another_opcode_is_left_alone():
    assert read(Layouts(), BEFORE + b"]" + AFTER) is None


def test_no_more_layouts_are_kept_than_some_for_each_first_key():
    layouts, keys = Layouts(), [f"x@{epoch}" for epoch in range(40)]
    made = [read(layouts, items("put", keys[:size], [0.5] * size)).layout for size in range(1, 26)]
    recent = [
        read(layouts, items("put", keys[:size], [0.5] * size)).layout for size in range(25, 1, -1)
    ]
    assert recent[::-1] == made[1:]
    # The first one was forgotten when a 25th came.
    assert read(layouts, items("put", keys[:1], [0.5])).layout is not made[0]


def test_the_layouts_that_are_used_are_those_that_stay():
    layouts, keys = Layouts(), [f"x@{epoch}" for epoch in range(40)]

    def layout(size):
        return read(layouts, items("put", keys[:size], [0.5] * size)).layout

    used = layout(1)
    for size in range(2, 40):
        layout(size)
        assert layout(1) is used


def test_first_keys_beyond_a_number_make_all_layouts_be_forgotten():
    layouts = Layouts()
    first = read(layouts, items("int", [0], [0.5])).layout
    for epoch in range(1, 96):
        read(layouts, items("int", [epoch], [0.5]))
    assert read(layouts, items("int", [0], [0.5])).layout is first
    read(layouts, items("int", [96], [0.5]))
    assert read(layouts, items("int", [0], [0.5])).layout is not first


class Counted(Layouts):
    """Layouts that note which dictionaries they read."""

    def __init__(self):
        super().__init__()
        self.forms = []

    def read(self, data, position):
        found = super().read(data, position)
        self.forms.append(found and found.layout.form)
        return found


def machine_result(data, layouts):
    machine = Machine(Bytes(data), Path("file.pkl"), layouts=layouts)
    assert list(machine.records()) == []
    return machine.result


@pytest.mark.parametrize(
    ("protocol", "others", "forms"),
    [
        # With an index of one byte, texts are in no known form, so that none is looked up either.
        (2, 0, ["int", None, "short"]),
        (2, 300, ["int", "put", "long"]),
        (3, 300, ["int", "put", "long"]),
        (4, 0, ["int", "memoise", "short"]),
        (4, 300, ["int", "memoise", "long"]),
        (5, 300, ["int", "memoise", "long"]),
    ],
)
def test_the_machine_reads_dictionaries_of_numbers_at_once(protocol, others, forms):
    """In whichever form a protocol writes them, and then what comes after them as it should."""
    texts = [f"x-valid@{epoch}" for epoch in range(40)]
    numbers = [
        {epoch: epoch / 4 for epoch in range(40)},
        *({key: place / 3 + by for place, key in enumerate(texts)} for by in range(3)),
    ]
    tree = [[f"other {number}" for number in range(others)], *numbers, texts[7], numbers[1]]
    layouts = Counted()
    found = machine_result(pickle.dumps(tree, protocol), layouts)
    assert layouts.forms == [forms[0], forms[1], forms[2], forms[2]]
    texts_are_known = forms[1] is not None
    assert [isinstance(one, Series) for one in found[1:5]] == [True, *[texts_are_known] * 3]
    assert [dict(one) for one in found[1:5]] == numbers
    assert found[5] == texts[7]
    assert found[6] is found[2]


@pytest.mark.parametrize("form", ["int", "put", "memoise"])
def test_each_first_key_has_room_for_layouts_of_its_own(form):
    layouts = Layouts()

    def layout(first, size):
        keys = [first, *range(100, 140)] if form == "int" else [f"{first}@{n}" for n in range(40)]
        return read(layouts, items(form, keys[:size], [0.5] * size)).layout

    firsts = (1, 2) if form == "int" else ("a", "b")
    made = [layout(first, size) for first in firsts for size in range(1, 25)]
    assert [layout(first, size) for first in firsts for size in range(1, 25)] == made


def outcome(data, layouts):
    try:
        return repr(plain(machine_result(data, layouts)))
    except SourceError:
        return "refused"


@pytest.mark.parametrize(("protocol", "others"), [(2, 0), (2, 254), (2, 300), (4, 0), (4, 300)])
def test_a_damaged_dictionary_is_read_or_refused_as_without_layouts(protocol, others):
    """Every byte around three dictionaries of numbers is changed in some ways."""
    texts = [f"x-valid@{epoch}" for epoch in range(3)]
    numbers = [
        {0: 0.25, 1: 0.5},
        *({key: place / 3 + by for place, key in enumerate(texts)} for by in range(2)),
    ]
    tree = [[f"other {number}" for number in range(others)], *numbers, texts[1], numbers[1]]
    data = pickle.dumps(tree, protocol)
    known = Layouts()
    assert outcome(data, known) == outcome(data, None)
    for place in range(len(data) - 230, len(data)):
        for change in (1, 2, 0x80):
            other = bytearray(data)
            other[place] ^= change
            assert outcome(bytes(other), known) == outcome(bytes(other), None)


def test_items_that_are_read_at_once_are_counted_as_opcodes():
    data = pickle.dumps([dict.fromkeys(range(100), 0.5)] * 2 + [{1: 0.5}], 4)
    machine = Machine(Bytes(data), Path("file.pkl"), layouts=Layouts())
    list(machine.records())
    slow = Machine(Bytes(data), Path("file.pkl"))
    list(slow.records())
    # An item is three opcodes, two of them in the same step.
    assert 100 < machine.budget.steps < slow.budget.steps


@pytest.mark.parametrize("size", [65_535, 65_536, 200_000])
@pytest.mark.parametrize("piece", [1000, 1 << 20])
def test_a_text_longer_than_a_window_is_read_whole(size, piece):
    texts = ["before", "x" * size, "after"]
    for protocol in (2, 4):
        data = pickle.dumps(texts, protocol)
        machine = Machine(Bytes(data, piece), Path("file.pkl"), layouts=Layouts())
        assert list(machine.records()) == []
        assert machine.result == texts
        assert machine.offset == len(data)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_long_text_that_is_cut_short_is_told(kept):
    data = pickle.dumps(["before", "x" * 200_000, "after"], 2)
    with pytest.raises(SourceError, match="byte 19: the pickle is cut short"):
        machine_result(data[: int(len(data) * kept)], None)


def test_a_branch_has_containers_of_its_own_that_are_shared_as_they_were():
    """Of what waits below and on top; a value that cannot grow is not copied."""
    machine = Machine(Bytes(b""), Path("file.pkl"), layouts=Layouts())
    shared, inner = {"a": 1}, [1]
    machine.stack = [shared, "text", shared, [inner]]
    machine.below = [[shared, inner], [("tuple",)]]
    machine.protocol = 4
    machine.memo.put(3, "name")
    machine.memo.forget()
    twin = machine.branch(Bytes(b""), 77)
    assert (twin.stack, twin.below) == (machine.stack, machine.below)
    assert twin.stack[0] is not shared
    assert twin.stack[0] is twin.stack[2] is twin.below[0][0]
    assert twin.below[0][1] is not inner
    twin.below[0][0]["b"] = 2
    twin.below[0][1].append(2)
    assert (shared, inner) == ({"a": 1}, [1])
    assert (twin.protocol, twin.offset, twin.memo.get(3)) == (4, 77, "name")
    assert twin.layouts is machine.layouts
    assert twin.budget.limits == machine.budget.limits


@pytest.mark.parametrize(("first", "fits"), [(499, False), (500, False), (501, True)])
def test_texts_that_are_put_below_their_dictionary_are_refused_as_without_layouts(first, fits):
    body = items("put", TEXTS, VALUES, first)[len(BEFORE) : -len(AFTER)]
    data = b"\x80\x02}r" + struct.pack("<I", 500) + b"(" + body + b"."
    for layouts in (None, Layouts()):
        if fits:
            assert dict(machine_result(data, layouts)) == dict(zip(TEXTS, VALUES, strict=True))
        else:
            with pytest.raises(SourceError, match=f"memo entry {first} is put out of order"):
                machine_result(data, layouts)


@pytest.mark.parametrize("index", [2, 3, 4])
def test_a_dictionary_is_put_above_what_was_put_before(index):
    body = items("int", EPOCHS, VALUES)[len(BEFORE) : -len(AFTER)]
    for written in (b"q" + bytes([index]), b"r" + struct.pack("<I", index)):
        data = pickled(text("name") + b"q\x03" + b"}" + written + b"(" + body + b"\x86")
        for layouts in (None, Layouts()):
            if index > 3:
                [name, series] = machine_result(data, layouts)
                assert (name, dict(series)) == ("name", dict(zip(EPOCHS, VALUES, strict=True)))
            else:
                with pytest.raises(SourceError, match=f"entry {index} is put out of order"):
                    machine_result(data, layouts)
