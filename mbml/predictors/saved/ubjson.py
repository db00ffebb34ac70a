"""Universal Binary JSON as XGBoost writes it: read without trust in a length, and written."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.predictors.saved.parts import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_INTEGERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"u": ">u2", b"l": ">i4", b"L": ">i8"}
_SIZES = {mark: int(one[-1]) for mark, one in _INTEGERS.items()}
_NUMBERS = _INTEGERS | {b"d": ">f4", b"D": ">f8"}
_CONSTANTS = {b"Z": None, b"N": None, b"T": True, b"F": False}
_MARKS = {one[1:]: mark for mark, one in _NUMBERS.items()}
_DEEPEST = 16


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise RefusedError("is nested too deeply")
        mark = self._take(1)
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark in _NUMBERS:
            return self._numbers(mark, 1)[0].item()
        if mark in b"SC":
            return self._text() if mark == b"S" else self._take(1).decode("ascii")
        if mark == b"{":
            return self._object(depth)
        if mark == b"[":
            return self._array(depth)
        raise RefusedError(f"has the mark {mark!r}, which is none")

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if size < 0 or len(taken) < size:
            raise RefusedError("ends too early")
        self._at += size
        return taken

    def _ends(self, mark: bytes) -> bool:
        ends = self._data[self._at : self._at + 1] == mark
        self._at += ends
        return ends

    def _length(self) -> int:
        mark = self._take(1)
        if mark not in _INTEGERS:
            raise RefusedError("has a length that is none")
        size = _SIZES[mark]
        return int.from_bytes(self._take(size), "big", signed=mark not in {b"U", b"u"})

    def _numbers(self, mark: bytes, count: int) -> Any:
        kind = np.dtype(_NUMBERS[mark])
        return np.frombuffer(self._take(count * kind.itemsize), kind)

    def _text(self) -> str:
        return self._take(self._length()).decode()

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._ends(b"}"):
            key = self._text()
            if key in found:
                raise RefusedError("holds a name twice")
            found[key] = self.value(depth + 1)
        return found

    def _array(self, depth: int) -> Any:
        if self._ends(b"$"):
            mark = self._take(1)
            if mark not in _NUMBERS or not self._ends(b"#"):
                raise RefusedError("has an array without type or length")
            return self._numbers(mark, self._length())
        if self._ends(b"#"):
            # Each item takes a byte at least, so that a length alone costs nothing.
            return [self.value(depth + 1) for _ in range(self._length())]
        found = []
        while not self._ends(b"]"):
            found.append(self.value(depth + 1))
        return found


def decode(data: bytes) -> Any:
    """Read a value; arrays of numbers become NumPy arrays.

    Raises
    ------
    RefusedError
        The bytes are no such value.
    """
    return _Reader(data).value()


def encode(value: Any) -> bytes:
    """Write texts, integers, flags, arrays of numbers, and lists and dictionaries of them."""
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, dict):
        return b"{" + _members(value) + b"}"
    if isinstance(value, np.ndarray):
        big = value.astype(value.dtype.newbyteorder(">"))
        mark = _MARKS[f"{big.dtype.kind}{big.dtype.itemsize}"]
        return b"[$" + mark + b"#" + _integer(len(big)) + big.tobytes()
    if isinstance(value, list):
        return b"[#" + _integer(len(value)) + b"".join(map(encode, value))
    if isinstance(value, str):
        return b"S" + _text(value)
    return _integer(value)


def _members(value: Mapping[str, Any]) -> bytes:
    return b"".join(_text(key) + encode(one) for key, one in value.items())


def _text(value: str) -> bytes:
    data = value.encode()
    return _integer(len(data)) + data


def _integer(value: int) -> bytes:
    return b"L" + struct.pack(">q", value)
