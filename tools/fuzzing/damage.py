"""What all fuzzed readers share: damage to bytes, genuine files, and what rows may be."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from real_data import real_data_folder

from mbml.sources.batch import EPOCH_METRICS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable
    from pathlib import Path

EXTREMES = [struct.pack("<I", n) for n in (0, 1, 255, 256, 1 << 16, 1 << 31, (1 << 32) - 1)]
OPCODES = b"(.0123NKMJGXqrhj}])teuasRbcQP\x81\x82\x85\x86\x88\x8c\x90\x93\x94\x95"


@dataclass(frozen=True)
class Reader:
    """A reader: bytes to begin with, `change` for its structure, and `check`, which reads a file.

    `check` gets a folder to write in and returns how it ended: `refused`, `rows` or `loaded`.
    """

    name: str
    seeds: Callable[[], Iterable[bytes]]
    change: Callable[[random.Random, bytes], bytes]
    check: Callable[[Path, bytes], str]


def damaged(chance: random.Random, data: bytes, other: bytes = OPCODES) -> bytes:
    """Damage bytes in one to four ways, whatever they are."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(data) + 1)
        length = chance.choice((1, 2, 4, 8, 30, 300))
        kind = chance.randrange(9)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = chance.randrange(256)
        elif kind == 2:
            del data[at : at + length]
        elif kind == 3:
            data[at:at] = data[at : at + length] * chance.choice((1, 2, 50))
        elif kind == 4:
            begin = chance.randrange(len(other) + 1)
            data[at : at + chance.choice((0, length))] = other[begin : begin + length]
        elif kind == 5:
            del data[at:]
        elif kind == 6:
            data[at : at + 4] = chance.choice(EXTREMES)
        elif kind == 7:
            data[at:at] = bytes([chance.choice(OPCODES)])
        else:
            to = chance.randrange(len(data) + 1)
            data[at : at + length], data[to : to + length] = (
                data[to : to + length],
                data[at : at + length],
            )
    return bytes(data)


def possible(batches) -> None:
    """Whatever was loaded must be possible."""
    for batch in batches:
        for name in EPOCH_METRICS:
            values = batch.epochs.column(name).drop_null().to_pylist()
            assert all(value >= 0 for value in values), name
            assert not name.endswith("_accuracy") or all(value <= 1 for value in values), name
        for name in ("latency_seconds", "total_seconds"):
            values = batch.runs.column(name).drop_null().to_pylist()
            assert all(0 <= value < math.inf for value in values), name
        assert all(0 <= epoch <= 200 for epoch in batch.epochs.column("epoch").to_pylist())


def genuine(*parts: str) -> bytes | None:
    path = real_data_folder().joinpath(*parts)
    return path.read_bytes() if path.is_file() else None
