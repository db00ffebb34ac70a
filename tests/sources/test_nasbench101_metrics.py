"""The protocol buffer messages: any legal form equal to Google's reader, any fault named."""

from __future__ import annotations

import math
import struct

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from records import EVALUATION_FIELDS, FIRST_RECORD, ModelMetrics, message

from mbml.sources.nasbench101.metrics import (
    Evaluation,
    MetricsError,
    check_metrics,
    parse_metrics,
)


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, wire, body):
    return varint(number << 3 | wire) + body


def double(number, value):
    return field(number, 1, struct.pack("<d", value))


def text(number, body):
    return field(number, 2, varint(len(body)) + body)


def by_google(data):
    model = ModelMetrics.FromString(data)

    def given_or_nan(part, name):
        return getattr(part, name) if part.HasField(name) else math.nan

    evaluations = [
        Evaluation(*(given_or_nan(one, name) for name in EVALUATION_FIELDS))
        for one in model.evaluation_data
    ]
    parameters = model.trainable_parameters if model.HasField("trainable_parameters") else None
    return evaluations, parameters, given_or_nan(model, "total_time")


def by_us(data):
    metrics = parse_metrics(data)
    parameters = metrics.parameters
    if parameters is not None:
        # Google's parser cuts an int32 to 32 bits; here one with more is refused later.
        parameters = (parameters + 2**31) % 2**32 - 2**31
    return metrics.evaluations, parameters, metrics.total_seconds


FINITE = st.floats(allow_nan=False, allow_infinity=False)
UNKNOWN_BODY = st.one_of(
    st.integers(0, 2**64 - 1).map(lambda value: (0, varint(value))),
    st.binary(min_size=8, max_size=8).map(lambda body: (1, body)),
    st.binary(max_size=20).map(lambda body: (2, varint(len(body)) + body)),
    st.binary(min_size=4, max_size=4).map(lambda body: (5, body)),
)
UNKNOWN = st.tuples(st.integers(7, 2**29 - 1), UNKNOWN_BODY).map(lambda one: field(one[0], *one[1]))
GROUP = st.tuples(st.integers(7, 1000), st.lists(UNKNOWN, max_size=3)).map(
    lambda one: field(one[0], 3, b"".join(one[1])) + field(one[0], 4, b"")
)
#: A known number whose wire type is that of no version of the field.
FOREIGN = st.sampled_from([1, 2, 3]).flatmap(
    lambda number: UNKNOWN_BODY.filter(lambda one: one[0] != {1: 2, 2: 0, 3: 1}[number]).map(
        lambda one: field(number, *one)
    )
)
EVALUATION = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 5), FINITE).map(lambda one: double(*one)),
        st.tuples(st.integers(1, 5), st.integers(0, 2**64 - 1)).map(
            lambda one: field(one[0], 0, varint(one[1]))
        ),
        FINITE.map(lambda value: double(6, value)),
        st.text().map(lambda path: text(6, path.encode())),
        UNKNOWN,
    )
).map(lambda fields: text(1, b"".join(fields)))
MODEL = st.lists(
    st.one_of(
        EVALUATION,
        st.integers(0, 2**64 - 1).map(lambda value: field(2, 0, varint(value))),
        FINITE.map(lambda value: double(3, value)),
        UNKNOWN,
        GROUP,
        FOREIGN,
    )
).map(b"".join)


@given(MODEL)
@settings(deadline=None)
def test_fields_reordered_repeated_unknown_and_foreign(data):
    # NaN marks an absent field, and is the same NaN on both sides.
    assert repr(by_us(data)) == repr(by_google(data))


@given(MODEL.filter(bool), st.data())
@settings(deadline=None)
def test_cut_anywhere_it_is_refused_or_read_as_google_does(data, draw):
    cut = data[: draw.draw(st.integers(0, len(data) - 1))]
    try:
        expected = by_google(cut)
    except DecodeError:
        with pytest.raises(MetricsError):
            by_us(cut)
    else:
        assert repr(by_us(cut)) == repr(expected)


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_no_bytes_do_anything_but_decode_or_be_refused(data):
    try:
        found = by_us(data)
    except MetricsError:
        return
    assert repr(found) == repr(by_google(data))


