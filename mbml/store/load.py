"""Loading a source: one transaction, at the end of which every check passes, or nothing changed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

import duckdb

from mbml._version import __version__
from mbml.errors import MbmlError, SourceError
from mbml.sources.batch import EPOCH_METRICS
from mbml.sources.checksum import Checksum, Stamp, check_unchanged, checksum, stamps, total_bytes
from mbml.sources.found import FoundSource
from mbml.sources.naming import named_surrogate
from mbml.store.checks import run_checks
from mbml.store.faults import reporting_full_disk
from mbml.store.insert import insert_architectures, insert_runs
from mbml.store.merge import merge_with_held_runs
from mbml.store.schema import apply_added
from mbml.store.staging import Staging
from mbml.store.summary import insert_summary, refresh_summary, summarise_left, touched_by
from mbml.store.waiting import Working
from mbml.text import first_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from mbml.sources.batch import Source
    from mbml.store.warehouse import Warehouse

#: The processes that read need memory too, and rows that only pass through need little.
_LIMIT_WHILE_READING = "128MB"


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What a load did.

    Attributes
    ----------
    source_id
        Number of the source in the warehouse.
    already_loaded
        True if the same bytes had been loaded before: nothing was done.
    records, architectures, runs, epochs
        Records read; architectures not known before; runs and epoch rows brought.
    release
        Published release the file was recognised as.
    is_surrogate
        True if its numbers are invented.
    """

    source_id: int
    already_loaded: bool
    records: int
    architectures: int
    runs: int
    epochs: int
    release: str | None
    is_surrogate: bool


