"""Python's own unpickler with a list of the names it knows, and the comparison with mbml's."""

from __future__ import annotations

import io
import pickle
import struct
from collections import Counter, OrderedDict, defaultdict

import numpy as np

from mbml.sources.pickles.values import NumberArray, Series

_TYPES = (set, frozenset, bytes, bytearray, complex, list, dict, tuple, str, int, float, bool)
_NUMPY = {
    "multiarray": (np.float32(0).__reduce__()[0], np.empty(0).__reduce__()[0]),
    "numeric": (np.empty(0).__reduce_ex__(5)[0],),
}
ALLOWED = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): defaultdict,
    ("collections", "Counter"): Counter,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("_codecs", "encode"): lambda text, codec: text.encode(codec),
    **{(module, one.__name__): one for module in ("builtins", "__builtin__") for one in _TYPES},
    ("__builtin__", "long"): int,
    ("__builtin__", "unicode"): str,
    **{
        (f"numpy.{core}.{module}", one.__name__): one
        for core in ("core", "_core")
        for module, functions in _NUMPY.items()
        for one in functions
    },
}


class AllowList(pickle.Unpickler):
    """Python's unpickler, which knows these names only."""

    def find_class(self, module, name):
        return ALLOWED[module, name]


def python_loads(data: bytes):
    """What Python makes of a pickle that names nothing but these."""
    return AllowList(io.BytesIO(data)).load()


def same(found, expected) -> bool:
    """Compare bit for bit, with the order of dictionaries, and with what is shared."""
    waiting = [(found, expected)]
    seen = {}  # the pairs are kept, so that no other gets their ids
    partners = ({}, {})
    while waiting:
        one, other = pair = waiting.pop()
        place = (id(one), id(other))
        if place in seen:
            continue
        seen[place] = pair
        if isinstance(other, list | dict | set | bytearray | np.ndarray):
            for known, mine, theirs in zip(partners, place, place[::-1], strict=True):
                if known.setdefault(mine, theirs) != theirs:
                    return False
        inner, expected_inner = _inside(one), _inside(other)
        if type(inner) is not type(expected_inner):
            return False
        if inner is None:
            if not _same_leaf(one, other):
                return False
        elif len(inner) != len(expected_inner):
            return False
        else:
            seen[id(inner), 0] = inner
            waiting += zip(inner, expected_inner, strict=True)
    return True


def _inside(value):
    """Keys and values, or items; None of what holds none in order."""
    if isinstance(value, Series):
        return (*value.keys_in_order.texts, *value.values_in_order.tolist())
    if isinstance(value, dict):
        return (*value, *value.values())
    return value if type(value) in {list, tuple} else None


def _same_leaf(found, expected) -> bool:
    if isinstance(expected, np.generic):
        return _same_scalar(found, expected)
    if isinstance(expected, np.ndarray):
        return type(found) is NumberArray and _of_array(found.numbers()) == _of_array(expected)
    if isinstance(expected, np.dtype | type) or expected in ALLOWED.values():
        return type(found).__name__ in {"Dtype", "Global"}
    if isinstance(expected, set | frozenset) and type(found) is type(expected):
        return sorted(map(_bits, found)) == sorted(map(_bits, expected))
    return type(found) is type(expected) and _bits(found) == _bits(expected)


def _of_array(array):
    """All that an array is; numpy turns bytes of the other order round at some protocols."""
    array = array.astype(array.dtype.newbyteorder("="))
    return array.dtype, array.shape, array.flags.f_contiguous, array.tobytes()


def _same_scalar(found, expected) -> bool:
    """A numpy scalar is read as Python's number; to a double a smaller NaN is widened."""
    kind = {"b": bool, "i": int, "u": int, "f": float, "c": complex}[expected.dtype.kind]
    if type(found) is not kind:
        return False
    if expected.dtype in {np.dtype("f8"), np.dtype("c16")}:
        return _bits(found) == _bits(expected.item())
    again = np.array(found).astype(expected.dtype)
    return again.tobytes() == expected.tobytes() or bool(np.isnan(again) and np.isnan(expected))


def _bits(value) -> str:
    """What tells a plain value from any other, signs of zeros and bits of NaN too."""
    if isinstance(value, float):
        return struct.pack("<d", value).hex()
    if isinstance(value, complex):
        return struct.pack("<2d", value.real, value.imag).hex()
    if isinstance(value, tuple):
        return f"({','.join(map(_bits, value))})"
    if isinstance(value, frozenset):
        return f"<{','.join(sorted(map(_bits, value)))}>"
    return f"{type(value).__name__} {value!r}"
