"""One NAS-Bench-101 record, read by every rule: knows each legal form, and names each fault.

A record is a JSON list of module hash, epochs, adjacency, operations, and base64 of the metrics.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from mbml.sources.nasbench101.cells import WrittenCell
from mbml.sources.nasbench101.metrics import MetricsError, check_metrics, parse_metrics

if TYPE_CHECKING:
    from mbml.sources.nasbench101.metrics import Metrics

#: As the official files write all of a record but its metrics.
HEAD: Final = re.compile(
    rb'\["([0-9a-f]{32})", ([1-9][0-9]{0,4}), "([01]{4,49})", "([a-z0-9,-]{1,200})", "'
)
EPOCHS: Final = re.compile(rb"[1-9][0-9]{0,4}")
MAX_EPOCHS: Final = 65_535

_FORM = "it is not a JSON list of hash, epochs, adjacency, operations and metrics"
_HASH = re.compile(r"[0-9a-f]{32}")
_BITS = re.compile(r"[01]{4,49}")
_OPERATIONS = re.compile(r"[a-z0-9,-]{1,200}")
_LINE_ENDS = str.maketrans("", "", "\r\n")


class RecordError(ValueError):
    """The bytes are no NAS-Bench-101 record; the message says why."""


class ModelRecord(NamedTuple):
    """A training of a cell over `schedule_epochs` epochs."""

    cell: WrittenCell
    schedule_epochs: int
    metrics: Metrics

    def head(self) -> bytes:
        """Return all but the metrics in the official form, which `HEAD` matches."""
        module_hash, adjacency, operations = self.cell
        text = f'["{module_hash}", {self.schedule_epochs}, "{adjacency}", "{operations}", "'
        return text.encode()


def parse_record(payload: bytes) -> ModelRecord:
    """Decode a record and check all of it but whether the hash is the cell's.

    Raises
    ------
    RecordError
        It is not a record of this benchmark.
    """
    try:
        fields = json.loads(payload.decode())
    except UnicodeDecodeError:
        raise RecordError(f"{_FORM}: it is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{_FORM}: {error}") from None
    if not isinstance(fields, list) or len(fields) != 5:
        found = f"a list of {len(fields)}" if isinstance(fields, list) else _kind(fields)
        raise RecordError(f"{_FORM}, but {found}")
    module_hash, epochs, adjacency, operations, metrics = fields
    cell = WrittenCell(
        _text("module hash", module_hash, _HASH, "32 lower-case hexadecimal digits"),
        _text("adjacency", adjacency, _BITS, "4 to 49 digits 0 and 1"),
        _text("operations", operations, _OPERATIONS, "labels joined by commas"),
    )
    if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs <= MAX_EPOCHS:
        raise RecordError(f"its epochs are {_shown(epochs)}, and not a number from 1 to 65,535")
    if not isinstance(metrics, str):
        raise RecordError(f"its metrics are {_kind(metrics)}, and not base64 text")
    try:
        message = base64.b64decode(metrics.translate(_LINE_ENDS), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RecordError(f"its metrics are not base64: {error}") from None
    try:
        decoded = parse_metrics(message)
        check_metrics(decoded, epochs)
    except MetricsError as error:
        raise RecordError(f"its metrics are not those of a training: {error}") from None
    return ModelRecord(cell, epochs, decoded)


def _text(name: str, value: object, form: re.Pattern[str], expected: str) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise RecordError(f"its {name} is {_shown(value)}, and not {expected}")
    return value


def _shown(value: object) -> str:
    if isinstance(value, (list, dict)):
        return _kind(value)
    try:
        text = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return _kind(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
