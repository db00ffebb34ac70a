"""Small files whose values are huge to whoever formats, compares, hashes or copies them.

A value in every place of an opcode's operands, and in every place of a release.
"""

from __future__ import annotations

import pickle
import struct

from nas_records import TORCH_HEAD, arch, legacy, release, run
from opcodes import DTYPE, get, named, pickled, put, text, tupled

_FIRST = 1000


def _levels(begin: bytes, again: bytes, end: bytes, count: int, inner: bytes) -> bytes:
    """Build each level around the one within, which `again` looks up in the memo."""
    for index in range(_FIRST, _FIRST + count):
        inner = begin + inner + put(index) + again.replace(b"?", get(index)) + end
    return inner


ORDERED = named("collections.OrderedDict") + b")R"
MILLION = text("x" * 1_000_000)

VALUES = {
    "lists that share": _levels(b"](", b"?" * 19, b"e", 7, b"N"),
    "tuples that double": _levels(b"", b"?", b"\x86", 60, b")"),
    "dicts that double": _levels(b"}(K\x00", b"K\x01?", b"u", 60, b"}"),
    "ordered dicts that double": _levels(ORDERED + b"(K\x00", b"K\x01?", b"u", 60, b"}"),
    "list in itself": b"]" + put(_FIRST) + get(_FIRST) + b"a",
    "text of a million": MILLION,
    "a text 20,000 times": b"](" + MILLION + put(_FIRST) + get(_FIRST) * 20_000 + b"e",
    "bytes of a million": b"B" + struct.pack("<I", 1_000_000) + bytes(1_000_000),
    "integer of 8,000 bits": b"\x8b" + struct.pack("<i", 1000) + b"\x7f" * 1000,
}
DEEP = {
    "tuple 100,000 deep": b")" + b"\x85" * 100_000,
    "list 100,000 deep": b"]" * 100_000 + b"a" * 99_999,
    "dict 100,000 deep": b"}K\x00" * 100_000 + b"N" + b"s" * 100_000,
}

_STATE = (b"K\x03", text("<"), b"N", b"N", b"N", b"J\xff\xff\xff\xff", b"J\xff\xff\xff\xff", b"K\0")
_ARGUMENTS = {
    "collections.OrderedDict": [b"N"],
    "numpy.dtype": [text("f8"), b"\x89", b"\x88"],
    "numpy.core.multiarray.scalar": [DTYPE, b"C\x08" + bytes(8)],
    "_codecs.encode": [text("x"), text("latin1")],
    **{
        f"{module}.{name}": arguments
        for module in ("__builtin__", "builtins")
        for name, arguments in {
            "set": [b"]"],
            "frozenset": [b"]"],
            "bytes": [b"N"],
            "bytearray": [b"C\x01x"],
            "complex": [b"G" + bytes(8), b"G" + bytes(8)],
        }.items()
    },
}


def _with(parts, place: int, value: bytes) -> list[bytes]:
    return [*parts[:place], value, *parts[place + 1 :]]


def places(value: bytes) -> dict[str, bytes]:
    """A value in each operand of each opcode that takes one from the stack."""
    found = {
        "module of STACK_GLOBAL": value + text("x") + b"\x93",
        "name of STACK_GLOBAL": text("x") + value + b"\x93",
        "function of REDUCE": value + b")R",
        "arguments of REDUCE": named("collections.OrderedDict") + value + b"R",
        "target of BUILD": value + b"}b",
        "state of BUILD": DTYPE + value + b"b",
        "key of SETITEM": b"}" + value + b"Ns",
        "key in a key": b"}" + value + b"\x85Ns",
        "key of SETITEMS": b"}(" + value + b"Nu",
        "key of DICT": b"(" + value + b"Nd",
        "target of SETITEM": value + b"NNs",
        "target of SETITEMS": value + b"(NNu",
        "target of APPEND": value + b"Na",
        "target of APPENDS": value + b"(Ne",
        "target of ADDITEMS": value + b"(N\x90",
        "item of ADDITEMS": b"\x8f(" + value + b"\x90",
        "item of FROZENSET": b"(" + value + b"\x91",
        "item of a set": named("__builtin__.set") + b"](" + value + b"e\x85R",
        "left on the stack": value + b"N",
        "all of it": value,
        "key of a record": b"}(" + value + b"}(" + text("less") + b"Nuu",
        "value of a record": b"}(K\x00}(" + text("less") + value + b"uu",
    }
    for place in range(len(_STATE)):
        found[f"part {place} of a state"] = DTYPE + tupled(*_with(_STATE, place, value)) + b"b"
    for name, arguments in _ARGUMENTS.items():
        for place in range(len(arguments)):
            body = named(name) + tupled(*_with(arguments, place, value)) + b"R"
            found[f"argument {place} of {name}"] = body
    return {place: pickled(body, 4) for place, body in found.items()}


def heads(value: bytes) -> dict[str, bytes]:
    """A value in each pickle before and after the one that matters in a legacy torch file."""
    head = [pickle.dumps(one, 2) for one in TORCH_HEAD]
    small = pickle.dumps(release({0: {"less": arch(run())}}), 2)
    parts = [*head, small, pickle.dumps([], 2)]
    return {
        f"pickle {place} of a torch file": b"".join(_with(parts, place, pickled(value)))
        for place in range(1, 5)
    }


