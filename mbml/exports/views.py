"""Views as files of our own: Parquet (one file or Hive folders) or CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mbml.benchmarks import MetaDataset
from mbml.datasets import META_DATASETS, catalogue
from mbml.errors import UsageError, unknown_name
from mbml.exports.parquet import copy_to, write_parquet
from mbml.exports.places import Place, inside, whole_export
from mbml.exports.provenance import provenance
from mbml.store import opened
from mbml.store.contents import views_by_name
from mbml.store.schema import own_views

if TYPE_CHECKING:
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

#: Columns that become Hive folders, for views that are too long for one file.
_PARTITIONS = {"measurement": ("benchmark", "dataset", "schedule_epochs")}
_MANY_EPOCHS = ("epoch",)


def export(
    warehouse: WarehouseOrPath,
    view: str | MetaDataset,
    folder: Place,
    *,
    format_name: Literal["parquet", "csv"] = "parquet",
    one_file: bool = False,
    overwrite: bool = False,
) -> Place:
    """Write a view into a folder and return the path of the file or folder made.

    Parquet is compressed with zstd. ``measurement`` is partitioned by benchmark, dataset and
    schedule, a view of several epochs by epoch; other views, and all CSV, are one file.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    view
        Name of a view, or the entry of a meta-dataset.
    folder
        Where to write; it is made when it is not there. An address in S3 is given as text.
    format_name
        ``parquet`` or ``csv``.
    one_file
        One Parquet file even where folders are the rule.
    overwrite
        Take the place of what has the name already.

    Returns
    -------
    Path or str
        The file or folder, as a path or as text like `folder`.

    Raises
    ------
    UsageError
        There is no such view or format, or the name is taken.
    WarehouseError
        The warehouse cannot be opened.
    MbmlError
        Writing failed; nothing is left under the name.

    Examples
    --------
    >>> import mbml
    >>> mbml.export("warehouse/mbml.duckdb", "meta_nasbench201_cifar100_200epochs", "exports")
    'exports/meta_nasbench201_cifar100_200epochs.parquet'
    """
    if format_name not in ("parquet", "csv"):
        raise unknown_name("format", format_name, ("parquet", "csv"))
    name = view.name if isinstance(view, MetaDataset) else view
    with opened(warehouse) as held:
        selected = rows_of(held, name)
        parts = () if one_file or format_name == "csv" else _partitions(name)
        origin = provenance(held, name)
        target = inside(folder, f"{name}{origin.mark}" + ("" if parts else f".{format_name}"))
        with whole_export(target, overwrite=overwrite) as partial:
            if format_name == "csv":
                with held.reading() as con:
                    copy_to(con, selected, partial, {"format": "csv"})
            else:
                write_parquet(held, selected, partial, origin, parts=parts)
    return target


def rows_of(warehouse: Warehouse, view: str) -> str:
    """Return what follows `from` in SQL to read a view in its own order, for files of its name.

    Raises
    ------
    UsageError
        There is no such view, or no file can have its name.
    """
    views = views_by_name(warehouse)
    if view not in views:
        raise unknown_name("view", view, views, listed_by="mbml views")
    if "/" in view:
        raise UsageError(f"view {view!r}: no file can have this name; give the view one without /")
    relation, _ = views[view]
    known = catalogue().get(view)
    return relation if known is None else f"{relation} order by {known.order_by}"


def _partitions(view: str) -> tuple[str, ...]:
    if view in _PARTITIONS:
        return _PARTITIONS[view]
    families = view.startswith(("meta_", "learning_curve_")) and view in own_views()
    return _MANY_EPOCHS if families and view not in META_DATASETS else ()
