"""Loading a file or a frame into a warehouse, by the kind of its contents."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mbml.errors import MbmlError, OtherKindError, UsageError
from mbml.sources.registry import open_sources
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.measurements import READERS
from mbml.store.load import ingest
from mbml.store.measurements import MeasurementReport, ingest_measurements
from mbml.store.opening import opened
from mbml.store.proxies import ProxyReport, ingest_proxies
from mbml.store.shared_results import ingest_results
from mbml.text import described, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import polars as pl

    from mbml.sources.batch import Source
    from mbml.sources.tables.columns import ColumnOptions
    from mbml.store.warehouse import WarehouseOrPath

_NEED_A_FILE = ("results", "proxies", "table", *READERS)
_LOG = logging.getLogger(__name__)


def ingest_file(
    warehouse: WarehouseOrPath,
    kind: Any,
    file: Any = None,
    *,
    replace: bool = False,
    name: str = "frame",
    progress: Callable[[int, int], None] | None = None,
    dataset: str | None = None,
    rename: Mapping[str, str] | None = None,
    percent: Sequence[str] | str | None = (),
    scale: Mapping[str, float] | None = None,
    key: str | None = None,
    constants: Mapping[str, Any] | None = None,
    ignore: Sequence[str] | str | None = (),
) -> list[Any]:
    """Load a file of measurements, a folder of them, or a frame into a warehouse.

    A file is loaded as a whole or not at all. The same file again changes nothing.

    Parameters
    ----------
    warehouse
        A warehouse, or the path of one, which is made if it is missing. One that is open for
        reading makes way meanwhile.
    kind
        `nasbench101`, `nasbench201`, `natsbench`, `table`, `proxies`, `devices`, `robustness`,
        `results` (fits and searches that `mbml.exports.export_results` wrote) or that of a plug-in.
        It may be left out where the content of the file tells, and for a frame of measurements.
    file
        The file or folder, or, for `table` and `proxies`, a frame of Polars, pandas or Arrow. A
        frame of measurements has one row per architecture, data set, schedule, trial and epoch, in
        the columns that `db.view("measurement")` has; those that it lacks are null. Accuracies are
        fractions in [0, 1], times seconds. One of proxies has a row per cell.
    replace
        Replace what the warehouse holds for the same architectures, data sets and schedules.
    name
        What a frame is called among the sources. With `surrogate` in it, its numbers are recorded
        as invented.
    progress
        Called with the records and bytes read so far.
    dataset
        The data set of the images, for `proxies`, `devices` and `robustness` alone. The last two
        need it only where the file does not tell.
    rename
        From names of columns in a table or in proxies to mbml's.
    percent
        Accuracies of a table that are in percent.
    scale
        From names of a table's columns to the factors that give mbml's units, such as
        `{"parameters": 1e6}`; for `robustness`, those that give fractions.
    key
        The column that tells the cell, in any spelling that `mbml.cell` reads; also of proxies.
    constants
        Values of columns that a table lacks, the same in all rows.
    ignore
        Columns of a table or of proxies to leave out.

    Returns
    -------
    list of LoadReport; of ProxyReport for `proxies`, of MeasurementReport for `devices` and
    `robustness`, of ResultsReport for `results`
        One for each benchmark in the file: what was new, and what is recorded about the source.

    Raises
    ------
    UsageError
        The file is missing, of an unknown kind, or contradicts what the warehouse holds.
    SourceError
        The file is damaged, or not what it should be.
    CheckError
        The loaded rows break a check.
    WarehouseError
        The warehouse cannot be opened for writing.

    Examples
    --------
    >>> import mbml, polars as pl
    >>> frame = pl.DataFrame(
    ...     {
    ...         "arch_str": [mbml.cell("nasbench201", 284).format()],
    ...         "dataset": ["cifar10-valid"],
    ...         "schedule_epochs": [200],
    ...         "trial": [1],
    ...         "epoch": [200],
    ...         "valid_accuracy": [0.55],
    ...     }
    ... )
    >>> [report] = mbml.ingest("mine.duckdb", frame, name="surrogate of mine")
    >>> report.architectures, report.is_surrogate
    (1, True)
    """
    if file is None:
        _check_not_kind(kind)
        kind, file = None, kind
    options = column_options(
        rename=rename, percent=percent, scale=scale, key=key, constants=constants, ignore=ignore
    )
    with _as_file(file, name) as path:
        if kind == "results":
            return [ingest_results(warehouse, path)]
        if kind == "proxies":
            return [_ingest_proxies(warehouse, path, dataset, options, replace=replace)]
        sources: Sequence[Source] = ()
        beside = kind if isinstance(kind, str) and kind in READERS else None
        misplaced = UsageError(
            "`dataset` is for proxies, devices and robustness; in a table it is a column, or a"
            " constant"
        )
        if dataset is not None and kind is not None and beside is None:
            raise misplaced
        if beside is None:
            try:
                sources = open_sources(kind, path, options if str(options) else None)
            except OtherKindError as other:
                if kind is not None:
                    raise
                beside = other.kind
        if beside is not None:
            return [_ingest_beside(warehouse, beside, path, dataset, options, replace=replace)]
        if dataset is not None:
            raise misplaced
        with opened(warehouse, write=True) as held:
            return [
                ingest(held, source, replace=replace, progress=progress)
                for source in _noted(sources)
            ]


def _check_not_kind(given: Any) -> None:
    """Refuse a kind without a file; a file may have the name of one."""
    if isinstance(given, str) and given in _NEED_A_FILE and not Path(given).exists():
        raise UsageError(f"expected a file, a folder or a frame beside the kind {given!r}")


def _ingest_beside(
    warehouse: WarehouseOrPath,
    kind: str,
    path: Path,
    dataset: str | None,
    options: ColumnOptions,
    *,
    replace: bool,
) -> MeasurementReport:
    read = READERS[kind](path, dataset=dataset, options=options)
    for note in read.notes:
        _LOG.warning("%s: %s", path.name, note)
    return ingest_measurements(warehouse, read, replace=replace)


def _ingest_proxies(
    warehouse: WarehouseOrPath,
    path: Path,
    dataset: str | None,
    options: ColumnOptions,
    *,
    replace: bool,
) -> ProxyReport:
    from mbml.sources.tables.proxies import read_proxies

    if dataset is None:
        raise UsageError(f"{path}: which data set were the proxies computed on? Give `dataset`")
    proxies = read_proxies(path, dataset=dataset, options=options)
    for note in proxies.notes:
        _LOG.warning("%s: %s", path.name, note)
    return ingest_proxies(warehouse, proxies, replace=replace)


def _noted(sources: Sequence[Source]) -> Sequence[Source]:
    """Log what readers tell of how they read sources."""
    for source in sources:
        for note in getattr(source, "notes", ()):
            _LOG.warning("%s: %s", source.path.name, note)
    return sources


@contextmanager
def _as_file(given: Any, name: str) -> Iterator[Path]:
    """Give the path of a file; a frame is written to one for the moment."""
    if isinstance(given, (str, Path)):
        yield Path(given)
        return
    import polars as pl

    with TemporaryDirectory(prefix="mbml-") as folder:
        path = Path(folder) / f"{name.replace('/', '_')}.parquet"
        try:
            # In one piece: the same rows give the same file, and so the same checksum.
            _as_frame(given).rechunk().write_parquet(path)
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            # Such as a column of pandas with values of several types.
            raise UsageError(f"the frame cannot be read: {described(error)}") from error
        try:
            yield path
        except MbmlError as error:
            error.args = tuple(str(one).replace(f"{path}", f"frame {name!r}") for one in error.args)
            raise


def _as_frame(given: Any) -> pl.DataFrame:
    import polars as pl

    if isinstance(given, pl.LazyFrame):
        return given.collect()
    if not (hasattr(given, "__arrow_c_stream__") or hasattr(given, "__dataframe__")):
        raise UsageError(
            f"expected a file, a folder or a frame of Polars, pandas or Arrow, got {quoted(given)}"
        )
    return pl.DataFrame(given)
