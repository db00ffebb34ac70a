"""NAS-Bench-201: the `.pth` files v1.0 and v1.1, and folders of one file an architecture."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError
from mbml.sources.files import check_file, check_regular
from mbml.sources.nasbench201.files import (
    add_record,
    add_single,
    begins_as_release,
    in_order,
    look_into,
    open_records,
)
from mbml.sources.nasbench201.naslib import NaslibSource201, is_of_naslib
from mbml.sources.nasbench201.stream import ResultStream, Top, check_top, identify_topology
from mbml.sources.nasbench201.tables import ResultTables
from mbml.sources.pickles.chunks import Chunk, boundary_pattern, chunks
from mbml.spaces import nasbench201
from mbml.whole_file import as_path
from mbml.workers import available_cores, map_in_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mbml.sources.batch import Batch, Source
    from mbml.sources.pickles.machine import Machine, PickledRecord
    from mbml.sources.pickles.torch_pickle import TorchPickle

RECORD_KEYS: Final = frozenset({"full", "less"})

#: Records read in order before the file is cut, so that every shared text is known.
_HEAD_RECORDS = 32
_LARGE = 64 << 20
#: Batches after which reading a chunk ends early: genuine ones are less than one.
_MOST_BATCHES = 2
CELL_FILE = re.compile(r"([0-9]{1,6})-(FULL|SIMPLE)\.pth")


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    chunk: Chunk
    known: dict[int, object]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was read of a chunk, and the state at its end; `top` only at the end of the pickle."""

    batch: Batch
    end: int
    depth: int
    memo_next: int
    known: dict[int, object]
    top: Top | None


def open_pickles(path: Path | str) -> Sequence[Source]:
    """Open a .pth file, a folder of files of single cells, or NASLib's pickle, told by content."""
    path = as_path(path)
    if path.is_file() and not begins_as_release(path) and is_of_naslib(path):
        return [NaslibSource201(path)]
    return [NasBench201Source(path)]


class NasBench201Source:
    """A NAS-Bench-201 file or folder; see `Source`.

    Parameters
    ----------
    path
        A `.pth` file with all architectures, a folder of `NNNNNN-FULL.pth` or
        `NNNNNN-SIMPLE.pth` (of both, the latter is read), or one file of such a folder.
    workers
        Processes that read a large file; by default one for each core.

    Raises
    ------
    UsageError
        If the path names nothing that could be read.
    SourceError
        If the file is empty, or the folder has no such files.
    """

    benchmark = "nasbench201"

    def __init__(self, path: Path | str, *, workers: int | None = None) -> None:
        path = self.path = as_path(path)
        self._cells = _folder_files(path) if path.is_dir() else _only_cell(path)
        self.format = "torch_folder" if path.is_dir() else "torch_pickle"
        self.files = tuple(self._cells.values()) or (path,)
        self._workers = available_cores() if workers is None else workers
        self._stream = ResultStream(path)
        #: Names that appeared after the head of the file: workers are told them with each chunk.
        self._known: dict[int, object] = {}

    @property
    def release(self) -> str | None:
        """`v1.0` has no times in its 200-epoch runs, `v1.1` has them in all; None if mixed."""
        stream = self._stream
        if not stream.long_runs:
            return None
        if not stream.long_runs_with_times:
            return "v1.0"
        return "v1.1" if stream.long_runs_with_times == stream.long_runs else None

    def batches(self) -> Iterator[Batch]:
        """Read the whole source; see `Source`."""
        self._stream = ResultStream(self.path)
        if self._cells:
            yield from self._cell_batches()
        else:
            yield from self._file_batches()

    def _cell_batches(self) -> Iterator[Batch]:
        tables = _tables(self.path)
        done = 0
        for index, file in self._cells.items():
            tables.path = file
            add_single(tables, file, RECORD_KEYS, index)
            done += file.stat().st_size
            if tables.batches >= 1:
                yield self._stream.follow(tables.batch(tables.architectures, done), done)
        if tables.architectures:
            yield self._stream.follow(tables.batch(tables.architectures, done), done)

    def _file_batches(self) -> Iterator[Batch]:
        opened = open_records(self.path, RECORD_KEYS)
        try:
            records = opened.records()
            is_large = opened.compression is None and self.path.stat().st_size > _LARGE
            limit = _HEAD_RECORDS if is_large and self._workers > 1 else None
            yield from in_order(opened, records, _tables(self.path), self._stream, limit)
            machine = opened.machine
            if machine.finished:
                self._stream.finish(check_top(self.path, machine.result))
                return
            yield from self._in_chunks(opened, records)
        finally:
            opened.close()

    def _in_chunks(self, opened: TorchPickle, records: Iterator[PickledRecord]) -> Iterator[Batch]:
        head = opened.machine
        pattern = boundary_pattern(head, RECORD_KEYS)
        if pattern is None:
            yield from in_order(opened, records, _tables(self.path), self._stream)
            self._stream.finish(check_top(self.path, head.result))
            return
        self._known = {}
        pieces = chunks(self.path, head.offset, opened.stop, pattern)
        tasks = (_Task(self.path, chunk, dict(self._known)) for chunk in pieces)
        read = map_in_workers(_read_chunk, tasks, workers=self._workers)
        with closing(read):
            yield from self._proved(opened, read)

    def _proved(
        self, opened: TorchPickle, read: Iterator[tuple[Chunk, _Piece | None]]
    ) -> Iterator[Batch]:
        """Take chunks that begin where the one before ended; read the others again."""
        head = opened.machine
        at = head.offset
        memo_next = head.memo.next_index
        for chunk, guess in read:
            piece = guess
            if piece is not None and not _follows(chunk, piece, at, memo_next, len(head.below)):
                piece = None
            while chunk.stop is None or chunk.stop > at:
                if piece is None:
                    again = Chunk(at, chunk.stop, memo_next)
                    piece = _read(opened, head, again, self._known, memo_next)
                at, memo_next = piece.end, piece.memo_next
                self._known.update(piece.known)
                yield self._stream.follow(piece.batch, at)
                if piece.top is not None:
                    self._stream.finish(piece.top)
                    return
                piece = None


