"""NATS-Bench, topology and size space: the fast-mode folder and the single file."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError
from mbml.sources.files import check_file
from mbml.sources.nasbench201.files import add_single, in_order, names_before_records, open_records
from mbml.sources.nasbench201.stream import IDENTIFY, ResultStream, check_top
from mbml.sources.nasbench201.tables import ResultTables
from mbml.sources.pickles.torch_pickle import load
from mbml.workers import map_in_workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.batch import Batch

#: The schedules of each space, as a record's keys; their union marks a record.
SCHEDULES: Final = {
    "nasbench201": frozenset({"12", "200"}),
    "natsbench_sss": frozenset({"01", "12", "90"}),
}
RECORD_KEYS: Final = frozenset.union(*SCHEDULES.values())

#: Release names by benchmark; the published files are `NATS-tss-v1_0-3ffb9` and
#: `NATS-sss-v1_0-50262`, with `-simple` for the fast-mode folders.
RELEASES: Final = {"nasbench201": "NATS-tss-v1.0", "natsbench_sss": "NATS-sss-v1.0"}

_META = "meta.pickle.pbz2"
_FILE_NAME = re.compile(r"([0-9]{1,6})\.pickle\.pbz2")
#: Files that a worker reads at a time.
_GROUP = 24


@dataclass(frozen=True, slots=True)
class _Task:
    benchmark: str
    folder: Path
    files: tuple[tuple[int, Path], ...]


class NatsBenchSource:
    """A NATS-Bench folder or file; see `Source`.

    Parameters
    ----------
    path
        A fast-mode folder (`meta.pickle.pbz2`, `NNNNNN.pickle.pbz2`) or a single `.pickle.pbz2`.
    workers
        Processes that read a folder; by default one for each core.

    Raises
    ------
    UsageError
        If the path names nothing that could be read.
    SourceError
        If the path is a folder without such files, or it cannot be told which space it is of.
    """

    def __init__(self, path: Path, *, workers: int | None = None) -> None:
        self.path = path
        self._workers = workers
        self._indexed: tuple[tuple[int, Path], ...] = ()
        if path.is_dir():
            self.format = "natsbench_folder"
            self._indexed = _folder_files(path)
            meta = path / _META
            self._names = check_top(meta, load(meta))
            self.files = (meta, *(file for _, file in self._indexed))
            self.benchmark = _benchmark_of(path, self._names)
        else:
            check_file(path)
            self.format = "natsbench_pickle"
            self.files = (path,)
            self.benchmark = _benchmark_of(path, _first_names(path))
        self._stream = ResultStream(path)

    @property
    def release(self) -> str | None:
        """The release, told by the space and the schedules; None before anything was read."""
        return RELEASES[self.benchmark] if self._stream.found else None

    def batches(self) -> Iterator[Batch]:
        """Read the whole source; see `Source`."""
        self._stream = ResultStream(self.path)
        if self._indexed:
            self._stream.names = self._names
            yield from self._folder_batches()
            return
        tables = ResultTables(self.path, IDENTIFY[self.benchmark], SCHEDULES[self.benchmark])
        opened = open_records(self.path, RECORD_KEYS)
        try:
            yield from in_order(opened, opened.records(), tables, self._stream)
            self._stream.finish(opened.machine.result)
        finally:
            opened.close()

    def _folder_batches(self) -> Iterator[Batch]:
        groups = [
            self._indexed[place : place + _GROUP] for place in range(0, len(self._indexed), _GROUP)
        ]
        tasks = (_Task(self.benchmark, self.path, group) for group in groups)
        done = self.files[0].stat().st_size
        workers = 1 if len(groups) == 1 else self._workers
        with closing(map_in_workers(_read_group, tasks, workers=workers)) as batches:
            for batch in batches:
                done += batch.bytes_done
                yield self._stream.follow(batch, done)


def _read_group(task: _Task) -> Batch:
    """Read some files of a folder; in a worker."""
    tables = ResultTables(task.folder, IDENTIFY[task.benchmark], SCHEDULES[task.benchmark])
    size = 0
    for index, file in task.files:
        tables.path = file
        add_single(tables, file, RECORD_KEYS, index)
        size += file.stat().st_size
    return tables.batch(tables.architectures, size)


def _folder_files(folder: Path) -> tuple[tuple[int, Path], ...]:
    found: dict[int, Path] = {}
    for file in sorted(folder.iterdir()):
        match = _FILE_NAME.fullmatch(file.name)
        if match is None:
            continue
        index = int(match[1])
        if index in found:
            raise SourceError(folder, f"architecture {index}", "it comes in two files")
        found[index] = file
    if not found or not (folder / _META).is_file():
        raise SourceError(
            folder,
            "",
            f"the folder does not hold {_META} and files NNNNNN.pickle.pbz2",
            "Name the folder that the fast-mode archive unpacks to.",
        )
    return tuple(sorted(found.items()))


def _first_names(path: Path) -> list[str]:
    """Read a single file up to its first record."""
    opened = open_records(path, RECORD_KEYS)
    try:
        for record in opened.records():
            names = names_before_records(opened.machine)
            if names is None:
                state = next(iter(record.value.values()))
                text = state.get("arch_str") if isinstance(state, dict) else None
                names = [text] if isinstance(text, str) else []
            return names
        return check_top(path, opened.machine.result)
    finally:
        opened.close()


def _benchmark_of(path: Path, names: list[str]) -> str:
    """Tell the space by the first architecture string."""
    first = names[0] if names else ""
    if first.startswith("|"):
        return "nasbench201"
    if ":" in first:
        return "natsbench_sss"
    raise SourceError(path, "meta_archs", "it lists architectures of neither space of NATS-Bench")
