"""A corpus of hostile pickles and containers, made by hand; run as a script it writes them out.

Those that name code would leave a file `TRIPPED` in the current folder, or import the module
`tripwire`, if any reader ran them. None of them is ever unpickled here.
"""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import struct
import sys
import zipfile
from pathlib import Path

from disguises import COMMAND, GOOD, SYSTEM
from nas_records import TORCH_HEAD, legacy, small_release, torch_zip
from opcodes import DTYPE, call, named, pickled, stack_named, text

CODE = {
    "global os.system": SYSTEM,
    "global posix.system": pickled(call("posix.system", COMMAND)),
    "global nt.system": pickled(call("nt.system", COMMAND)),
    "global subprocess.Popen": pickled(call("subprocess.Popen", COMMAND)),
    "global builtins.eval": pickled(call("builtins.eval", "open('TRIPPED', 'w')")),
    "global __builtin__.eval": pickled(call("__builtin__.eval", "open('TRIPPED', 'w')")),
    "global builtins.exec": pickled(call("builtins.exec", "open('TRIPPED', 'w')")),
    "global builtins.open": pickled(call("builtins.open", "TRIPPED", "w")),
    "global builtins.__import__": pickled(call("builtins.__import__", "tripwire")),
    "global tripwire": pickled(named("tripwire.anything")),
    "global without a call": pickled(named("os.system")),
    "getattr chain": pickled(
        named("builtins.getattr")
        + b"("
        + call("builtins.__import__", "os")
        + text("system")
        + b"tR"
    ),
    "copyreg reconstructor": pickled(
        named("copyreg._reconstructor")
        + b"("
        + named("tripwire.Thing")
        + named("builtins.object")
        + b"NtR"
    ),
    "copy_reg of Python 2": pickled(call("copy_reg.__newobj__", "x")),
    "numpy load": pickled(call("numpy.load", "TRIPPED")),
    "numpy fromfile": pickled(call("numpy.fromfile", "TRIPPED")),
    "numpy _reconstruct": pickled(call("numpy.core.multiarray._reconstruct", "x")),
    "numpy runstring": pickled(call("numpy.testing._private.utils.runstring", "x", "y")),
    "torch storage": pickled(call("torch._utils._rebuild_tensor_v2", "x")),
    "pickle loads": pickled(call("_pickle.loads", "x")),
    "dotted name": pickled(b"ccollections\nOrderedDict.__init__.__globals__\n"),
    "module with a dot too many": pickled(b"ccollections.OrderedDict\n\n"),
    "name of another module": pickled(b"cos\nOrderedDict\n"),
    "stack global os.system": pickled(stack_named("os.system") + text(COMMAND) + b"\x85R", 4),
    "stack global of no texts": pickled(b"K\x01K\x02\x93", 4),
    "stack global of an unhashable": pickled(b"]]\x93", 4),
    "inst": pickled(b"(" + text(COMMAND) + b"ios\nsystem\n"),
    "obj": pickled(b"(" + named("os.system") + text(COMMAND) + b"o"),
    "obj of a known global": pickled(b"(" + named("collections.OrderedDict") + b"o"),
    "newobj": pickled(named("tripwire.Thing") + b")\x81"),
    "newobj of a known global": pickled(named("collections.OrderedDict") + b")\x81"),
    "newobj_ex": pickled(named("tripwire.Thing") + b")}\x92", 4),
    "reduce of a text": pickled(text("os.system") + b")R"),
    "reduce of a dict": pickled(b"})R"),
    "reduce without a tuple": pickled(named("collections.OrderedDict") + b"]R"),
    "reduce of OrderedDict with texts": pickled(
        named("collections.OrderedDict") + b"]" + text("ab") + b"a\x85R"
    ),
    "reduce of dtype of objects": pickled(named("numpy.dtype") + b"(" + text("O8") + b"\x89\x88tR"),
    "reduce of scalar with a text": pickled(
        named("numpy.core.multiarray.scalar") + b"(" + text("x") + text("y") + b"tR"
    ),
    "reduce of scalar with too few bytes": pickled(
        named("numpy.core.multiarray.scalar") + b"(" + DTYPE + b"C\x01xtR", 3
    ),
    "build of a dtype with no state": pickled(DTYPE + b"Nb"),
    "encode into another codec": pickled(
        named("_codecs.encode") + b"(" + text("x") + text("rot13") + b"tR"
    ),
    "build with __setstate__": pickled(b"}" + text("__setstate__") + named("os.system") + b"sb"),
    "build on a dict": pickled(b"}" + text("x") + b"b"),
    "build on OrderedDict": pickled(named("collections.OrderedDict") + b")R}b"),
    "build on a global": pickled(named("collections.OrderedDict") + b"}b"),
    "ext1": pickled(b"\x82\x01"),
    "ext2": pickled(b"\x83\x01\x00"),
    "ext4": pickled(b"\x84\x01\x00\x00\x00"),
    "persid": pickled(b"P" + COMMAND.encode() + b"\n"),
    "binpersid": pickled(text("storage") + b"Q"),
    "next buffer": pickled(b"\x97", 5),
    "readonly buffer": pickled(b"K\x01\x98", 5),
    "bytearray": pickled(b"\x96" + struct.pack("<Q", 1) + b"x", 5),
}


