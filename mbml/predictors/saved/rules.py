"""Rules for the attributes of a fitted estimator: each checks a value and returns what is used.

A rule is called with the value and the sizes that are known: `features` is the number of columns
that come in, other names stand for the length that was seen first.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.predictors.saved.parts import RefusedError, SavedPart
from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    Sizes = dict[str, int]
    Rule = Callable[[Any, Sizes], Any]

_DEEPEST = 4
#: Of a feature set, it names columns one by one.
_LONGEST_TEXT = 10_000
#: More would start that many threads.
MOST_JOBS = 64
#: Beyond, single precision is infinite, or a product of two is.
_LARGEST = 1e18


def number(low: float = -_LARGEST, high: float = _LARGEST) -> Rule:
    """Return the rule for a finite number."""

    def check(value: Any, _: Sizes) -> float:
        if not _is_number(value) or not low <= value <= high:
            raise RefusedError(f"is {quoted(value)}, expected a number from {low:g} to {high:g}")
        return value  # type: ignore[no-any-return]

    return check


def whole_number(low: int | str, high: int | str) -> Rule:
    """Return the rule for an integer; a bound may be the name of a size, which is then bound."""

    def check(value: Any, sizes: Sizes) -> int:
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise RefusedError(f"is {quoted(value)}, expected an integer")
        bounds = [
            one if isinstance(one, int) else sizes.setdefault(one, int(value))
            for one in (low, high)
        ]
        if not bounds[0] <= value <= bounds[1]:
            raise RefusedError(f"is {value}, expected {_between(*bounds)}")
        return int(value)

    return check


def size(name: str) -> Rule:
    """Return the rule for an integer that is a size, at least 1."""
    exact = whole_number(name, name)

    def check(value: Any, sizes: Sizes) -> int:
        return int(exact(whole_number(1, 2**31)(value, sizes), sizes))

    return check


def one_of(*values: Any) -> Rule:
    """Return the rule for one of a few values, of the same type."""

    def check(value: Any, _: Sizes) -> Any:
        for one in values:
            if type(one) is type(value) and one == value:
                return one
        raise RefusedError(f"is {quoted(value)}, expected {' or '.join(map(repr, values))}")

    return check


def flag(*, never: bool = False) -> Rule:
    """Return the rule for True or False, or for False alone."""

    def check(value: Any, _: Sizes) -> bool:
        if not isinstance(value, bool) or (value and never):
            raise RefusedError(f"is {quoted(value)}, expected {'False' if never else 'a flag'}")
        return value

    return check


def number_array(
    *shape: int | str,
    low: float = -_LARGEST,
    high: float = _LARGEST,
    exact: str | None = None,
    gaps: bool = False,
) -> Rule:
    """Return the rule for an array of finite numbers.

    Parameters
    ----------
    shape
        Lengths, or the names of sizes.
    low, high
        What the numbers lie between.
    exact
        The dtype that compiled code takes for granted; floating point of any kind if not given.
    gaps
        Whether some may be NaN.
    """

    def check(value: Any, sizes: Sizes) -> Any:
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
            raise RefusedError("is no array of numbers")
        if value.ndim != len(shape):
            raise RefusedError(f"has the shape {value.shape}, expected {len(shape)} dimensions")
        lengths = zip(shape, value.shape, strict=True)
        wanted = tuple(
            one if isinstance(one, int) else sizes.setdefault(one, found) for one, found in lengths
        )
        if value.shape != wanted:
            raise RefusedError(f"has the shape {value.shape}, expected {wanted}")
        if not np.all((value >= low) & (value <= high) | (gaps & (value != value))):  # noqa: PLR0124
            raise RefusedError(f"holds numbers that are not from {low:g} to {high:g}")
        if exact is not None:
            return np.ascontiguousarray(value, dtype=exact)
        return value.astype("f4" if value.dtype == np.float32 else "f8", copy=False)

    return check


def texts_of(length: str) -> Rule:
    """Return the rule for an array of texts."""

    def check(value: Any, sizes: Sizes) -> Any:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise RefusedError("is no list of names")
        if len(value) != sizes.setdefault(length, len(value)):
            raise RefusedError(f"has {len(value)} names, expected {sizes[length]}")
        return np.array(value, dtype=object)

    return check


def several(rule: Rule) -> Rule:
    """Return the rule for a list of at least one item, each of which the other rule is for."""

    def check(value: Any, sizes: Sizes) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise RefusedError("is no list, or empty")
        return [rule(one, sizes) for one in value]

    return check


def optional(rule: Rule) -> Rule:
    """Return the rule for what may also be missing or None."""

    def check(value: Any, sizes: Sizes) -> Any:
        return None if value is None else rule(value, sizes)

    check.may_be_missing = True  # type: ignore[attr-defined]
    return check


def plain(value: Any, depth: int = 0) -> bool:
    """Return whether a value is made of None, numbers and short texts alone."""
    if isinstance(value, list | tuple):
        return depth < _DEEPEST and all(plain(one, depth + 1) for one in value)
    if isinstance(value, dict):
        return depth < _DEEPEST and all(plain(one, depth + 1) for one in value.values())
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT
    return value is None or isinstance(value, bool | int | float | np.number | np.bool_)


def is_part(value: Any, *names: str) -> bool:
    """Return whether a value is a part of one of these classes, named without their modules."""
    return isinstance(value, SavedPart) and str(value) in names


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float | np.floating | np.integer)
    if isinstance(value, int):
        return not isinstance(value, bool)  # however large: a float may not hold it
    return is_real and math.isfinite(value)


def _between(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
