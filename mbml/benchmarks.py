"""The benchmarks by name, mbml's own and those of plug-ins: one record each.

A record is light: what is heavy is named as entry points are, `module:object`, and imported when it
is asked for. Plug-ins are imported when a name is none of mbml's own, and to list what all have.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from mbml.errors import UsageError, unknown_name
from mbml.plugins import PluginError, Plugins, guard, installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import EntryPoint
    from pathlib import Path


#: What every view with a row per architecture has, beside the columns that its entry names.
VIEW_COLUMNS = (
    "arch_id",
    "arch_key",
    "graph_id",
    "functional_id",
    "parameters",
    "flops",
    "latency_seconds",
    "valid_accuracy",
    "test_accuracy",
    "trials",
    "train_seconds",
)


def images_of(dataset: str) -> str:
    """Return the data set that another has its images of: `cifar10` for `cifar10-valid`."""
    return dataset.removesuffix("-valid")


@dataclass(frozen=True, kw_only=True)
class MetaDataset:
    """One view with a row per architecture, published or the user's own.

    Attributes
    ----------
    name
        The view.
    benchmark, dataset, schedule_epochs, epoch
        What its rows are: this training, after this many epochs. Of a view without training the
        epochs are 0; of a user's view that does not tell, the data set is empty as well.
    order_by
        Column whose order the published split draws from.
    target_scale
        Factor on the target while fitting: in percent but on NAS-Bench-101, as published.
    validation_view
        View whose validation accuracy stands in where this one's training had no validation set.
    features
        Columns of the view that are known without training, beside those that mbml's views have.
    subset
        The search space that its rows are, where that is a part of the benchmark's; else empty.
    is_own
        Whether it is a view of the user.
    """

    name: str
    benchmark: str
    dataset: str
    schedule_epochs: int
    epoch: int
    order_by: str
    target_scale: float
    validation_view: str | None = None
    features: frozenset[str] = frozenset()
    subset: str = ""
    is_own: bool = False

    @property
    def images(self) -> str:
        """The data set of its images, for what sees these and not the split."""
        return images_of(self.dataset)

    def check_training(self, what: str) -> None:
        """Check that it is known which training the rows are of, for what needs it.

        Raises
        ------
        UsageError
            It is not known.
        """
        if not self.dataset:
            raise UsageError(
                f"{self.name} does not tell which training its rows are of, and {what} needs that:"
                " give the view the columns dataset, schedule_epochs and epoch"
            )

    def view_of(self, outcome: str) -> str:
        """Return the view that an outcome comes from: this one, or its `validation_view`.

        Examples
        --------
        >>> from mbml.datasets import meta_dataset
        >>> dataset = meta_dataset("meta_nasbench201_cifar10_200epochs")
        >>> dataset.view_of("valid_accuracy")
        'meta_nasbench201_cifar10valid_200epochs'
        >>> dataset.view_of("test_accuracy")
        'meta_nasbench201_cifar10_200epochs'
        """
        paired = self.validation_view if outcome == "valid_accuracy" else None
        return paired or self.name


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A benchmark: its search space, and where all that belongs to it is found.

    Attributes
    ----------
    name
        As in the warehouse's columns `benchmark`, and on the command line.
    space
        Its search space, a `Space` of the same name.
    datasets
        Names of the data sets that its architectures were trained on.
    meta_datasets
        Its views with a row per architecture, each of one training.
    joined_views
        Its views with a row per architecture that hold what is known beside the trainings, alone
        or joined with one. They need not have `VIEW_COLUMNS`.
    sources
        For each name that `mbml ingest` takes, the function from `Path` to a list of `Source`.
    topology
        The `Topology` that the feature set of this name has for the space; none if empty.
    sql
        Folder of a plug-in's SQL files, which make its views and macros; mbml's own are in `sql/`.
    licence
        SPDX identifier of the licence that its measurements are published under; empty if unknown.

    Raises
    ------
    ValueError
        A name is no identifier, a reference is none, or a view is of another benchmark.
    """

    name: str
    space: str
    datasets: tuple[str, ...]
    meta_datasets: tuple[MetaDataset, ...] = ()
    joined_views: tuple[MetaDataset, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    topology: str = ""
    sql: Path | None = None
    licence: str = ""

    def __post_init__(self) -> None:
        """Refuse a record that contradicts itself; names go into SQL as they are."""
        views = self.meta_datasets + self.joined_views
        names = {one.name for one in views}
        for one in views:
            if one.benchmark != self.name or one.dataset not in self.datasets:
                raise ValueError(f"{one.name} is of {one.benchmark}, {one.dataset}")
            if one.validation_view is not None and one.validation_view not in names:
                raise ValueError(f"{one.name}: no such view: {one.validation_view}")
        for name in (self.name, *names, *(one.order_by for one in views)):
            if not name.isidentifier():
                raise ValueError(f"{name!r} is no identifier")
        for reference in (self.space, *self.sources.values(), self.topology or self.space):
            if reference.count(":") != 1:
                raise ValueError(f"{reference!r} is not of the form module:object")

    @property
    def owner(self) -> str | None:
        """What the plug-in is called in messages, with its package; None for mbml's own."""
        return None if self.name in BENCHMARKS else BENCHMARK_PLUGINS.owner(self.name)

    @property
    def other_names(self) -> dict[str, str]:
        """How the names of mbml's views spell data sets, and what the data sets are called."""
        return {short: name for short, name in _DATASETS.items() if name in self.datasets}

    def load(self, reference: str) -> Any:
        """Import what a reference of the record names; raises `PluginError` if that fails."""
        with guard(self.owner, f"has no {reference}"):
            return pkgutil.resolve_name(reference)


def _nasbench101() -> tuple[MetaDataset, ...]:
    whole = tuple(
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
    )
    parts = (
        replace(
            whole[-1],
            name=f"meta_nasbench101_1shot1_s{number}_108epochs",
            subset=f"1Shot1 S{number}",
        )
        for number in (1, 2, 3)
    )
    return (*whole, *parts)


#: Data sets, by what names of views call them.
_DATASETS = {
    "cifar10valid": "cifar10-valid",
    "cifar10": "cifar10",
    "cifar100": "cifar100",
    "imagenet16_120": "ImageNet16-120",
}


def _of_nats(benchmark: str, moments: Iterable[tuple[int, int, str]]) -> tuple[MetaDataset, ...]:
    """Return the views of a space of NATS-Bench at schedules, epochs and suffixes of names."""
    return tuple(
        MetaDataset(
            name=f"meta_{benchmark}_{short}_{suffix}",
            benchmark=benchmark,
            dataset=dataset,
            schedule_epochs=schedule,
            epoch=epoch,
            order_by="arch_index",
            target_scale=100.0,
            validation_view=f"meta_{benchmark}_cifar10valid_{suffix}"
            if short == "cifar10"
            else None,
        )
        for short, dataset in _DATASETS.items()
        for schedule, epoch, suffix in moments
    )


def _nasbench201() -> tuple[MetaDataset, ...]:
    moments = [(200, epoch, f"{epoch}epochs") for epoch in (1, 4, 12, 36, 108, 200)]
    return _of_nats("nasbench201", [*moments, (12, 12, "hp12")])


def _joined_nasbench201() -> tuple[MetaDataset, ...]:
    """Return the views of devices and of robustness, and those that join all with a training."""
    found = []
    for short, images in _DATASETS.items():
        if short == "cifar10valid":
            continue
        kinds = ["device", "everything", *(["robustness"] if short == "cifar10" else [])]
        for kind in kinds:
            epochs = 0 if kind == "device" else 200
            trained_on = "cifar10-valid" if images == "cifar10" and epochs else images
            found.append(
                MetaDataset(
                    name=f"{kind}_nasbench201_{short}",
                    benchmark="nasbench201",
                    dataset=trained_on,
                    schedule_epochs=epochs,
                    epoch=epochs,
                    order_by="arch_index",
                    target_scale=100.0,
                )
            )
    return tuple(found)


def _natsbench_sss() -> tuple[MetaDataset, ...]:
    return _of_nats("natsbench_sss", [(epoch, epoch, f"{epoch}epochs") for epoch in (1, 12, 90)])


BENCHMARKS: dict[str, Benchmark] = {
    one.name: one
    for one in (
        Benchmark(
            name="nasbench101",
            space="mbml.spaces.registry:NASBENCH101",
            datasets=tuple(_DATASETS.values()),
            meta_datasets=_nasbench101(),
            sources={"nasbench101": "mbml.sources.nasbench101.source:open_records"},
            topology="mbml.features.topology.nasbench101:TOPOLOGY",
            licence="Apache-2.0",
        ),
        Benchmark(
            name="nasbench201",
            space="mbml.spaces.registry:NASBENCH201",
            datasets=tuple(_DATASETS.values()),
            meta_datasets=_nasbench201(),
            joined_views=_joined_nasbench201(),
            sources={
                "nasbench201": "mbml.sources.nasbench201.source:open_pickles",
                "natsbench": "mbml.sources.natsbench:open_folder",
            },
            topology="mbml.features.topology.nasbench201:TOPOLOGY",
            licence="MIT",
        ),
        Benchmark(
            name="natsbench_sss",
            space="mbml.spaces.registry:NATSBENCH_SSS",
            datasets=tuple(_DATASETS.values()),
            meta_datasets=_natsbench_sss(),
            sources={"natsbench": "mbml.sources.natsbench:open_folder"},
            topology="mbml.features.topology.natsbench_sss:TOPOLOGY",
            licence="MIT",
        ),
    )
}

BENCHMARK_PLUGINS: Plugins[Benchmark] = Plugins(
    group="mbml.spaces",
    kind="benchmark",
    fits=lambda one: isinstance(one, Benchmark),
    wanted="an mbml.benchmarks.Benchmark",
    own=BENCHMARKS,
)


def benchmark(name: str) -> Benchmark:
    """Look up a benchmark; of the plug-ins, the one of that name alone is imported.

    Raises
    ------
    UsageError
        There is none of that name; close names are told.
    PluginError
        The plug-in of that name cannot be used.
    """
    if name in BENCHMARKS:
        return BENCHMARKS[name]
    found = BENCHMARK_PLUGINS.get(name)
    if found is None:
        raise unknown_name("search space", name, benchmark_names())
    return found


def benchmark_names() -> tuple[str, ...]:
    """Return the names of all benchmarks, without importing a plug-in."""
    added = (name for name in BENCHMARK_PLUGINS.names() if name not in BENCHMARKS)
    return (*BENCHMARKS, *added)


def added_benchmarks() -> dict[str, Benchmark]:
    """Import the benchmarks of plug-ins; those that cannot be used are left out."""
    return dict(_added(installed(BENCHMARK_PLUGINS.group)))


@cache
def _added(entries: tuple[EntryPoint, ...]) -> dict[str, Benchmark]:
    found = {}
    for name in sorted({one.name for one in entries} - BENCHMARKS.keys()):
        try:
            found[name] = benchmark(name)
        except PluginError:
            # `mbml doctor` tells of it, and so does whatever asks for its name.
            continue
    return found
