"""TFRecord files of NAS-Bench-101: the frames, the JSON in them, the protobuf message in that."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING

from records import frame, message, payload, split

from fuzzing.damage import Reader, damaged, genuine, possible
from mbml.errors import SourceError
from mbml.sources.nasbench101.source import NasBench101Source

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path

RECORDS = 8
#: Pieces of JSON, with letters outside of ASCII: base64 and hashes hold none.
_JSON = '"0123456789.,[]{}\\n=+/ -eé٣\U0001f600'.encode()


def _record_payloads() -> list[bytes]:
    found = [payload()]
    for name in ("epochs_4_spec_3V9E.tfrecord", "energy_4V9E.tfrecord"):
        data = genuine("tfrecord", name)
        found += split(data)[:RECORDS] if data else []
    return found


def _tfrecord_seeds() -> Iterable[bytes]:
    payloads = _record_payloads()
    yield frame(payload())
    yield b"".join(map(frame, payloads[:4]))
    yield b"".join(map(frame, payloads))


def _change_record(chance: random.Random, data: bytes) -> bytes:
    """Damage one payload, and give it the length and the checksums that it then has."""
    try:
        payloads = split(data)
    except struct.error:
        return damaged(chance, data)
    place = chance.randrange(len(payloads)) if payloads else 0
    if chance.random() < 0.2:
        payloads.insert(place, chance.choice(payloads or [b""]))
    elif payloads:
        payloads[place] = damaged(chance, payloads[place][: 1 << 16], _JSON)
    return b"".join(map(frame, payloads))


def _check_records(folder: Path, data: bytes) -> str:
    path = folder / "input.tfrecord"
    path.write_bytes(data)
    try:
        possible(NasBench101Source(path, workers=1).batches())
    except SourceError:
        return "refused"
    return "rows"


def _message_seeds() -> Iterable[bytes]:
    yield message()
    for one in _record_payloads():
        yield base64.b64decode(json.loads(one)[4])


def _change_message(chance: random.Random, data: bytes) -> bytes:
    """Put a field of any kind somewhere, or damage the message."""
    number, wire = chance.choice((0, 1, 2, 3, 6, 7, 1 << 28)), chance.randrange(8)
    key = number << 3 | wire
    varint = b""
    while key > 127:
        varint += bytes([key & 127 | 128])
        key >>= 7
    field = (
        varint + bytes([key]) + chance.choice((b"", b"\x00", b"\xff" * 9 + b"\x01", b"\x09" * 9))
    )
    at = chance.choice((0, len(data), chance.randrange(len(data) + 1)))
    return data[:at] + field + data[at:] if chance.random() < 0.5 else damaged(chance, data, data)


def _check_message(folder: Path, data: bytes) -> str:
    return _check_records(folder, frame(payload()) + frame(payload(data)))


READERS = (
    Reader("tfrecord", _tfrecord_seeds, _change_record, _check_records),
    Reader("protobuf", _message_seeds, _change_message, _check_message),
)
