"""Files cut short or with flipped bits: refused with a `SourceError`, or loaded with valid rows."""

from __future__ import annotations

import bz2
import pickle
import pickletools
import random
import time

import pytest
from nas_records import OTHER, TEXT, arch, bare, legacy, release, run, torch_zip

from mbml.errors import SourceError
from mbml.sources.batch import EPOCH_METRICS
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.pickles.torch_pickle import open_torch

SMALL = release({0: {"less": arch(run("cifar10-valid"))}}, names=[TEXT])
WRITERS = {
    "legacy": legacy(SMALL),
    "zip": torch_zip(SMALL),
    "protocol 4": bare(SMALL, 4),
    "protocol 5 in bz2": bz2.compress(bare(SMALL, 5)),
}
#: The longest that one damaged file of a few kilobytes may take, in processor seconds.
LONGEST = 2.0


def check_rows(batch):
    """Whatever was loaded must be possible."""
    for name in EPOCH_METRICS:
        values = batch.epochs.column(name).drop_null().to_pylist()
        assert all(value >= 0 for value in values)
        assert not name.endswith("_accuracy") or all(value <= 1 for value in values)
    assert all(1 <= epoch <= 200 for epoch in batch.epochs.column("epoch").to_pylist())
    assert set(batch.architectures.column("native_key").to_pylist()) <= {TEXT, OTHER}


def outcome(path, source=NasBench201Source):
    """Read a damaged file: `refused` or `loaded`; anything else fails the test."""
    start = time.process_time()
    found = "loaded"
    try:
        for batch in source(path).batches():
            check_rows(batch)
    except SourceError as error:
        found = "refused" if str(path) in str(error) else f"without its name: {error}"
    assert time.process_time() - start < LONGEST
    return found


@pytest.fixture(
    params=[
        one if one == "legacy" else pytest.param(one, marks=pytest.mark.slow) for one in WRITERS
    ]
)
def whole(request):
    data = WRITERS[request.param]
    assert len(data) < 4096
    return data


def test_the_whole_file_is_loaded(tmp_path, whole):
    path = tmp_path / "file.pth"
    path.write_bytes(whole)
    assert outcome(path) == "loaded"


def opcode_starts(data):
    """Offsets of all opcodes of the pickles in a row that a file holds."""
    starts = []
    at = 0
    while at < len(data):
        last = 0
        for _, _, place in pickletools.genops(data[at:]):
            last = place
            starts.append(at + place)
        at += last + 1
    return starts


@pytest.mark.parametrize("name", ["legacy", "protocol 4"])
def test_truncation_at_every_opcode_is_refused(tmp_path, name):
    data = WRITERS[name]
    starts = opcode_starts(data)
    assert len(starts) > 200
    for at in starts:
        path = tmp_path / "file.pth"
        path.write_bytes(data[:at])
        assert outcome(path) == "refused", at


@pytest.mark.slow
def test_truncation_at_every_byte_is_refused(tmp_path, whole):
    for at in range(len(whole)):
        path = tmp_path / "file.pth"
        path.write_bytes(whole[:at])
        assert outcome(path) == "refused", at


def flipped(data, at, bit):
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def test_a_flipped_bit_in_every_fourth_byte(tmp_path, whole):
    path = tmp_path / "file.pth"
    found = {"refused": 0, "loaded": 0}
    for at in range(0, len(whole), 4):
        path.write_bytes(flipped(whole, at, at // 4 % 8))
        found[outcome(path)] += 1
    assert found["refused"] > 0


@pytest.mark.slow
def test_every_flipped_bit(tmp_path, whole):
    path = tmp_path / "file.pth"
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(flipped(whole, at, bit))
            outcome(path)


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize("name", ["NATS-tss-v1_0-3ffb9-simple", "NATS-sss-v1_0-50262-simple"])
def test_damage_to_genuine_files(tmp_path, real_data, name):
    genuine = real_data / "natsbench" / name
    (tmp_path / "meta.pickle.pbz2").write_bytes((genuine / "meta.pickle.pbz2").read_bytes())
    packed = (genuine / "000011.pickle.pbz2").read_bytes()
    data = bz2.decompress(packed)
    path = tmp_path / "000011.pickle.pbz2"
    chance = random.Random(7)
    for _ in range(60):
        path.write_bytes(flipped(packed, chance.randrange(len(packed)), chance.randrange(8)))
        assert nats_outcome(tmp_path) == "refused"
        at = chance.randrange(len(data))
        path.write_bytes(bz2.compress(flipped(data, at, chance.randrange(8)), 1))
        nats_outcome(tmp_path)
        path.write_bytes(bz2.compress(data[:at], 1))
        assert nats_outcome(tmp_path) == "refused"


def nats_outcome(folder):
    try:
        for batch in NatsBenchSource(folder).batches():
            values = batch.epochs.column("train_accuracy").drop_null().to_pylist()
            assert all(0 <= value <= 1 for value in values)
    except SourceError:
        return "refused"
    return "loaded"


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps(["x" * 1000] * 2 + ["y" * 900_000, "z" * 900_000, "a" * 900_000]))
    opened = open_torch(path)
    with path.open("r+b") as file:
        file.truncate(100)
    with pytest.raises(SourceError, match="the file became shorter while it was read"):
        list(opened.records())
    opened.close()
