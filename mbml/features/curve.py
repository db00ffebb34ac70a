"""Learning curves as features: the accuracy at an earlier epoch, at the price of training so far.

NAS-Bench-201 reads the same training, NAS-Bench-101 its own half time, or else the separate shorter
training of that many epochs, as its files hold no other epochs.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mbml.benchmarks import BENCHMARK_PLUGINS
from mbml.errors import UsageError
from mbml.features.parts import MeasuredPart, MeasuringCost, Part
from mbml.features.topology.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse

_KINDS = {"valid": "valid_accuracy", "train": "train_accuracy"}
_BENCHMARKS = ("nasbench101", "nasbench201")


def curve_parts(argument: str) -> Mapping[str, tuple[Part, ...]]:
    """Make the parts of `curve:<epoch>` or `curve:<epoch>:<valid or train>`.

    Raises
    ------
    UsageError
        The argument has another form.
    """
    digits, colon, kind = argument.partition(":")
    if not (digits.isascii() and digits.isdigit() and int(digits[:9]) > 0 and len(digits) < 5):
        raise UsageError(f"curve:{argument}: {digits!r} is no epoch; write curve:12, for example")
    if colon and kind not in _KINDS:
        raise UsageError(f"curve:{argument}: {kind!r} is no accuracy; write valid or train")
    epoch, accuracy = int(digits), _KINDS[kind or "valid"]
    column = Column(
        f"{accuracy}_at_{epoch}",
        f"{accuracy.replace('_', ' ')} after epoch {epoch}, mean over trials",
        "fraction",
        "curve",
    )
    part = MeasuredPart(
        columns=(column,), read=partial(_read, epoch=epoch, accuracy=accuracy, name=column.name)
    )
    return dict.fromkeys((*_BENCHMARKS, *BENCHMARK_PLUGINS.names()), (part,))


def _read(
    warehouse: Warehouse,
    dataset: MetaDataset,
    arch_ids: pl.Series,
    *,
    epoch: int,
    accuracy: str,
    name: str,
) -> tuple[pl.DataFrame, MeasuringCost]:
    from mbml.frames import read_earlier

    dataset.check_training(f"curve:{epoch}")
    if epoch >= dataset.epoch:
        raise UsageError(
            f"curve:{epoch} is not before epoch {dataset.epoch} of {dataset.name}, so that the"
            " outcome would leak; name an earlier epoch"
        )
    earlier = read_earlier(warehouse, dataset, arch_ids, epoch=epoch, accuracy=accuracy)
    if earlier[accuracy].null_count() == earlier.height:
        raise UsageError(
            f"{dataset.name}: no {accuracy.replace('_', ' ')} is held at epoch {epoch};"
            " name another epoch, or curve:EPOCH:train"
        )
    seconds = earlier["train_seconds"].mean()
    cost = MeasuringCost(epoch, float(seconds) if isinstance(seconds, float) else None)
    return earlier.select(earlier[accuracy].alias(name)), cost