def _lists():
    value = []
    for _ in range(12):
        value = [value] * 10
    return value


def _tuples():
    value = ()
    for _ in range(60):
        value = (value, value)
    return value


OBJECTS = {
    "lists that share": _lists(),
    "tuples that double": _tuples(),
    "dict of a list": {"x": _lists()},
    "text of a million": "x" * 1_000_000,
    "bytes of a million": bytes(1_000_000),
    "integer of 8,000 bits": 1 << 8000,
    "float that is no number": float("nan"),
}
#: Only these can be keys of a dictionary that Python makes.
KEYS = ("text of a million", "bytes of a million", "integer of 8,000 bits")


def _one(state=None, **changes) -> dict:
    return release({0: {"less": arch(run()) if state is None else state}}, **changes)


def releases(name: str) -> dict[str, bytes]:
    """A value in each place of a release that is checked."""
    value = OBJECTS[name]
    found = {key: _one(**{key: value}) for key in release({})}
    found["names"] = release({0: {"less": arch(run())}}, names=[value, value])
    found["indexes"] = _one(evaluated_indexes=[value])
    found["state"] = _one(value)
    found |= {f"state, {key}": _one(arch(run(), **{key: value})) for key in arch()}
    found["seeds"] = _one(arch(run(), dataset_seed={"cifar10": value}))
    found["seed"] = _one(arch(run(), dataset_seed={"cifar10": [value]}))
    found["run"] = _one(
        arch(all_results={("cifar10", 777): value}, dataset_seed={"cifar10": [777]})
    )
    for key in run():
        broken = {**run(), key: value}
        found[f"run, {key}"] = _one(
            arch(all_results={("cifar10", 777): broken}, dataset_seed={"cifar10": [777]})
        )
    for key in ("train_acc1es", "eval_losses"):
        found[f"number of {key}"] = _one(arch(run(**{key: {0: value}})))
    found["configuration"] = _one(arch(run(arch_config={"arch_str": value})))
    found["latency of one"] = _one(arch(run(latency=[value])))
    found["name of a split"] = _one(arch(run(eval_names=[value])))
    if name in KEYS:
        found["key of a record"] = release({value: {"less": arch(run())}})
        found["key at the top"] = {**_one(), value: None}
        found["key of a state"] = _one({**arch(run()), value: None})
        found["key of a run"] = _one(arch({**run(), value: 0}))
        found["data set"] = _one(
            arch(all_results={(value, 777): run()}, dataset_seed={"cifar10": [777]})
        )
        found["seed of a run"] = _one(
            arch(all_results={("cifar10", value): run()}, dataset_seed={"cifar10": [777]})
        )
        found["epoch"] = _one(arch(run(train_losses={value: 0.5})))
        split = f"{value}@0" if isinstance(value, str) else value
        found["split"] = _one(arch(run(eval_losses={split: 0.5})))
    return {place: legacy(top) for place, top in found.items()}


def _named(kind: str, value: str, made: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{kind}: {value}, {place}": data for place, data in made.items()}


def laughs() -> dict[str, bytes]:
    """Every value in every place, but those that are deep."""
    found = {}
    for name, value in VALUES.items():
        found |= _named("operand", name, places(value))
        found |= _named("header", name, heads(value))
    for name in OBJECTS:
        found |= _named("release", name, releases(name))
    return found | copies()


def deep_ones() -> dict[str, bytes]:
    """Values nested 100,000 deep in every place of an opcode's operands."""
    found = {}
    for name, value in DEEP.items():
        found |= _named("operand", name, places(value))
    return found


def _again(value: bytes, body: bytes, count: int) -> bytes:
    return pickled(value + put(1) + b"(" + body * count + b"t", 4)


def copies() -> dict[str, bytes]:
    """One value that is copied again and again, each time by a few bytes."""
    many = b"](" + b"N" * 90_000 + b"e"
    same = b"](" + b"".join(b"K" + bytes([n]) for n in range(250)) + b"e"
    once = get(1) + b"\x85R"
    return {
        "copies: a text encoded": _again(
            MILLION, named("_codecs.encode") + get(1) + text("latin1") + b"\x86R", 20_000
        ),
        "copies: a set of a long list": _again(many, named("builtins.set") + once, 40_000),
        "copies: a frozenset of a list": _again(same, named("builtins.frozenset") + once, 40_000),
        "copies: a bytearray": _again(
            VALUES["bytes of a million"], named("builtins.bytearray") + once, 40_000
        ),
        "copies: keys that hash alike": pickled(
            b"\x8f(" + b"".join(map(_alike, range(20_000))) + b"\x90", 4
        ),
        "copies: a long number": pickled(b"(I" + b"9" * 1_000_000 + b"\nt", 0),
        "copies: a long number of 2,000 digits": pickled(
            b"(" + (b"L" + b"9" * 2000 + b"L\n") * 12_000 + b"t", 0
        ),
    }


def _alike(number: int) -> bytes:
    """A complex number: c - 1000003 k and k hash alike for every k."""
    return (
        named("builtins.complex")
        + tupled(
            b"G" + struct.pack(">d", -1_000_003.0 * number), b"G" + struct.pack(">d", float(number))
        )
        + b"R"
    )
