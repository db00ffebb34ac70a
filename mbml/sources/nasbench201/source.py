"""NAS-Bench-201: the `.pth` files v1.0 and v1.1, and folders of one file an architecture."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError
from mbml.sources.files import check_file
from mbml.sources.nasbench201.files import add_record, add_single, in_order, open_records
from mbml.sources.nasbench201.stream import ResultStream, identify_topology
from mbml.sources.nasbench201.tables import ROWS, ResultTables
from mbml.sources.pickles.chunks import Chunk, boundary_pattern, chunks
from mbml.workers import available_cores, map_in_workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.sources.batch import Batch
    from mbml.sources.pickles.machine import Machine, Record
    from mbml.sources.pickles.torch_pickle import TorchPickle

RECORD_KEYS: Final = frozenset({"full", "less"})

#: Records read in order before the file is cut, so that every shared text is known.
_HEAD_RECORDS = 32
_LARGE = 64 << 20
_FILE_NAME = re.compile(r"([0-9]{1,6})-(FULL|SIMPLE)\.pth")


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    chunk: Chunk
    known: dict[int, object]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was read of a chunk, and the state at its end."""

    batch: Batch
    end: int
    depth: int
    memo_next: int
    known: dict[int, object]
    top: object
    finished: bool


class NasBench201Source:
    """A NAS-Bench-201 file or folder; see `Source`.

    Parameters
    ----------
    path
        A `.pth` file with all architectures, or a folder of `NNNNNN-FULL.pth` or
        `NNNNNN-SIMPLE.pth` (of both, the latter is read).
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

    def __init__(self, path: Path, *, workers: int | None = None) -> None:
        self.path = path
        self._is_folder = path.is_dir()
        self.format = "torch_folder" if self._is_folder else "torch_pickle"
        self.files = _folder_files(path) if self._is_folder else (path,)
        if not self._is_folder:
            check_file(path)
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
        if self._is_folder:
            yield from self._folder_batches()
        else:
            yield from self._file_batches()

    def _folder_batches(self) -> Iterator[Batch]:
        tables = _tables(self.path)
        done = 0
        for file in self.files:
            tables.path = file
            add_single(tables, file, RECORD_KEYS, int(file.name.partition("-")[0]))
            done += file.stat().st_size
            if tables.rows >= ROWS:
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
                self._stream.finish(machine.result)
                return
            yield from self._in_chunks(opened, records)
        finally:
            opened.close()

    def _in_chunks(self, opened: TorchPickle, records: Iterator[Record]) -> Iterator[Batch]:
        head = opened.machine
        pattern = boundary_pattern(head, RECORD_KEYS)
        if pattern is None:
            yield from in_order(opened, records, _tables(self.path), self._stream)
            self._stream.finish(head.result)
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
        for chunk, piece in read:
            if chunk.stop is not None and chunk.stop <= at:
                continue
            if piece is None or not _follows(chunk, piece, at, memo_next, len(head.below)):
                again = Chunk(at, chunk.stop, memo_next)
                piece = _read(opened, head, again, self._known, memo_next)  # noqa: PLW2901
            at, memo_next = piece.end, piece.memo_next
            self._known.update(piece.known)
            yield self._stream.follow(piece.batch, at)
            if piece.finished:
                self._stream.finish(piece.top)
                return


def _follows(chunk: Chunk, piece: _Piece, at: int, memo_next: int, depth: int) -> bool:
    """Tell whether a chunk read by a guess is what reading in order would have read."""
    return (
        chunk.start == at
        and (chunk.first_memo < 0 or chunk.first_memo >= memo_next)
        and (piece.finished or piece.depth == depth)
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
            if chunk.stop is not None and record.end >= chunk.stop:
                break
        if machine.finished:
            opened.finish(machine)
        return _Piece(
            tables.batch(tables.architectures, machine.offset),
            machine.offset,
            len(machine.below),
            machine.memo.next_index,
            {key: text for key, text in machine.memo.kept.items() if key not in head.memo.kept},
            machine.result,
            machine.finished,
        )
    finally:
        stream.close()


def _tables(path: Path) -> ResultTables:
    return ResultTables(path, identify_topology, RECORD_KEYS)


def _folder_files(folder: Path) -> tuple[Path, ...]:
    chosen: dict[int, Path] = {}
    for file in sorted(folder.iterdir()):
        match = _FILE_NAME.fullmatch(file.name)
        # SIMPLE sorts after FULL: the file without weights is taken.
        if match is not None:
            chosen[int(match[1])] = file
    if not chosen:
        raise SourceError(folder, "", "the folder holds no NNNNNN-FULL.pth or NNNNNN-SIMPLE.pth")
    return tuple(chosen[index] for index in sorted(chosen))
