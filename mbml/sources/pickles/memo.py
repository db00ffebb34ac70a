"""The memo of a pickle of any length in bounded memory.

Indexes only grow, as every pickler's do. What was put since the last record is all there; of
earlier records only short names remain (keys, data sets, seeds) and the builders. A look-up of
anything else is a fault: no release shares more than names between its records.
"""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING, Final

from mbml.sources.pickles.values import Dtype, Global, PickleFaultError

if TYPE_CHECKING:
    from mbml.sources.pickles.values import KeyList

_MISSING: Final = object()
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
#: Before the first record stands the list of architecture strings, which records may share.
_FIRST_TEXT: Final = 200
#: Of each name this many indexes are kept: some are written anew for every run.
_KEPT_OF_A_NAME: Final = 16


class Memo:
    """What a pickle's memo holds.

    Parameters
    ----------
    limit
        Names kept over the whole file.

    Attributes
    ----------
    next_index
        The lowest index that may still be put.
    is_explicit
        Whether indexes were written with the puts, as protocols 2 and 3 do.
    kept
        What remains of earlier records, by index.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.next_index = 0
        self.is_explicit = False
        self.kept: dict[int, object] = {}
        self._counts: dict[str, int] = {}
        self._has_records = False
        self._recent: dict[int, object] = {}
        self._block_starts: list[int] = []
        self._blocks: list[KeyList] = []

    def branch(self) -> Memo:
        """Copy what remains between two records."""
        twin = Memo(self._limit)
        twin.next_index = self.next_index
        twin.is_explicit = self.is_explicit
        twin.kept = dict(self.kept)
        twin._counts = dict(self._counts)
        twin._has_records = self._has_records
        return twin

    def put(self, index: int, value: object) -> None:
        """Remember a value under an index.

        Raises
        ------
        PickleFaultError
            If the index is not above all earlier ones.
        """
        if index < self.next_index:
            raise PickleFaultError(f"memo entry {index} is put out of order")
        self.next_index = index + 1
        self._recent[index] = value

    def put_texts(self, first: int, keys: KeyList) -> None:
        """Remember texts under `first` and the indexes that follow."""
        self._block_starts.append(first)
        self._blocks.append(keys)
        self.next_index = first + len(keys)

    def get(self, index: int) -> object:
        """Look up a value.

        Raises
        ------
        PickleFaultError
            If the index was never put, or belongs to a record that is gone.
        """
        value = self._recent.get(index, _MISSING)
        if value is _MISSING:
            value = self.kept.get(index, _MISSING)
        if value is not _MISSING:
            return value
        place = bisect.bisect_right(self._block_starts, index) - 1
        if place >= 0:
            texts = self._blocks[place].texts
            nth = index - self._block_starts[place]
            if nth < len(texts):
                return texts[nth]
        raise PickleFaultError(f"memo entry {index} is unknown, or of a record already read")

    def texts(self, first: int, size: int) -> KeyList | None:
        """Look up texts that were remembered together as `size` indexes from `first`."""
        place = bisect.bisect_left(self._block_starts, first)
        if place < len(self._blocks) and self._block_starts[place] == first:
            keys = self._blocks[place]
            return keys if len(keys) == size else None
        return None

    def forget(self, key: object = None) -> None:
        """End a record: keep names and builders, but for the record's own key.

        Raises
        ------
        PickleFaultError
            If there are more names than the limit.
        """
        for index, value in self._recent.items():
            if value is key:
                continue
            if isinstance(value, str) and self._is_name(value):
                count = self._counts.get(value, 0)
                if count == _KEPT_OF_A_NAME:
                    continue
                self._counts[value] = count + 1
                self.kept[index] = value
            # Python shares byte strings of one byte, such as numpy's code of an unmade array.
            elif isinstance(value, Global | Dtype) or (type(value) is bytes and len(value) == 1):
                self.kept[index] = value
        self._has_records = True
        if len(self.kept) > self._limit:
            raise PickleFaultError(f"more than {self._limit} names are shared between records")
        self._recent = {}
        self._block_starts = []
        self._blocks = []

    def _is_name(self, text: str) -> bool:
        if self._has_records:
            return _NAME.fullmatch(text) is not None
        return len(text) <= _FIRST_TEXT and "@" not in text
