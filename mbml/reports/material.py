"""What a report is made from: an open warehouse, read a view at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from mbml.datasets import Role, catalogue, meta_datasets, role_of
from mbml.frames import read_view, view_columns
from mbml.predictors.protocols import HELD_OUT
from mbml.reports.content import Paragraph
from mbml.spaces.registry import space
from mbml.store.contents import Contents, contents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse

#: The accuracies that are reported, and what they are called in short.
TARGET_TITLES = {"valid_accuracy": "validation", "test_accuracy": "test"}
#: What the sections show of a view beside its features.
_SHOWN = ("arch_id", "arch_key", "trials", *TARGET_TITLES)


@dataclass(frozen=True)
class Material:
    """An open warehouse, and what of it can be reported."""

    warehouse: Warehouse
    _held: dict[str, pl.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def contents(self) -> Contents:
        """What was loaded."""
        return contents(self.warehouse)

    @cached_property
    def datasets(self) -> tuple[MetaDataset, ...]:
        """The meta-datasets that have rows, in the catalogue's order."""
        return tuple(
            one
            for one in meta_datasets().values()
            if self.warehouse.rows(f"select 1 from {one.name} limit 1")  # noqa: S608
        )

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The benchmarks that have rows."""
        return tuple(dict.fromkeys(one.benchmark for one in self.datasets))

    def of(self, benchmark: str) -> tuple[MetaDataset, ...]:
        """Return a benchmark's meta-datasets that have rows."""
        return tuple(one for one in self.datasets if one.benchmark == benchmark)

    def scored(self, benchmark: str) -> tuple[MetaDataset, ...]:
        """Return a benchmark's meta-datasets in which any row has an accuracy."""
        return tuple(
            one for one in self.of(benchmark) if measured(self._targets(one), TARGET_TITLES)
        )

    def unscored_note(self, benchmark: str) -> list[Paragraph]:
        """Return what a reader should know of meta-datasets without any accuracy, if there are."""
        scored = self.scored(benchmark)
        names = [label(one) for one in self.of(benchmark) if one not in scored]
        if not names:
            return []
        what = "; ".join(names)
        return [
            Paragraph(
                text=f"No row has a validation or test accuracy, so that it is left out: {what}."
            )
        ]

    def _targets(self, dataset: MetaDataset) -> pl.DataFrame:
        return self.read(dataset, list(TARGET_TITLES))

    def features(self, dataset: MetaDataset) -> list[str]:
        """Return the view's columns that are known without training."""
        columns = view_columns(self.warehouse, dataset.name)
        return [name for name in columns if role_of(name, dataset) is Role.FEATURE]

    def read(self, dataset: MetaDataset, columns: list[str]) -> pl.DataFrame:
        """Read columns of a view, architectures in the published order.

        What the sections show is read once.
        """
        if dataset.name not in self._held:
            known = view_columns(self.warehouse, dataset.name)
            shown = [one for one in known if one in _SHOWN or role_of(one, dataset) is Role.FEATURE]
            # In one piece: the last digit of a mean depends on the pieces, and they on chance.
            self._held[dataset.name] = read_view(self.warehouse, dataset, shown).rechunk()
        held = self._held[dataset.name]
        if held.schema.keys() >= set(columns):
            return held.select(columns)
        return read_view(self.warehouse, dataset, columns)

    @cached_property
    def fits(self) -> pl.DataFrame:
        """The fits of `mbml evaluate` to outcomes, a row each, with their scores as columns.

        Of the same view, target, features, preset, split, protocol and score, those on the data
        evaluated last. `N` is the training size, `protocol` says how predictors were tuned, split
        and scored.
        """
        return self._fits.filter(~pl.col("is_of_size"))

    @cached_property
    def size_fits(self) -> pl.DataFrame:
        """The fits to sizes that no training tells, such as latencies; otherwise as `fits`."""
        return self._fits.filter("is_of_size")

    @cached_property
    def _fits(self) -> pl.DataFrame:
        fits = self.warehouse.frame(_FITS)
        scores = self.warehouse.frame("select fit_id, metric, value from results.score")
        wide = scores.pivot("metric", index="fit_id", values="value", maintain_order=True)
        places = {name: place for place, name in enumerate(meta_datasets())}
        return (
            fits.join(wide, on="fit_id", how="left", maintain_order="left")
            .with_columns(
                _title_of_task(),
                is_of_size=pl.struct("view_name", "target").map_elements(
                    _is_of_size, return_dtype=pl.Boolean
                ),
                protocol=pl.format(
                    "{} settings, split {}, target {}{}",
                    pl.col("preset").str.to_titlecase(),
                    "split",
                    "target",
                    _other_protocol(),
                ),
            )
            .sort(
                pl.col("preset") != "published",
                pl.col("split") != "published",
                pl.col("protocol_name") != HELD_OUT,
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
        return self.warehouse.frame(_RUNS).with_columns(_title_of_task())

    @cached_property
    def steps(self) -> pl.DataFrame:
        """Where each of these runs stood after each of its queries."""
        steps = self.warehouse.frame(
            "select search_id, spent_queries, raw_test_accuracy, chosen_valid_accuracy,"
            " chosen_test_accuracy, oracle_test_accuracy"
            " from results.search_step order by search_id, step"
        )
        return steps.join(self.runs.select("search_id"), on="search_id", how="semi")


_FITS = """
with latest as (
    select experiment_id, view_name, target, features, preset, split, protocol, score, test_view,
        is_surrogate
    from results.experiment
    qualify
        row_number() over (
            partition by view_name, target, features, preset, split, protocol, score, test_view
            order by experiment_id desc
        ) = 1
)

select fit_id, view_name, target, features, preset, split, protocol as protocol_name, score,
    test_view, is_surrogate, predictor,
    train_size::bigint as "N", seed::bigint as seed, held_out::bigint as held_out,
    search_seconds, fit_seconds, predict_seconds
from latest
inner join results.fit using (experiment_id)
"""

_RUNS = """
select search_id, view_name, target, strategy, settings, features, objectives, condition, unit,
    budget, one_trial, equivalents_once, is_surrogate, seed::bigint as seed, seconds
from results.search
qualify
    (strategy_version, data_sha256) = last_value((strategy_version, data_sha256)) over (
        partition by view_name, target, strategy, settings, features, objectives, condition,
            unit, budget, one_trial, equivalents_once
        order by search_id
        rows between unbounded preceding and unbounded following
    )
order by search_id
"""


def title_of(benchmark: str) -> str:
    """Return a benchmark's name as people write it."""
    return space(benchmark).title


def label(dataset: MetaDataset) -> str:
    """Return a short name for a meta-dataset among those of its benchmark."""
    after = f"{dataset.epoch} epoch{'s' if dataset.epoch > 1 else ''}"
    if dataset.epoch != dataset.schedule_epochs:
        after += f" of {dataset.schedule_epochs}"
    return f"{dataset.dataset}, {after}" + (f", {dataset.subset}" if dataset.subset else "")


def title_of_view(name: str) -> str:
    """Return a meta-dataset's name among all; a name that is none of the catalogue's is kept."""
    dataset = meta_datasets().get(name)
    return name if dataset is None else f"{title_of(dataset.benchmark)}, {label(dataset)}"


def _is_of_size(task: dict[str, str]) -> bool:
    return role_of(task["target"], catalogue().get(task["view_name"])) is Role.FEATURE


def _other_protocol() -> pl.Expr:
    """Return words for a protocol, score and view of the test that are not the usual ones."""
    elsewhere = pl.col("test_view") != pl.col("view_name")
    unusual = (pl.col("protocol_name") != HELD_OUT) | (pl.col("score") != pl.col("target"))
    words = pl.format(", score {}{}, protocol {}", "score", _of_view(elsewhere), "protocol_name")
    return pl.when(unusual | elsewhere).then(words).otherwise(pl.lit(""))


def _of_view(elsewhere: pl.Expr) -> pl.Expr:
    return pl.when(elsewhere).then(pl.format(" of {}", "test_view")).otherwise(pl.lit(""))


def _title_of_task() -> pl.Expr:
    """Return the title of each `view_name`, and of the view that its `target` comes from."""
    known = meta_datasets()

    def title(task: dict[str, str]) -> str:
        view, dataset = task["view_name"], known.get(task["view_name"])
        source = view if dataset is None else dataset.view_of(task["target"])
        paired = "" if source == view else f" (target of {known[source].dataset})"
        return title_of_view(view) + paired

    return pl.struct("view_name", "target").map_elements(title, pl.String).alias("meta-dataset")


def measured(frame: pl.DataFrame, names: Iterable[str]) -> list[str]:
    """Return those columns that have any value."""
    return [name for name in names if frame[name].null_count() < frame.height]
