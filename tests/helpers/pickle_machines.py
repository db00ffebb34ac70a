"""The pickle machine on bytes at hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from nas_records import plain

from mbml.sources.pickles.machine import Machine

if TYPE_CHECKING:
    from mbml.sources.pickles.layouts import Layouts
    from mbml.sources.pickles.limits import Limits


class Bytes:
    """A stream over bytes at hand, given in pieces of at most `piece`."""

    def __init__(self, data: bytes, piece: int = 1 << 20):
        self._file = io.BytesIO(data)
        self._piece = piece

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._piece))

    def close(self) -> None:
        self._file.close()


def read(
    data: bytes, *, layouts: Layouts | None = None, limits: Limits | None = None, piece=1 << 20
):
    """What a pickle without records holds, as plain values."""
    machine = Machine(Bytes(data, piece), Path("file.pkl"), layouts=layouts, limits=limits)
    assert list(machine.records()) == []
    return plain(machine.result)
