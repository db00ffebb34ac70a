"""Meta-datasets as the paper's CSV files of them, column for column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.benchmarks import MetaDataset
from mbml.datasets import META_DATASETS
from mbml.errors import unknown_name
from mbml.exports.places import Place, inside, whole_export
from mbml.exports.provenance import provenance
from mbml.store import opened

if TYPE_CHECKING:
    import polars as pl

    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

#: Data sets of NAS-Bench-201 that the paper has files of.
_PUBLISHED = ("cifar10-valid", "cifar100", "ImageNet16-120")


def export_published(
    warehouse: WarehouseOrPath,
    view: str | MetaDataset,
    folder: Place,
    *,
    overwrite: bool = False,
) -> Place:
    """Write a meta-dataset as the paper's CSV file of it, and return its path.

    Columns, units, order and texts are those of the macros `nasbench101_published_layout` and
    `nasbench201_published_layout`; a value that was not measured is empty.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    view
        Name or entry of a meta-dataset that the paper has a file of.
    folder
        Where to write; it is made when it is not there. An address in S3 is given as text.
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
    view_name = view.name if isinstance(view, MetaDataset) else view
    if view_name not in known:
        raise unknown_name("view with a file in the published layout", view_name, known)
    with opened(warehouse) as held:
        mark = provenance(held, view_name).mark
        rows = _published_rows(held, known[view_name])
    tabular = "_tabular" if known[view_name].benchmark == "nasbench101" else ""
    target = inside(folder, f"{view_name.removeprefix('meta_')}{tabular}{mark}.csv")
    with whole_export(target, overwrite=overwrite) as partial:
        # The first column of these files has no name, and this writer would quote none.
        header = ",".join(name.replace("row_index", "") for name in rows.columns)
        with partial.open("wb") as file:
            file.write(f"{header}\n".encode())
            rows.write_csv(file, include_header=False)
    return target


def _is_published(dataset: MetaDataset) -> bool:
    if dataset.benchmark == "nasbench101":
        return not dataset.subset
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
