"""What a report is made from: an open warehouse, read a view at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from mbml.datasets import META_DATASETS, Role, role_of
from mbml.frames import read_view, view_columns
from mbml.spaces.registry import SPACES
from mbml.store.contents import Contents, contents

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    @cached_property
    def fits(self) -> pl.DataFrame:
        """The fits of `mbml evaluate`, a row each, with their scores as columns.

        Of the same view, target, features, preset and split, those on the data evaluated last.
        `N` is the training size, `protocol` says how predictors were tuned, split and scored.
        """
        fits = self.warehouse.frame(_FITS)
        scores = self.warehouse.frame("select fit_id, metric, value from results.score")
        wide = scores.pivot("metric", index="fit_id", values="value", maintain_order=True)
        places = {name: place for place, name in enumerate(META_DATASETS)}
        return (
            fits.join(wide, on="fit_id", how="left", maintain_order="left")
            .with_columns(
                pl.col("view_name").map_elements(title_of_view, pl.String).alias("meta-dataset"),
                protocol=pl.format(
                    "{} settings, split {}, target {}",
                    pl.col("preset").str.to_titlecase(),
                    "split",
                    "target",
                ),
            )
            .sort(
                pl.col("preset") != "published",
                pl.col("split") != "published",
                "protocol",
                pl.col("view_name").replace_strict(places, default=None),
                "N",
                "predictor",
                "features",
                "seed",
                maintain_order=True,
            )
        )

    @cached_property
    def runs(self) -> pl.DataFrame:
        """The runs of `mbml search`, a row each; of the same search those made last.

        Another version of a strategy, or other data, makes another search.
        """
        return self.warehouse.frame(_RUNS).with_columns(
            pl.col("view_name").map_elements(title_of_view, pl.String).alias("meta-dataset")
        )

    @cached_property
    def steps(self) -> pl.DataFrame:
        """Where each of these runs stood after each of its queries."""
        steps = self.warehouse.frame(
            "select search_id, spent_queries, chosen_valid_accuracy, chosen_test_accuracy,"
            " oracle_test_accuracy from results.search_step order by search_id, step"
        )
        return steps.join(self.runs.select("search_id"), on="search_id", how="semi")


_FITS = """
with latest as (
    select experiment_id, view_name, target, features, preset, split, is_surrogate
    from results.experiment
    qualify
        row_number() over (
            partition by view_name, target, features, preset, split
            order by experiment_id desc
        ) = 1
)

select fit_id, view_name, target, features, preset, split, is_surrogate, predictor,
    train_size::bigint as "N", seed::bigint as seed, held_out::bigint as held_out,
    search_seconds, fit_seconds, predict_seconds
from latest
inner join results.fit using (experiment_id)
"""

_RUNS = """
select search_id, view_name, target, strategy, settings, features, objectives, unit, budget,
    one_trial, equivalents_once, is_surrogate, seed::bigint as seed, seconds
from results.search
qualify
    (strategy_version, data_sha256) = last_value((strategy_version, data_sha256)) over (
        partition by view_name, target, strategy, settings, features, objectives, unit, budget,
            one_trial, equivalents_once
        order by search_id
        rows between unbounded preceding and unbounded following
    )
order by search_id
"""


def title_of(benchmark: str) -> str:
    """Return a benchmark's name as people write it."""
    return SPACES[benchmark].title


def label(dataset: MetaDataset) -> str:
    """Return a short name for a meta-dataset among those of its benchmark."""
    after = f"{dataset.epoch} epoch{'s' if dataset.epoch > 1 else ''}"
    if dataset.benchmark == "nasbench201" and dataset.epoch != dataset.schedule_epochs:
        after += f" of {dataset.schedule_epochs}"
    return f"{dataset.dataset}, {after}"


def title_of_view(name: str) -> str:
    """Return a meta-dataset's name among all; a name that is none of the catalogue's is kept."""
    dataset = META_DATASETS.get(name)
    return name if dataset is None else f"{title_of(dataset.benchmark)}, {label(dataset)}"


def measured(frame: pl.DataFrame, names: Iterable[str]) -> list[str]:
    """Return those columns that have any value."""
    return [name for name in names if frame[name].null_count() < frame.height]
