"""Pickles: bare, in both of torch's containers, and in bz2, as NATS-Bench has them."""

from __future__ import annotations

import bz2
import io
import pickle
import pickletools
import zipfile
import zlib
from collections import Counter, OrderedDict, defaultdict
from typing import TYPE_CHECKING

import laughs
import numpy as np
from hostile import CORPUS
from nas_records import OTHER, TEXT, arch, bare, legacy, release, run, torch_zip
from python_unpickler import AllowList, same
from techniques import opcode_tricks

from fuzzing.damage import Reader, damaged, genuine, possible
from mbml.errors import SourceError
from mbml.sources.containers.byte_streams import compression_of
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import load
from mbml.sources.pickles.values import NumberArray
from mbml.spaces import nasbench201, natsbench_sss

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path


def _schedule_records() -> list[bytes]:
    found = [bare({"12": arch(run("cifar10-valid"))})]
    for name in ("NATS-tss-v1_0-3ffb9-simple", "NATS-sss-v1_0-50262-simple"):
        data = genuine("natsbench", name, "000011.pickle.pbz2")
        found += [bz2.decompress(data)] if data else []
    return found


def _pickle_seeds() -> Iterable[bytes]:
    one = release({0: {"less": arch(run("cifar10-valid"))}}, names=[TEXT])
    two = release(
        {
            0: {"full": arch(run(epochs=200)), "less": arch(run("cifar100", 888))},
            1: {"less": arch(run(text=OTHER), index=1, text=OTHER)},
        }
    )
    yield from (legacy(one), legacy(two))
    for protocol in (2, 3, 4, 5):
        yield bare(one, protocol)
        yield bare(two, protocol)
        values = [one["arch2infos"][0], (1, 2.5, None, {b"x", 3}), np.float32(2)]
        yield pickle.dumps(values, max(protocol, 4))
        yield pickle.dumps(
            [_NUMBERS, Counter("abca"), defaultdict(list, {1: [_NUMBERS[0]]})], protocol
        )
    for protocol in (0, 1):
        yield bare(one, protocol)
        yield bare([{b"x", 0.5, (1, "y")}, frozenset(), bytearray(b"z"), 2j, True], protocol)
    yield from (data for data in CORPUS.values() if len(data) < 20_000)


_NUMBERS = [
    np.arange(6, dtype=">i2").reshape(2, 3),
    np.asfortranarray(np.ones((2, 2))),
    np.array(1j),
    np.zeros((0, 3), bool),
    np.uint8(7),
]
_LAYOUTS = Layouts()


def _loaded(path: Path, layouts: Layouts | None):
    try:
        return "loaded", load(path, layouts=layouts)
    except SourceError as error:
        return "refused", str(error)


def _check_pickle(folder: Path, data: bytes) -> str:
    """With and without the fast path the same; what is loaded, Python loads to equal values."""
    path = folder / "input.pth"
    path.write_bytes(data)
    slow, fast = _loaded(path, None), _loaded(path, _LAYOUTS)
    assert slow[0] == fast[0], f"the fast path differs: {slow!r:.200} {fast!r:.200}"
    if slow[0] == "loaded":
        assert same(fast[1], slow[1]), "the fast path loads another value"
        for array in _arrays(slow[1]):
            assert array.numbers().nbytes == len(array.data), "an array of other bytes"
    if slow[0] == "loaded" and data[:1] != b"P" and compression_of(data) is None:
        found = _python_loads(data)
        if len(found) in {1, 5}:
            expected = found[0 if len(found) == 1 else 3]
            assert same(slow[1], expected), "Python loads another value"
    try:
        possible(NasBench201Source(path, workers=1).batches())
    except SourceError:
        return slow[0]
    return "rows"


def _arrays(value) -> Iterable[NumberArray]:
    """Every array in a value that may hold itself, if it has its numbers."""
    waiting, seen = [value], {}
    while waiting:
        one = waiting.pop()
        if isinstance(one, NumberArray) and one.dtype is not None:
            yield one
        elif isinstance(one, dict | list | tuple) and id(one) not in seen:
            seen[id(one)] = one
            waiting += one.values() if isinstance(one, dict) else one


def _python_loads(data: bytes) -> list[object]:
    stream = io.BytesIO(data)
    found = []
    try:
        while stream.tell() < len(data):
            found.append(AllowList(stream).load())
    except Exception:  # noqa: BLE001 (Python refuses in many ways)
        return []
    return found


def _change_pickle(chance: random.Random, data: bytes) -> bytes:
    if chance.random() < 0.3:
        return _with_laugh(chance, data)
    return damaged(chance, data, chance.choice([*_SMALL_PICKLES, data]))


