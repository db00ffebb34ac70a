"""Which NAS-Bench-101 records are decoded by column, and what becomes of the others."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from records import (
    BITS,
    FIRST_RECORD,
    HASH,
    OPERATIONS,
    ModelMetrics,
    expected_of,
    message,
    oracle,
    payload,
    read,
    write,
)

from mbml.errors import SourceError
from mbml.sources.nasbench101 import cells, decode
from mbml.sources.nasbench101.cells import WrittenCell, first_wrong_cell
from mbml.sources.nasbench101.decode import NO_PARAMETERS, Records, decode_piece
from mbml.sources.nasbench101.source import NasBench101Source, Numbering
from mbml.sources.tfrecord.pieces import pieces
from mbml.spaces.nasbench101 import cell

BIT_TEXTS = ("010001000", "0110000100010000")
INNER_TEXTS = ("input,maxpool3x3,output", "input,conv3x3-bn-relu,conv1x1-bn-relu,output")


def after(epochs, parameters=8_555_530, total_time=413.7):
    first, middle, last = FIRST_RECORD
    return message((first, (1.0, *middle[1:]), (float(epochs), *last[1:])), parameters, total_time)


def official():
    """Records as the published files have them: several cells, lengths and sizes of networks."""
    written = []
    for bits, operations in zip(BIT_TEXTS, INNER_TEXTS, strict=True):
        for epochs in (4, 12, 36, 108):
            where = {"bits": bits, "operations": operations, "epochs": epochs}
            where["module_hash"] = cell(bits, operations).graph_id
            written.append(payload(after(epochs, 227_274 + epochs), **where))
            written.append(payload(after(epochs, 8_555_530, epochs / 7), **where))
    return written


def without(field):
    """The official first record without a field, of its second evaluation or of the whole."""
    model = ModelMetrics.FromString(message())
    part = model if field in model.DESCRIPTOR.fields_by_name else model.evaluation_data[1]
    part.ClearField(field)
    return payload(model.SerializeToString())


def spaced(data):
    """The same record in another form of JSON."""
    return data.replace(b'", ', b'" , ', 1)


@pytest.fixture
def walked(monkeypatch):
    """Payloads that were not decoded by column."""
    seen = []

    def parse_record(data):
        seen.append(data)
        return parse(data)

    parse = decode.parse_record
    monkeypatch.setattr(decode, "parse_record", parse_record)
    return seen


def decoded(path, written):
    [piece] = pieces(write(path / "file.tfrecord", written))
    return decode_piece(piece)


def test_records_of_the_official_form_are_decoded_by_column(tmp_path, walked):
    written = official()
    path = write(tmp_path / "file.tfrecord", written)
    assert expected_of(read(path)) == oracle(written)
    assert walked == []


def test_only_records_of_another_form_are_walked(tmp_path, walked):
    written = official()
    for place in (3, 8, 15):
        written[place] = spaced(written[place])
    written.append(payload(after(4, 9)))
    path = write(tmp_path / "file.tfrecord", written)
    assert expected_of(read(path)) == oracle(written)
    assert walked == [written[3], written[8], written[15], written[16]]


def test_walking_all_records_gives_the_same(tmp_path, walked, monkeypatch):
    written = official()
    by_column = read(write(tmp_path / "file.tfrecord", written))
    monkeypatch.setattr(decode, "epochs_fit", lambda epochs, _: np.zeros(len(epochs), bool))
    assert read(tmp_path / "file.tfrecord") == by_column
    assert walked == written


@pytest.mark.parametrize("epochs", ["04", "4.0", "0", "65536", "1e1", ""])
def test_other_ways_to_write_the_epochs_are_not_read_by_column(tmp_path, walked, epochs):
    data = payload(after(4)).replace(b", 4, ", f", {epochs}, ".encode(), 1)
    with suppress(SourceError):
        decoded(tmp_path, [data])
    assert walked == [data]


def test_the_longest_training_is_read_by_column(tmp_path, walked):
    assert decoded(tmp_path, [payload(after(65_535), epochs=65_535)]).schedule_epochs == [65_535]
    assert walked == []


def test_the_arrays_of_records_have_the_types_that_are_promised(tmp_path):
    for written in (official(), [*official(), without("total_time")]):
        found = decoded(tmp_path, written)
        assert found.cell.dtype == np.int64
        assert found.schedule_epochs.dtype == np.uint16
        assert found.parameters.dtype == np.int64
        assert found.total_seconds.dtype == np.float64
        assert found.evaluations.dtype == np.float64
        assert found.evaluations.shape == (5, len(written), 3)
        assert found.end == (tmp_path / "file.tfrecord").stat().st_size


def test_cells_are_numbered_as_they_first_appear(tmp_path):
    written = official()
    found = decoded(tmp_path, [written[-1], *written])
    assert [one.operations for one in found.cells] == list(INNER_TEXTS[::-1])
    assert found.cell.tolist() == [0, *[1] * 8, *[0] * 8]
    assert found.schedule_epochs.tolist() == [108, *[4, 4, 12, 12, 36, 36, 108, 108] * 2]


@pytest.mark.parametrize(
    "absent",
    [
        "trainable_parameters",
        "total_time",
        "training_time",
        "train_accuracy",
        "validation_accuracy",
        "test_accuracy",
    ],
)
def test_records_are_complete_unless_anything_is_absent(tmp_path, absent):
    whole = [payload(), spaced(payload())]
    assert decoded(tmp_path, whole).complete is True
    found = decoded(tmp_path, [*whole, without(absent)])
    assert not found.complete
    gaps = [found.parameters == NO_PARAMETERS, np.isnan(found.total_seconds)]
    assert sum(one.sum() for one in (*gaps, np.isnan(found.evaluations))) == 1
    assert found.parameters[:2].tolist() == [8_555_530] * 2


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_how_many_are_decoded_at_once_makes_no_difference(tmp_path, monkeypatch, at_once):
    written = [*official(), without("total_time"), *official()[:2]]
    whole = decoded(tmp_path, written)
    monkeypatch.setattr(decode, "_RECORDS_AT_ONCE", at_once)
    found = decoded(tmp_path, written)
    for name, value in vars(whole).items():
        np.testing.assert_equal(getattr(found, name), value)


@pytest.mark.parametrize("at_once", [1, 100])
def test_of_a_wrong_cell_and_another_fault_the_first_in_the_file_is_told(
    tmp_path, monkeypatch, at_once
):
    monkeypatch.setattr(decode, "_RECORDS_AT_ONCE", at_once)
    wrong = payload(module_hash="0" * 32)
    fault = payload(after(4), epochs=5)
    with pytest.raises(SourceError, match=r"record 1, byte \d+: its module hash is 0{32}"):
        decoded(tmp_path, [payload(), wrong, fault])
    with pytest.raises(SourceError, match=r"record 1, byte \d+: .*: the evaluations are after"):
        decoded(tmp_path, [payload(), fault, wrong])


def test_a_cell_found_right_is_not_hashed_again(monkeypatch):
    monkeypatch.setattr(cells, "_right", set())
    right = WrittenCell(HASH, BITS, OPERATIONS)
    hashed = []

    def graph_ids(written):
        hashed.extend(written)
        return found(written)

    found = cells.graph_ids
    monkeypatch.setattr(cells, "graph_ids", graph_ids)
    wrong = right._replace(module_hash="0" * 32)
    for _ in range(2):
        assert first_wrong_cell([right]) is None
        assert first_wrong_cell([right, wrong])[0] == 1
    # What is wrong is never taken for known.
    assert hashed == [(BITS, OPERATIONS)] * 3


def test_no_more_cells_are_remembered_than_the_benchmark_has(monkeypatch):
    assert cells._MAX_REMEMBERED == 423_624
    monkeypatch.setattr(cells, "_MAX_REMEMBERED", 2)
    monkeypatch.setattr(cells, "_right", set())
    written = [
        WrittenCell(cell(bits, text).graph_id, bits, text)
        for bits, text in [*zip(BIT_TEXTS, INNER_TEXTS, strict=True), (BITS, OPERATIONS)]
    ]
    for one, remembered in zip(written, (1, 2, 1), strict=True):
        assert first_wrong_cell([one]) is None
        assert len(cells._right) == remembered


@pytest.mark.parametrize(
    "operations",
    [
        "",
        "input",
        "output",
        "output,input",
        "input,maxpool3x3",
        "input,other,output",
        ",".join(["input", *["maxpool3x3"] * 6, "output"]),
    ],
)
def test_operations_of_no_cell_are_never_known(operations):
    assert cells._code(WrittenCell(HASH, BITS, operations)) is None


def test_five_inner_operations_are_the_most_that_are_known():
    operations = ",".join(["input", *["conv3x3-bn-relu"] * 5, "output"])
    assert cells._code(WrittenCell(HASH, BITS, operations)) is not None


def test_a_batch_whole(tmp_path):
    """Every column of every table, also those that the format has nothing for."""
    [batch] = NasBench101Source(write(tmp_path / "f", [payload()])).batches()
    assert batch.architectures.to_pylist() == [
        {
            "arch": 0,
            "native_index": None,
            "native_key": HASH,
            "adjacency": BITS,
            "operations": OPERATIONS,
            "nodes": 7,
            "edges": 9,
            "graph_id": HASH,
            "functional_id": HASH,
        }
    ]
    assert batch.runs.to_pylist() == [
        {
            "run": 0,
            "arch": 0,
            "dataset": "cifar10",
            "schedule_epochs": 4,
            "trial": 1,
            "parameters": 8_555_530,
            "flops": None,
            "latency_seconds": None,
            "total_seconds": 413.7,
            "seconds_are_measured": True,
        }
    ]
    named = ("epoch", "train_seconds", "train_accuracy", "valid_accuracy", "test_accuracy")
    given = [
        {"run": 0} | dict(zip(named, values, strict=True)) | {"epoch": int(values[0])}
        for values in FIRST_RECORD
    ]
    found = batch.epochs.to_pylist()
    assert [
        {name: row[name] for name in one} for row, one in zip(found, given, strict=True)
    ] == given
    others = set(found[0]) - set(given[0])
    assert others
    assert {row[name] for row in found for name in others} == {None}


def made_up(numbers, epochs):
    """Records of cells that are told apart by their numbers alone."""
    distinct = list(dict.fromkeys(numbers))
    rows = len(numbers)
    return Records(
        end=rows,
        cells=[WrittenCell(f"{number:032x}", BITS, OPERATIONS) for number in distinct],
        cell=np.array([distinct.index(number) for number in numbers]),
        schedule_epochs=np.array(epochs, np.uint16),
        parameters=np.ones(rows, np.int64),
        total_seconds=np.ones(rows),
        evaluations=np.ones((5, rows, 3)),
        complete=True,
    )


def test_trainings_are_counted_over_batches_of_many_cells_and_lengths(tmp_path):
    """More of both than there is room for at first, in any order."""
    rng = np.random.default_rng(0)
    numbering, seen = Numbering(tmp_path / "f"), {}
    trained = [
        (int(one), int(two))
        for one, two in zip(rng.integers(0, 2600, 9000), rng.integers(2, 11, 9000), strict=True)
    ]
    arches, runs = {}, 0
    for begin in range(0, len(trained), 1500):
        numbers, epochs = zip(*trained[begin : begin + 1500], strict=True)
        batch = numbering.batch(made_up(numbers, epochs))
        expected = []
        for pair in zip(numbers, epochs, strict=True):
            seen[pair] = seen.get(pair, 0) + 1
            expected.append(seen[pair])
        assert batch.runs.column("trial").to_pylist() == expected
        assert batch.records == len(numbers)
        known = set(arches)
        for number in numbers:
            arches.setdefault(number, len(arches))
        assert batch.runs.column("arch").to_pylist() == [arches[number] for number in numbers]
        new = [f"{number:032x}" for number in arches if number not in known]
        assert batch.architectures.column("native_key").to_pylist() == new
        assert batch.runs.column("run").to_pylist() == list(range(runs, runs + len(numbers)))
        assert batch.epochs.column("run").to_pylist()[:6] == [runs] * 3 + [runs + 1] * 3
        runs += len(numbers)
    assert max(seen.values()) >= 3
    assert len(arches) > 2048
