"""How refitted predictors err: predicted against true accuracy, and what intervals hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import polars as pl

from mbml.metrics import coverage
from mbml.predictors.fitted import LEVEL
from mbml.reports import charts
from mbml.reports.content import Figure, Table

if TYPE_CHECKING:
    from mbml.reports.content import Block
    from mbml.reports.sections.refit import Refit

#: Equal parts of the architectures, by prediction, whose intervals are judged apart.
PARTS = 10


def blocks(benchmark: str, made: Refit) -> list[Block]:
    """Return how the predictors of a benchmark err."""
    parts = _calibration(made)
    return [_against_true(benchmark, made), _held(benchmark, parts), _table(benchmark, made, parts)]


def _against_true(benchmark: str, made: Refit) -> Figure:
    true = made.held_out.y * 100
    frame = pl.concat(
        charts.fields(pl.DataFrame({"x": true, "y": report.predicted * 100})).with_columns(
            pl.lit(name).alias("predictor")
        )
        for name, report in made.reports.items()
    )
    menu = charts.choice("predictor", list(made.reports)[::-1], "predictor")
    near = alt.Scale(zero=False)
    ends = pl.DataFrame({"both": [true.min(), true.max()]})
    diagonal = (
        alt.Chart(ends)
        .mark_line(strokeDash=[4, 4], opacity=0.7)
        .encode(x=alt.X("both:Q", scale=near), y=alt.Y("both:Q", scale=near))
    )
    fields = charts.density(frame, x="true (percent)", y="predicted (percent)")
    return Figure(
        name=f"{benchmark}_predicted",
        caption=(
            "Predicted against true accuracy of the held-out architectures; on the dashed line"
            " both are equal. The menu chooses the predictor."
        ),
        alt="Map of how many architectures have a true and a predicted accuracy.",
        chart=alt.layer(fields.transform_filter(menu), diagonal)
        .add_params(menu)
        .properties(width=charts.HEIGHT + 100, height=charts.HEIGHT),
    )


def _calibration(made: Refit) -> pl.DataFrame:
    """Return coverage and width of the intervals in each part of the architectures."""
    true, found = made.held_out.y, made.intervals
    order = np.argsort(found.accuracy, kind="stable")
    rows = [
        {
            "part": number,
            "architectures": len(part),
            "predicted": float(found.accuracy[part].mean()),
            "coverage": coverage(true[part], found.lower[part], found.upper[part]),
            "median width": float(np.median(found.upper[part] - found.lower[part])),
        }
        for number, part in enumerate(np.array_split(order, PARTS), start=1)
    ]
    return pl.DataFrame(rows)


def _held(benchmark: str, parts: pl.DataFrame) -> Figure:
    held = parts.select("part", "architectures", pl.col("coverage") * 100)
    bars = (
        alt.Chart(held)
        .mark_bar(color=charts.COLOURS[0])
        .encode(
            x=alt.X(
                "part:O",
                title="tenth of the architectures, by prediction",
                axis=alt.Axis(labelAngle=0),
            ),
            y=alt.Y("coverage:Q", title="held (percent)", scale=alt.Scale(domain=[0, 100])),
            tooltip=["part", "architectures", alt.Tooltip("coverage:Q", format=".1f")],
        )
    )
    level = alt.Chart(pl.DataFrame({"level": [LEVEL * 100]}))
    line = level.mark_rule(strokeDash=[4, 4], strokeWidth=2).encode(y="level:Q")
    return Figure(
        name=f"{benchmark}_calibration",
        caption=(
            f"Calibration of the intervals of xgboost: the share of true accuracies that they hold,"
            f" from the worst predicted to the best; the dashed line is the {LEVEL:.0%} promised."
        ),
        alt="Bars of coverage beside a line. The table below has the numbers.",
        chart=alt.layer(bars, line).properties(width=charts.WIDTH - 100, height=charts.HEIGHT - 80),
    )


def _table(benchmark: str, made: Refit, parts: pl.DataFrame) -> Table:
    true, found = made.held_out.y, made.intervals
    whole = pl.DataFrame(
        {
            "part": ["all"],
            "architectures": [len(true)],
            "predicted": [float(found.accuracy.mean())],
            "coverage": [coverage(true, found.lower, found.upper)],
            "median width": [float(np.median(found.upper - found.lower))],
        }
    )
    return Table(
        name=f"{benchmark}_intervals",
        caption=(
            f"Intervals of xgboost that should hold {LEVEL:.0%} of the true accuracies, in percent:"
            " mean prediction, share held, median width; by tenths of the prediction, and of all."
        ),
        frame=pl.concat([parts.with_columns(pl.col("part").cast(pl.String)), whole]),
        percent=("predicted", "coverage", "median width"),
    )
