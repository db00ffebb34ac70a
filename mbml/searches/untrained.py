"""What is known of candidates without training: columns of the view, and of devices beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mbml import frames
from mbml.datasets import Role, catalogue, may_be_feature, role_of
from mbml.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse


#: What is read of every view; NULL where a view of the user has no such column.
KNOWN = ("parameters", "flops", "latency_seconds")


def read_untrained(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, columns: Sequence[str]
) -> pl.DataFrame:
    """Read columns that no training tells, of architectures in their order.

    A column is that of the searched view, or else of a view of the same data set that holds no
    training, such as `device_nasbench201_cifar10`. Networks of `cifar10-valid` are those of
    `cifar10`.

    Returns
    -------
    polars.DataFrame
        The columns under the names that the views give them, NULL where not known.

    Raises
    ------
    UsageError
        A column is an outcome, which a search pays for, or there is no such column.
    """
    beside = views_beside(dataset)
    found = arch_ids.to_frame("arch_id")
    places = {
        column.casefold(): (column, one)
        for one in [*beside, dataset]
        for column in (
            *frames.view_columns(warehouse, one.name),
            *(KNOWN if one is dataset else ()),
        )
    }
    wanted: dict[str, list[str]] = {}
    for name in columns:
        if name.casefold() not in places:
            known = [column for column, one in places.values() if may_be_feature(column, one)]
            views = " or ".join(one.name for one in [dataset, *beside])
            raise unknown_name(f"column of {views}", name, known)
        column, one = places[name.casefold()]
        if not _is_untrained(column, one):
            raise UsageError(
                f"{column} is an outcome: only training tells it, and a search pays for training"
                " by its queries; name columns that are known before"
            )
        wanted.setdefault(one.name, []).append(column)
    for one in [*beside, dataset]:
        names = [name for name in dict.fromkeys(wanted.get(one.name, ())) if name != "arch_id"]
        if names:
            held = frames.read_view(warehouse, one, ["arch_id", *names])
            found = found.join(held, on="arch_id", how="left", maintain_order="left")
    return found


def views_beside(dataset: MetaDataset) -> list[MetaDataset]:
    """Return the views without training of the data set that a view is trained on."""
    return [
        one
        for one in catalogue().values()
        if (one.benchmark, one.dataset, one.epoch) == (dataset.benchmark, dataset.images, 0)
    ]


def _is_untrained(column: str, dataset: MetaDataset) -> bool:
    return role_of(column, dataset) is Role.KEY or may_be_feature(column, dataset)


def check_objectives(known: pl.DataFrame, objectives: Sequence[str], view: str) -> None:
    """Check that objectives are numbers, each named once, and known of every candidate.

    Raises
    ------
    UsageError
        One is a key, is named twice, holds no numbers, or is NULL or not finite for a candidate.
    """
    for name in objectives:
        if objectives.count(name) > 1:
            raise UsageError(f"{name} is named twice; name each objective once")
        values = known[name]
        if role_of(name) is Role.KEY or not values.dtype.is_numeric():
            raise UsageError(
                f"{name} of {view} cannot be an objective: expected a size, as numbers"
            )
        missing = known.height - int(values.cast(pl.Float64).is_finite().sum())
        if missing:
            raise UsageError(
                f"{view} has no {name} for {missing:,} of {known.height:,} architectures; choose"
                f" another objective, or leave them out by the condition {name} is not null"
            )
