"""What a report is made from: an open warehouse, read a view at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mbml.datasets import META_DATASETS, Role, role_of
from mbml.frames import read_view, view_columns
from mbml.spaces.registry import SPACES
from mbml.store.contents import Contents, contents

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from mbml.datasets import MetaDataset
    from mbml.store import Warehouse

#: The accuracies that are reported, and what they are called in short.
TARGETS = {"valid_accuracy": "validation", "test_accuracy": "test"}


@dataclass(frozen=True)
class Material:
    """An open warehouse, and what of it can be reported."""

    warehouse: Warehouse

    @cached_property
    def contents(self) -> Contents:
        """What was loaded."""
        return contents(self.warehouse)

    @cached_property
    def datasets(self) -> tuple[MetaDataset, ...]:
        """The meta-datasets that have rows, in the catalogue's order."""
        return tuple(
            one
            for one in META_DATASETS.values()
            if self.warehouse.rows(f"select 1 from {one.name} limit 1")  # noqa: S608
        )

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The benchmarks that have rows."""
        return tuple(dict.fromkeys(one.benchmark for one in self.datasets))

    def of(self, benchmark: str) -> tuple[MetaDataset, ...]:
        """Return a benchmark's meta-datasets that have rows."""
        return tuple(one for one in self.datasets if one.benchmark == benchmark)

    def features(self, dataset: MetaDataset) -> list[str]:
        """Return the view's columns that are known without training."""
        columns = view_columns(self.warehouse, dataset.name)
        return [name for name in columns if role_of(name) is Role.FEATURE]

    def read(self, dataset: MetaDataset, columns: list[str]) -> pl.DataFrame:
        """Read columns of a view, architectures in the published order."""
        return read_view(self.warehouse, dataset, columns)


def title_of(benchmark: str) -> str:
    """Return a benchmark's name as people write it."""
    return SPACES[benchmark].title


def label(dataset: MetaDataset) -> str:
    """Return a short name for a meta-dataset among those of its benchmark."""
    after = f"{dataset.epoch} epoch{'s' if dataset.epoch > 1 else ''}"
    if dataset.benchmark == "nasbench201" and dataset.epoch != dataset.schedule_epochs:
        after += f" of {dataset.schedule_epochs}"
    return f"{dataset.dataset}, {after}"


def measured(frame: pl.DataFrame, names: Iterable[str]) -> list[str]:
    """Return those columns that have any value."""
    return [name for name in names if frame[name].null_count() < frame.height]
