"""Views and measurements as files: Parquet (one file or Hive folders) or CSV, ours or the paper's.

A file or folder appears under its name only when it is whole. Invented numbers are named so.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import duckdb

from mbml.datasets import META_DATASETS
from mbml.errors import MbmlError, UsageError, unknown_name
from mbml.store.parquet import TABLES
from mbml.whole_file import is_full, whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

    from mbml.datasets import MetaDataset
    from mbml.store import Warehouse

#: Columns that become Hive folders, for views that are too long for one file.
_PARTITIONS = {"measurement": ("benchmark", "dataset", "schedule_epochs")}
_MANY_EPOCHS = ("epoch",)
#: Data sets of NAS-Bench-201 that the paper has files of.
_PUBLISHED = ("cifar10-valid", "cifar100", "ImageNet16-120")


def export(
    warehouse: Warehouse,
    view: str,
    folder: Path,
    *,
    format_name: Literal["parquet", "csv"] = "parquet",
    one_file: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a view into a folder and return the path of the file or folder made.

    Parquet is compressed with zstd. ``measurement`` is partitioned by benchmark, dataset and
    schedule, a view of several epochs by epoch; other views, and all CSV, are one file.

    Parameters
    ----------
    warehouse
        An open warehouse.
    view
        Name of a view.
    folder
        Where to write; it is made when it is not there.
    format_name
        ``parquet`` or ``csv``.
    one_file
        One Parquet file even where folders are the rule.
    overwrite
        Take the place of what has the name already.

    Raises
    ------
    UsageError
        There is no such view or format, or the name is taken.
    MbmlError
        Writing failed; nothing is left under the name.
    """
    if format_name not in ("parquet", "csv"):
        raise unknown_name("format", format_name, ("parquet", "csv"))
    views = [name for (name,) in warehouse.rows("select view_name from duckdb_views()")]
    if view not in views:
        raise unknown_name("view", view, views, listed_by="mbml views")
    parts = () if one_file or format_name == "csv" else _partitions(view)
    surrogate = _holds_surrogates(warehouse, view)
    name = view + ("_surrogate" if surrogate else "") + ("" if parts else f".{format_name}")
    target = folder / name
    with _whole(target, overwrite=overwrite) as partial:
        _copy(warehouse, view, partial, format_name, parts)
    return target


def export_published(
    warehouse: Warehouse, view: str, folder: Path, *, overwrite: bool = False
) -> Path:
    """Write a meta-dataset as the paper's CSV file of it, and return its path.

    Columns, units, order and texts are those of the macros `nasbench101_published_layout` and
    `nasbench201_published_layout`; a value that was not measured is empty.

    Parameters
    ----------
    warehouse
        An open warehouse.
    view
        Name of a meta-dataset that the paper has a file of.
    folder
        Where to write; it is made when it is not there.
    overwrite
        Take the place of what has the name already.

    Raises
    ------
    UsageError
        The paper has no file of the view, or the name is taken.
    MbmlError
        Writing failed; nothing is left under the name.
    """
    known = {name: one for name, one in META_DATASETS.items() if _is_published(one)}
    if view not in known:
        raise unknown_name("view with a file in the published layout", view, known)
    surrogate = "_surrogate" if _holds_surrogates(warehouse, view) else ""
    tabular = "_tabular" if known[view].benchmark == "nasbench101" else ""
    target = folder / f"{view.removeprefix('meta_')}{tabular}{surrogate}.csv"
    with _whole(target, overwrite=overwrite) as partial:
        rows = _published_rows(warehouse, known[view])
        # The first column of these files has no name, and this writer would quote none.
        header = ",".join(name.replace("row_index", "") for name in rows.columns)
        with partial.open("wb") as file:
            file.write(f"{header}\n".encode())
            rows.write_csv(file, include_header=False)
    return target


def export_tables(warehouse: Warehouse, folder: Path, *, overwrite: bool = False) -> Path:
    """Write the tables that views read into a folder of Parquet, and return its path.

    `mbml.store.parquet.script` opens it where it lies.

    Parameters
    ----------
    warehouse
        An open warehouse.
    folder
        Where the folder `tables` is written; it is made when it is not there.
    overwrite
        Take the place of what has the name already.

    Raises
    ------
    UsageError
        The warehouse holds nothing, or the name is taken.
    MbmlError
        Writing failed; nothing is left under the name.
    """
    if not warehouse.rows("select 1 from cell_metric limit 1"):
        raise UsageError(f"{warehouse.path}: holds no measurement yet; load a source first")
    surrogates = warehouse.rows("select 1 from source where is_surrogate limit 1")
    target = folder / ("tables_surrogate" if surrogates else "tables")
    with _whole(target, overwrite=overwrite) as partial:
        partial.mkdir()
        for table, parts in TABLES.items():
            path = partial / (table if parts else f"{table}.parquet")
            _copy(warehouse, table, path, "parquet", parts)
    return target


def _is_published(dataset: MetaDataset) -> bool:
    if dataset.benchmark == "nasbench101":
        return True
    return (
        dataset.benchmark == "nasbench201"
        and dataset.dataset in _PUBLISHED
        and dataset.schedule_epochs == 200
    )


def _published_rows(warehouse: Warehouse, dataset: MetaDataset) -> pl.DataFrame:
    if dataset.benchmark == "nasbench201":
        return warehouse.frame(
            "from nasbench201_published_layout(?, ?)", [dataset.dataset, dataset.epoch]
        )
    rows = warehouse.frame("from nasbench101_published_layout(?)", [dataset.epoch])
    return rows if dataset.epoch == 108 else rows.drop("maxpool_usage")


@contextmanager
def _whole(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a path to write to, and move what is there into place if all went well."""
    if target.exists() and not overwrite:
        raise UsageError(f"{target}: exists already; choose another folder, or add --overwrite")
    try:
        with whole(target) as partial:
            yield partial
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        if is_full(error):
            reason = "the disk is full; free some space and try again"
        raise MbmlError(f"{target}: cannot be written, nothing is left of it: {reason}") from error


def _partitions(view: str) -> tuple[str, ...]:
    if view in _PARTITIONS:
        return _PARTITIONS[view]
    several = view not in META_DATASETS and view.startswith(("meta_", "learning_curve_"))
    return _MANY_EPOCHS if several else ()


def _holds_surrogates(warehouse: Warehouse, view: str) -> bool:
    benchmarks = warehouse.rows("select distinct benchmark::text from source where is_surrogate")
    return any(view == "measurement" or benchmark in view for (benchmark,) in benchmarks)


def _copy(
    warehouse: Warehouse, view: str, path: Path, format_name: str, parts: tuple[str, ...]
) -> None:
    # A query of one view in its own order; partitions are sorted out by the writer.
    dataset = META_DATASETS.get(view)
    order = f" order by {dataset.order_by}" if dataset else ""
    options = "format csv" if format_name == "csv" else "format parquet, compression zstd"
    if parts:
        options += f", partition_by ({', '.join(parts)})"
    quoted = str(path).replace("'", "''")
    warehouse.con.execute(f"copy (from {view}{order}) to '{quoted}' ({options})")