def _follows(chunk: Chunk, piece: _Piece, at: int, memo_next: int, depth: int) -> bool:
    """Tell whether a chunk read by a guess is what reading in order would have read."""
    return (
        chunk.start == at
        and (chunk.first_memo < 0 or chunk.first_memo >= memo_next)
        and (piece.top is not None or piece.depth == depth)
    )


def _read_chunk(task: _Task) -> tuple[Chunk, _Piece | None]:
    """Read a chunk in a worker; a fault gives None, for the guess may have been wrong."""
    try:
        opened, head = _head(task.path, task.path.stat().st_mtime_ns)
        return task.chunk, _read(opened, head, task.chunk, task.known, head.memo.next_index)
    except SourceError:
        return task.chunk, None


@lru_cache(maxsize=1)
def _head(path: Path, changed: int) -> tuple[TorchPickle, Machine]:
    """Read the first records again: a worker's own start. `changed` only tells files apart."""
    del changed
    opened = open_records(path, RECORD_KEYS)
    for count, _ in enumerate(opened.records(), 1):
        if count == _HEAD_RECORDS:
            break
    return opened, opened.machine


def _read(
    opened: TorchPickle, head: Machine, chunk: Chunk, known: dict[int, object], memo_next: int
) -> _Piece:
    stream = opened.stream_at(chunk.start)
    try:
        machine = head.branch(stream, chunk.start)
        machine.memo.kept.update(known)
        machine.memo.next_index = memo_next
        tables = _tables(opened.path)
        for record in machine.records():
            add_record(tables, record)
            if tables.batches >= _MOST_BATCHES or (
                chunk.stop is not None and record.end >= chunk.stop
            ):
                break
        if machine.finished:
            opened.finish(machine)
        return _Piece(
            tables.batch(tables.architectures, machine.offset),
            machine.offset,
            len(machine.below),
            machine.memo.next_index,
            {key: text for key, text in machine.memo.kept.items() if key not in head.memo.kept},
            check_top(opened.path, machine.result) if machine.finished else None,
        )
    finally:
        stream.close()


def _tables(path: Path) -> ResultTables:
    return ResultTables(path, identify_topology, RECORD_KEYS, nasbench201.SIZE)


def _folder_files(folder: Path) -> dict[int, Path]:
    chosen: dict[int, Path] = {}
    for file in sorted(folder.iterdir()):
        match = CELL_FILE.fullmatch(file.name)
        # SIMPLE sorts after FULL: the file without weights is taken.
        if match is not None:
            check_regular(file)
            chosen[int(match[1])] = file
    if not chosen:
        raise SourceError(folder, "", "the folder holds no NNNNNN-FULL.pth or NNNNNN-SIMPLE.pth")
    return dict(sorted(chosen.items()))


def _only_cell(path: Path) -> dict[int, Path]:
    """Return a file by its index where it holds one cell alone."""
    check_file(path)
    try:
        found = look_into(path, RECORD_KEYS)
    except SourceError:
        return {}  # told with its place when it is read
    return {} if found is None or found.index is None else {found.index: path}