def test_the_official_first_record():
    metrics = parse_metrics(message())
    assert metrics.evaluations == [Evaluation(*values) for values in FIRST_RECORD]
    assert (metrics.parameters, metrics.total_seconds) == (8_555_530, 413.7)
    check_metrics(metrics, 4)


def test_of_a_single_field_the_last_counts():
    data = double(3, 1) + double(3, 2) + field(2, 0, varint(5)) + field(2, 0, varint(6))
    assert by_us(data) == ([], 6, 2.0)


def test_a_known_number_with_a_foreign_wire_type_is_skipped():
    path = text(1, double(1, 4) + double(6, 0.25) + text(2, b"not seconds"))
    assert repr(by_us(path + text(2, b"no") + field(3, 0, b"\x07"))) == repr(
        ([Evaluation(epoch=4.0)], None, math.nan)
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x0a", "its protocol buffer is cut short"),
        (b"\x0a\x05abc", "its protocol buffer is cut short"),
        (b"\x19\x00\x00", "its protocol buffer is cut short"),
        (b"\x10\x80", "its protocol buffer is cut short"),
        (b"\x3b", "its protocol buffer is cut short"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "its protocol buffer is cut short"),
        (b"\x10" + b"\xff" * 10, "its protocol buffer has a number of more than 64 bits"),
        (b"\x00\x00", "its protocol buffer has a field of number 0"),
        (varint(2**29 << 3) + b"\x00", "its protocol buffer has a field of number 536870912"),
        (b"\x3c", "its protocol buffer ends a group that it did not begin"),
        (b"\x3b\x44", "its protocol buffer ends a group that it did not begin"),
        (b"\x0f", "its protocol buffer has a field of wire type 7"),
        (double(3, math.nan), "total_time is nan"),
        (text(1, double(2, math.inf)), "training_time is inf"),
        (text(1, double(4, math.nan)), "validation_accuracy is nan"),
    ],
)
def test_faults_of_a_message(data, problem):
    with pytest.raises(MetricsError) as caught:
        parse_metrics(data)
    assert str(caught.value) == problem


def test_the_largest_number_of_a_field_is_skipped():
    assert parse_metrics(field(2**29 - 1, 0, b"\x07") + double(3, 2)).total_seconds == 2


FIRST, HALF, LAST = FIRST_RECORD


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (message((FIRST, LAST)), "2 evaluations, and not 3"),
        (message((FIRST, HALF, HALF, LAST)), "4 evaluations, and not 3"),
        *(
            (
                message(parameters=5) + field(2, 0, varint(value % 2**64)),
                f"trainable_parameters is {value}, and not a whole number from 0 to 2,147,483,647",
            )
            for value in (-1, 2**31, 2**32, 2**32 + 5, 2**63 - 1, -(2**63))
        ),
        (message(total_time=-0.5), "total_time is -0.5 seconds"),
        (message((FIRST, HALF, (4, -1, *LAST[2:]))), "training_time is -1.0 seconds"),
        (
            message((FIRST, HALF, (4, 1, 1.5, 0, 0))),
            "train_accuracy is 1.5, and not a fraction in [0, 1]",
        ),
        (
            message((FIRST, HALF, (4, 1, 0, -0.25, 0))),
            "validation_accuracy is -0.25, and not a fraction in [0, 1]",
        ),
        (
            message((FIRST, HALF, (4, 1, 0, 0, 91.5))),
            "test_accuracy is 91.5, and not a fraction in [0, 1]",
        ),
    ],
)
def test_metrics_of_no_training(data, problem):
    with pytest.raises(MetricsError) as caught:
        check_metrics(parse_metrics(data), 4)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    "epochs", [(1, 2, 4), (0, 0, 4), (0, 4, 4), (0, 5, 4), (0, 1.5, 4), (0, 2, 3), (0, 2, 12)]
)
def test_evaluations_after_the_wrong_epochs(epochs):
    data = message(tuple((epoch, *FIRST[1:]) for epoch in epochs))
    with pytest.raises(MetricsError, match=r"the evaluations are after \d.* epochs, and not after"):
        check_metrics(parse_metrics(data), 4)


def test_an_evaluation_must_say_its_epoch():
    data = message((FIRST, LAST)) + text(1, double(3, 0.5))
    with pytest.raises(MetricsError, match="after 0, 4 and nan epochs"):
        check_metrics(parse_metrics(data), 4)
