"""Files of records of architectures: opened, read in order, into tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import SourceError
from mbml.sources.nasbench201.tables import ROWS
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import TorchPickle, open_torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.batch import Batch
    from mbml.sources.nasbench201.stream import ResultStream
    from mbml.sources.nasbench201.tables import ResultTables
    from mbml.sources.pickles.machine import Machine, Record

#: Shared by all files that this process reads: most have the same few.
_LAYOUTS = Layouts()


def open_records(path: Path, record_keys: frozenset[str]) -> TorchPickle:
    """Open a file of records, to be read by the layouts met so far; see `open_torch`."""
    return open_torch(path, record_keys=record_keys, layouts=_LAYOUTS)


def names_before_records(machine: Machine) -> list[str] | None:
    """Return the architecture strings if they stood before the first record."""
    names = machine.pending("meta_archs")
    if type(names) is list and all(type(one) is str for one in names):
        return names
    return None


def in_order(
    opened: TorchPickle,
    records: Iterator[Record],
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
        if tables.rows >= ROWS or count == limit:
            yield stream.follow(tables.batch(tables.architectures, record.end), record.end)
        if count == limit:
            return
    if tables.architectures:
        end = opened.machine.offset
        yield stream.follow(tables.batch(tables.architectures, end), end)


def add_record(tables: ResultTables, record: Record) -> None:
    """Add a record of a file that holds many.

    Raises
    ------
    SourceError
        If it is not as the benchmark writes it, or does not stand under its index.
    """
    place = f"architecture {ascii(record.key)[:40]} (bytes {record.start} to {record.end})"
    if type(record.key) is not int:
        raise SourceError(tables.path, f"byte {record.start}", "a record has no index as its key")
    tables.add(record.value, record.key, place)


def add_single(tables: ResultTables, file: Path, record_keys: frozenset[str], index: int) -> None:
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
        records = list(opened.records())
        if len(records) != 1 or opened.machine.result != {}:
            raise SourceError(file, "", f"it holds {len(records)} records, not one alone")
        tables.add(records[0].value, index, f"architecture {index}")
    finally:
        opened.close()
