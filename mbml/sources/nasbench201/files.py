"""Files of records of architectures: opened, read in order, into tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError
from mbml.sources.containers.unpacking import head_of
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import TorchPickle, open_torch
from mbml.sources.pickles.values import summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.batch import Batch
    from mbml.sources.nasbench201.stream import ResultStream
    from mbml.sources.nasbench201.tables import ResultTables
    from mbml.sources.pickles.machine import Machine, PickledRecord


#: What the dictionary at the top of a release holds.
TOP_KEYS: Final = frozenset({"meta_archs", "total_archs", "arch2infos", "evaluated_indexes"})
#: Shared by all files that this process reads: most have the same few.
_LAYOUTS = Layouts()


def open_records(path: Path, record_keys: frozenset[object]) -> TorchPickle:
    """Open a file of records, to be read by the layouts met so far; see `open_torch`."""
    return open_torch(path, record_keys=record_keys, layouts=_LAYOUTS)


def begins_as_release(path: Path) -> bool:
    """Tell by its first bytes whether a pickle is a release of all architectures."""
    head = head_of(path).data
    return any(name.encode() in head for name in TOP_KEYS)


def names_before_records(machine: Machine) -> list[str] | None:
    """Return the architecture strings if they stood before the first record."""
    names = machine.pending("meta_archs")
    if type(names) is list and all(type(one) is str for one in names):
        return names
    return None


@dataclass(frozen=True, slots=True)
class Look:
    """What the first record of a file tells.

    Attributes
    ----------
    names
        Architecture strings by index as far as they stand before it, else its own alone.
    index
        The index of its architecture where the file holds this one alone; else None.
    """

    names: list[str]
    index: int | None


def look_into(path: Path, record_keys: frozenset[str]) -> Look | None:
    """Read a file up to its first record; None where it ends without one.

    Raises
    ------
    SourceError
        It is damaged before.
    """
    opened = open_records(path, record_keys)
    try:
        record = next(opened.records(), None)
        if record is None:
            return None
        state = next(iter(record.value.values()))
        state = state if isinstance(state, dict) else {}
        text, index = state.get("arch_str"), state.get("arch_index")
        own = [text] if isinstance(text, str) else []
        names = names_before_records(opened.machine) or own
        return Look(names, index if record.key is None and type(index) is int else None)
    finally:
        opened.close()


def in_order(
    opened: TorchPickle,
    records: Iterator[PickledRecord],
    tables: ResultTables,
    stream: ResultStream,
    limit: int | None = None,
) -> Iterator[Batch]:
    """Read records one after the other, in this process.

    Parameters
    ----------
    opened, records
        The file, and its records as they come.
    tables
        Where to collect them.
    stream
        What follows the batches.
    limit
        How many records at most; the pickle then is not read to its end.

    Raises
    ------
    SourceError
        At the first fault.
    """
    for count, record in enumerate(records, 1):
        add_record(tables, record)
        if count == 1 and stream.names is None:
            stream.names = names_before_records(opened.machine)
        if tables.batches >= 1 or count == limit:
            yield stream.follow(tables.batch(tables.architectures, record.end), record.end)
        if count == limit:
            return
    if tables.architectures:
        end = opened.machine.offset
        yield stream.follow(tables.batch(tables.architectures, end), end)


def add_record(tables: ResultTables, record: PickledRecord) -> None:
    """Add a record of a file that holds many.

    Raises
    ------
    SourceError
        If it is not as the benchmark writes it, or does not stand under its index.
    """
    if type(record.key) is not int:
        problem = f"a record has {summary_of(record.key)} as its key, expected an index"
        raise SourceError(tables.path, f"byte {record.start}", problem)
    place = f"architecture {summary_of(record.key)} (bytes {record.start} to {record.end})"
    tables.add(record.value, record.key, place)


def add_single(
    tables: ResultTables, file: Path, record_keys: frozenset[object], index: int
) -> None:
    """Add the one record of a file.

    Parameters
    ----------
    tables
        Where to.
    file
        The file.
    record_keys
        The keys of its record.
    index
        The index that its name gives.

    Raises
    ------
    SourceError
        If it holds anything but one record of that index.
    """
    opened = open_torch(file, record_keys=record_keys, layouts=_LAYOUTS)
    try:
        count = 0
        for count, record in enumerate(opened.records(), 1):
            if count > 1:
                break
            tables.add(record.value, index, f"architecture {index}")
        result = opened.machine.result
        if count != 1 or type(result) is not dict or result:
            raise SourceError(file, "", "expected one record in a dict, and nothing else")
    finally:
        opened.close()
