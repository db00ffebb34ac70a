"""Scores of the published study beside ours, row by row.

`data/published_study.csv` holds means, deviations and medians over ten seeds as the outputs of the
study's own notebooks print them (MbML-NAS, Information Sciences 649:119642): NAS-Bench-201 at six
training sizes, NAS-Bench-101 at 860. Deviations are population ones, there and here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from mbml.errors import UsageError, unknown_name
from mbml.predictors.evaluation import PROTOCOL_VERSION
from mbml.predictors.protocols import HELD_OUT
from mbml.store import opened
from mbml.store.results import published_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

COMPARED_METRICS = ("mae", "mse", "r2")
_STATISTICS = ("mean", "std", "median")
_ROW = ["view", "train_size", "predictor", "metric"]


def published_study() -> pl.DataFrame:
    """Return the published scores.

    Returns
    -------
    polars.DataFrame
        Columns `view, train_size, predictor, metric, published_seeds` and `published_mean`, `_std`
        and `_median`, of accuracies as fractions; NULL where not printed.
    """
    wide = pl.read_csv(Path(__file__).parent / "data" / "published_study.csv")
    return pl.concat(
        wide.select(
            "view",
            "train_size",
            "predictor",
            pl.lit(metric).alias("metric"),
            pl.col("seeds").alias("published_seeds"),
            *(
                pl.col(f"{metric}_{name}").cast(pl.Float64).alias(f"published_{name}")
                for name in _STATISTICS
            ),
        )
        for metric in COMPARED_METRICS
    )


def compare(
    warehouse: WarehouseOrPath,
    *,
    views: Sequence[str] = (),
    train_sizes: Sequence[int] = (),
    metrics: Sequence[str] = COMPARED_METRICS,
) -> pl.DataFrame:
    """Put our scores of the study beside the published ones.

    Parameters
    ----------
    warehouse
        A warehouse, or its path, in which `evaluate` stored fits of the preset `published`.
    views, train_sizes
        Which rows of the publication; by default those that any fit is stored of.
    metrics
        Which scores.

    Returns
    -------
    polars.DataFrame
        A row per view, size, predictor and score, published or ours, of the features `published`
        and the protocol `held_out`: `seeds` is the number of fits behind ours, 0 with NULL scores
        where none is stored; `published_*` are NULL where the
        predictor is ours alone; `difference` is our mean minus the published one,
        `median_difference` likewise.

    Raises
    ------
    UsageError
        A name is unknown, or nothing is stored.
    """
    theirs = published_study()
    _check_names(theirs, views, metrics)
    with opened(warehouse) as held:
        ours = _scores_of_ours(held)
    both = theirs.join(ours, on=_ROW, how="full", coalesce=True, maintain_order="left_right")
    asked = both.filter(
        pl.col("view").is_in(list(views) or ours["view"].unique().to_list()),
        pl.col("train_size").is_in(list(train_sizes) or ours["train_size"].unique().to_list()),
        pl.col("metric").is_in(list(metrics)),
    )
    return asked.select(
        "view",
        "train_size",
        "predictor",
        pl.lit("published").alias("features"),
        pl.lit(HELD_OUT).alias("protocol"),
        "metric",
        pl.col("seeds").fill_null(0),
        pl.col("surrogate").fill_null(value=False),
        *_STATISTICS,
        *(f"published_{name}" for name in _STATISTICS),
        (pl.col("mean") - pl.col("published_mean")).alias("difference"),
        (pl.col("median") - pl.col("published_median")).alias("median_difference"),
    )


def _check_names(theirs: pl.DataFrame, views: Sequence[str], metrics: Sequence[str]) -> None:
    for metric in metrics:
        if metric not in COMPARED_METRICS:
            raise unknown_name("published score", metric, COMPARED_METRICS)
    for view in views:
        if view not in theirs["view"]:
            raise unknown_name("view of the publication", view, theirs["view"].unique())


def _scores_of_ours(warehouse: Warehouse) -> pl.DataFrame:
    """Return mean, deviation and median over the stored seeds, one row a `_ROW`."""
    scores = published_scores(warehouse, PROTOCOL_VERSION)
    if scores.is_empty():
        raise UsageError(
            f"{warehouse.path} holds no fits of the published study; make some first:"
            " evaluate views by `preset=published`"
        )
    over_seeds = scores.with_columns(pl.col("train_size").cast(pl.Int64)).group_by(_ROW)
    return over_seeds.agg(
        pl.len().alias("seeds").cast(pl.Int64),
        pl.col("is_surrogate").any().alias("surrogate"),
        pl.col("value").mean().alias("mean"),
        pl.col("value").std(ddof=0).alias("std"),
        pl.col("value").median().alias("median"),
    ).sort(_ROW)
