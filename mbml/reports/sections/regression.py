"""Scores of predictors: means over seeds, the best marked, ours beside the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from mbml.predictors.comparison import COMPARED_METRICS as PUBLISHED_METRICS
from mbml.predictors.comparison import compare
from mbml.predictors.protocols import HELD_OUT
from mbml.reports import charts
from mbml.reports.content import Figure, Table
from mbml.reports.sections import evaluated

if TYPE_CHECKING:
    from mbml.reports.content import Block, Section
    from mbml.reports.material import Material

#: The scores, each with the digits that it is shown with.
SCORES = {"mae": 4, "mse": 6, "r2": 4}


def make(material: Material) -> list[Section]:
    """Return the section on regression scores."""
    blocks: list[Block] = []
    if not material.fits.is_empty():
        tables = evaluated.score_tables(
            material, "regression", "Scores of accuracies as fractions", decimals=SCORES
        )
        blocks += [*_figure(material), *tables, *_published(material)]
    title = "Predictors: regression"
    return [evaluated.section("regression", title, material, blocks)]


def _figure(material: Material) -> list[Figure]:
    scores = (*SCORES, "kendall_tau")
    frame = pl.concat(
        evaluated.means(fits, scores)
        .select(
            pl.format("{}; {}", "meta-dataset", pl.lit(words)).alias("what"),
            pl.format("{} ({})", "predictor", "features").alias("predictor"),
            "N",
            "seeds",
            pl.lit(name).alias("score"),
            pl.col(name).alias("mean"),
            (pl.col(name) - pl.col(f"{name}_std")).alias("low"),
            (pl.col(name) + pl.col(f"{name}_std")).alias("high"),
        )
        .drop_nulls("mean")
        for words, fits in evaluated.protocols(material.fits)
        for name in scores
    )
    if frame.is_empty():
        return []
    rows = charts.choice("what", frame["what"].unique(maintain_order=True).to_list(), "results")
    score = charts.choice("score", list(scores), "score")
    figure = Figure(
        name="regression_scores",
        caption=(
            "Held-out scores, accuracies as fractions: mean over seeds, with one population"
            " deviation to each side. The menus choose meta-dataset, protocol and score."
        ),
        alt="Dots of mean scores with bars of deviation, a row for each predictor, by N.",
        chart=charts.with_menus(_dots(frame), rows, score).properties(
            width=charts.WIDTH - 60, height=alt.Step(9)
        ),
    )
    return [figure]


def _dots(frame: pl.DataFrame) -> Any:
    """Draw means as dots, their deviations as bars."""
    base = alt.Chart(frame).encode(
        y=alt.Y("predictor:N", title=None),
        yOffset=alt.YOffset("N:O"),
        color=charts.ordered_colours("N"),
    )
    value = alt.X("mean:Q", title="mean over seeds, with deviation", scale=alt.Scale(zero=False))
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(
        x=value, tooltip=["predictor", "N", "seeds", *charts.deviations(".4f")]
    )
    bars = base.mark_rule(strokeWidth=1.5, opacity=1).encode(x="low:Q", x2="high:Q")
    return alt.layer(bars, dots)


def _published(material: Material) -> list[Block]:
    study = material.fits.filter(
        pl.col("preset") == "published",
        pl.col("features") == "published",
        pl.col("split") == "published",
        pl.col("target") == "valid_accuracy",
        pl.col("protocol_name") == HELD_OUT,
    )
    if study.is_empty():
        return []
    both = compare(material.warehouse).filter(
        pl.col("seeds") > 0, pl.col("published_mean").is_not_null()
    )
    if both.is_empty():
        return []
    shown = both.join(
        study.select("meta-dataset", view="view_name").unique(), on="view", maintain_order="left"
    )
    return [
        Table(
            name="regression_against_published",
            caption=(
                "Ours against the published study, row by row: scores of accuracies as fractions,"
                " mean ± population standard deviation over seeds (published: ten), and our mean"
                " minus the published one. The protocol of both is held_out: N labels and no"
                " others, validation accuracy learned and scored, all other rows scored."
            ),
            frame=shown.select(
                "meta-dataset",
                pl.col("train_size").alias("N"),
                "predictor",
                pl.col("metric").alias("score"),
                "seeds",
                pl.col("mean").alias("ours"),
                pl.col("std").alias("ours_std"),
                pl.col("published_mean").alias("published"),
                "published_std",
                "difference",
            ),
            decimals={"ours": 5, "published": 5, "difference": 5},
            spread={"ours": "ours_std", "published": "published_std"},
        ),
        _against(shown),
    ]


def _against(shown: pl.DataFrame) -> Figure:
    frame = shown.select(
        "meta-dataset",
        "predictor",
        pl.col("train_size").alias("N"),
        pl.col("metric").alias("score"),
        pl.col("mean").alias("ours"),
        pl.col("published_mean").alias("published"),
    )
    menu = charts.choice("score", list(reversed(PUBLISHED_METRICS)), "score")
    near = alt.Scale(zero=False)
    points = (
        alt.Chart(frame)
        .mark_point(size=45)
        .encode(
            x=alt.X("published:Q", title="published mean", scale=near),
            y=alt.Y("ours:Q", title="our mean", scale=near),
            color=charts.ordered_colours("N"),
            tooltip=["meta-dataset", "predictor", "N", "published", "ours"],
        )
    )
    diagonal = alt.Chart(frame).mark_line(strokeDash=[4, 4], opacity=0.6)
    return Figure(
        name="regression_against_published_chart",
        caption="Means of ours against those published; on the dashed line they are equal.",
        alt="Scatter of our mean scores against the published ones, beside the line of equality.",
        chart=charts.with_menus(
            alt.layer(diagonal.encode(x="published:Q", y="published:Q"), points), menu
        ).properties(width=charts.HEIGHT, height=charts.HEIGHT),
    )
