"""Searches: how accurate their choice is after so many queries, over the runs of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import polars as pl

from mbml.reports import charts
from mbml.reports.content import Figure, Paragraph, Section, Table
from mbml.reports.sections.evaluated import surrogate
from mbml.searches.summary import MILESTONES, reach, standings

if TYPE_CHECKING:
    from mbml.reports.content import Block
    from mbml.reports.material import Material

COMMAND = "mbml search VIEW --strategy evolution --budget 150 --seeds 10"
#: How the accuracies of a run are called in menus and headings.
TITLES = {
    "chosen_test_accuracy": "test, chosen",
    "raw_test_accuracy": "test, raw",
    "oracle_test_accuracy": "test, oracle",
    "chosen_valid_accuracy": "validation of the chosen",
}
#: Points of a curve, and the queries that it starts at: what comes before would hide the rest.
_POINTS, _FIRST = 80, 10


def make(material: Material) -> list[Section]:
    """Return the section on searches."""
    if material.steps.is_empty():
        blocks: list[Block] = [Paragraph(text=f"No search is stored yet: {COMMAND} makes one.")]
    else:
        standing = _standings(material)
        blocks = [*surrogate(material.runs), *_curves(standing), _table(standing, material)]
    return [Section(name="searches", title="Searches", blocks=tuple(blocks))]


def _standings(material: Material) -> pl.DataFrame:
    """Return where each search stands after so many queries: means and deviations over runs."""
    labels = _labels(material.runs)
    parts = []
    for (label, view), runs in labels.group_by("search", "meta-dataset", maintain_order=True):
        steps = material.steps.join(runs.select("search_id"), on="search_id", how="semi")
        if steps.is_empty():
            continue
        steps = steps.rename({"search_id": "run"})
        parts.append(
            standings(steps, _grid(reach(steps))).select(
                pl.lit(view).alias("meta-dataset"), pl.lit(label).alias("search"), pl.all()
            )
        )
    return pl.concat(parts)


def _grid(most: float) -> list[float]:
    """Return the queries at which a search is looked at: close at the start, and its end."""
    even = np.unique(np.geomspace(1, max(1.0, most), _POINTS).round())
    return sorted({most, *even[even <= most], *(one for one in MILESTONES if one <= most)})


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
    if run["condition"]:
        parts.append(f"where {run['condition']}")
    if run["one_trial"]:
        parts.append("one trial")
    if run["equivalents_once"]:
        parts.append("equivalents once")
    if run["target"] != "valid_accuracy":
        parts.append(f"target {run['target']}")
    parts.append(f"{run['budget']:g} {run['unit']}")
    return ", ".join(parts)


def _curves(standing: pl.DataFrame) -> list[Block]:
    drawn = standing.filter(pl.col("queries") >= _FIRST)
    frame = pl.concat(
        (standing if drawn.is_empty() else drawn)
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
        for rule, text in TITLES.items()
    )
    if frame.is_empty():
        nothing = "No curves: no run has found an architecture with a validation or test accuracy."
        return [Paragraph(text=nothing)]
    views = frame["meta-dataset"].unique(maintain_order=True).to_list()
    view = charts.choice("meta-dataset", views, "meta-dataset")
    rules = frame["rule"].unique(maintain_order=True).to_list()
    rule = charts.choice("rule", rules, "accuracy")
    figure = Figure(
        name="search_curves",
        caption=(
            f"Accuracy after so many queries, from the {_FIRST}th: mean over the runs, and a band"
            " of one population deviation to each side. The menus choose meta-dataset and rule: the"
            " test accuracy of the architecture that the search hands over (chosen), or of the one"
            " with the best target (raw), as a search can report them; the best test accuracy"
            " among the queried (an oracle); or the validation accuracy of the chosen."
            " Each choice has files of its own in the folder, named after it."
        ),
        alt="Rising lines, one for each search. The table below has them at milestones.",
        chart=charts.with_menus(_bands(frame), view, rule).properties(
            width=charts.WIDTH, height=charts.HEIGHT
        ),
        every_choice=True,
    )
    return [figure]


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


def _table(standing: pl.DataFrame, material: Material) -> Table:
    last = pl.col("queries") == pl.col("queries").max().over("meta-dataset", "search")
    seconds = (
        _labels(material.runs)
        .group_by("meta-dataset", "search")
        .agg(pl.col("seconds").mean().alias("seconds of search"))
    )
    spreads = {f"{rule}_std": f"{text} (std)" for rule, text in TITLES.items()}
    frame = (
        standing.filter(pl.col("queries").is_in([float(one) for one in MILESTONES]) | last)
        .join(seconds, on=["meta-dataset", "search"], maintain_order="left")
        .rename(TITLES | spreads)
        .sort("meta-dataset", "queries", maintain_order=True)
    )
    texts = tuple(TITLES.values())
    return Table(
        name="search_milestones",
        caption=(
            "Searches at milestones and at their end, accuracies in percent: mean ± population"
            " deviation over the runs, the best of each meta-dataset and number of queries marked."
            " Test accuracy is that of the architecture that the search hands over (chosen), of the"
            " one with the best target (raw), or an oracle's: the best among the queried, which no"
            " search can know. Chosen and raw differ where a model has a say in the choice. Seconds"
            " are those of the whole search itself, without the trainings that its queries stand"
            " for."
        ),
        frame=frame,
        percent=texts,
        decimals={"queries": 0, "seconds of search": 2},
        spread={text: f"{text} (std)" for text in texts},
        best=dict.fromkeys(texts, "higher"),
        within=("meta-dataset", "queries"),
    )
