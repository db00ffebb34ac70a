"""Another data set's accuracy as a feature, at the price of training every architecture there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mbml.datasets import meta_dataset, validated
from mbml.errors import UsageError
from mbml.features.parts import MeasuredPart, MeasuringCost, Part
from mbml.features.topology.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse


def transfer_parts(argument: str) -> Mapping[str, tuple[Part, ...]]:
    """Make the parts of `transfer:<view>`: its validation accuracy.

    Raises
    ------
    UsageError
        There is no such view.
    """
    other = validated(meta_dataset(argument))
    column = Column(
        f"valid_accuracy_of_{other.name.removeprefix('meta_')}",
        f"validation accuracy in {other.name}, mean over trials",
        "fraction",
        "transfer",
    )
    return {
        other.benchmark: (
            MeasuredPart(columns=(column,), read=partial(_read, other=other, name=column.name)),
        )
    }


def _read(
    warehouse: Warehouse,
    dataset: MetaDataset,
    arch_ids: pl.Series,
    *,
    other: MetaDataset,
    name: str,
) -> tuple[pl.DataFrame, MeasuringCost]:
    from mbml.frames import read_other

    dataset.check_training(f"transfer:{other.name}")
    if other.dataset in {dataset.dataset, validated(dataset).dataset}:
        raise UsageError(
            f"transfer: {other.name} is of the data set of {dataset.name}, so that the outcome"
            " might leak; name another data set, or an earlier epoch with curve:EPOCH"
        )
    measured = read_other(warehouse, other, arch_ids)
    if measured["valid_accuracy"].null_count() == measured.height:
        raise UsageError(
            f"{other.name} has no valid_accuracy for any architecture of {dataset.name};"
            " name another view, or load a source that has it"
        )
    seconds = measured["train_seconds"].mean()
    cost = MeasuringCost(other.epoch, float(seconds) if isinstance(seconds, float) else None)
    return measured.select(measured["valid_accuracy"].alias(name)), cost
