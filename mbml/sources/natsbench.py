"""NATS-Bench, topology and size space: the fast-mode folder and the single file."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError
from mbml.sources.files import check_file, check_regular
from mbml.sources.nasbench201.files import add_single, in_order, look_into, open_records
from mbml.sources.nasbench201.stream import IDENTIFY, ResultStream, check_top
from mbml.sources.nasbench201.tables import ResultTables
from mbml.sources.pickles.torch_pickle import load
from mbml.spaces.registry import SPACES
from mbml.whole_file import as_path
from mbml.workers import map_in_workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.batch import Batch

#: The schedules of each space, as a record's keys; their union marks a record.
SCHEDULES_OF_SPACES: Final = {
    "nasbench201": frozenset({"12", "200"}),
    "natsbench_sss": frozenset({"01", "12", "90"}),
}
RECORD_KEYS: Final = frozenset.union(*SCHEDULES_OF_SPACES.values())

#: Release names by benchmark; the published files are `NATS-tss-v1_0-3ffb9` and
#: `NATS-sss-v1_0-50262`, with `-simple` for the fast-mode folders.
RELEASES: Final = {"nasbench201": "NATS-tss-v1.0", "natsbench_sss": "NATS-sss-v1.0"}

_META: Final = "meta"
#: Files of one cell and of the list of all; people unpack them, or pack them otherwise.
CELL_FILE: Final = re.compile(r"([0-9]{1,6}|meta)\.(?:pickle|pkl)(?:\.(?:pbz2|bz2|gz|xz|zst))?")
#: Files that a worker reads at a time.
_GROUP = 24


@dataclass(frozen=True, slots=True)
class _Task:
    benchmark: str
    folder: Path
    files: tuple[tuple[int, Path], ...]


def open_folder(path: Path | str) -> list[NatsBenchSource]:
    """Open a folder or file of NATS-Bench, of either space."""
    return [NatsBenchSource(path)]


class NatsBenchSource:
    """A NATS-Bench folder or file; see `Source`.

    Parameters
    ----------
    path
        A fast-mode folder (`meta.pickle.pbz2`, `NNNNNN.pickle.pbz2`), a single `.pickle.pbz2`
        with all cells, or the file of one cell. Files may be unpacked; a folder without `meta`
        is read too.
    workers
        Processes that read a folder; by default one for each core.

    Raises
    ------
    UsageError
        If the path names nothing that could be read.
    SourceError
        If the path is a folder without such files, or it cannot be told which space it is of.
    """

    def __init__(self, path: Path | str, *, workers: int | None = None) -> None:
        path = self.path = as_path(path)
        self._workers = workers
        self._indexed: tuple[tuple[int, Path], ...] = ()
        if path.is_dir():
            self.format = "natsbench_folder"
            meta, self._indexed = _folder_files(path)
            self.files = (*meta, *(file for _, file in self._indexed))
            first = meta[0] if meta else self._indexed[0][1]
        else:
            check_file(path)
            self.format = "natsbench_pickle"
            self.files = (path,)
            meta, first = (), path
        self._first_bytes = sum(one.stat().st_size for one in meta)
        names, index = _look(first, is_meta=bool(meta))
        if index is not None and not path.is_dir():
            self._indexed = ((index, path),)
        self.benchmark = _benchmark_of(path, names)
        if self._indexed:
            self._names = names if meta else list(SPACES[self.benchmark].texts())
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
        tables = _tables(self.path, self.benchmark)
        opened = open_records(self.path, RECORD_KEYS)
        try:
            yield from in_order(opened, opened.records(), tables, self._stream)
            self._stream.finish(check_top(self.path, opened.machine.result))
        finally:
            opened.close()

    def _folder_batches(self) -> Iterator[Batch]:
        groups = [
            self._indexed[place : place + _GROUP] for place in range(0, len(self._indexed), _GROUP)
        ]
        tasks = (_Task(self.benchmark, self.path, group) for group in groups)
        done = self._first_bytes
        workers = 1 if len(groups) == 1 else self._workers
        with closing(map_in_workers(_read_group, tasks, workers=workers)) as batches:
            for batch in batches:
                done += batch.bytes_done
                yield self._stream.follow(batch, done)


def _read_group(task: _Task) -> Batch:
    """Read some files of a folder; in a worker."""
    tables = _tables(task.folder, task.benchmark)
    size = 0
    for index, file in task.files:
        tables.path = file
        add_single(tables, file, RECORD_KEYS, index)
        size += file.stat().st_size
    return tables.batch(tables.architectures, size)


def _tables(path: Path, benchmark: str) -> ResultTables:
    return ResultTables(
        path, IDENTIFY[benchmark], SCHEDULES_OF_SPACES[benchmark], SPACES[benchmark].measured
    )


def _folder_files(folder: Path) -> tuple[tuple[Path, ...], tuple[tuple[int, Path], ...]]:
    """Return the list of all cells, if it is there, and the files of cells by index."""
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        match = CELL_FILE.fullmatch(file.name)
        if match is None:
            continue
        check_regular(file)
        name = match[1] if match[1] == _META else f"{int(match[1])}"
        if name in found:
            place = name if name == _META else f"architecture {name}"
            raise SourceError(folder, place, "it comes in two files")
        found[name] = file
    meta = found.pop(_META, None)
    if not found:
        raise SourceError(
            folder,
            "",
            "the folder holds no files NNNNNN.pickle.pbz2",
            "Name the folder that the fast-mode archive unpacks to.",
        )
    cells = tuple(sorted((int(name), file) for name, file in found.items()))
    return () if meta is None else (meta,), cells


def _look(path: Path, *, is_meta: bool) -> tuple[list[str], int | None]:
    """Return the architecture strings that a file begins with, and the index of its only cell."""
    found = None if is_meta else look_into(path, RECORD_KEYS)
    if found is None:
        return check_top(path, load(path)).names, None
    return found.names, found.index


def _benchmark_of(path: Path, names: list[str]) -> str:
    """Tell the space by the first architecture string."""
    first = names[0] if names else ""
    if first.startswith("|"):
        return "nasbench201"
    if ":" in first:
        return "natsbench_sss"
    raise SourceError(path, "meta_archs", "it lists architectures of neither space of NATS-Bench")
