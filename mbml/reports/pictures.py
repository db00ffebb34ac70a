"""One picture as a file: a scatter, a histogram, learning curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from mbml.errors import UsageError
from mbml.reports.charts import COLOURS, HEIGHT, WIDTH, density, fields, theme
from mbml.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ENDINGS = (".svg", ".png", ".pdf")
_BINS = 60
#: A scatter of more points shows how many there are in a field instead.
_MOST_POINTS = 5_000
#: Colour of a front over other points.
_FRONT = COLOURS[5]
#: Fields of that map, each way.
_FIELDS = 80


def scatter(frame: pl.DataFrame, x: str, y: str) -> Any:
    """Return a scatter of two columns; where there are many rows, the number of rows by field."""
    if frame.height > _MOST_POINTS:
        numbers = frame.select(x=pl.col(x).cast(pl.Float64), y=pl.col(y).cast(pl.Float64))
        return density(fields(numbers, each_way=_FIELDS, digits=None), x=x, y=y)
    points = alt.Chart(frame).mark_circle(size=12, opacity=0.5)
    return points.encode(x=_axis(x), y=_axis(y))


def front_over_rows(rows: pl.DataFrame, front: pl.DataFrame, x: str, y: str) -> Any:
    """Return a scatter of rows, or of their number by bin, with a front drawn over it."""
    # Equal rows are one point; Vega-Lite takes no decimals.
    numbers = front.select(pl.col(x, y).cast(pl.Float64)).unique(maintain_order=True)
    points = alt.Chart(numbers).mark_point(
        size=40, filled=True, opacity=1, color=_FRONT, stroke="white", strokeWidth=0.5
    )
    return alt.layer(scatter(rows.select(x, y), x, y), points.encode(x=_axis(x), y=_axis(y)))


def histogram(frame: pl.DataFrame, x: str) -> Any:
    """Return a histogram of one column."""
    counts = frame[x].hist(bin_count=_BINS, include_breakpoint=True)
    width = (frame[x].max() - frame[x].min()) / _BINS or 1.0  # type: ignore[operator]
    bins = counts.select(
        low=pl.col("breakpoint") - width, high=pl.col("breakpoint"), rows=pl.col("count")
    )
    bars = alt.Chart(bins).mark_bar()
    return bars.encode(
        x=alt.X("low:Q", title=x, scale=alt.Scale(zero=False)),
        x2="high:Q",
        y=alt.Y("rows:Q", title="rows"),
    )


def curves(frame: pl.DataFrame, titles: dict[str, str]) -> Any:
    """Return learning curves: a line for each column of `titles`, over the column `epoch`."""
    long = frame.unpivot(list(titles), index="epoch", variable_name="curve", value_name="value")
    named = long.drop_nulls().with_columns(pl.col("curve").replace(titles))
    return (
        alt.Chart(named)
        .mark_line(point=True)
        .encode(
            x=alt.X("epoch:Q", title="epoch"),
            y=alt.Y("value:Q", title="accuracy, fraction", scale=alt.Scale(zero=False)),
            color=alt.Color("curve:N", title=None, sort=list(titles.values())),
        )
    )


def check_ending(path: Path) -> None:
    """Check that a file is named as a picture that can be written; raises `UsageError`."""
    if path.suffix.lower() not in _ENDINGS:
        raise UsageError(f"{path}: a picture ends in .svg, .png or .pdf")


def write_picture(path: Path, chart: Any, title: str) -> None:
    """Write a chart as SVG, PNG or PDF, by the ending of the file.

    Raises
    ------
    UsageError
        The ending is another one.
    """
    import vl_convert

    check_ending(path)

    with alt.data_transformers.enable("default", max_rows=None):
        drawn = chart.properties(width=WIDTH, height=HEIGHT, title=title).to_dict()
    svg = vl_convert.vegalite_to_svg(drawn, config=theme(dark=False))
    made: dict[str, Callable[[], bytes]] = {
        ".svg": svg.encode,
        ".png": lambda: vl_convert.svg_to_png(svg, scale=2),
        ".pdf": lambda: vl_convert.svg_to_pdf(svg),
    }
    write_whole(path, made[path.suffix.lower()]())


def _axis(name: str) -> dict[str, Any]:
    return {"field": _field(name), "type": "quantitative", "scale": {"zero": False}, "title": name}


def _field(name: str) -> str:
    """Return a name as Vega-Lite takes it: a dot or a bracket would lead into an object."""
    return "".join(f"\\{one}" if one in ".[]\\" else one for one in name)