def _with_laugh(chance: random.Random, data: bytes) -> bytes:
    """Put a value that is huge to whoever walks it in the place of one that an opcode pushes."""
    if chance.random() < 0.5:
        data = chance.choice(_SMALL_PICKLES)
    value = chance.choice(_LAUGHS)
    try:
        found = [(place, one.stack_before) for one, _, place in pickletools.genops(data)]
    except Exception:  # noqa: BLE001 (pickletools refuses in many ways)
        found = []
    pushes = [nth for nth, (_, before) in enumerate(found[:-1]) if not before]
    if not pushes:
        return value + data
    nth = chance.choice(pushes)
    begin, end = found[nth][0], found[nth + 1][0]
    return data[: chance.choice((begin, end))] + value + data[end:]


_LAUGHS = [*laughs.VALUES.values(), *laughs.DEEP.values()]
_SMALL_PICKLES = [
    *(data for data in CORPUS.values() if len(data) < 2000),
    *laughs.places(b"N").values(),
    *opcode_tricks().values(),
]


def _container_seeds() -> Iterable[bytes]:
    mixed = [Counter("abca"), defaultdict(list, {1: [_NUMBERS[0]]}), OrderedDict(x=_NUMBERS[:1])]
    mixed.append((mixed, {b"x", 0.5, (1, "y")}, frozenset({2}), bytearray(b"z"), 2j, True))
    for protocol in range(6):
        yield pickle.dumps(_NUMBERS, protocol)
        yield pickle.dumps(mixed, protocol)
        yield from (pickle.dumps([one], protocol) for one in _NUMBERS)


def _change_container(chance: random.Random, data: bytes) -> bytes:
    return damaged(chance, data, chance.choice([*_container_seeds(), data]))


def _zip_seeds() -> Iterable[bytes]:
    one = release({0: {"less": arch(run("cifar10-valid"))}}, names=[TEXT])
    yield torch_zip(one)
    yield torch_zip(one, 4)
    for data in _schedule_records():
        yield _zipped({"archive/data.pkl": data, "archive/version": b"3\n"})


def _zipped(entries: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, kind)
    return out.getvalue()


_NAMES = ("archive/data.pkl", "../data.pkl", "/data.pkl", "data.pkl", "a\\..\\data.pkl", "\x00")


def _change_zip(chance: random.Random, data: bytes) -> bytes:
    """Change the entries and pack them anew, with right checksums; or damage the directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {one: archive.read(one) for one in archive.namelist()}
    except Exception:  # noqa: BLE001 (Python refuses in many ways)
        return damaged(chance, data)
    kind = chance.randrange(5)
    if kind == 0:
        entries[chance.choice(_NAMES)] = chance.choice((*entries.values(), b""))
        return _zipped(entries)
    if kind == 1:
        return _zipped(entries, chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)))
    if kind == 2 and entries:
        name = chance.choice(sorted(entries))
        entries[name] = damaged(chance, entries[name])
        return _zipped(entries)
    tail = max(0, len(data) - 400)
    return data[:tail] + damaged(chance, data[tail:])


def _bz2_seeds() -> Iterable[bytes]:
    for data in _schedule_records():
        yield bz2.compress(data, 1)
    yield bz2.compress(bare({"01": arch(run("cifar10-valid", epochs=1))})) * 2
    yield zlib.compress(bare({}), wbits=31)


def _change_bz2(chance: random.Random, data: bytes) -> bytes:
    """Damage what is packed and pack it again, or the packed bytes."""
    try:
        inner = bz2.decompress(data)
    except (OSError, ValueError):
        return damaged(chance, data)
    if chance.random() < 0.3:
        return damaged(chance, data)
    inner = damaged(chance, inner)
    parts = (
        (inner,) if chance.random() < 0.8 else (inner[: len(inner) // 2], inner[len(inner) // 2 :])
    )
    return b"".join(bz2.compress(part, 1) for part in parts)


def _check_bz2(folder: Path, data: bytes) -> str:
    path = folder / "000011.pickle.pbz2"
    path.write_bytes(data)
    ending = "refused"
    for name in ("tss", "sss"):
        meta = folder / "meta.pickle.pbz2"
        if not meta.is_file() or folder.joinpath("space").read_text() != name:
            meta.write_bytes(_meta(name))
            folder.joinpath("space").write_text(name)
        try:
            possible(NatsBenchSource(folder, workers=1).batches())
            ending = "rows"
        except SourceError:
            pass
    try:
        possible(NatsBenchSource(path, workers=1).batches())
    except SourceError:
        return ending
    return "rows"


def _meta(space: str) -> bytes:
    """The index of the first architectures alone: the whole takes longer than all else."""
    order = {"tss": nasbench201, "sss": natsbench_sss}[space].official_order()[:16]
    return bz2.compress(bare(release({}, names=order, arch2infos=None, evaluated_indexes=set())))


READERS = (
    Reader("pickle", _pickle_seeds, _change_pickle, _check_pickle),
    Reader("containers", _container_seeds, _change_container, _check_pickle),
    Reader("zip", _zip_seeds, _change_zip, _check_pickle),
    Reader("bz2", _bz2_seeds, _change_bz2, _check_bz2),
)