def ingest(
    warehouse: Warehouse,
    source: Source,
    *,
    replace: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> LoadReport:
    """Load a source into a warehouse that is open for writing.

    Parameters
    ----------
    warehouse
        The warehouse.
    source
        The file, as one of `mbml.sources` reads it.
    replace
        Delete what the warehouse holds for the same architectures, data sets and schedules first.
    progress
        Called with the records and bytes read so far.

    Raises
    ------
    SourceError
        The file is damaged, not what it claims to be, or was changed while it was read.
    UsageError
        The warehouse holds other values for the same runs, and `replace` is false.
    CheckError
        The loaded rows break a check.
    MbmlError
        The disk is full, or the load failed in another way; nothing of it was kept.
    """
    found = stamps(source.files)
    # Hashing beside reading costs no time, but would read a known file for nothing.
    sizes = {row[0] for row in warehouse.rows("select bytes from source")}
    halt = Event()
    with ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(checksum, source.files, halt=halt)
        try:
            if total_bytes(source.files) in sizes:
                known = _already_loaded(warehouse, source, hashing.result())
                if known is not None and not replace:
                    return known
            with reporting_full_disk(warehouse.path):
                load = _Load(warehouse, source, found, hashing, replace=replace, progress=progress)
                return _run(load, halt)
        finally:
            halt.set()


def _run(load: _Load, halt: Event) -> LoadReport:
    """Read in this thread, where an interrupt arrives, and insert in another."""

    def stop() -> None:
        halt.set()
        load.stop()

    working = Working(lambda: load.warehouse.transaction(load.run))
    try:
        try:
            working.start()
            load.staging.read(lambda: working.is_over)
        finally:
            working.wait_or_stop(stop)
        report: LoadReport = working.result()
    except duckdb.Error as error:
        first = first_line(error)
        raise MbmlError(
            f"{load.warehouse.path}: the load failed, nothing of it was kept: {first}"
        ) from error
    finally:
        load.close()
    return report


class _Load:
    """The steps of one load, inside its transaction."""

    def __init__(
        self,
        warehouse: Warehouse,
        source: Source,
        found: tuple[Stamp, ...],
        hashing: Future[Checksum],
        *,
        replace: bool,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.warehouse = warehouse
        self.con = warehouse.con
        self.source = source
        self.found = found
        self.hashing = hashing
        self.replace = replace
        passed = source.passed if isinstance(source, FoundSource) else ()
        self.is_surrogate = named_surrogate(source.path, source.files, passed)
        self.staging = Staging(source, warehouse.path.parent, progress)
        [(limit,)] = warehouse.rows("select current_setting('memory_limit')")
        # DuckDB cuts it to a tenth of a unit; what is set again would be cut once more.
        self._memory_limit = re.sub(r"(\.\d) ", r"\g<1>5 ", limit)
        # Not while a source streams: DuckDB and Python would wait for each other.
        self._may_interrupt = False

    def stop(self) -> None:
        """Make the load fail soon; from another thread, and more than once if need be."""
        self.staging.is_stopped = True
        if self._may_interrupt:
            self.con.interrupt()

    def close(self) -> None:
        """Leave nothing of the load but what it committed, however it ended."""
        self.staging.close()
        with suppress(duckdb.Error):  # after a fatal error the connection does nothing any more
            self._set_memory_limit(self._memory_limit)
            self.con.execute("set preserve_insertion_order = true")
            # A failed transaction has dropped the name, but still holds the rows.
            self.con.unregister("incoming")

    def run(self) -> LoadReport:
        [(source_id, first_run, first_arch)] = self.warehouse.rows(
            "select (select coalesce(max(source_id), 0) + 1 from source),"
            " (select coalesce(max(run_id) + 1, 0) from run),"
            " (select coalesce(max(arch_id) + 1, 0) from architecture)"
        )
        epochs = self._stream_epochs(first_run)
        if self.staging.records == 0:
            raise SourceError(self.source.path, "", "holds no records")
        # Nearly in order is enough for runs and summary, and two threads fill row groups faster.
        # Not for epochs: grouped by run, what is not in order needs several times the memory.
        self.con.execute("set preserve_insertion_order = false")
        rows = self.staging.architectures.reader()
        arch_ids = insert_architectures(self.con, rows, self.source.benchmark, first_arch)
        runs = self.staging.runs.reader()
        inserted = insert_runs(self.con, runs, arch_ids, first_run, source_id)
        if inserted != self.staging.runs.rows:
            problem = f"{self.staging.runs.rows - inserted:,} runs are of architectures it lacks"
            raise SourceError(self.source.path, "", problem)
        self._insert_source(source_id)
        apply_added(self.con, self.warehouse.path, self.source.benchmark)
        touched = touched_by(self.warehouse, first_run)
        were_held = merge_with_held_runs(
            self.warehouse, self.source.path, first_run, replace=self.replace
        )
        summary = self.staging.summary
        if were_held or not summary.is_whole:
            self._may_interrupt = True
            refresh_summary(self.warehouse, touched)
        else:
            self._set_memory_limit(_LIMIT_WHILE_READING)
            insert_summary(self.con, summary, arch_ids, lambda: self.staging.is_stopped)
            self._set_memory_limit(self._memory_limit)
            self._may_interrupt = True
            summarise_left(self.warehouse, self.source.benchmark, summary, arch_ids)
        run_checks(self.warehouse)
        self._may_interrupt = False
        [(architectures,)] = self.warehouse.rows(
            "select count(*) from architecture where arch_id >= ?", [first_arch]
        )
        return LoadReport(
            source_id=source_id,
            already_loaded=False,
            records=self.staging.records,
            architectures=architectures,
            runs=self.staging.runs.rows,
            epochs=epochs,
            release=self.source.release,
            is_surrogate=self.is_surrogate,
        )

    def _stream_epochs(self, first_run: int) -> int:
        self.con.register("incoming", self.staging.epochs())
        columns = ", ".join(EPOCH_METRICS)
        self._set_memory_limit(_LIMIT_WHILE_READING)
        inserted = self.con.execute(
            "insert into epoch_metric by name"  # noqa: S608
            f" select run + ? as run_id, epoch, {columns} from incoming",
            [first_run],
        ).fetchall()
        self._set_memory_limit(self._memory_limit)
        self.con.unregister("incoming")
        return int(inserted[0][0])

    def _set_memory_limit(self, limit: str) -> None:
        self.con.execute(f"set memory_limit = '{limit}'")

    def _insert_source(self, source_id: int) -> None:
        mark = self.hashing.result()
        check_unchanged(self.source.files, self.found)
        self.warehouse.insert(
            "source",
            {
                "source_id": source_id,
                "benchmark": self.source.benchmark,
                "release": self.source.release,
                "published_file": mark.published,
                "format": self.source.format,
                "file_name": self.source.path.name,
                "sha256": mark.sha256,
                "bytes": mark.bytes,
                "records": self.staging.records,
                "is_surrogate": self.is_surrogate,
                "mbml_version": __version__,
                "loaded_at": datetime.now(UTC),
            },
        )


def _already_loaded(warehouse: Warehouse, source: Source, mark: Checksum) -> LoadReport | None:
    held = warehouse.rows(
        "select source_id, records, release, is_surrogate from source"
        " where sha256 = ? and benchmark = ? and format = ?",
        [mark.sha256, source.benchmark, source.format],
    )
    if not held:
        return None
    source_id, records, release, surrogate = held[0]
    return LoadReport(
        source_id=source_id,
        already_loaded=True,
        records=records,
        architectures=0,
        runs=0,
        epochs=0,
        release=release,
        is_surrogate=surrogate,
    )
