"""What the pickle reader builds instead of the objects a file names: plain values, nothing else.

A dictionary of numbers that the fast path read is a `Series`: its keys are shared with all
dictionaries of the same layout, its values are one array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from mbml.sources.pickles.limits import MemoryBudget

Key = str | int


class PickleFaultError(Exception):
    """A fault in a pickle; the machine adds file and byte offset and raises `SourceError`.

    Parameters
    ----------
    problem
        What is wrong.
    hint
        What to do, where that is known.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


class KeyList:
    """The keys of a dictionary, in order; compared by identity, so that plans can be cached."""

    __slots__ = ("texts",)

    def __init__(self, texts: Iterable[Key]) -> None:
        self.texts: Final[tuple[Key, ...]] = tuple(texts)

    def __len__(self) -> int:
        return len(self.texts)


class Series(Mapping[Key, float]):
    """A dictionary from epoch or `split@epoch` to a number, as keys and one float64 array.

    Attributes
    ----------
    keys_in_order
        The keys.
    values_in_order
        The values, shape (number of keys,), in file order.
    """

    __slots__ = ("_items", "keys_in_order", "values_in_order")

    def __init__(self, keys: KeyList, values: NDArray[np.float64]) -> None:
        self.keys_in_order = keys
        self.values_in_order = values
        self._items: dict[Key, float] | None = None

    def _as_dict(self) -> dict[Key, float]:
        if self._items is None:
            self._items = dict(
                zip(self.keys_in_order.texts, self.values_in_order.tolist(), strict=True)
            )
        return self._items

    def __getitem__(self, key: Key) -> float:
        return self._as_dict()[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._as_dict())

    def __len__(self) -> int:
        return len(self._as_dict())

    __hash__ = None  # type: ignore[assignment]


#: Characters of a text, and bits of an integer, that a message shows.
_SHOWN_TEXT: Final = 60
_SHOWN_BITS: Final = 64


def summary_of(value: object) -> str:
    """Describe a value that a file built, for a message; short and quick whatever it is.

    A list may hold itself, or a billion texts in 300 bytes of file: only plain numbers and short
    texts are shown, of all else the kind and the number of items.

    Examples
    --------
    >>> summary_of("cifar10"), summary_of([[], []]), summary_of(1 << 100)
    ("'cifar10'", 'a list of 2 items', 'an integer of 101 bits')
    """
    if value is None or isinstance(value, bool | float | complex):
        return repr(value)
    if isinstance(value, int):
        bits = value.bit_length()
        return repr(value) if bits <= _SHOWN_BITS else f"an integer of {bits:,} bits"
    if isinstance(value, str):
        start = ascii(value[:_SHOWN_TEXT])
        size = len(value)
        return start if size <= _SHOWN_TEXT else f"a text of {size:,} characters, {start}..."
    if isinstance(value, list | tuple | dict | set | frozenset):
        return f"a {type(value).__name__} of {len(value):,} items"
    if isinstance(value, Series):
        return f"a dict of {len(value.keys_in_order):,} items"
    return _OTHERS.get(type(value), "a value of another kind")


@dataclass(frozen=True, slots=True)
class Global:
    """A global that a file may name: the builder that stands for it; see `calls`."""

    build: Callable[[tuple[object, ...], MemoryBudget], object]


@dataclass(slots=True)
class Dtype:
    """A numpy scalar type: a code such as `f8`, and its byte order once the state was read."""

    code: str
    order: str | None = None


@dataclass(slots=True)
class NumberArray:
    """A numpy array of numbers as a file holds it: its bytes, whose number was checked.

    Attributes
    ----------
    dtype
        The type of its numbers; None of an array that the file never filled, which is empty.
    shape
        Its shape.
    is_fortran
        Whether the first index runs fastest.
    data
        The numbers, in the dtype's byte order.
    """

    dtype: Dtype | None = None
    shape: tuple[int, ...] = (0,)
    is_fortran: bool = False
    data: bytes = b""

    def numbers(self) -> NDArray[np.generic]:
        """Return the numbers as a numpy array that cannot be written to, of the shape `shape`."""
        kind = "i1" if self.dtype is None else (self.dtype.order or "<") + self.dtype.code
        order: Literal["F", "C"] = "F" if self.is_fortran else "C"
        return np.ndarray(self.shape, kind, self.data, order=order)


_OTHERS: Final = {
    bytes: "a byte string",
    bytearray: "a byte string",
    Global: "a global",
    Dtype: "a numpy dtype",
    NumberArray: "a numpy array",
}