def quadratic_memo_bomb() -> bytes:
    """A long list that is looked up again and again."""
    return pickled(b"](" + b"N" * 5000 + b"eq\x01(" + b"h\x01" * 5000 + b"t")


def exponential_memo_bomb() -> bytes:
    """A list of two of a list of two of ...: 2^60 leaves for whoever walks it."""
    body = b"]q\x00"
    for level in range(1, 61):
        body += b"]" + b"q" + bytes([level]) + b"(" + b"h" + bytes([level - 1]) * 1
        body += b"h" + bytes([level - 1]) + b"e"
    return pickled(b"(" + body + b"t")


def deep_tuple() -> bytes:
    """A tuple in a tuple in a tuple, as a key: its hash would overflow the stack."""
    return pickled(b"})" + b"\x85" * 500_000 + b"Ns")


LIMITS = {
    "text of 2^62 bytes": pickled(b"\x8d" + struct.pack("<Q", 1 << 62), 4),
    "text of 4 GB": pickled(b"X\xff\xff\xff\xff"),
    "bytes of 2^62": pickled(b"\x8e" + struct.pack("<Q", 1 << 62), 4),
    "bytes of 4 GB": pickled(b"B\xff\xff\xff\xff", 3),
    "integer of 2 GB": pickled(b"\x8b\xff\xff\xff\x7f"),
    "integer of negative size": pickled(b"\x8b\xff\xff\xff\xff"),
    "frame of 2^64": b"\x80\x04\x95" + b"\xff" * 8 + b"0.",
    "memo index of 2^32": pickled(b"Nr\xff\xff\xff\xffj\xfe\xff\xff\xff"),
    "memo put backwards": pickled(b"Nq\x05q\x04"),
    "memo entry unknown": pickled(b"h\x07"),
    "memoize after binput": pickled(b"Nq\x05\x94", 4),
    "quadratic memo bomb": quadratic_memo_bomb(),
    "exponential memo bomb": exponential_memo_bomb(),
    "deep marks": pickled(b"(" * 100_000),
    "deep lists": pickled(b"]" * 2_000_000),
    "deep tuple as a key": deep_tuple(),
    "million opcodes": pickled(b"(" + b"N" * 1_100_000 + b"t"),
    "keys that hash alike": pickled(
        b"}("
        + b"".join(b"\x8a\x09" + ((n << 61) - n).to_bytes(9, "little") + b"N" for n in range(9))
        + b"u"
    ),
    "unhashable key": pickled(b"}]Ns"),
    "item without a target": pickled(b"NNs"),
    "append to a dict": pickled(b"}Na"),
    "pop": pickled(b"NN0"),
    "dup": pickled(b"N2"),
    "protocol 0": b"cos\nsystem\n(S'touch TRIPPED'\ntR.",
    "protocol 1": b"}q\x00.",
    "protocol 6": pickled(b"N", 6),
    "protocol twice": pickled(b"\x80\x02N"),
    "no stop": b"\x80\x02N",
    "nothing but stop": b"\x80\x02.",
    "values left over": pickled(b"NN"),
    "bytes left over": pickled(b"N") + b"N",
    "two pickles": pickled(b"N") + SYSTEM,
    "text that is not UTF-8": pickled(b"X\x01\0\0\0\xff"),
    "global without an end": pickled(b"c" + b"a" * 1000),
    "unknown opcode": pickled(b"\xff"),
}


def _head() -> bytes:
    return b"".join(pickle.dumps(one, 2) for one in TORCH_HEAD)


