"""Keys of dictionaries and items of sets: checked before they are hashed or compared.

A hash walks a tuple as far as it is deep, without end where tuples share their items, and a file
can choose integers that all hash alike. So a key is plain, or made of a few plain ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mbml.sources.pickles.values import PickleFaultError, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mbml.sources.pickles.limits import MemoryBudget

#: Python's hash of a text is drawn anew in each process; that of a float is its own bits.
_PLAIN: Final = frozenset({str, bytes, bool, float, type(None)})
_COMPOSITE: Final = frozenset({tuple, frozenset, complex})
#: Integers stay below, so that no file can choose many that hash alike.
_LARGEST_INTEGER: Final = 1 << 53
#: Values in one composite key, itself and those within its items included.
_LARGEST_KEY: Final = 32


def check_keys(keys: Iterable[object], budget: MemoryBudget) -> None:
    """Accept only keys whose hash is quick and which no file can make collide in numbers.

    Raises
    ------
    PickleFaultError
        At the first that is not hashable, too large or nested too deep.
    """
    for key in keys:
        kind = type(key)
        if kind in _PLAIN:
            continue
        if kind is int and -_LARGEST_INTEGER < key < _LARGEST_INTEGER:  # type: ignore[operator]
            continue
        if kind not in _COMPOSITE or not _is_small(key):
            raise PickleFaultError(
                f"{summary_of(key)} as a key; keys are texts, numbers below 2**53, small tuples"
            )
        budget.spend_composite_key()


def _is_small(key: object) -> bool:
    """Tell whether a composite key holds a few plain values; looks at no more than that."""
    waiting = [key]
    seen = 0
    while waiting:
        one = waiting.pop()
        seen += 1
        kind = type(one)
        if kind is tuple or kind is frozenset:
            if seen + len(waiting) + len(one) > _LARGEST_KEY:  # type: ignore[arg-type]
                return False
            waiting.extend(one)  # type: ignore[arg-type]
        elif kind is int:
            if not -_LARGEST_INTEGER < one < _LARGEST_INTEGER:  # type: ignore[operator]
                return False
        elif kind not in _PLAIN and kind is not complex:
            return False
    return True
