"""The look that all charts share, and the few forms that several sections draw."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

#: Okabe and Ito's colours, told apart by colour-blind readers, in an order that suits both themes.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c", "#b8a200")
WIDTH, HEIGHT = 640, 320
#: The version of Vega-Lite that charts are written for, such as `6.1`.
VEGA_LITE = alt.SCHEMA_VERSION.lstrip("v").rpartition(".")[0]
#: Fields of a map of architectures, each way.
FIELDS = 40


def theme(*, dark: bool) -> dict[str, Any]:
    """Return Vega's settings for a page in the light or the dark."""
    ink, soft, line, page = (
        ("#e6e9ed", "#a5afba", "#3a434d", "#14181d")
        if dark
        else ("#1b1f24", "#57606a", "#d0d7de", "#ffffff")
    )
    return {
        "background": page,
        "font": "system-ui, 'DejaVu Sans', sans-serif",
        "view": {"stroke": line},
        "axis": {
            "labelColor": ink,
            "titleColor": ink,
            "gridColor": line,
            "gridOpacity": 0.5,
            "domainColor": soft,
            "tickColor": soft,
            "labelFontSize": 11,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
        },
        "legend": {
            "labelColor": ink,
            "titleColor": ink,
            "titleFontWeight": "normal",
            "labelLimit": 0,
        },
        "header": {"labelColor": ink, "titleColor": ink},
        "title": {"color": ink},
        "text": {"color": ink},
        "rule": {"color": soft},
        "range": {"category": list(COLOURS)},
    }


def choice(column: str, values: list[str], label: str) -> alt.Parameter:
    """Return a menu that shows the rows with one value of a column, the first at the start."""
    menu = alt.binding_select(options=values, name=f"{label} ")
    return alt.selection_point(fields=[column], bind=menu, value=values[0])


def with_menus(chart: Any, *menus: alt.Parameter) -> Any:
    """Return a chart of the rows that all of its menus choose."""
    chart = chart.add_params(*menus)
    for menu in menus:
        chart = chart.transform_filter(menu)
    return chart


def deviations(number_format: str) -> list[alt.Tooltip]:
    """Return what is told of a mean and the bounds of its deviation."""
    return [alt.Tooltip(f"{name}:Q", format=number_format) for name in ("mean", "low", "high")]


def ordered_colours(column: str) -> alt.Color:
    """Return colours for the values of a column that has an order, readable in both themes."""
    # The ends of the scheme are too near to one of the pages.
    scheme = alt.SchemeParams(name="viridis", extent=[0.35, 0.85])
    return alt.Color(f"{column}:O", scale=alt.Scale(scheme=scheme), title=column)


def heat_map(
    frame: pl.DataFrame, *, rows: str, columns: str, value: str, title: str, order: list[str]
) -> Any:
    """Return a heat map of values between -1 and 1, written into their fields.

    Parameters
    ----------
    frame
        One row a field.
    rows, columns, value
        Its columns.
    title
        What the values are.
    order
        The names on both axes, in order.
    """
    base = alt.Chart(frame).encode(
        x=alt.X(f"{columns}:N", sort=order, title=None, axis=alt.Axis(labelAngle=-40)),
        y=alt.Y(f"{rows}:N", sort=order, title=None),
    )
    fields = base.mark_rect().encode(
        color=alt.Color(
            f"{value}:Q", title=title, scale=alt.Scale(scheme="blueorange", domain=[-1, 1])
        ),
        tooltip=[rows, columns, alt.Tooltip(value, format=".3f")],
    )
    # Middling fields are light in this scheme, whatever the theme.
    strong = alt.expr.abs(alt.datum[value]) > 0.7
    texts = base.mark_text(fontSize=10).encode(
        text=alt.Text(f"{value}:Q", format=".2f"),
        color=alt.when(strong).then(alt.value("white")).otherwise(alt.value("black")),
    )
    return alt.layer(fields, texts).properties(
        width=max(200, 46 * len(order)), height=max(150, 30 * len(order))
    )


def fields(frame: pl.DataFrame, *, each_way: int = FIELDS, digits: int | None = 4) -> pl.DataFrame:
    """Count the rows in each field of a grid between the least and the greatest values.

    Parameters
    ----------
    frame
        Numbers `x` and `y`, without NULL.
    each_way
        Number of fields along each axis.
    digits
        Digits after the point that the edges of fields keep; None keeps all.

    Returns
    -------
    polars.DataFrame
        Columns `x_from, x_to, y_from, y_to, count`, fields that hold any.
    """
    steps = {
        name: ((frame[name].max() - frame[name].min()) / each_way or 1.0, frame[name].min())  # type: ignore[operator]
        for name in ("x", "y")
    }
    numbers = [
        ((pl.col(name) - low) / step).floor().clip(0, each_way - 1).alias(name)
        for name, (step, low) in steps.items()
    ]
    counted = frame.select(numbers).group_by("x", "y").len("count")
    edges = [
        (low + (pl.col(name) + more) * step).alias(f"{name}_{edge}")
        for name, (step, low) in steps.items()
        for edge, more in (("from", 0), ("to", 1))
    ]
    if digits is not None:
        edges = [edge.round(digits) for edge in edges]
    return counted.select(*edges, "count").sort("x_from", "y_from")


def density(frame: pl.DataFrame, *, x: str, y: str) -> Any:
    """Return a map of what `fields` counted, with the titles of its axes."""
    return (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=alt.X("x_from:Q", title=x, scale=alt.Scale(zero=False)),
            x2="x_to:Q",
            y=alt.Y("y_from:Q", title=y, scale=alt.Scale(zero=False)),
            y2="y_to:Q",
            color=alt.Color(
                "count:Q", scale=alt.Scale(type="log", scheme="viridis"), title="count"
            ),
            tooltip=[
                alt.Tooltip("x_from:Q", format=".3f"),
                alt.Tooltip("y_from:Q", format=".2f"),
                alt.Tooltip("count:Q", title="architectures"),
            ],
        )
    )
