"""NAS-Bench-101 record files: trials, releases, the schema, and any legal records."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import (
    BITS,
    FIRST_RECORD,
    HASH,
    OPERATIONS,
    expected_of,
    message,
    oracle,
    payload,
    read,
    write,
)

from mbml.errors import CellError, SourceError, UsageError
from mbml.sources.batch import ARCHITECTURE_SCHEMA, EPOCH_SCHEMA, RUN_SCHEMA
from mbml.sources.nasbench101 import source as nasbench101
from mbml.sources.nasbench101.decode import decode_piece
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.sources.tfrecord.pieces import pieces
from mbml.spaces.nasbench101 import OPERATIONS as INNER
from mbml.spaces.nasbench101 import cell

FAIR = st.floats(0, 1)
SECONDS = st.floats(0, 1e12)


def test_more_repeats_than_three(tmp_path):
    path = write(tmp_path / "many.tfrecord", [payload()] * 5 + [payload(epochs_of(12), epochs=12)])
    runs = read(path)[::3]
    assert [(row["schedule_epochs"], row["trial"]) for row in runs] == [
        *((4, trial) for trial in range(1, 6)),
        (12, 1),
    ]


def test_one_cell_written_in_two_ways_is_one_architecture(tmp_path):
    bits = "0110000100010000"
    written = [
        "input,conv3x3-bn-relu,maxpool3x3,output",
        "input,maxpool3x3,conv3x3-bn-relu,output",
    ]
    payloads = [
        payload(bits=bits, operations=operations, module_hash=cell(bits, operations).graph_id)
        for operations in written
    ]
    rows = read(write(tmp_path / "two.tfrecord", payloads))
    assert {row["arch"] for row in rows} == {0}
    assert [row["trial"] for row in rows[::3]] == [1, 2]
    assert {row["operations"] for row in rows} == {written[0]}


def test_parameters_may_differ_between_repeats(tmp_path):
    payloads = [payload(message(parameters=number)) for number in (2_097_151, 2_097_152, 9)]
    rows = read(write(tmp_path / "differ.tfrecord", payloads))
    assert [row["parameters"] for row in rows[::3]] == [2_097_151, 2_097_152, 9]


def test_what_is_absent_is_null(tmp_path):
    model = message(((0, 0, 0.1, 0.1, 0.1), (2, 1, 0.1, 0.1, 0.1)))
    last = bytes.fromhex("0a09 09") + np.float64(4).tobytes()  # an epoch and nothing else
    sparse = model.replace(b"\x19" + np.float64(413.7).tobytes(), b"")
    sparse = sparse[: sparse.rindex(b"\x10")] + last
    rows = read(write(tmp_path / "sparse.tfrecord", [payload(), payload(sparse)]))
    assert [rows[5][name] for name in ("parameters", "total_seconds", "epoch")] == [None, None, 4]
    names = ("train_seconds", "train_accuracy", "valid_accuracy", "test_accuracy")
    assert [rows[5][name] for name in names] == [None] * 4
    assert None not in [rows[2][name] for name in names]


def test_batches_have_the_common_schema_and_count_bytes(tmp_path):
    path = write(tmp_path / "ten.tfrecord", [payload()] * 10)
    batches = list(NasBench101Source(path, piece_bytes=900).batches())
    assert len(batches) > 1
    for batch in batches:
        assert batch.architectures.schema == ARCHITECTURE_SCHEMA
        assert batch.runs.schema == RUN_SCHEMA
        assert batch.epochs.schema == EPOCH_SCHEMA
        assert isinstance(batch.epochs, pa.Table)
    assert sum(batch.records for batch in batches) == 10
    done = [batch.bytes_done for batch in batches]
    assert done == sorted(done)
    assert done[-1] == path.stat().st_size


def test_a_source_can_be_read_twice(tmp_path):
    source = NasBench101Source(write(tmp_path / "ten.tfrecord", [payload()] * 10))
    first, second = (list(source.batches()) for _ in range(2))
    assert [batch.runs for batch in first] == [batch.runs for batch in second]
    assert (source.benchmark, source.format, source.files) == (
        "nasbench101",
        "tfrecord",
        (source.path,),
    )


def test_the_release_is_told_by_content(tmp_path, monkeypatch):
    contents = {"full": (4, frozenset({4, 12})), "only108": (1, frozenset({4}))}
    monkeypatch.setattr(nasbench101, "CONTENT", contents)
    other = payload(epochs_of(12), epochs=12)
    for payloads, release in (
        ([payload(), other, payload(), other], "full"),
        ([payload()], "only108"),
        ([payload()] * 4, None),
        ([payload(), other], None),
    ):
        source = NasBench101Source(write(tmp_path / "file.tfrecord", payloads))
        assert source.release is None
        list(source.batches())
        assert source.release == release


def test_a_file_left_half_read_has_no_release(tmp_path, monkeypatch):
    monkeypatch.setattr(nasbench101, "CONTENT", {"full": (10, frozenset({4}))})
    source = NasBench101Source(write(tmp_path / "f", [payload()] * 10), piece_bytes=900)
    batches = source.batches()
    next(batches)
    batches.close()
    assert source.release is None


def test_a_small_file_starts_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr("mbml.workers.ProcessPoolExecutor", None)
    assert len(read(write(tmp_path / "small.tfrecord", [payload()]))) == 3


@pytest.mark.parametrize(
    ("told", "size", "taken"),
    [(None, 19_999_999, 1), (None, 20_000_000, None), (3, 1, 3), (3, 20_000_000, 3)],
)
def test_workers_are_those_told_or_none_for_a_file_that_is_quickly_read(
    tmp_path, monkeypatch, told, size, taken
):
    asked = []

    def here(function, items, *, workers):
        asked.append(workers)
        yield from map(function, items)

    path = write(tmp_path / "f", [payload()])
    monkeypatch.setattr(nasbench101, "check_file", lambda _: size)
    monkeypatch.setattr(nasbench101, "map_in_workers", here)
    list(NasBench101Source(path, workers=told).batches())
    assert asked == [taken]


def test_the_longest_training_and_the_most_repeats(tmp_path, monkeypatch):
    rows = read(write(tmp_path / "f", [payload(epochs_of(65_535), epochs=65_535)]))
    assert rows[2]["epoch"] == rows[2]["schedule_epochs"] == 65_535
    path = write(tmp_path / "f", [payload()] * 65_536)
    with pytest.raises(SourceError, match=r"more than 65,535 repeats of one training"):
        list(NasBench101Source(path).batches())


def test_trials_where_one_piece_brings_many_lengths(tmp_path):
    lengths = range(2, 22)
    some = [payload(epochs_of(n), epochs=n) for n in lengths]
    bits, operations = "010001000", "input,conv3x3-bn-relu,output"
    other = {"bits": bits, "operations": operations, "module_hash": cell(bits, operations).graph_id}
    some += [payload(epochs_of(n), epochs=n, **other) for n in lengths]
    rows = read(write(tmp_path / "f", some * 3))
    assert expected_of(rows) == oracle(some * 3)


def test_trainings_of_too_many_lengths(tmp_path):
    lengths = range(2, 67)
    path = write(tmp_path / "f", [payload(epochs_of(n), epochs=n) for n in lengths[:-1]])
    assert len(read(path)) == 3 * 64
    path = write(tmp_path / "f", [payload(epochs_of(n), epochs=n) for n in lengths])
    with pytest.raises(SourceError, match="trainings of more than 64 different lengths"):
        list(NasBench101Source(path).batches())


def epochs_of(epochs):
    """The official first record's metrics, as after another number of epochs."""
    first, middle, last = FIRST_RECORD
    return message((first, (1.0, *middle[1:]), (float(epochs), *last[1:])))


