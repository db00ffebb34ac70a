"""What stands for numpy's own functions in a pickle: dtypes, scalars, and arrays of numbers.

Numbers only: no objects, texts, dates or records. A scalar becomes the Python number of the same
value. What an array claims of its shape is held against its bytes before anything is made of it.

Source of the forms: ``ndarray.__reduce_ex__`` and ``dtype.__reduce__`` of numpy 1 and 2.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Final

from mbml.sources.pickles.values import Dtype, Global, NumberArray, PickleFaultError, summary_of

if TYPE_CHECKING:
    from mbml.sources.pickles.limits import MemoryBudget

#: numpy type codes of scalars and their struct codes; a complex number is two floats.
_SCALARS: Final = {
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
    "c16": "2d",
    "c8": "2f",
}
#: What numpy accepts at most: dimensions, and bytes of all but the empty ones.
_MOST_DIMENSIONS: Final = 32
_MOST_BYTES: Final = 1 << 62


def _dtype(arguments: tuple[object, ...], _: MemoryBudget) -> object:
    match arguments:
        case (str(code), 0, 1):  # as integers or as truths
            if code in _SCALARS:
                return Dtype(code)
            raise PickleFaultError(
                f"a numpy dtype {summary_of(code)}, which is not one of plain numbers"
            )
    raise PickleFaultError("numpy.dtype with arguments other than a code and two flags")


def _scalar(arguments: tuple[object, ...], _: MemoryBudget) -> object:
    match arguments:
        case (Dtype() as kind, bytes() | str() as raw):
            data = _raw(raw)
            layout = (kind.order or "<") + _SCALARS[kind.code]
            if struct.calcsize(layout) != len(data):
                raise PickleFaultError(f"a numpy scalar {kind.code} of {len(data):,} bytes")
            numbers = struct.unpack(layout, data)
            return complex(*numbers) if kind.code.startswith("c") else numbers[0]
    raise PickleFaultError("a numpy scalar that is not made of a dtype and bytes")


def _raw(value: bytes | str) -> bytes:
    """Return bytes; Python 2 wrote them as a text, of which only ASCII is read."""
    if isinstance(value, bytes):
        return value
    if not value.isascii():
        raise PickleFaultError("bytes of numpy as a text that is not ASCII")
    return value.encode("ascii")


def _never_called(_: tuple[object, ...], __: MemoryBudget) -> object:
    raise PickleFaultError("it calls the class of numpy arrays, which data never does")


#: The class, which a file only names.
_NDARRAY: Final = Global(_never_called)


def _reconstruct(arguments: tuple[object, ...], _: MemoryBudget) -> object:
    match arguments:
        case (Global() as kind, (0,), b"b" | "b") if kind is _NDARRAY:
            return NumberArray()
    raise PickleFaultError("a numpy array that is not made as numpy makes it")


def _frombuffer(arguments: tuple[object, ...], budget: MemoryBudget) -> object:
    match arguments:
        case (bytes() | bytearray() as data, Dtype() as kind, tuple() as shape, "C" | "F" as order):
            budget.spend_text(len(data))
            found = NumberArray()
            _fill(found, kind, shape, bytes(data), is_fortran=order == "F")
            return found
    raise PickleFaultError("a numpy array that is not made of bytes, dtype, shape and order")


def set_state(target: object, state: object) -> None:
    """Give a dtype its byte order, or an array its numbers: what alone a BUILD may do, and once.

    Raises
    ------
    PickleFaultError
        If the target is neither or has a state, or the state is not as numpy writes it, or an
        array has other bytes than its shape and dtype ask for.
    """
    match target, state:
        case (
            Dtype(order=None),
            (3, "<" | ">" | "|" | "=" as order, None, None, None, -1, -1, 0),
        ):
            target.order = "<" if order in "|=" else order
        case (
            NumberArray(dtype=None),
            (int(), tuple() as shape, Dtype() as kind, int() as is_fortran, bytes() | str() as raw),
        ):
            _fill(target, kind, shape, _raw(raw), is_fortran=bool(is_fortran))
        case (NumberArray(dtype=None) | Dtype(order=None), _):
            raise PickleFaultError(
                f"BUILD with a state that is not that of {summary_of(target)} of numbers"
            )
        case _:
            raise PickleFaultError(f"BUILD sets the state of {summary_of(target)}")


def _fill(
    target: NumberArray, kind: Dtype, shape: tuple[object, ...], data: bytes, *, is_fortran: bool
) -> None:
    sizes = [size for size in shape if type(size) is int and 0 <= size < _MOST_BYTES]
    if len(sizes) != len(shape) or len(sizes) > _MOST_DIMENSIONS:
        raise PickleFaultError("a numpy array of an impossible shape")
    bytes_of_one = struct.calcsize("<" + _SCALARS[kind.code])
    if math.prod(filter(None, sizes)) * bytes_of_one >= _MOST_BYTES:
        raise PickleFaultError("a numpy array of an impossible shape")
    expected = math.prod(sizes) * bytes_of_one
    if expected != len(data):
        raise PickleFaultError(
            f"a numpy array with {len(data):,} bytes, where its shape asks for {expected:,}"
        )
    target.dtype, target.shape = kind, tuple(sizes)
    target.is_fortran, target.data = is_fortran, data


#: The names by which numpy 1 and numpy 2 write them.
NUMPY_GLOBALS: Final[dict[tuple[str, str], Global]] = {
    ("numpy", "dtype"): Global(_dtype),
    ("numpy", "ndarray"): _NDARRAY,
    **{
        (f"numpy.{core}.{module}", name): Global(build)
        for core in ("core", "_core")
        for module, name, build in (
            ("multiarray", "scalar", _scalar),
            ("multiarray", "_reconstruct", _reconstruct),
            ("numeric", "_frombuffer", _frombuffer),
        )
    },
}
