"""A restricted pickle machine: reads opcodes in bounded windows and builds plain values only.

It imports nothing and calls nothing that a file names. Records (dictionaries whose keys are all
record keys) are handed over as they complete and forgotten, so memory does not grow with the file.
`opcodes` holds the opcodes, `layouts` the fast path.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError
from mbml.sources.pickles.limits import Limits, MemoryBudget
from mbml.sources.pickles.memo import Memo
from mbml.sources.pickles.opcodes import HANDLERS, opcode_name
from mbml.sources.pickles.values import PickleFaultError, Series
from mbml.sources.pickles.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.containers.byte_streams import ByteStream
    from mbml.sources.pickles.layouts import Layouts

_MARK: Final = ord("(")
_BINPUT: Final = ord("q")
_LONG_BINPUT: Final = ord("r")
_MEMOIZE: Final = 0x94


@dataclass(frozen=True, slots=True)
class PickledRecord:
    """A record as it stood in the file.

    Attributes
    ----------
    key
        Its key in the dictionary that holds it, or what else stands before it, such as the key of
        a tuple that it begins; None at the top of a file.
    value
        The record.
    start, end
        The byte after the record before (or the start of the pickle), and the byte after it.
    """

    key: object
    value: dict[object, object]
    start: int
    end: int


class Machine(Window):
    """The state of one pickle being read.

    Parameters
    ----------
    stream
        Its bytes.
    path
        The file, for errors.
    offset
        Where in the file (or in its decompressed content) the stream begins.
    record_keys
        A dictionary whose keys all are among these is a record; none if empty.
    limits
        What the pickle may ask for.
    layouts
        Layouts by which dictionaries of numbers may be read at once; the values are the same
        without.
    """

    def __init__(
        self,
        stream: ByteStream,
        path: Path,
        *,
        offset: int = 0,
        record_keys: frozenset[object] = frozenset(),
        limits: Limits | None = None,
        layouts: Layouts | None = None,
    ) -> None:
        super().__init__(stream, offset)
        self.path = path
        self.budget = MemoryBudget(limits or Limits())
        self.record_keys = record_keys
        self.layouts = layouts
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        self.memo = Memo(self.budget.limits.memo)
        self.result: object = None
        self.finished = False
        self.protocol = 0
        self._record: PickledRecord | None = None
        self._record_start = offset

    def begin_at(self, offset: int) -> None:
        """Say where the pickle begins, which is where its first record is said to begin."""
        self._record_start = offset

    def branch(self, stream: ByteStream, offset: int) -> Machine:
        """Copy the state between two records, to read on from another place of the same file."""
        twin = Machine(
            stream,
            self.path,
            offset=offset,
            record_keys=self.record_keys,
            limits=self.budget.limits,
            layouts=self.layouts,
        )
        copies: dict[int, object] = {}
        twin.stack = [_copy(one, copies) for one in self.stack]
        twin.below = [[_copy(one, copies) for one in part] for part in self.below]
        twin.memo = self.memo.branch()
        twin.protocol = self.protocol
        return twin

    def pending(self, name: str) -> object:
        """Return the value that waits under a key of a dictionary not yet filled; None if none."""
        for part in (*self.below, self.stack):
            for key, value in pairwise(part):
                if type(key) is str and key == name:
                    return value
        return None

    def records(self) -> Iterator[PickledRecord]:
        """Read to the end of the pickle; hand over each record as it completes.

        Raises
        ------
        SourceError
            At the first fault: damaged, cut short, beyond a limit, or an opcode or a global that
            the format does not have.
        """
        handlers = HANDLERS
        budget = self.budget
        at = self.position
        most = budget.limits.steps
        try:
            while not self.finished:
                at = self.position
                if at >= self.soft_end:
                    self.refill()
                    at = 0
                budget.steps += 1
                if budget.steps > most:
                    budget.spend_steps(0)
                self.position = at + 1
                if handlers[self.data[at]](self) and self._record is not None:
                    record = self._record
                    self._end_record(record)
                    yield record
        except PickleFaultError as fault:
            raise self._fault(at, str(fault), fault.hint) from None
        except (IndexError, struct.error):
            if self.at_end and self.position + 9 >= len(self.data):
                raise self._fault(at, "the pickle is cut short") from None
            name = opcode_name(self.data[at])
            raise self._fault(at, f"opcode {name} finds too few values") from None
        except UnicodeDecodeError as fault:
            raise self._fault(at, f"a text cannot be read as {fault.encoding}") from None

    def _end_record(self, record: PickledRecord) -> None:
        self._record = None
        self._record_start = record.end
        self.budget.renew()
        self.memo.forget(record.key)

    def drop_records(self) -> None:
        """Empty the outermost dictionary of the records that it holds, which were handed over."""
        bottom = self.below[0] if self.below else self.stack
        if bottom and type(bottom[0]) is dict:
            bottom[0].clear()

    def take(self, size: int) -> bytes:
        """Take the next bytes as a text or byte string, within the limits."""
        budget = self.budget
        # As `spend_text`, which only refuses here: texts are half of what is read without layouts.
        if size > budget.limits.text or budget.texts + size > budget.limits.texts:
            budget.spend_text(size)
        budget.texts += size
        begin = self.position
        if begin + size > len(self.data):
            self.extend(begin + size)
        self.position = begin + size
        return self.data[begin : self.position]

    def take_line(self, most: int) -> bytes:
        """Take the next bytes up to a newline, at most so many; the newline is passed over."""
        searched = self.position
        while (end := self.data.find(b"\n", searched, self.position + most + 1)) < 0:
            searched = len(self.data)
            if searched > self.position + most:
                raise PickleFaultError(f"a line of more than {most:,} bytes")
            self.extend(searched + 1)
        line = self.take(end - self.position)
        self.position += 1
        return line

    def open_mark(self) -> None:
        """Begin a new part of the stack."""
        if len(self.below) >= self.budget.limits.depth:
            raise PickleFaultError(f"nested deeper than {self.budget.limits.depth}")
        self.below.append(self.stack)
        self.stack = []

    def close_mark(self) -> list[object]:
        """End the top part of the stack and return it."""
        part = self.stack
        self.stack = self.below.pop()
        return part

    def open_dict(self) -> None:
        """Push a new dictionary; read it at once if it is one of numbers in a known form."""
        at = self.position
        data = self.data
        index = self.memo.next_index
        put = data[at] if self.layouts is not None and at + 8 < len(data) else 0
        if put == _MEMOIZE:
            at += 1
        elif put == _LONG_BINPUT:
            index = int.from_bytes(data[at + 1 : at + 5], "little")
            at += 5
        elif put == _BINPUT:
            index = data[at + 1]
            at += 2
        else:
            self.stack.append({})
            return
        if data[at] != _MARK or index < self.memo.next_index or not self._series(at + 1, index):
            self.stack.append({})

    def _series(self, at: int, index: int) -> bool:
        """Read a dictionary of numbers whose items begin at `at`; False leaves all as it was."""
        reading = self.layouts.read(self.data, at) if self.layouts is not None else None
        if reading is None:
            return False
        layout = reading.layout
        keys = layout.keys
        memo = self.memo
        if reading.first_memo < 0:
            is_new_texts = layout.form == "memoise"
            first = index + 1
        elif layout.form == "put":
            is_new_texts = True
            first = reading.first_memo
            if first <= index:
                return False
        else:
            is_new_texts = False
            first = reading.first_memo
            found = memo.texts(first, len(keys))
            if found is None:
                return False
            keys = found
        series = Series(keys, reading.values)
        memo.put(index, series)
        if is_new_texts:
            memo.put_texts(first, keys)
            memo.is_explicit |= layout.form == "put"
        self.stack.append(series)
        self.position = at + layout.length
        self.budget.steps += len(keys)
        return True

    def completed(self, target: dict[object, object]) -> bool:
        """Keep a dictionary that was just filled to be handed over, if it is a record."""
        keys = self.record_keys
        if not 0 < len(target) <= len(keys) or not keys.issuperset(target):
            return False
        key = self.stack[-2] if len(self.stack) > 1 else None
        if key is None and self.below and self.below[-1]:
            key = self.below[-1][-1]  # it is the first of a tuple that began with MARK
        self._record = PickledRecord(key, dict(target), self._record_start, self.offset)
        target.clear()
        return True

    def _fault(self, at: int, problem: str, hint: str = "") -> SourceError:
        return SourceError(self.path, f"byte {self.place(at)}", problem, hint)


def _copy(value: object, copies: dict[int, object]) -> object:
    """Copy a dictionary or list that may still grow, one that comes again only once."""
    if type(value) is not dict and type(value) is not list:
        return value
    if id(value) not in copies:
        copies[id(value)] = value.copy()
    return copies[id(value)]
