"""Meta-datasets as NASLib's dictionary of zero-cost proxies, in JSON: cells by NASLib's keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mbml._version import __version__
from mbml.benchmarks import MetaDataset
from mbml.datasets import meta_datasets
from mbml.errors import UsageError, unknown_name
from mbml.exports.places import Place, inside, whole_export
from mbml.exports.provenance import provenance
from mbml.result_types import sql_name
from mbml.spaces import nasbench201
from mbml.spaces.reading import naslib_tuple
from mbml.store import opened
from mbml.store.contents import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

#: How the cells of a benchmark are named, from their keys in the warehouse.
_KEYS: dict[str, Callable[[str], str]] = {
    "nasbench101": lambda key: key,
    "nasbench201": lambda key: str(naslib_tuple(nasbench201.parse(key))),
}
_KEYS_MEAN = {
    "nasbench101": "module hash of the cell",
    "nasbench201": (
        "NASLib's tuple of the cell: operations of the edges 01, 02, 03, 12, 13, 23; 0"
        " skip_connect, 1 none, 2 nor_conv_3x3, 3 nor_conv_1x1, 4 avg_pool_3x3"
    ),
}
_ACCURACIES = ("train_accuracy", "valid_accuracy", "test_accuracy", "valid_test_accuracy")
_VALUES = """
    select arch_id, list(name order by name) as names, list(value order by name) as "values"
    from proxy
    where dataset = ?
    group by arch_id
"""
_PROXY_MEANS = "Zero-cost proxy, in the unit of the file that it was loaded from"
#: Cells that are in memory at once.
_CELLS = 4096


def export_naslib(
    warehouse: WarehouseOrPath,
    view: str | MetaDataset,
    folder: Place,
    *,
    overwrite: bool = False,
) -> Place:
    """Write a meta-dataset as JSON in the form of NASLib's files of zero-cost proxies.

    ``{benchmark: {data set: {cell: {name: number}}}, "about": {...}}``. The numbers of a cell are
    its proxies on the view's data set, under their own names, and its accuracies, fractions in
    [0, 1] under the names that the view has for them. ``about`` says what each name means, where
    the numbers come from, and whether they may be invented. NASLib's ``val_accuracy`` is not
    written: in its files that is a test accuracy.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    view
        Name or entry of a meta-dataset of NAS-Bench-101 or NAS-Bench-201.
    folder
        Where to write; it is made when it is not there. An address in S3 is given as text.
    overwrite
        Take the place of what has the name already.

    Raises
    ------
    UsageError
        There is no such view of these benchmarks, or the name is taken.
    MbmlError
        Writing failed; nothing is left under the name.
    """
    known = {name: one for name, one in meta_datasets().items() if one.benchmark in _KEYS}
    name = view.name if isinstance(view, MetaDataset) else view
    if name not in known:
        raise unknown_name("view with a NASLib layout", name, known)
    dataset = known[name]
    with opened(warehouse) as held:
        described = describe(held, name)
        meanings = dict(zip(described["column"], described["meaning"], strict=True))
        accuracies = {one: meanings[one] for one in _ACCURACIES if one in meanings}
        proxies = _proxies(held, dataset)
        if twice := proxies & accuracies.keys():
            raise UsageError(
                f"{name}: the warehouse holds a proxy named {min(twice)}, like an accuracy; load it"
                " under another name"
            )
        named = dict.fromkeys(sorted(proxies), _PROXY_MEANS) | accuracies
        origin = provenance(held, name)
        about = {
            "is_surrogate": origin.is_surrogate,
            "mbml_version": __version__,
            "view": name,
            "schedule_epochs": dataset.schedule_epochs,
            "epoch": dataset.epoch,
            "cells": _KEYS_MEAN[dataset.benchmark],
            # In lists: an object within an object would look like the cells of a data set.
            "names": [{"name": one, "meaning": text} for one, text in named.items()],
            "sources": origin.sources,
        }
        target = inside(folder, f"zc_{name.removeprefix('meta_')}{origin.mark}.json")
        with whole_export(target, overwrite=overwrite) as partial, partial.open("w") as file:
            file.write(f'{{"{dataset.benchmark}": {{"{dataset.dataset}": {{')
            before = "\n"
            for key, values in _cells(held, dataset, list(accuracies)):
                file.write(f"{before}{json.dumps(key)}: {json.dumps(values)}")
                before = ",\n"
            file.write(f'\n}}}},\n"about": {json.dumps(about, indent=2)}}}\n')
    return target


def _proxies(warehouse: Warehouse, dataset: MetaDataset) -> set[str]:
    rows = warehouse.rows(
        "select distinct name from proxy inner join architecture using (arch_id)"
        " where dataset = ? and benchmark = ?",
        [dataset.dataset, dataset.benchmark],
    )
    return {name for (name,) in rows}


def _cells(
    warehouse: Warehouse, dataset: MetaDataset, measured: list[str]
) -> Iterator[tuple[str, dict[str, float]]]:
    columns = "".join(f", rows.{name}" for name in measured)
    with warehouse.reading() as con:
        found = con.execute(
            f'select rows.arch_key, held.names, held."values"{columns}'  # noqa: S608
            f" from {sql_name(dataset.name)} as rows"
            f" left join ({_VALUES}) as held using (arch_id) order by rows.{dataset.order_by}",
            [dataset.dataset],
        )
        while some := found.fetchmany(_CELLS):
            for key, names, values, *accuracies in some:
                proxies = dict(zip(names or (), values or (), strict=True))
                outcomes = zip(measured, accuracies, strict=True)
                yield (
                    _KEYS[dataset.benchmark](key),
                    proxies | {name: value for name, value in outcomes if value is not None},
                )
