"""The catalogue of meta-datasets: the published views, and the role of each of their columns."""

from __future__ import annotations

import re
from enum import StrEnum

from mbml.benchmarks import BENCHMARKS, MetaDataset, added_benchmarks, benchmark
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
        "listed_by_authors",
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


#: Names of what devices and zero-cost proxies tell of a network without training.
_UNTRAINED = re.compile(
    r"_latency_seconds$|_energy_joules$|_arithmetic_intensity$"
    r"|^proxy_(?!.*(accuracy|loss|error|regret))"
)
#: Names that say that a column is known by training alone.
_OUTCOME = re.compile(r"accuracy|loss|error|regret|_seconds|^seconds|^trials?$", re.IGNORECASE)


#: What a device measures, with the batch size that it may be of.
_MEASURED = re.compile(r"(.+?)(_batch_\d+)?_(latency_seconds|energy_joules|arithmetic_intensity)$")


def device_of(column: str) -> str:
    """Return the device that a column is measured on; empty if it is on none.

    Examples
    --------
    >>> device_of("titanx_batch_32_latency_seconds"), device_of("parameters")
    ('titanx', '')
    """
    found = _MEASURED.fullmatch(column)
    return found[1] if found else ""


def unit_of(column: str) -> str:
    """Return the unit of a column's values.

    Examples
    --------
    >>> unit_of("test_accuracy"), unit_of("pixel3_latency_seconds"), unit_of("flops")
    ('fraction', 'seconds', 'unit of flops')
    """
    if "accuracy" in column:
        return "fraction"
    last = column.rpartition("_")[2]
    return last if last in ("seconds", "joules") else f"unit of {column}"


def may_be_feature(column: str, dataset: MetaDataset) -> bool:
    """Tell whether a column may be learned from: one of the user's, unless its name forbids it."""
    known = role_of(column, dataset)
    own = dataset.is_own and known is Role.OUTCOME and not _OUTCOME.search(column)
    return own or known is Role.FEATURE


def role_of(column: str, dataset: MetaDataset | None = None) -> Role:
    """Return the role of a view's column; what is neither key nor feature is an outcome.

    Parameters
    ----------
    column
        Its name.
    dataset
        The view, which may name features that no view of mbml has.
    """
    if column in _KEYS:
        return Role.KEY
    is_feature = column in _FEATURES or (dataset is not None and column in dataset.features)
    return Role.FEATURE if is_feature or _UNTRAINED.search(column) else Role.OUTCOME


#: Those of mbml's own benchmarks.
META_DATASETS: dict[str, MetaDataset] = {
    one.name: one for known in BENCHMARKS.values() for one in known.meta_datasets
}

#: Those of mbml's own views that join what is held beside a training.
JOINED_VIEWS: dict[str, MetaDataset] = {
    one.name: one for known in BENCHMARKS.values() for one in known.joined_views
}

#: So many names are told at once.
_FEW = 8


def meta_datasets() -> dict[str, MetaDataset]:
    """Return the entries of all views of trainings, those of plug-ins after mbml's own."""
    found = dict(META_DATASETS)
    for known in added_benchmarks().values():
        for one in known.meta_datasets:
            found.setdefault(one.name, one)
    return found


def catalogue() -> dict[str, MetaDataset]:
    """Return the entries of all views with a row per architecture, of trainings or joined."""
    found = meta_datasets() | JOINED_VIEWS
    for known in added_benchmarks().values():
        for one in known.joined_views:
            found.setdefault(one.name, one)
    return found


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
    known = META_DATASETS if name in META_DATASETS else catalogue()
    if name in known:
        return known[name]
    parts = [one for one in known if one.startswith(f"{name}_")]
    if 0 < len(parts) <= _FEW:
        raise UsageError(f"{name} is of several epochs or schedules; name one: {', '.join(parts)}")
    raise unknown_name("meta-dataset", name, known, listed_by="mbml views")


def own_meta_dataset(name: str, of: str, dataset: str = "") -> MetaDataset:
    """Return the entry of a user's view over architectures of a benchmark.

    Parameters
    ----------
    name
        The view.
    of
        The benchmark.
    dataset
        Data set of its training; empty where that is not known.

    Raises
    ------
    UsageError
        There is no such benchmark, or it has no such data set.
    """
    known = benchmark(of)
    if dataset and dataset not in known.datasets:
        raise unknown_name(f"dataset of {of}", dataset, known.datasets)
    scales = [one.target_scale for one in known.meta_datasets]
    return MetaDataset(
        name=name,
        benchmark=of,
        dataset=dataset,
        schedule_epochs=0,
        epoch=0,
        order_by="arch_id",
        target_scale=scales[0] if scales else 1.0,
        is_own=True,
    )


def validated(dataset: MetaDataset) -> MetaDataset:
    """Return the entry of the view whose training had a validation set: this one, or its pair."""
    name = dataset.view_of("valid_accuracy")
    return dataset if name == dataset.name else meta_dataset(name)