def _zip(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def _patched(data: bytes, at_local: int | None, at_central: int, value: bytes) -> bytes:
    """Overwrite a field of the first entry in its local header, if asked, and its central one."""
    changed = bytearray(data)
    central = data.index(b"PK\x01\x02")
    if at_local is not None:
        changed[at_local : at_local + len(value)] = value
    changed[central + at_central : central + at_central + len(value)] = value
    return bytes(changed)


def _overlapping() -> bytes:
    """Two entries of the directory that point at one local header."""
    data = bytearray(_zip(("a/data.pkl", pickled(b"N")), ("a/version", b"3\n")))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    return bytes(data)


_END = pickle.dumps([], 2)

_BOMB = pickled(b"(" + (b"B" + struct.pack("<I", 1 << 20) + bytes(1 << 20)) * 30 + b"t", 3)

CONTAINERS = {
    "code behind a valid magic": _head() + SYSTEM + pickle.dumps([], 2),
    "code as the list of storages": legacy(small_release()).removesuffix(_END) + SYSTEM,
    "code in the third pickle": pickle.dumps(TORCH_HEAD[0], 2) + pickle.dumps(1001, 2) + SYSTEM,
    "code in the zip": _zip(("archive/data.pkl", SYSTEM)),
    "code in bz2": bz2.compress(SYSTEM),
    "code in gzip": gzip.compress(SYSTEM),
    "code in a zip in bz2": bz2.compress(_zip(("archive/data.pkl", SYSTEM))),
    "tensors at the end": legacy(small_release(), storages=["0"]),
    "bytes after the end": legacy(small_release()) + b"x",
    "another torch protocol": b"".join(
        pickle.dumps(one, 2) for one in (TORCH_HEAD[0], 1002, {}, 1)
    ),
    "big-endian": b"".join(
        pickle.dumps(one, 2) for one in (*TORCH_HEAD[:2], {"little_endian": False}, 1, [])
    ),
    "bz2 bomb": bz2.compress(_BOMB),
    "gzip bomb": gzip.compress(_BOMB),
    "bz2 bomb that says it is a zip": bz2.compress(b"PK\x03\x04" + bytes(1 << 26)),
    "bz2 bomb in one text": bz2.compress(
        pickled(b"\x8d" + struct.pack("<Q", 1 << 26) + bytes(1 << 26))
    ),
    "bz2 bomb of opcodes": bz2.compress(b"\x80\x02" + b"](e" * (2 << 20)),
    "gzip bomb of opcodes": gzip.compress(b"\x80\x02" + b"](e" * (2 << 20)),
    "bz2 cut short": bz2.compress(GOOD)[:-20],
    "gzip cut short": gzip.compress(GOOD)[:-9],
    "bz2 with rubbish behind": bz2.compress(GOOD) + b"rubbish",
    "gzip with rubbish behind": gzip.compress(GOOD) + b"rubbish",
    "bz2 in bz2": bz2.compress(bz2.compress(GOOD)),
    "zip bomb": _zip(("archive/data.pkl", bytes(1 << 24)), compression=zipfile.ZIP_DEFLATED),
    "zip entry that is compressed": _zip(
        ("archive/data.pkl", GOOD), compression=zipfile.ZIP_DEFLATED
    ),
    "zip entry that the directory alone calls compressed": _patched(
        torch_zip(small_release()), None, 10, b"\x08\x00"
    ),
    "zip entry of another size when unpacked": _patched(
        torch_zip(small_release()), None, 20, b"\x01\x00\x00\x00"
    ),
    "zip entry leading out": _zip(("../data.pkl", GOOD)),
    "zip entry at the root": _zip(("/data.pkl", GOOD)),
    "zip entry with backslashes": _zip(("..\\data.pkl", GOOD)),
    "zip entry encrypted": _patched(torch_zip(small_release()), 6, 8, b"\x01\x00"),
    "zip entries overlapping": _overlapping(),
    "zip with a directory of 4 GB": _zip(("archive/data.pkl", GOOD))[:-10] + b"\xff" * 4 + bytes(6),
    "zip with two pickles": _zip(("a/data.pkl", GOOD), ("b/data.pkl", SYSTEM)),
    "zip without a pickle": _zip(("a/version", b"3\n")),
    "zip with a wrong checksum": torch_zip(small_release()).replace(
        b"train_losses", b"train_Losses", 1
    ),
    "zip cut short": torch_zip(small_release())[:-30],
    "zip that is only a magic": b"PK\x03\x04" + bytes(100),
    "empty": b"",
    "one byte": b"\x80",
    "a web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "a pointer of git lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
}

CORPUS: dict[str, bytes] = {**CODE, **LIMITS, **CONTAINERS}

#: Harmless as values, refused only for what they are not: a release of a benchmark.
VALUES = frozenset(
    {"exponential memo bomb", "quadratic memo bomb", "bytearray", "pop", "protocol 1"}
)


def corpus() -> dict[str, bytes]:
    """All of them."""
    return CORPUS


def main(folder: Path) -> None:
    """Write every file of the corpus into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in CORPUS.items():
        (folder / name.replace(" ", "_").replace("/", "_")).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
