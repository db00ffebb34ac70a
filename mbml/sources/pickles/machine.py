"""A restricted pickle machine: reads opcodes in bounded windows and builds plain values only.

It imports nothing and calls nothing that a file names. Records (dictionaries whose keys are all
record keys) are handed over as they complete and forgotten, so memory does not grow with the file.
`opcodes` holds the opcodes, `layouts` the fast path.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NoReturn

from mbml.errors import SourceError
from mbml.sources.pickles.limits import Limits
from mbml.sources.pickles.memo import Memo
from mbml.sources.pickles.opcodes import HANDLERS, opcode_name
from mbml.sources.pickles.values import PickleFaultError, Series
from mbml.sources.pickles.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.pickles.byte_streams import ByteStream
    from mbml.sources.pickles.layouts import Layouts

_MARK: Final = ord("(")
_BINPUT: Final = ord("q")
_LONG_BINPUT: Final = ord("r")
_MEMOIZE: Final = 0x94


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stood in the file.

    Attributes
    ----------
    key
        Its key in the dictionary that holds it; None at the top of a file.
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
        record_keys: frozenset[str] = frozenset(),
        limits: Limits | None = None,
        layouts: Layouts | None = None,
    ) -> None:
        super().__init__(stream, offset)
        self.path = path
        self.limits = limits or Limits()
        self.record_keys = record_keys
        self.layouts = layouts
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        self.memo = Memo(self.limits.memo)
        self.result: object = None
        self.finished = False
        self.protocol = 0
        self._record: Record | None = None
        self._record_start = offset
        self._steps = 0
        self._text_bytes = 0

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
            limits=self.limits,
            layouts=self.layouts,
        )
        twin.stack = [_copy(one) for one in self.stack]
        twin.below = [[_copy(one) for one in part] for part in self.below]
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

    def records(self) -> Iterator[Record]:
        """Read to the end of the pickle; hand over each record as it completes.

        Raises
        ------
        SourceError
            At the first fault: damaged, cut short, beyond a limit, or an opcode or a global that
            the format does not have.
        """
        handlers = HANDLERS
        at = self.position
        steps_allowed = self.limits.steps
        try:
            while not self.finished:
                at = self.position
                if at >= self.soft_end:
                    self.refill()
                    at = 0
                self._steps += 1
                if self._steps > steps_allowed:
                    self._refuse_steps()
                self.position = at + 1
                if handlers[self.data[at]](self) and self._record is not None:
                    record = self._record
                    self._end_record(record.end)
                    yield record
        except PickleFaultError as fault:
            raise self._fault(at, str(fault)) from None
        except (IndexError, struct.error):
            if self.at_end and self.position + 9 >= len(self.data):
                raise self._fault(at, "the pickle is cut short") from None
            name = opcode_name(self.data[at])
            raise self._fault(at, f"opcode {name} finds too few values") from None
        except UnicodeDecodeError:
            raise self._fault(at, "a text is not UTF-8") from None

    def _refuse_steps(self) -> NoReturn:
        raise PickleFaultError(f"more than {self.limits.steps} opcodes in one record")

    def _end_record(self, end: int) -> None:
        self._record = None
        self._record_start = end
        self._steps = 0
        self._text_bytes = 0
        self.memo.forget()

    def take(self, size: int) -> bytes:
        """Take the next bytes as a text or byte string, within the limits."""
        if size > self.limits.text:
            raise PickleFaultError(f"a text of {size} bytes, over the limit {self.limits.text}")
        self._text_bytes += size
        if self._text_bytes > self.limits.texts:
            raise PickleFaultError(f"more than {self.limits.texts} bytes of text in one record")
        begin = self.position
        if begin + size > len(self.data):
            self.extend(begin + size)
        self.position = begin + size
        return self.data[begin : self.position]

    def open_mark(self) -> None:
        """Begin a new part of the stack."""
        if len(self.below) >= self.limits.depth:
            raise PickleFaultError(f"nested deeper than {self.limits.depth}")
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
        self._steps += len(keys)
        return True

    def completed(self, target: dict[object, object]) -> bool:
        """Keep a dictionary that was just filled to be handed over, if it is a record."""
        keys = self.record_keys
        if not 0 < len(target) <= len(keys) or not keys.issuperset(target):
            return False
        key = self.stack[-2] if len(self.stack) > 1 else None
        self._record = Record(key, dict(target), self._record_start, self.offset)
        target.clear()
        return True

    def _fault(self, at: int, problem: str) -> SourceError:
        return SourceError(self.path, f"byte {self.place(at)}", problem)


def _copy(value: object) -> object:
    if type(value) is dict:
        return dict(value)
    return list(value) if type(value) is list else value
