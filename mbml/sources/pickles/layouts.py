"""The fast path: a dictionary of numbers read in one step, by a layout seen before.

Nearly all bytes of a benchmark file are dictionaries from an epoch or a `split@epoch` to a float,
each written as one batch (`formats`: MARK, items, SETITEMS) in one of five forms of item:

======== ========================================= ==================================
form     item                                      keys
======== ========================================= ==================================
int      BININT1 e, BINFLOAT                       epochs
put      BINUNICODE text, LONG_BINPUT i, BINFLOAT  texts, memoised as i, i+1, ...
memoise  SHORT_BINUNICODE text, MEMOIZE, BINFLOAT  texts, memoised by position
short    BINGET i, BINFLOAT                        texts of such a dictionary before
long     LONG_BINGET i, BINFLOAT                   texts of such a dictionary before
======== ========================================= ==================================

A `Layout` is one sequence of keys in one form. Its constant bytes are compared under a mask, its
floats gathered by offset, so what it accepts the opcode machine would read to the same values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.sources.pickles.values import Key, KeyList

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A pickler writes at most this many items a batch; a full batch may go on, so it is left alone.
BATCH = 1000
#: Layouts kept for each first key; more are made and forgotten.
_KEPT = 24

_FORMS: Final = {
    "int": re.compile(rb"(?:K.G.{8})++u", re.DOTALL),
    "put": re.compile(rb"(?:X.\0\0\0[A-Za-z0-9_-]{1,24}@[0-9]{1,5}r.{4}G.{8})++u", re.DOTALL),
    "memoise": re.compile(rb"(?:\x8c.[A-Za-z0-9_-]{1,24}@[0-9]{1,5}\x94G.{8})++u", re.DOTALL),
    "short": re.compile(rb"(?:h.G.{8})++u", re.DOTALL),
    "long": re.compile(rb"(?:j.{4}G.{8})++u", re.DOTALL),
}
_FORM_OF_BYTE: Final = {
    ord("K"): "int",
    ord("X"): "put",
    0x8C: "memoise",
    ord("h"): "short",
    ord("j"): "long",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the fast path found at a position.

    Attributes
    ----------
    layout
        The layout of the items.
    values
        The floats, shape (number of items,).
    first_memo
        The first of the memo indexes, one after the other, that are put ("put") or looked up
        ("short", "long"); -1 if the form writes none.
    """

    layout: Layout
    values: NDArray[np.float64]
    first_memo: int


class Layout:
    """One sequence of keys in one form: the bytes it must have and where its numbers stand.

    Parameters
    ----------
    form
        One of the five forms.
    keys
        The keys; for the forms that look keys up, only their number counts.
    """

    def __init__(self, form: str, keys: KeyList) -> None:
        self.form = form
        self.keys = keys
        template = bytearray()
        mask = bytearray()
        floats = []
        memo = []
        for key in keys.texts:
            head, index_bytes = _item_head(form, key)
            template += head + bytes(index_bytes) + b"G" + bytes(8)
            mask += b"\xff" * len(head) + bytes(index_bytes) + b"\xff" + bytes(8)
            memo.append(len(template) - 9 - index_bytes)
            floats.append(len(template) - 8)
        self.length = len(template) + 1
        self._template = bytes(template) + b"u"
        self._mask = np.frombuffer(bytes(mask) + b"\xff", np.uint8)
        self._floats = np.array(floats, np.intp)
        self._memo = np.array(memo, np.intp)
        self._scratch = np.empty(self.length, np.uint8)
        self._index_type = {"put": "<u4", "long": "<u4", "short": "u1"}.get(form)
        if self._index_type is not None:
            self._spread = self.length - np.dtype(self._index_type).itemsize
            self._ramp = np.arange(len(keys)).astype(self._index_type).tobytes()

    def read(self, data: bytes, position: int) -> Reading | None:
        """Read the items at a position, up to and with SETITEMS; None if they differ."""
        if data[position + self.length - 1 : position + self.length] != b"u":
            return None
        found = np.frombuffer(data, np.uint8, self.length, position)
        np.bitwise_and(found, self._mask, out=self._scratch)
        if self._scratch.tobytes() != self._template:
            return None
        doubles = np.ndarray((self.length - 8,), ">f8", data, position, (1,))
        values = doubles[self._floats].astype(np.float64)
        first = -1
        if self._index_type is not None:
            indexes = np.ndarray((self._spread,), self._index_type, data, position, (1,))
            memo = indexes[self._memo]
            first = int(memo[0])
            # Unsigned: an index below the first wraps round and is not its place either.
            if (memo - memo[0]).tobytes() != self._ramp:
                return None
        return Reading(self, values, first)


class Layouts:
    """The layouts met so far, by the first item, most recent first."""

    def __init__(self) -> None:
        self._known: dict[bytes, list[Layout]] = {}

    def read(self, data: bytes, position: int) -> Reading | None:
        """Read the items that begin at a position if they have one of the five forms.

        Parameters
        ----------
        data
            A piece of the pickle that holds the whole dictionary.
        position
            Where its first item begins, after MARK.
        """
        form = _FORM_OF_BYTE.get(data[position])
        if form is None:
            return None
        signature = _signature(form, data, position)
        known = self._known.get(signature)
        if known is not None:
            for place, layout in enumerate(known):
                reading = layout.read(data, position)
                if reading is not None:
                    if place:
                        known.insert(0, known.pop(place))
                    return reading
        layout_now = _learn(form, data, position)
        if layout_now is None:
            return None
        if known is None:
            if len(self._known) >= 4 * _KEPT:
                self._known.clear()
            known = self._known[signature] = []
        known.insert(0, layout_now)
        del known[_KEPT:]
        return layout_now.read(data, position)


def _signature(form: str, data: bytes, position: int) -> bytes:
    """Tell apart layouts that begin with other keys; memo indexes are no part of it."""
    if form in {"short", "long"}:
        return data[position : position + 1]
    if form == "int":
        return data[position : position + 2]
    head = 5 if form == "put" else 2
    return data[position : position + head + data[position + 1]]


def _learn(form: str, data: bytes, position: int) -> Layout | None:
    match = _FORMS[form].match(data, position)
    if match is None:
        return None
    items: list[Key] = []
    at = position
    end = match.end() - 1
    while at < end:
        if form == "int":
            items.append(data[at + 1])
            at += 11
        elif form in {"short", "long"}:
            items.append(len(items))
            at += 11 if form == "short" else 14
        else:
            begin = at + (5 if form == "put" else 2)
            size = data[at + 1]
            items.append(data[begin : begin + size].decode("ascii", "replace"))
            at = begin + size + (14 if form == "put" else 10)
    # A text whose declared length is not its own ends elsewhere; a key twice is one item less.
    if at != end or len(items) >= BATCH or len(set(items)) != len(items):
        return None
    layout = Layout(form, KeyList(items))
    return layout if layout.length == match.end() - position else None


def _item_head(form: str, key: Key) -> tuple[bytes, int]:
    """Return an item's constant bytes before its memo index, and the width of that index."""
    text = str(key).encode("ascii", "replace")
    if form == "int":
        return b"K" + bytes([int(key)]), 0
    if form == "put":
        return b"X" + len(text).to_bytes(4, "little") + text + b"r", 4
    if form == "memoise":
        return b"\x8c" + bytes([len(text)]) + text + b"\x94", 0
    return (b"h", 1) if form == "short" else (b"j", 4)
