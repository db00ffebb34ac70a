"""Every global that a file may name, and what stands for calling it: functions of this module.

Nothing is imported, and nothing that a file names is called. What is copied counts as read, so
that a file cannot have one text or list copied again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mbml.sources.pickles.arrays import NUMPY_GLOBALS
from mbml.sources.pickles.keys import check_keys
from mbml.sources.pickles.values import Global, PickleFaultError, Series

if TYPE_CHECKING:
    from mbml.sources.pickles.limits import MemoryBudget

_LATIN: Final = frozenset({"latin1", "latin-1"})


def _ordered_dict(arguments: tuple[object, ...], budget: MemoryBudget) -> object:
    match arguments:
        case ():
            return {}
        case (list(pairs),):  # as Python 2 writes it
            budget.spend_steps(len(pairs))
            if any(type(pair) not in {list, tuple} or len(pair) != 2 for pair in pairs):
                raise PickleFaultError("collections.OrderedDict of what is not pairs")
            check_keys((key for key, _ in pairs), budget)
            return {key: value for key, value in pairs}  # noqa: C416 (a pair may be a list)
    raise PickleFaultError("collections.OrderedDict with arguments other than a list of pairs")


def _default_dict(arguments: tuple[object, ...], _: MemoryBudget) -> object:
    match arguments:
        case () | (None | Global(),):  # what would make its defaults is named, and not kept
            return {}
    raise PickleFaultError("collections.defaultdict with arguments other than a type")


def _counter(arguments: tuple[object, ...], budget: MemoryBudget) -> object:
    match arguments:
        case ():
            return {}
        case (dict() | Series() as counts,):
            budget.spend_steps(len(counts))
            return dict(counts)
    raise PickleFaultError("collections.Counter with arguments other than a dict")


def _never_called(_: tuple[object, ...], __: MemoryBudget) -> object:
    raise PickleFaultError("it calls a type of Python, which data never does")


def _items(name: str, arguments: tuple[object, ...], budget: MemoryBudget) -> list[object]:
    """Return the one list that a set is made of, its items checked."""
    match arguments:
        case (list(items),):
            budget.spend_steps(len(items))
            check_keys(items, budget)
            return items
    raise PickleFaultError(f"{name} with arguments other than one list")


def _set(arguments: tuple[object, ...], budget: MemoryBudget) -> object:
    return set(_items("set", arguments, budget))


def _frozenset(arguments: tuple[object, ...], budget: MemoryBudget) -> object:
    return frozenset(_items("frozenset", arguments, budget))


def _complex(arguments: tuple[object, ...], _: MemoryBudget) -> object:
    match arguments:
        case (float(real), float(imaginary)):
            return complex(real, imaginary)
    raise PickleFaultError("complex with arguments other than two floats")


def _encode(arguments: tuple[object, ...], budget: MemoryBudget) -> bytes:
    match arguments:
        case (str(text), str(codec)) if codec in _LATIN:
            budget.spend_text(len(text))
            try:
                return text.encode("latin-1")
            except UnicodeEncodeError as error:
                raise PickleFaultError("_codecs.encode of text that is not latin-1") from error
    raise PickleFaultError("_codecs.encode with arguments other than a text and 'latin1'")


def _bytes(arguments: tuple[object, ...], _: MemoryBudget) -> object:
    if arguments:
        raise PickleFaultError("bytes with arguments, where none were expected")
    return b""


def _bytearray(arguments: tuple[object, ...], budget: MemoryBudget) -> object:
    match arguments:
        case ():
            return bytearray()
        case (bytes(data),):
            budget.spend_text(len(data))
            return bytearray(data)
        case (str(), str()):  # as Python 2 writes it
            return bytearray(_encode(arguments, budget))
    raise PickleFaultError("bytearray with arguments other than one byte string")


#: What a defaultdict names to make its defaults; the last two are Python 2's.
_NAMED_TYPES: Final = ("list", "dict", "tuple", "str", "int", "float", "bool", "long", "unicode")

#: Protocols 0 to 2 name Python's own types as Python 2 did.
_BUILTINS: Final = {
    "set": Global(_set),
    "frozenset": Global(_frozenset),
    "bytes": Global(_bytes),
    "bytearray": Global(_bytearray),
    "complex": Global(_complex),
    **dict.fromkeys(_NAMED_TYPES, Global(_never_called)),
}

#: Every global a file may name, by module and attribute.
GLOBALS: Final[dict[tuple[str, str], Global]] = {
    ("collections", "OrderedDict"): Global(_ordered_dict),
    ("collections", "defaultdict"): Global(_default_dict),
    ("collections", "Counter"): Global(_counter),
    ("_codecs", "encode"): Global(_encode),
    **NUMPY_GLOBALS,
    **{("__builtin__", name): known for name, known in _BUILTINS.items()},
    **{("builtins", name): known for name, known in _BUILTINS.items()},
}
