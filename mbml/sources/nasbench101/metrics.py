"""The metrics of a NAS-Bench-101 record: two protocol buffer messages, walked in any legal form.

Fields may come in any order; of a single one the last counts, evaluations add up; unknown fields,
and known numbers with a foreign wire type, are skipped, as the protobuf documentation asks. A field
that is absent was not measured: NaN here, null in the warehouse.

Source of the field numbers: ``model_metrics.proto`` of google-research/nasbench.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _GROUP, _END_GROUP, _FIXED32 = range(6)
_SIZES = {_FIXED64: 8, _FIXED32: 4}
_ABSENT: Final = math.nan
EVALUATIONS: Final = 3


class MetricsError(ValueError):
    """The bytes are not the metrics of a training; the message says why."""


class Evaluation(NamedTuple):
    """`EvaluationData`: a network after some epochs; accuracies are fractions, time in seconds."""

    epoch: float = _ABSENT
    train_seconds: float = _ABSENT
    train_accuracy: float = _ABSENT
    valid_accuracy: float = _ABSENT
    test_accuracy: float = _ABSENT


@dataclass(kw_only=True)
class Metrics:
    """`ModelMetrics`: one training; `parameters` is None and `total_seconds` NaN where absent.

    Of `parameters`, an int32, all 64 bits that a file can give it are kept, for `check_metrics`.
    """

    evaluations: list[Evaluation] = field(default_factory=list)
    parameters: int | None = None
    total_seconds: float = _ABSENT


def parse_metrics(message: bytes) -> Metrics:
    """Decode a `ModelMetrics` message.

    Raises
    ------
    MetricsError
        The bytes are not a protocol buffer message, or are cut short.
    """
    metrics = Metrics()
    for number, wire, value in _fields(message):
        if number == 1 and wire == _BYTES and isinstance(value, bytes):
            metrics.evaluations.append(_parse_evaluation(value))
        elif number == 2 and wire == _VARINT and isinstance(value, int):
            metrics.parameters = value - 2**64 if value >= 2**63 else value
        elif number == 3 and wire == _FIXED64 and isinstance(value, bytes):
            metrics.total_seconds = _finite(value, "total_time")
    return metrics


def check_metrics(metrics: Metrics, schedule_epochs: int) -> None:
    """Check that metrics are those of a training over a number of epochs.

    Raises
    ------
    MetricsError
        They cannot be.
    """
    if len(metrics.evaluations) != EVALUATIONS:
        raise MetricsError(f"{len(metrics.evaluations)} evaluations, and not {EVALUATIONS}")
    if metrics.parameters is not None and not 0 <= metrics.parameters < 2**31:
        raise MetricsError(
            f"trainable_parameters is {metrics.parameters}, and not a whole number from 0 to"
            f" {2**31 - 1:,}"
        )
    if metrics.total_seconds < 0:
        raise MetricsError(f"total_time is {metrics.total_seconds} seconds")
    for one in metrics.evaluations:
        for name, value in (
            ("train_accuracy", one.train_accuracy),
            ("validation_accuracy", one.valid_accuracy),
            ("test_accuracy", one.test_accuracy),
        ):
            if value < 0 or value > 1:
                raise MetricsError(f"{name} is {value}, and not a fraction in [0, 1]")
        if one.train_seconds < 0:
            raise MetricsError(f"training_time is {one.train_seconds} seconds")
    first, middle, last = (one.epoch for one in metrics.evaluations)
    if first != 0 or last != schedule_epochs or not (0 < middle < last and middle.is_integer()):
        raise MetricsError(
            f"the evaluations are after {first:.17g}, {middle:.17g} and {last:.17g} epochs, and not"
            f" after 0, a whole number between, and {schedule_epochs}"
        )


def _parse_evaluation(message: bytes) -> Evaluation:
    values = [_ABSENT] * len(Evaluation._fields)
    for number, wire, value in _fields(message):
        if 1 <= number <= len(values) and wire == _FIXED64 and isinstance(value, bytes):
            values[number - 1] = _finite(value, _NAMES[number - 1])
    return Evaluation(*values)


_NAMES = (
    "current_epoch",
    "training_time",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
)


def _finite(eight: bytes, name: str) -> float:
    # Refused here because NaN stands for an absent field from here on.
    (value,) = struct.unpack("<d", eight)
    if not math.isfinite(value):
        raise MetricsError(f"{name} is {value}")
    return float(value)


def _fields(message: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield number, wire type and value of each field outside of groups."""
    position = 0
    groups: list[int] = []
    while position < len(message):
        tag, position = _varint(message, position)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 2**29:
            raise MetricsError(f"its protocol buffer has a field of number {number}")
        if wire == _GROUP:
            groups.append(number)
        elif wire == _END_GROUP:
            if not groups or groups.pop() != number:
                raise MetricsError("its protocol buffer ends a group that it did not begin")
        else:
            value, position = _value(message, position, wire)
            if not groups:
                yield number, wire, value
    if groups:
        raise MetricsError("its protocol buffer is cut short")


def _value(message: bytes, position: int, wire: int) -> tuple[int | bytes, int]:
    if wire == _VARINT:
        return _varint(message, position)
    if wire == _BYTES:
        size, position = _varint(message, position)
    elif wire in _SIZES:
        size = _SIZES[wire]
    else:
        raise MetricsError(f"its protocol buffer has a field of wire type {wire}")
    value = message[position : position + size]
    if len(value) < size:
        raise MetricsError("its protocol buffer is cut short")
    return value, position + size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise MetricsError("its protocol buffer is cut short")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), position
    raise MetricsError("its protocol buffer has a number of more than 64 bits")
