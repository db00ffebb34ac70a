"""Batches of a source on their way into the tables, in bounded memory.

DuckDB takes many rows in bounded memory in one statement alone (small inserts pile up until the
commit). So the rows of epochs, the most, stream straight into their table, while architectures,
runs and the summary of each batch wait in temporary files.
"""

from __future__ import annotations

import queue
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from mbml.errors import MbmlError
from mbml.sources.batch import (
    ARCHITECTURE_SCHEMA,
    EPOCH_SCHEMA,
    NAME,
    RUN_SCHEMA,
    check_batch,
)
from mbml.store.batch_summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mbml.sources.batch import Batch, Source
    from mbml.store.batch_summary import Schedule


#: Published files have twelve schedules at most, and a process may open a thousand files.
_MOST_FILES = 128

#: How soon a thread that waits for another notices that it has ended.
_GLANCE_SECONDS = 0.1


class Spill:
    """Arrow tables of one schema in a temporary file that nobody else sees.

    Parameters
    ----------
    schema
        The schema.
    folder
        Where the file is.
    compression
        Of the file; means of doubles hardly get smaller.
    """

    def __init__(self, schema: pa.Schema, folder: Path, compression: str | None = "lz4") -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        options = ipc.IpcWriteOptions(compression=compression, unify_dictionaries=True)
        self.schema = schema
        self._writer = ipc.new_stream(pa.PythonFile(self._file, "w"), schema, options=options)
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Add the rows of a table."""
        self._writer.write_table(table)
        self.rows += table.num_rows

    def reader(self) -> pa.RecordBatchReader:
        """End writing, and read all rows from the start."""
        self._writer.close()
        self._file.seek(0)
        return ipc.open_stream(pa.PythonFile(self._file, "r"))

    def close(self) -> None:
        """Remove the temporary file."""
        with suppress(OSError):  # what a full disk did not take cannot be flushed either
            self._file.close()


class StagedSummary:
    """The summary of a source, as far as cells have all their trials of a schedule in one batch.

    Attributes
    ----------
    is_whole
        False if the source does not number its cells as it must, or has schedules beyond number:
        then nothing here is of use.
    """

    def __init__(self, benchmark: str, folder: Path) -> None:
        self._benchmark = benchmark
        self._folder = folder
        # Rows of one schedule with the same columns lie in one file.
        self._spills: dict[tuple[Schedule, tuple[str, ...]], Spill] = {}
        self._cells: dict[Schedule, _Cells] = {}
        self.is_whole = True

    def add(self, batch: Batch, architectures: int) -> None:
        """Summarise a batch; `architectures` is how many the source has named so far."""
        if not self.is_whole:
            return
        for schedule, cells, summary in summarise(batch, self._benchmark):
            many = max(len(self._cells), len(self._spills)) >= _MOST_FILES
            if many or cells.max() >= architectures:
                self.is_whole = False
                return
            known = self._cells.setdefault(schedule, _Cells())
            known.add(cells, are_summarised=summary is not None)
            if summary is not None:
                key = (schedule, tuple(summary.column_names))
                if key not in self._spills:
                    self._spills[key] = Spill(summary.schema, self._folder, compression=None)
                self._spills[key].write(summary)

    @property
    def schema(self) -> pa.Schema | None:
        """The columns of `cell_metric` that any row has; None if there is no row."""
        if not self._spills:
            return None
        found = pa.unify_schemas([spill.schema for spill in self._spills.values()])
        keys = {"arch_id": pa.uint32(), "dataset": NAME, "schedule_epochs": pa.uint16()}
        return pa.schema([*keys.items(), *(field for field in found if field.name != "arch")])

    @property
    def schedules(self) -> Collection[Schedule]:
        """The schedules of the source."""
        return self._cells.keys()

    def rows(self) -> Iterator[tuple[Schedule, pa.RecordBatch]]:
        """Yield the rows of the cells that `left` does not name, schedule by schedule."""
        for (schedule, _), spill in sorted(self._spills.items()):
            scattered = self._cells[schedule].scattered
            for rows in spill.reader():
                stays = ~scattered[rows.column("arch").to_numpy()]
                yield schedule, rows if stays.all() else rows.filter(pa.array(stays))

    def left(self) -> Iterator[tuple[Schedule, NDArray[np.int64]]]:
        """Yield the schedules that have cells to be summarised by SQL, and their ordinals."""
        for schedule, known in sorted(self._cells.items()):
            if known.scattered.any():
                yield schedule, np.flatnonzero(known.scattered)

    def close(self) -> None:
        """Remove what was set aside."""
        for spill in self._spills.values():
            spill.close()


class _Cells:
    """The cells of one schedule: those met so far, and those with trials in several batches."""

    def __init__(self) -> None:
        self._met = np.zeros(1024, bool)
        self.scattered = np.zeros(1024, bool)

    def add(self, cells: NDArray[np.uint32], *, are_summarised: bool) -> None:
        more = int(cells.max()) + 1 - len(self._met)
        if more > 0:
            more = max(more, len(self._met))
            self._met = np.pad(self._met, (0, more))
            self.scattered = np.pad(self.scattered, (0, more))
        self.scattered[cells] |= self._met[cells] if are_summarised else True
        self._met[cells] = True


class Staging:
    """Splits the batches of a source: epochs as a stream, the rest set aside.

    Attributes
    ----------
    architectures, runs, summary
        What is set aside.
    records
        Records read so far.
    is_stopped
        Set to True to end the stream.
    """

    def __init__(
        self, source: Source, folder: Path, progress: Callable[[int, int], None] | None
    ) -> None:
        self._source = source
        self._progress = progress
        self.architectures = Spill(ARCHITECTURE_SCHEMA, folder)
        self.runs = Spill(RUN_SCHEMA, folder)
        self.summary = StagedSummary(source.benchmark, folder)
        self.records = 0
        self.is_stopped = False
        # One waits while another is read and a third is inserted.
        self._rows: queue.Queue[pa.Table | None] = queue.Queue(1)

    def read(self, is_over: Callable[[], bool]) -> None:
        """Read the source in the calling thread, while another takes the stream of `epochs`.

        Interrupts reach the main thread alone: one that reads there is ended wherever it stands.

        Parameters
        ----------
        is_over
            Whether nobody takes the rows any more.
        """
        try:
            for batch in self._source.batches():
                check_batch(batch)
                self.architectures.write(batch.architectures)
                self.runs.write(batch.runs)
                self.summary.add(batch, self.architectures.rows)
                self.records += batch.records
                if self._progress is not None:
                    self._progress(self.records, batch.bytes_done)
                if not self._hand_over(batch.epochs, is_over):
                    return
            self._hand_over(None, is_over)
        except BaseException:
            self.is_stopped = True
            raise

    def _hand_over(self, rows: pa.Table | None, is_over: Callable[[], bool]) -> bool:
        while not is_over():
            with suppress(queue.Full):
                self._rows.put(rows, timeout=_GLANCE_SECONDS)
                return True
        return False

    def epochs(self) -> pa.RecordBatchReader:
        """Return the rows of epochs as a stream, which `read` fills from another thread."""
        return pa.RecordBatchReader.from_batches(EPOCH_SCHEMA, self._stream())

    def close(self) -> None:
        """Remove what was set aside."""
        self.architectures.close()
        self.runs.close()
        self.summary.close()

    def _stream(self) -> Iterator[pa.RecordBatch]:
        while not self.is_stopped:
            with suppress(queue.Empty):
                rows = self._rows.get(timeout=_GLANCE_SECONDS)
                if rows is None:
                    return
                yield from rows.to_batches()
        raise MbmlError("reading the source was ended")
