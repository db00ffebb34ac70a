"""Searches: how accurate their choice is after so many queries, over the runs of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import polars as pl

from mbml.reports import charts
from mbml.reports.content import Figure, Paragraph, Section, Table
from mbml.reports.sections.evaluated import surrogate
from mbml.search.summary import MILESTONES

if TYPE_CHECKING:
    from mbml.reports.content import Block
    from mbml.reports.material import Material

COMMAND = "mbml search VIEW --strategy evolution --budget 150 --seeds 10"
#: What is told of a run, and by which rule.
RULES = {
    "chosen_test_accuracy": "test, chosen by the target",
    "oracle_test_accuracy": "test, oracle",
    "chosen_valid_accuracy": "validation of the chosen",
}
#: Points of a curve, and the queries that it starts at: what comes before would hide the rest.
_POINTS, _FIRST = 80, 10
#: Sums of shares of a query may end a hair above the whole.
_HAIR = 1e-9


def make(material: Material) -> list[Section]:
    """Return the section on searches."""
    if material.runs.is_empty():
        blocks: list[Block] = [Paragraph(text=f"No search is stored yet: {COMMAND} makes one.")]
    else:
        standings = _standings(material)
        blocks = [*surrogate(material.runs), _curves(standings), _table(standings, material)]
    return [Section(name="searches", title="Searches", blocks=tuple(blocks))]


def _standings(material: Material) -> pl.DataFrame:
    """Return where each search stands after so many queries: means and deviations over runs."""
    labels = _labels(material.runs)
    parts = []
    for (label, view), runs in labels.group_by("search", "meta-dataset", maintain_order=True):
        steps = material.steps.join(runs.select("search_id"), on="search_id", how="semi")
        reach = steps.group_by("search_id").agg(pl.col("spent_queries").max())["spent_queries"]
        if reach.is_empty():
            continue
        grid = pl.DataFrame({"queries": _grid(float(reach.min()))})  # type: ignore[arg-type]
        asked = grid.with_columns(within=pl.col("queries") + _HAIR)
        stood = asked.join(runs.select("search_id"), how="cross").join_asof(
            steps.sort("spent_queries", maintain_order=True),
            left_on="within",
            right_on="spent_queries",
            by="search_id",
            check_sortedness=False,
        )
        known = stood.group_by("queries", maintain_order=True).agg(
            pl.len().alias("runs"),
            *(pl.col(rule).null_count().alias(f"{rule}_missing") for rule in RULES),
            *(pl.col(rule).mean() for rule in RULES),
            *(pl.col(rule).std(ddof=0).alias(f"{rule}_std") for rule in RULES),
        )
        parts.append(
            known.select(
                pl.lit(view).alias("meta-dataset"),
                pl.lit(label).alias("search"),
                "runs",
                "queries",
                # A mean over some of the runs alone would say something else.
                *(
                    pl.when(pl.col(f"{rule}_missing") == 0).then(pl.col(name)).alias(name)
                    for rule in RULES
                    for name in (rule, f"{rule}_std")
                ),
            )
        )
    return pl.concat(parts)


def _grid(reach: float) -> list[float]:
    """Return the queries at which a search is looked at: close at the start, and its end."""
    even = np.unique(np.geomspace(1, max(1.0, reach), _POINTS).round())
    return sorted({reach, *even[even <= reach], *(one for one in MILESTONES if one <= reach)})


def _labels(runs: pl.DataFrame) -> pl.DataFrame:
    """Name the searches: by strategy and whatever else is not usual, or told apart by settings."""
    named = runs.with_columns(
        search=pl.struct(runs.columns).map_elements(_label, return_dtype=pl.String)
    )
    several = pl.col("settings").n_unique().over("meta-dataset", "search") > 1
    return named.with_columns(
        search=pl.when(several).then(pl.format("{} {}", "search", "settings")).otherwise("search")
    )


def _label(run: dict[str, Any]) -> str:
    parts = [run["strategy"]]
    if run["features"]:
        parts.append(f"on {run['features']}")
    if run["objectives"]:
        parts.append(f"with small {run['objectives']}")
    if run["one_trial"]:
        parts.append("one trial")
    if run["equivalents_once"]:
        parts.append("equivalents once")
    if run["target"] != "valid_accuracy":
        parts.append(f"target {run['target']}")
    parts.append(f"{run['budget']:g} {run['unit']}")
    return ", ".join(parts)


def _curves(standings: pl.DataFrame) -> Figure:
    drawn = standings.filter(pl.col("queries") >= _FIRST)
    frame = pl.concat(
        (standings if drawn.is_empty() else drawn)
        .select(
            "meta-dataset",
            "search",
            "runs",
            "queries",
            pl.lit(text).alias("rule"),
            (pl.col(rule).fill_nan(None) * 100).alias("mean"),
            ((pl.col(rule) - pl.col(f"{rule}_std")) * 100).alias("low"),
            ((pl.col(rule) + pl.col(f"{rule}_std")) * 100).alias("high"),
        )
        .drop_nulls("mean")
        for rule, text in RULES.items()
    )
    views = frame["meta-dataset"].unique(maintain_order=True).to_list()
    view = charts.choice("meta-dataset", views, "meta-dataset")
    rules = frame["rule"].unique(maintain_order=True).to_list()
    rule = charts.choice("rule", rules, "accuracy")
    return Figure(
        name="search_curves",
        caption=(
            f"Accuracy after so many queries, from the {_FIRST}th: mean over the runs, and a band"
            " of one population deviation to each side. The menus choose meta-dataset and rule: the"
            " test accuracy of"
            " the architecture that the target chooses, as a search can report it; the best test"
            " accuracy among the queried (an oracle); or the validation accuracy of the chosen."
            " Each choice has files of its own in the folder, named after it."
        ),
        alt="Rising lines, one for each search. The table below has them at milestones.",
        chart=charts.with_menus(_bands(frame), view, rule).properties(
            width=charts.WIDTH, height=charts.HEIGHT
        ),
        every_choice=True,
    )


def _bands(frame: pl.DataFrame) -> Any:
    """Draw means as lines, their deviations as bands."""
    legend = alt.Legend(orient="bottom", columns=1, title=None, symbolOpacity=1)
    base = alt.Chart(frame).encode(
        x=alt.X("queries:Q", title="queries spent", scale=alt.Scale(type="log", nice=False)),
        color=alt.Color("search:N", legend=legend),
    )
    up = alt.Scale(zero=False)
    bands = base.mark_area(opacity=0.18, interpolate="step-after").encode(
        y=alt.Y("low:Q", title="accuracy (percent)", scale=up), y2="high:Q"
    )
    queries = alt.Tooltip("queries:Q", format=".0f")
    lines = base.mark_line(interpolate="step-after").encode(
        y=alt.Y("mean:Q", scale=up),
        tooltip=["search", "runs", queries, *charts.deviations(".2f")],
    )
    return alt.layer(bands, lines)


def _table(standings: pl.DataFrame, material: Material) -> Table:
    last = pl.col("queries") == pl.col("queries").max().over("meta-dataset", "search")
    seconds = (
        _labels(material.runs)
        .group_by("meta-dataset", "search")
        .agg(pl.col("seconds").mean().alias("seconds of search"))
    )
    spreads = {f"{rule}_std": f"{text} (std)" for rule, text in RULES.items()}
    frame = (
        standings.filter(pl.col("queries").is_in([float(one) for one in MILESTONES]) | last)
        .join(seconds, on=["meta-dataset", "search"], maintain_order="left")
        .rename(RULES | spreads)
        .sort("meta-dataset", "queries", maintain_order=True)
    )
    texts = tuple(RULES.values())
    return Table(
        name="search_milestones",
        caption=(
            "Searches at milestones and at their end, accuracies in percent: mean ± population"
            " deviation over the runs, the best of each meta-dataset and number of queries marked."
            " Test accuracy is that of the architecture chosen by the target, or an oracle's: the"
            " best among the queried, which no search can know. Seconds are those of the whole"
            " search itself, without the trainings that its queries stand for."
        ),
        frame=frame,
        percent=texts,
        decimals={"queries": 0, "seconds of search": 2},
        spread={text: f"{text} (std)" for text in texts},
        best=dict.fromkeys(texts, "higher"),
        within=("meta-dataset", "queries"),
    )
