"""What refitted predictors rely on: importances, coefficients, attributions, dependence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import polars as pl

from mbml.analysis.importance import (
    SHUFFLES,
    attributions,
    coefficients,
    partial_dependence,
    permutation_importances,
)
from mbml.reports import charts
from mbml.reports.content import Figure, Table

if TYPE_CHECKING:
    from mbml.reports.content import Block
    from mbml.reports.sections.refit import Refit

#: Rows that are shuffled and attributed, and features whose dependence is drawn.
_ROWS, _STRONGEST = 1000, 3


def blocks(benchmark: str, made: Refit) -> list[Block]:
    """Return what the predictors of a benchmark rely on."""
    held_out = made.held_out
    many = min(_ROWS, len(held_out.y))
    places = np.random.default_rng(0).choice(len(held_out.y), many, replace=False)
    x, y = held_out.x[places], held_out.y[places]
    falls = pl.concat(
        permutation_importances(report.regressor, x, y, seed=report.seed).with_columns(
            pl.lit(name).alias("predictor")
        )
        for name, report in made.reports.items()
    )
    return [
        _importances(benchmark, falls, many),
        _table(benchmark, made, falls, x),
        _dependence(benchmark, made, falls, x),
    ]


def _importances(benchmark: str, falls: pl.DataFrame, many: int) -> Figure:
    frame = falls.with_columns(
        low=pl.col("fall") - pl.col("fall_std"), high=pl.col("fall") + pl.col("fall_std")
    )
    base = alt.Chart(frame).encode(
        y=alt.Y("feature:N", sort=None, title=None), yOffset=alt.YOffset("predictor:N")
    )
    bars = base.mark_bar().encode(
        x=alt.X("fall:Q", title="fall of Kendall's tau"),
        color=alt.Color("predictor:N"),
        tooltip=["predictor", "feature", alt.Tooltip("fall:Q", format=".4f")],
    )
    ends = base.mark_rule().encode(x="low:Q", x2="high:Q")
    return Figure(
        name=f"{benchmark}_importances",
        caption=(
            f"Permutation importance: how much Kendall's tau over {many:,} held-out architectures"
            f" falls when the values of a feature change places; mean and deviation of {SHUFFLES}"
            " shuffles."
        ),
        alt="Bars for each feature and predictor. The table below has the numbers.",
        chart=alt.layer(bars, ends).properties(width=charts.WIDTH - 100, height=alt.Step(14)),
    )


def _table(benchmark: str, made: Refit, falls: pl.DataFrame, x: pl.DataFrame) -> Table:
    by_predictor = falls.pivot("predictor", index="feature", values="fall", maintain_order=True)
    frame = by_predictor.rename(
        {name: f"fall of tau, {name}" for name in made.reports}
    ).with_columns(
        pl.Series(
            "coefficient, linear_regression",
            coefficients(made.reports["linear_regression"].regressor),
        ),
        pl.Series(
            "attribution, xgboost",
            attributions(made.reports["xgboost"].regressor, x),
        ),
    )
    return Table(
        name=f"{benchmark}_reliance",
        caption=(
            "Permutation importance as above; the coefficient of the linear regression: percent"
            " points gained from the smallest to the largest value in training; and the mean"
            " absolute attribution (Shapley value) in the boosted trees, in the logarithm of the"
            " error, which they fit."
        ),
        frame=frame,
        percent=("coefficient, linear_regression",),
        decimals=dict.fromkeys(frame.columns[1:], 4),
        best=dict.fromkeys([name for name in frame.columns[1:] if "coef" not in name], "higher"),
    )


def _dependence(benchmark: str, made: Refit, falls: pl.DataFrame, x: pl.DataFrame) -> Figure:
    trees = falls.filter(pl.col("predictor") == "xgboost").sort("fall", descending=True)
    strongest = trees["feature"].head(_STRONGEST).to_list()
    frame = pl.concat(
        partial_dependence(report.regressor, x, feature).select(
            pl.lit(name).alias("predictor"),
            pl.lit(feature).alias("feature"),
            "value",
            pl.col("accuracy") * 100,
        )
        for feature in strongest
        for name, report in made.reports.items()
    )
    menu = charts.choice("feature", strongest, "feature")
    near = alt.Scale(zero=False)
    chart = (
        alt.Chart(frame)
        .mark_line(point=True)
        .encode(
            x=alt.X("value:Q", title="value of the feature", scale=near),
            y=alt.Y("accuracy:Q", title="mean prediction (percent)", scale=near),
            color="predictor:N",
            tooltip=["predictor", "value", alt.Tooltip("accuracy:Q", format=".2f")],
        )
    )
    return Figure(
        name=f"{benchmark}_dependence",
        caption=(
            f"Partial dependence of the {len(strongest)} features that the boosted trees rely on"
            " most: the mean prediction when all architectures have one value. The menu chooses."
        ),
        alt=f"Lines of the mean prediction over the values of {', '.join(strongest)}.",
        chart=charts.with_menus(chart, menu).properties(
            width=charts.WIDTH - 100, height=charts.HEIGHT - 60
        ),
    )
