"""The columns of NAS-Bench-101's metrics: their ranges are those of the record by record reader."""

from __future__ import annotations

import math
from sys import float_info

import numpy as np
import pytest
from records import FIRST_RECORD, message, payload, read, write

from mbml.errors import SourceError
from mbml.sources.nasbench101.message import (
    TAIL_CHARACTERS,
    decode_tails,
    encode_tails,
    epochs_fit,
)
from mbml.sources.nasbench101.metrics import EVALUATIONS
from mbml.sources.nasbench101.record import RecordError, parse_record

TINY = 5e-324
#: At each bound of a range, and one step beyond.
VALUES = (
    -math.inf,
    -1.0,
    -TINY,
    -0.0,
    0.0,
    TINY,
    0.5,
    1.0,
    math.nextafter(1.0, 2),
    1.5,
    2.0,
    3.0,
    4.0,
    5.0,
    float_info.max,
    math.inf,
    math.nan,
)
#: Bounds of what takes three and four bytes.
PARAMETERS = (2**14, 2**21 - 1, 2**21, 2**28 - 1)


def changed(turn, field, value):
    """The evaluations of the official first record, one number of them changed."""
    found = [list(one) for one in FIRST_RECORD]
    found[turn][field] = value
    return found


def agree(data):
    """Both readers refuse a record, or both give the same numbers; True if they read it."""
    columns = decode_tails(np.frombuffer(data, np.uint8)[None, -TAIL_CHARACTERS:])
    fits = epochs_fit(columns.evaluations[0], np.array([4], np.uint16))
    usable = bool(columns.usable[0] and fits[0])
    try:
        metrics = parse_record(data).metrics
    except RecordError:
        assert not usable
        return False
    assert usable
    assert columns.parameters.tolist() == [metrics.parameters]
    assert columns.total_seconds.tolist() == [metrics.total_seconds]
    assert columns.evaluations[:, 0].T.tolist() == [list(one) for one in metrics.evaluations]
    return True


@pytest.mark.parametrize("parameters", [250_000, 2_500_000])
@pytest.mark.parametrize("field", range(len(FIRST_RECORD[0])))
def test_each_number_of_an_evaluation_has_the_same_range_in_both_readers(field, parameters):
    read_in = [
        {
            value
            for value in VALUES
            if agree(payload(message(changed(turn, field, value), parameters)))
        }
        for turn in range(EVALUATIONS)
    ]
    if field == 0:
        assert read_in == [{0.0}, {1.0, 2.0, 3.0}, {4.0}]
    else:
        most = float_info.max if field == 1 else 1.0
        assert read_in == [{value for value in VALUES if 0 <= value <= most}] * EVALUATIONS


@pytest.mark.parametrize("parameters", [250_000, 2_500_000])
def test_the_total_time_has_the_same_range_in_both_readers(parameters):
    found = {
        value
        for value in VALUES
        if agree(payload(message(parameters=parameters, total_time=value)))
    }
    assert found == {value for value in VALUES if 0 <= value < math.inf}


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_parameters_of_three_and_four_bytes_are_read_in_columns(parameters):
    assert agree(payload(message(parameters=parameters)))


@pytest.mark.parametrize("parameters", [0, 2**14 - 1, 2**28, 2**31 - 1])
def test_parameters_of_other_sizes_are_left_to_the_other_reader(tmp_path, parameters):
    data = payload(message(parameters=parameters))
    columns = decode_tails(np.frombuffer(data, np.uint8)[None, -TAIL_CHARACTERS:])
    assert not columns.usable[0]
    found = read(write(tmp_path / "file.tfrecord", [data]))
    assert {row["parameters"] for row in found} == {parameters}


def test_columns_are_encoded_back_into_the_same_characters():
    data = [payload(message(parameters=one, total_time=one / 7)) for one in PARAMETERS]
    tails = np.stack([np.frombuffer(one, np.uint8)[-TAIL_CHARACTERS:] for one in data])
    columns = decode_tails(tails)
    assert columns.usable.tolist() == [True] * len(data)
    assert [one.dtype.str for one in columns] == ["|b1", "<i8", "<f8", "<f8"]
    back = encode_tails(columns.parameters, columns.total_seconds, columns.evaluations)
    assert back.tobytes() == tails.tobytes()


@pytest.mark.parametrize("parameters", [2**14 - 1, 2**28])
def test_parameters_that_no_shape_holds_are_not_encoded(parameters):
    held = np.array([2**14, parameters])
    with pytest.raises(ValueError, match="three or four bytes"):
        encode_tails(held, np.zeros(2), np.zeros((5, 2, 3)))


@pytest.mark.parametrize("place", range(-TAIL_CHARACTERS, 0))
def test_any_other_character_in_a_tail_is_left_to_the_other_reader_or_read_alike(place):
    data = bytearray(payload())
    for character in b'"\n=*A \\':
        data[place] = character
        agree(bytes(data))


def test_one_odd_record_leaves_its_neighbours_in_columns():
    good = np.frombuffer(payload(), np.uint8)[-TAIL_CHARACTERS:]
    odd = good.copy()
    odd[10] = ord("*")
    columns = decode_tails(np.stack([good, odd, good]))
    assert columns.usable.tolist() == [True, False, True]
    assert columns.parameters[[0, 2]].tolist() == [8_555_530] * 2


@pytest.mark.parametrize("data", [b"[]", b"", b'["a"]'])
def test_a_file_shorter_than_a_tail_is_refused_as_a_record(tmp_path, data):
    path = write(tmp_path / "file.tfrecord", [data])
    with pytest.raises(SourceError, match="record 0, byte 0: it is not a JSON list"):
        read(path)
