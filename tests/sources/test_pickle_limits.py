"""Each limit of a pickle: exactly at it all is read, one beyond is refused, before and after it."""

from __future__ import annotations

import struct
from dataclasses import fields
from pathlib import Path

import pytest
from opcodes import named, pickled, put, text
from pickle_machines import Bytes, read

from mbml.errors import SourceError
from mbml.sources.pickles import torch_pickle
from mbml.sources.pickles.keys import check_keys
from mbml.sources.pickles.limits import Limits, MemoryBudget
from mbml.sources.pickles.machine import Machine
from mbml.sources.pickles.values import PickleFaultError

MOST = 40


def long1(size):
    return b"\x8a" + bytes([size]) + b"\x01" * size


def nested(depth):
    """Lists in lists that are all open at once."""
    return pickled(b"]" + b"(]" * depth + b"e" * depth)


def copied(size, more):
    """A byte string that is copied into an array, and another one."""
    array = named("builtins.bytearray") + b"C" + bytes([size]) + b"x" * size + b"\x85R"
    return pickled(b"C" + bytes([more]) + b"x" * more + array + b"\x86", 3)


#: By limit and opcode: a pickle that asks for so much.
ASKING = {
    "text of BINUNICODE": lambda n: pickled(text("x" * n)),
    "text of SHORT_BINUNICODE": lambda n: pickled(b"\x8c" + bytes([n]) + b"x" * n, 4),
    "text of BINUNICODE8": lambda n: pickled(b"\x8d" + struct.pack("<Q", n) + b"x" * n, 4),
    "text of BINSTRING": lambda n: pickled(b"T" + struct.pack("<I", n) + b"x" * n),
    "text of BINBYTES": lambda n: pickled(b"B" + struct.pack("<I", n) + b"x" * n, 3),
    "text of BYTEARRAY8": lambda n: pickled(b"\x96" + struct.pack("<Q", n) + b"x" * n, 5),
    "text of UNICODE": lambda n: pickled(b"V" + b"x" * n + b"\n", 0),
    "text of STRING": lambda n: pickled(b"S'" + b"x" * (n - 2) + b"'\n", 0),
    "texts of three": lambda n: pickled(b"(" + text("x" * (n - 8)) + text("y" * 4) * 2 + b"t"),
    # The names of a global are texts as well.
    "texts that are copied": lambda n: copied((n - 17) // 2, (n - 17) % 2),
    "texts that are encoded": lambda n: pickled(
        text("x" * ((n - 19) % 2))
        + named("_codecs.encode")
        + b"("
        + text("x" * ((n - 19) // 2))
        + text("latin1")
        + b"tR\x86"
    ),
    "text that is copied": lambda n: pickled(
        named("_codecs.encode") + b"(" + text("x" * n) + text("latin1") + b"tR"
    ),
    "integer of LONG1": lambda n: pickled(long1(n)),
    "integer of LONG4": lambda n: pickled(b"\x8b" + struct.pack("<i", n) + b"\x01" * n),
    "depth of lists": nested,
    "depth of tuples": lambda n: pickled(b"(" * n + b"t" * n),
    # STOP is an opcode as well, PROTO too.
    "steps of opcodes": lambda n: (
        pickled(b"]" + b"Na" * ((n - 3) // 2)) if n % 2 else pickled(b"N\x85" + b"\x85" * (n - 4))
    ),
    # As many opcodes as there are without the items, and each item and its copy.
    "steps of a copy": lambda n: pickled(
        named("builtins.set") + b"](" + b"N" * (n // 2 - 4) + b"e\x85R" + b"\x85" * (n % 2)
    ),
    "items of APPENDS": lambda n: pickled(b"](" + b"N" * n + b"e"),
    "items of APPEND": lambda n: pickled(b"]" + b"Na" * n),
    "items of LIST": lambda n: pickled(b"(" + b"N" * n + b"l"),
    "items of SETITEMS": lambda n: pickled(b"}(" + b"".join(map(pair, range(n))) + b"u"),
    "items of SETITEM": lambda n: pickled(b"}" + b"".join(pair(key) + b"s" for key in range(n))),
    "items of DICT": lambda n: pickled(b"(" + b"".join(map(pair, range(n))) + b"d"),
    "items of ADDITEMS": lambda n: pickled(
        b"\x8f(" + b"".join(b"K" + bytes([key]) for key in range(n)) + b"\x90", 4
    ),
    "composite_keys of a dictionary": lambda n: pickled(
        b"}(" + b"".join(b"K" + bytes([key]) + b"\x85N" for key in range(n)) + b"u"
    ),
    "composite_keys of a set": lambda n: pickled(
        b"\x8f(" + b"".join(b"K" + bytes([key]) + b"\x85" for key in range(n)) + b"\x90", 4
    ),
    "composite_keys of a set by its name": lambda n: pickled(
        named("builtins.set")
        + b"]("
        + b"".join(b"K" + bytes([key]) + b"\x85" for key in range(n))
        + b"e\x85R"
    ),
    "composite_keys of a frozen set": lambda n: pickled(
        b"(" + b"".join(b"K" + bytes([key]) + b"\x85" for key in range(n)) + b"\x91", 4
    ),
}


def pair(key):
    return b"K" + bytes([key]) + b"N"


@pytest.mark.parametrize("name", ASKING)
def test_a_limit_is_what_is_still_accepted(name):
    limits = Limits(**{name.split()[0]: MOST})
    read(ASKING[name](MOST), limits=limits)
    with pytest.raises(SourceError, match=r"over the limit|more than 40|of 41 bytes|deeper than"):
        read(ASKING[name](MOST + 1), limits=limits)


@pytest.mark.parametrize("opcode", [b"I", b"L"])
def test_an_integer_in_digits_may_be_as_large_as_one_in_bytes(opcode):
    limits = Limits(integer=MOST)
    largest = (1 << 8 * (MOST - 1)) * 100
    assert read(pickled(opcode + b"%d\n" % largest, 0), limits=limits) == largest
    most = int(MOST * 2.41)
    assert read(pickled(opcode + b"9" * most + b"\n", 0), limits=limits) == 10**most - 1
    with pytest.raises(SourceError, match="not 1 to 96 decimal digits"):
        read(pickled(opcode + b"9" * (most + 1) + b"\n", 0), limits=limits)


def test_a_line_may_be_as_long_as_a_window():
    line = b"x" * (1 << 17)
    data = pickled(b"V" + line + b"\n", 0)
    for piece in (len(line), len(line) + 1, len(line) + 2):
        assert read(data, limits=Limits(text=len(line)), piece=piece) == line.decode()
    for piece in (len(line), len(line) + 1):
        with pytest.raises(SourceError, match="a line of more than 131,071 bytes"):
            read(data, limits=Limits(text=len(line) - 1), piece=piece)


def names(count, records):
    """A dictionary of records, each of which puts so many new names into the memo."""
    body = b"}"
    index = 0
    for record in range(records):
        items = b""
        for _ in range(count):
            items += text(f"name{index}") + put(index)
            index += 1
        body += b"K" + bytes([record]) + b"}" + text("record") + b"(" + items + b"tss"
    return pickled(body)


def records_of(data, limits):
    machine = Machine(
        Bytes(data), Path("file.pkl"), limits=limits, record_keys=frozenset({"record"})
    )
    return len([*machine.records()])


def test_names_that_records_share_are_counted_over_the_whole_file():
    assert records_of(names(5, records=2), Limits(memo=10)) == 2
    with pytest.raises(SourceError, match="more than 10 names are shared between records"):
        records_of(names(6, records=2), Limits(memo=10))


RECORD = b"}" + text("record") + b"}" + b"K\x01\x85" + text("a text") + b"s" + b"s"


@pytest.mark.parametrize("limit", ["steps", "texts", "composite_keys"])
def test_what_a_record_asked_for_is_forgotten_with_it(limit):
    # PROTO and EMPTY_DICT count with the first record.
    most = {"steps": 11, "texts": len("recorda text"), "composite_keys": 1}[limit]
    many = b"".join(b"K" + bytes([key]) + RECORD + b"s" for key in range(50))
    assert records_of(pickled(b"}" + many), Limits(**{limit: most})) == 50
    with pytest.raises(SourceError, match="more than"):
        records_of(pickled(b"}" + many), Limits(**{limit: most - 1}))


def test_every_limit_has_a_test():
    tested = {name.split()[0] for name in ASKING} | {"memo"}
    assert tested == {one.name for one in fields(Limits)}


def deep(levels):
    """A tuple in a tuple and so on; the innermost value is one more."""
    return (deep(levels - 1),) if levels else 1


LARGEST = (1 << 53) - 1
#: Values of a key that is as large as a key may be.
KEYS = {
    "integer": LARGEST,
    "negative integer": -LARGEST,
    "integer in a tuple": (LARGEST,),
    "negative integer in a tuple": (-LARGEST,),
    "tuple of 31": tuple(range(31)),
    "tuples in a tuple": (tuple(range(14)), tuple(range(15))),
    "deep tuple": deep(31),
    "frozen set": frozenset(range(31)),
    "complex": 1j,
    "text": "x" * 100_000,
}
LARGER = {
    "integer": LARGEST + 1,
    "negative integer": -LARGEST - 1,
    "integer in a tuple": (LARGEST + 1,),
    "negative integer in a tuple": (-LARGEST - 1,),
    "tuple of 32": tuple(range(32)),
    "tuples in a tuple": (tuple(range(14)), tuple(range(16))),
    "deep tuple": deep(32),
    "frozen set": frozenset(range(32)),
    "list": [],
    "dictionary in a tuple": ({},),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_may_be_as_large_as_the_limit(name):
    check_keys([None, KEYS[name]], MemoryBudget(Limits()))


@pytest.mark.parametrize("name", LARGER)
def test_a_key_must_not_be_larger_than_the_limit(name):
    with pytest.raises(PickleFaultError, match="as a key"):
        check_keys([None, LARGER[name]], MemoryBudget(Limits()))


def test_only_composite_keys_are_counted():
    budget = MemoryBudget(Limits())
    check_keys([1, "a", b"a", 0.5, None, True, (1,), frozenset(), 1j], budget)
    assert budget.composite_keys == 3


def test_the_limits_are_far_above_genuine_files_and_far_below_memory():
    """Written here a second time: whoever changes one reads what it is for."""
    assert Limits() == Limits(
        text=1_048_576,
        texts=33_554_432,
        integer=1024,
        depth=256,
        steps=1_000_000,
        items=100_000,
        composite_keys=1000,
        memo=200_000,
    )
    # Of the short pickles before and after the one that counts.
    assert (
        Limits(text=256, texts=4096, integer=16, depth=8, steps=200, items=32, memo=32)
        == torch_pickle._SMALL
    )
