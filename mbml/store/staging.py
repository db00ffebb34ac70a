"""Batches of a source on their way into the tables, in bounded memory.

Only the rows of epochs are many, and DuckDB takes them in bounded memory in one statement alone
(small inserts pile up until the commit). So they stream straight into their table, while
architectures and runs wait in compressed temporary files.
"""

from __future__ import annotations

import queue
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import ipc

from mbml.errors import MbmlError
from mbml.sources.batch import ARCHITECTURE_SCHEMA, EPOCH_SCHEMA, RUN_SCHEMA, check_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mbml.sources.batch import Source


#: How soon a thread that waits for another notices that it has ended.
_GLANCE_SECONDS = 0.1


class Spill:
    """Arrow tables of one schema in a temporary file that nobody else sees."""

    def __init__(self, schema: pa.Schema, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        options = ipc.IpcWriteOptions(compression="lz4", unify_dictionaries=True)
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


class Staging:
    """Splits the batches of a source: epochs as a stream, the rest set aside.

    Attributes
    ----------
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

    def _stream(self) -> Iterator[pa.RecordBatch]:
        while not self.is_stopped:
            with suppress(queue.Empty):
                rows = self._rows.get(timeout=_GLANCE_SECONDS)
                if rows is None:
                    return
                yield from rows.to_batches()
        raise MbmlError("reading the source was ended")