@st.composite
def cells(draw):
    """A legal cell as its file writes it; vertices that are on no path may be among it."""
    nodes = draw(st.integers(2, 7))
    matrix = np.zeros((nodes, nodes), int)
    upper = [(u, v) for v in range(nodes) for u in range(v)]
    path = [*sorted(draw(st.sets(st.integers(1, nodes - 1)))), nodes - 1]
    for u, v in zip([0, *path], path, strict=False):
        matrix[u, v] = u != v
    for u, v in draw(st.lists(st.sampled_from(upper), max_size=9)):
        matrix[u, v] = 1
    inner = draw(st.lists(st.sampled_from(INNER), min_size=nodes - 2, max_size=nodes - 2))
    bits = "".join(map(str, matrix.ravel().tolist()))
    return bits, ",".join(["input", *inner, "output"])


@st.composite
def payloads(draw):
    bits, operations = draw(cells())
    try:
        module_hash = cell(bits, operations).graph_id
    except CellError:  # too many edges
        bits, operations, module_hash = BITS, OPERATIONS, HASH
    epochs = draw(st.integers(2, 65_535))
    middle = draw(st.integers(1, epochs - 1))
    evaluations = [
        (epoch, draw(SECONDS), draw(FAIR), draw(FAIR), draw(FAIR)) for epoch in (0, middle, epochs)
    ]
    metrics = message(evaluations, draw(st.integers(0, 2**31 - 1)), draw(SECONDS))
    return payload(
        metrics, module_hash=module_hash, epochs=epochs, bits=bits, operations=operations
    )


@given(st.lists(payloads(), min_size=1, max_size=12), st.integers(1, 5_000))
@settings(max_examples=60, deadline=None)
def test_any_legal_records_are_read_back(tmp_path_factory, written, piece_bytes):
    path = write(tmp_path_factory.getbasetemp() / "written.tfrecord", written)
    rows = expected_of(read(path, piece_bytes=piece_bytes))
    expected = oracle(written)
    # A cell that is written in two ways keeps the first.
    first = {row["native_key"]: row for row in reversed(expected)}
    for row in expected:
        row |= {name: first[row["native_key"]][name] for name in ("adjacency", "operations")}
    assert rows == expected


@given(st.binary(min_size=1, max_size=3), st.integers(0, 500))
@settings(max_examples=200, deadline=None)
def test_random_damage_within_a_payload_is_refused_or_read_as_the_oracle_does(
    tmp_path_factory, noise, place
):
    one = bytearray(payload())
    place %= len(one)
    one[place : place + len(noise)] = noise
    path = write(tmp_path_factory.getbasetemp() / "damaged.tfrecord", [bytes(one)])
    [piece] = pieces(path)
    try:
        decode_piece(piece)
    except SourceError as error:
        assert str(error).startswith(f"{path}, record 0, byte 0: ")  # noqa: PT017
    else:
        assert expected_of(read(path)) == oracle([bytes(one)])


def test_faults_of_the_path_come_at_once(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        NasBench101Source(tmp_path / "nothing.tfrecord")
    with pytest.raises(UsageError, match="is a folder"):
        NasBench101Source(tmp_path)
    (tmp_path / "empty.tfrecord").touch()
    with pytest.raises(SourceError, match="is empty"):
        NasBench101Source(tmp_path / "empty.tfrecord")


def test_a_file_that_shrinks_while_read(tmp_path):
    path = write(tmp_path / "f", [payload()] * 1_000)
    batches = NasBench101Source(path, piece_bytes=20_000).batches()
    next(batches)
    os.truncate(path, 100_000)
    with pytest.raises(SourceError, match="shrank"):
        list(batches)
