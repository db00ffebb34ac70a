"""What the pickle reader builds instead of the objects a file names: plain values, nothing else.

A dictionary of numbers that the fast path read is a `Series`: its keys are shared with all
dictionaries of the same layout, its values are one array.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

Key = str | int


class PickleFaultError(Exception):
    """A fault in a pickle; the machine adds file and byte offset and raises `SourceError`."""


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


@dataclass(frozen=True, slots=True)
class Global:
    """A global that a file may name, and the builder that stands for it."""

    name: str
    build: Callable[[tuple[object, ...]], object]


@dataclass(slots=True)
class Dtype:
    """A numpy scalar type: a code such as `f8`, and its byte order once the state was read."""

    code: str
    order: str = "<"


#: numpy type codes of scalars and their struct codes.
_SCALARS = {
    "f8": "d",
    "f4": "f",
    "f2": "e",
    "i8": "q",
    "i4": "i",
    "i2": "h",
    "i1": "b",
    "u8": "Q",
    "u4": "I",
    "u2": "H",
    "u1": "B",
    "b1": "?",
}


def _ordered_dict(arguments: tuple[object, ...]) -> object:
    if arguments:
        raise PickleFaultError("collections.OrderedDict with arguments, where none were expected")
    return {}


def _dtype(arguments: tuple[object, ...]) -> object:
    match arguments:
        case (str(code), _, _) if code in _SCALARS:
            return Dtype(code)
    raise PickleFaultError("numpy.dtype of a type that is no plain number")


def _scalar(arguments: tuple[object, ...]) -> object:
    match arguments:
        case (Dtype() as kind, bytes(data)):
            layout = kind.order + _SCALARS[kind.code]
            if struct.calcsize(layout) != len(data):
                raise PickleFaultError(f"a numpy scalar {kind.code} of {len(data)} bytes")
            return struct.unpack(layout, data)[0]
    raise PickleFaultError("a numpy scalar that is not made of a dtype and bytes")


def _encode(arguments: tuple[object, ...]) -> object:
    match arguments:
        case (str(text), "latin1" | "latin-1"):
            try:
                return text.encode("latin-1")
            except UnicodeEncodeError as error:
                raise PickleFaultError("_codecs.encode of text that is not latin-1") from error
    raise PickleFaultError("_codecs.encode with arguments other than a text and 'latin1'")


def set_dtype_state(target: object, state: object) -> None:
    """Give a dtype its byte order: the one state that a BUILD may set.

    Raises
    ------
    PickleFaultError
        If the target is no dtype, or the state not that of a plain scalar type.
    """
    if not isinstance(target, Dtype):
        raise PickleFaultError(f"BUILD would set the state of a {type(target).__name__}")
    match state:
        case (int(), "<" | ">" | "|" | "=" as order, None, None, None, *_):
            target.order = "<" if order in "|=" else order
        case _:
            raise PickleFaultError("BUILD with a state that is not that of a plain numpy dtype")


_scalar_names = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")

#: Every global a file may name. Nothing is imported: each maps to a function of this module.
GLOBALS: Final[dict[str, Global]] = {
    "collections.OrderedDict": Global("collections.OrderedDict", _ordered_dict),
    "numpy.dtype": Global("numpy.dtype", _dtype),
    "_codecs.encode": Global("_codecs.encode", _encode),
    **{name: Global(name, _scalar) for name in _scalar_names},
}
