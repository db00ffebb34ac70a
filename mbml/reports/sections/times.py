"""What predictors cost: seconds of searching settings, of fitting and of predicting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from mbml.reports import charts
from mbml.reports.content import Figure, Table
from mbml.reports.sections import evaluated

if TYPE_CHECKING:
    from mbml.reports.content import Block, Section
    from mbml.reports.material import Material

_TIMES = {"search_seconds": "search", "fit_seconds": "fit", "predict_seconds": "predict"}


def make(material: Material) -> list[Section]:
    """Return the section on times."""
    blocks: list[Block] = []
    if not material.fits.is_empty():
        blocks += [*_boxes(material), *_tables(material)]
    return [evaluated.section("times", "Predictors: times", material, blocks)]


def _tables(material: Material) -> list[Table]:
    return evaluated.score_tables(
        material,
        "times",
        "Seconds of searching for settings (0 where none are searched), of the one fit with those"
        " chosen, and of predicting all held-out architectures, as measured on the machine that"
        " made the fits",
        decimals=dict.fromkeys(_TIMES, 4),
    )


def _boxes(material: Material) -> list[Figure]:
    quartiles = {"low": 0.0, "lower": 0.25, "median": 0.5, "upper": 0.75, "high": 1.0}
    parts = []
    for name, text in _TIMES.items():
        known = material.fits.filter(pl.col(name) > 0)
        parts.append(
            known.group_by("protocol", "meta-dataset", "N", "predictor", maintain_order=True)
            .agg(
                pl.len().alias("fits"),
                *(
                    pl.col(name).quantile(share, "linear").alias(key)
                    for key, share in quartiles.items()
                ),
            )
            .with_columns(
                pl.format("N = {}; {}", "N", "protocol").alias("what"), pl.lit(text).alias("time")
            )
        )
    frame = pl.concat(parts)
    if frame.is_empty():
        return []
    what = charts.choice("what", frame["what"].unique(maintain_order=True).to_list(), "fits")
    time = charts.choice("time", ["fit", "predict", "search"], "seconds of")
    base = alt.Chart(frame).encode(
        y=alt.Y("predictor:N", title=None),
        yOffset=alt.YOffset("meta-dataset:N"),
        color=alt.Color("meta-dataset:N", legend=alt.Legend(orient="bottom", columns=2)),
        tooltip=["meta-dataset", "predictor", "fits", "low", "median", "high"],
    )
    seconds = alt.Scale(type="log")
    whiskers = base.mark_rule().encode(
        x=alt.X("low:Q", title="seconds, shortest to longest over seeds", scale=seconds),
        x2="high:Q",
    )
    boxes = base.mark_bar(height=6).encode(x=alt.X("lower:Q", scale=seconds), x2="upper:Q")
    medians = base.mark_tick(thickness=2, height=10).encode(x=alt.X("median:Q", scale=seconds))
    figure = Figure(
        name="times_boxes",
        caption=(
            "Seconds by predictor and meta-dataset: shortest, quartiles and longest over the seeds."
            " The menus choose training size, protocol and what is timed."
        ),
        alt="Box plots of seconds, a row for each predictor.",
        chart=charts.with_menus(alt.layer(whiskers, boxes, medians), what, time).properties(
            width=charts.WIDTH - 60, height=alt.Step(12)
        ),
    )
    return [figure]
