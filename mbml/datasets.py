"""The catalogue of meta-datasets: the published views, and the role of each of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mbml.errors import UsageError, unknown_name


class Role(StrEnum):
    """What a column of a view is for.

    A key names the row; a feature is known without training; an outcome is known only by training,
    so that it may be a target, but never a feature.
    """

    KEY = "key"
    FEATURE = "feature"
    OUTCOME = "outcome"


_KEYS = frozenset(
    {"arch_id", "arch_key", "arch_index", "hash_order", "graph_id", "functional_id", "epoch"}
)
_FEATURES = frozenset(
    {
        "conv_num_layers",
        "conv_kernel_min",
        "conv_kernel_max",
        "conv_kernel_mode",
        "maxpool_num_layers",
        "avg_pool_num_layers",
        "skip_connection_num_layers",
        "zeroize_num_layers",
        "width_1",
        "width_2",
        "width_3",
        "width_4",
        "width_5",
        "parameters",
        "flops",
        "latency_seconds",
    }
)


def role_of(column: str) -> Role:
    """Return the role of a view's column; what is neither key nor feature is an outcome."""
    if column in _KEYS:
        return Role.KEY
    return Role.FEATURE if column in _FEATURES else Role.OUTCOME


@dataclass(frozen=True, kw_only=True)
class MetaDataset:
    """One published view with a row per architecture.

    Attributes
    ----------
    name
        The view.
    benchmark, dataset, schedule_epochs, epoch
        What its rows are: this training, after this many epochs.
    order_by
        Column whose order the published split draws from.
    target_scale
        Factor on the target while fitting: in percent but on NAS-Bench-101, as published.
    target_view
        View whose validation accuracy stands in where this one's training had no validation set.
    """

    name: str
    benchmark: str
    dataset: str
    schedule_epochs: int
    epoch: int
    order_by: str
    target_scale: float
    target_view: str | None = None


def _nasbench101() -> list[MetaDataset]:
    return [
        MetaDataset(
            name=f"meta_nasbench101_{epochs}epochs",
            benchmark="nasbench101",
            dataset="cifar10",
            schedule_epochs=epochs,
            epoch=epochs,
            order_by="hash_order",
            target_scale=1.0,
        )
        for epochs in (4, 12, 36, 108)
    ]


_NATS_DATASETS = {
    "cifar10valid": "cifar10-valid",
    "cifar10": "cifar10",
    "cifar100": "cifar100",
    "imagenet16_120": "ImageNet16-120",
}


def _nasbench201() -> list[MetaDataset]:
    moments = [(200, epoch, f"{epoch}epochs") for epoch in (1, 4, 12, 36, 108, 200)]
    moments.append((12, 12, "hp12"))
    return [
        MetaDataset(
            name=f"meta_nasbench201_{short}_{suffix}",
            benchmark="nasbench201",
            dataset=dataset,
            schedule_epochs=schedule,
            epoch=epoch,
            order_by="arch_index",
            target_scale=100.0,
            target_view=f"meta_nasbench201_cifar10valid_{suffix}" if short == "cifar10" else None,
        )
        for short, dataset in _NATS_DATASETS.items()
        for schedule, epoch, suffix in moments
    ]


def _natsbench_sss() -> list[MetaDataset]:
    return [
        MetaDataset(
            name=f"meta_natsbench_sss_{short}_{epochs}epochs",
            benchmark="natsbench_sss",
            dataset=dataset,
            schedule_epochs=epochs,
            epoch=epochs,
            order_by="arch_index",
            target_scale=100.0,
            target_view=f"meta_natsbench_sss_cifar10valid_{epochs}epochs"
            if short == "cifar10"
            else None,
        )
        for short, dataset in _NATS_DATASETS.items()
        for epochs in (1, 12, 90)
    ]


META_DATASETS: dict[str, MetaDataset] = {
    one.name: one for one in (*_nasbench101(), *_nasbench201(), *_natsbench_sss())
}

#: So many names are told at once.
_FEW = 8


def meta_dataset(name: str) -> MetaDataset:
    """Return the entry of a view.

    Raises
    ------
    UsageError
        There is no such view (close names are told), or it is of several epochs.

    Examples
    --------
    >>> meta_dataset("meta_nasbench201_cifar100_200epochs").dataset
    'cifar100'
    """
    try:
        return META_DATASETS[name]
    except KeyError:
        parts = [one for one in META_DATASETS if one.startswith(f"{name}_")]
        if 0 < len(parts) <= _FEW:
            raise UsageError(
                f"{name} is of several epochs or schedules; name one: {', '.join(parts)}"
            ) from None
        raise unknown_name("view", name, META_DATASETS, listed_by="mbml views") from None
