"""The dictionaries of numbers in a record: from epoch, or from split and epoch, to a float."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.sources.pickles.values import KeyList, Series, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class RecordFaultError(Exception):
    """A record that is not as the benchmark writes it: path of keys, what was found."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")


class Points(NamedTuple):
    """Numbers after single epochs.

    Attributes
    ----------
    epochs
        Epochs counted from 0, shape (points,).
    values
        As in the file, shape (points,).
    in_order
        Whether the epochs are 0, 1, 2, ... without a gap.
    """

    epochs: NDArray[np.intp]
    values: NDArray[np.float64]
    in_order: bool


def _pairs(value: object, where: str) -> tuple[KeyList, NDArray[np.float64]] | None:
    """Return a dictionary of numbers as its keys and its values."""
    if type(value) is Series:
        return value.keys_in_order, value.values_in_order
    if value is None:
        return None
    if type(value) is not dict:
        raise RecordFaultError(where, f"it is {summary_of(value)}, not a dict")
    for one in value.values():
        if type(one) is not float:
            raise RecordFaultError(where, f"it holds {summary_of(one)}, not a float")
    if any(type(key) is not int and type(key) is not str for key in value):
        raise RecordFaultError(where, "a key is neither a text nor an integer")
    return _shared(tuple(value)), np.fromiter(value.values(), np.float64, len(value))


@lru_cache(maxsize=64)
def _shared(keys: tuple[int | str, ...]) -> KeyList:
    """Return one list for keys that come again, so that their plan is made once."""
    return KeyList(keys)


def by_epoch(value: object, epochs: int, where: str) -> Points | None:
    """Check a dictionary from epoch to number; None where there is none or it is empty.

    Raises
    ------
    RecordFaultError
        If a key is no epoch of a run of `epochs` epochs, or a value no float.
    """
    pairs = _pairs(value, where)
    if pairs is None or not len(pairs[0]):
        return None
    keys, values = pairs
    plan = _epoch_plan(keys)
    if plan is None or plan[1] >= epochs:
        raise RecordFaultError(where, f"a key is not an epoch from 0 to {epochs - 1}")
    return Points(plan[0], values, plan[2])


@lru_cache(maxsize=64)
def _epoch_plan(keys: KeyList) -> tuple[NDArray[np.intp], int, bool] | None:
    """Return epochs, the last of them, and whether they run from 0 without a gap."""
    epochs = []
    for key in keys.texts:
        if type(key) is not int or not 0 <= key < 1 << 20:
            return None
        epochs.append(key)
    return np.array(epochs, np.intp), max(epochs), epochs == list(range(len(epochs)))


def by_split(value: object, epochs: int, where: str) -> Iterator[tuple[str, Points]]:
    """Check a dictionary from `split@epoch` to number; give it split by split.

    Raises
    ------
    RecordFaultError
        If a key is not of this form, its epoch none of a run of `epochs` epochs, or a value no
        float.
    """
    pairs = _pairs(value, where)
    if pairs is None or not len(pairs[0]):
        return
    keys, values = pairs
    plan = _split_plan(keys)
    if plan is None:
        raise RecordFaultError(where, "a key is not of the form split@epoch")
    for split, places, found, last, in_order in plan:
        if last >= epochs:
            raise RecordFaultError(where, f"split {summary_of(split)} has epoch {last} of {epochs}")
        yield split, Points(found, values[places], in_order)


_Plan = list["tuple[str, slice | NDArray[np.intp], NDArray[np.intp], int, bool]"]


@lru_cache(maxsize=64)
def _split_plan(keys: KeyList) -> _Plan | None:
    """Return for each split its places among the keys, its epochs, the last, and their order."""
    places: dict[str, list[int]] = {}
    epochs: dict[str, list[int]] = {}
    for place, key in enumerate(keys.texts):
        split, at, epoch = str(key).partition("@")
        if not at or not epoch.isascii() or not epoch.isdigit() or len(epoch) > 6:
            return None
        if epoch != str(int(epoch)):
            return None
        places.setdefault(split, []).append(place)
        epochs.setdefault(split, []).append(int(epoch))
    plan: _Plan = []
    for split, found in epochs.items():
        first, count = places[split][0], len(found)
        side_by_side = places[split] == list(range(first, first + count))
        where = slice(first, first + count) if side_by_side else np.array(places[split], np.intp)
        in_order = found == list(range(count))
        plan.append((split, where, np.array(found, np.intp), max(found), in_order))
    return plan
