"""Batches of a source on their way into the tables, in bounded memory.

Only the rows of epochs are many, and DuckDB takes them in bounded memory in one statement alone
(small inserts pile up until the commit). So they stream straight into their table, while
architectures and runs wait in compressed temporary files.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from mbml.errors import MbmlError
from mbml.sources.batch import ARCHITECTURE_SCHEMA, EPOCH_SCHEMA, RUN_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mbml.sources.batch import Batch, Source


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
    failure
        What stopped the source, if anything did: DuckDB hides it behind an error of its own.
    is_stopped
        Set to True to end the stream at its next batch.
    """

    def __init__(
        self, source: Source, folder: Path, progress: Callable[[int, int], None] | None
    ) -> None:
        self._source = source
        self._progress = progress
        self.architectures = Spill(ARCHITECTURE_SCHEMA, folder)
        self.runs = Spill(RUN_SCHEMA, folder)
        self.records = 0
        self.failure: BaseException | None = None
        self.is_stopped = False

    def epochs(self) -> pa.RecordBatchReader:
        """Return the rows of epochs as a stream; reading it to the end reads the source."""
        return pa.RecordBatchReader.from_batches(EPOCH_SCHEMA, self._stream())

    def close(self) -> None:
        """Remove what was set aside."""
        self.architectures.close()
        self.runs.close()

    def _stream(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._source.batches():
                if self.is_stopped:
                    raise KeyboardInterrupt  # noqa: TRY301
                _check_order(batch)
                self.architectures.write(batch.architectures)
                self.runs.write(batch.runs)
                self.records += batch.records
                if self._progress is not None:
                    self._progress(self.records, batch.bytes_done)
                yield from batch.epochs.to_batches()
        except BaseException as error:
            self.failure = error
            raise


def _check_order(batch: Batch) -> None:
    """Hold a source to its word: runs in one piece, epochs ascending, so that none comes twice."""
    run = batch.epochs.column("run").to_numpy().astype(np.int64)
    epoch = batch.epochs.column("epoch").to_numpy().astype(np.int64)
    key = run * 65_536 + epoch
    runs = batch.runs.column("run").to_numpy()
    ascending = bool(np.all(key[1:] > key[:-1])) and bool(np.all(runs[1:] > runs[:-1]))
    if not ascending or (len(run) and (len(runs) == 0 or run[0] < runs[0] or run[-1] > runs[-1])):
        raise MbmlError("a source handed over runs or epochs out of order; please report this")
