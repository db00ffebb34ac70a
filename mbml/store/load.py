"""Loading a source: one transaction, at the end of which every check passes, or nothing changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from mbml._version import __version__
from mbml.errors import MbmlError, SourceError
from mbml.sources.batch import METRICS
from mbml.sources.checksum import Checksum, Stamp, check_unchanged, checksum, stamps, total_bytes
from mbml.sources.naming import is_surrogate
from mbml.store.checks import run_checks
from mbml.store.insert import insert_architectures, insert_runs
from mbml.store.merge import merge_with_held_runs
from mbml.store.staging import Staging
from mbml.store.summary import refresh_summary, touched_by
from mbml.store.waiting import wait_or_stop
from mbml.store.warehouse import disk_in_mind

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
    with ThreadPoolExecutor(2) as pool:
        hashing = pool.submit(checksum, source.files)
        if total_bytes(source.files) in sizes:
            known = _already_loaded(warehouse, source, hashing.result())
            if known is not None and not replace:
                return known
        with disk_in_mind(warehouse.path):
            load = _Load(warehouse, source, found, hashing, replace=replace, progress=progress)
        working = pool.submit(warehouse.transaction, load.run)
        try:
            wait_or_stop(working, load.stop)
            report: LoadReport = working.result()
        except (duckdb.Error, MbmlError) as error:
            raise _cause(warehouse, error, load.staging.failure) from error
        finally:
            load.staging.close()
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
        self.is_surrogate = is_surrogate(source.path, source.files)
        self.staging = Staging(source, warehouse.path.parent, progress)
        # Not while a source streams: DuckDB and Python would wait for each other.
        self._may_interrupt = False

    def stop(self) -> None:
        """Make the load fail soon; from another thread, and more than once if need be."""
        self.staging.is_stopped = True
        if self._may_interrupt:
            self.con.interrupt()

    def run(self) -> LoadReport:
        [(source_id, first_run, first_arch)] = self.warehouse.rows(
            "select (select coalesce(max(source_id), 0) + 1 from source),"
            " (select coalesce(max(run_id) + 1, 0) from run),"
            " (select coalesce(max(arch_id) + 1, 0) from architecture)"
        )
        epochs = self._stream_epochs(first_run)
        if self.staging.records == 0:
            raise SourceError(self.source.path, "", "holds no records")
        rows = self.staging.architectures.reader()
        insert_architectures(self.con, rows, self.source.benchmark, first_arch)
        insert_runs(self.con, self.staging.runs.reader(), first_run, source_id)
        self._insert_source(source_id)
        touched = touched_by(self.warehouse, first_run)
        merge_with_held_runs(self.warehouse, self.source.path, first_run, replace=self.replace)
        self._may_interrupt = True
        refresh_summary(self.warehouse, touched)
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
        columns = ", ".join(METRICS)
        [(limit,)] = self.warehouse.rows("select current_setting('memory_limit')")
        self.con.execute(f"set memory_limit = '{_LIMIT_WHILE_READING}'")
        inserted = self.con.execute(
            f"insert into epoch_metric select run + ?, epoch, {columns} from incoming",  # noqa: S608
            [first_run],
        ).fetchall()
        self.con.execute(f"set memory_limit = '{limit}'")
        self.con.unregister("incoming")
        return int(inserted[0][0])

    def _insert_source(self, source_id: int) -> None:
        mark = self.hashing.result()
        check_unchanged(self.source.files, self.found)
        self.con.execute(
            "insert into source values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                source_id,
                self.source.benchmark,
                self.source.release,
                mark.published,
                self.source.format,
                self.source.path.name,
                mark.sha256,
                mark.bytes,
                self.staging.records,
                self.is_surrogate,
                __version__,
                datetime.now(UTC),
            ],
        )


def _cause(warehouse: Warehouse, error: Exception, failure: BaseException | None) -> BaseException:
    """Tell what ended a load: DuckDB hides the source's failure behind an error of its own."""
    if isinstance(failure, MbmlError) or isinstance(error, MbmlError):
        return failure if isinstance(failure, MbmlError) else error
    if failure is not None:
        return failure
    first = str(error).strip().splitlines()[0]
    return MbmlError(f"{warehouse.path}: the load failed, nothing of it was kept: {first}")


def _already_loaded(warehouse: Warehouse, source: Source, mark: Checksum) -> LoadReport | None:
    held = warehouse.rows(
        "select source_id, records, release, is_surrogate from source"
        " where sha256 = ? and benchmark = ?",
        [mark.sha256, source.benchmark],
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
