"""Whether predictors differ: Friedman's and Nemenyi's tests over seeds, with their diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import altair as alt
import polars as pl

from mbml.analysis.ranks import ALPHA, FEWEST_BLOCKS, FEWEST_NAMES, Ranking, rank_predictors
from mbml.reports import charts
from mbml.reports.content import Figure, Paragraph, Table
from mbml.reports.sections import evaluated

if TYPE_CHECKING:
    from mbml.reports.content import Block, Section
    from mbml.reports.material import Material

#: Errors that predictors are ranked by, the least first.
ERRORS = ("mae", "mse")
#: Height of a label in the diagram, and of the lines between it and the axis, in its own unit.
_LINE, _GAP = 1.0, 0.45


class _Test(NamedTuple):
    what: tuple[str, str, int, str]
    ranking: Ranking
    left_out: str

    @property
    def label(self) -> str:
        protocol, rows, size, error = self.what
        return f"{rows}, N = {size}, {error}; {protocol}"


def make(material: Material) -> list[Section]:
    """Return the section on differences between predictors."""
    title = "Predictors: do they differ?"
    blocks: list[Block] = []
    if not material.fits.is_empty():
        tests = list(_tests(material.fits))
        blocks += [_diagram(tests), _table(tests)] if tests else [_too_few()]
    return [evaluated.section("differences", title, material, blocks)]


def _too_few() -> Paragraph:
    return Paragraph(
        text=(
            f"A test needs {FEWEST_NAMES} predictors with {FEWEST_BLOCKS} seeds in common:"
            f" {evaluated.COMMAND} makes them."
        )
    )


def _tests(fits: pl.DataFrame) -> list[_Test]:
    made = []
    for part in fits.partition_by("protocol", "meta-dataset", "N", maintain_order=True):
        seeds = part["seed"].n_unique()
        label = pl.format("{} ({})", "predictor", "features")
        if part["features"].n_unique() == 1:
            label = pl.col("predictor")
        for error in ERRORS:
            wide = part.select(label.alias("name"), "seed", error).pivot(
                "name", index="seed", values=error, maintain_order=True
            )
            whole = [name for name in wide.columns[1:] if wide[name].null_count() == 0]
            if len(whole) < FEWEST_NAMES or seeds < FEWEST_BLOCKS:
                continue
            what = (part["protocol"][0], part["meta-dataset"][0], part["N"][0], error)
            others = sorted(set(wide.columns[1:]) - set(whole))
            made.append(
                _Test(
                    what, rank_predictors(whole, wide.select(whole).to_numpy()), ", ".join(others)
                )
            )
    return made


def _table(tests: list[_Test]) -> Table:
    rows = []
    for test in tests:
        protocol, rows_of, size, error = test.what
        ranking = test.ranking
        near = ranking.names[: ranking.groups[0][1] + 1] if _best_has_company(ranking) else ()
        rows.append(
            {
                "meta-dataset": rows_of,
                "N": size,
                "ranked by": error,
                "seeds": ranking.blocks,
                "predictors": len(ranking.names),
                "Friedman's statistic": ranking.statistic,
                "p": ranking.p_value,
                "critical difference": ranking.critical_difference,
                "best": ranking.names[0],
                "not told apart from it": ", ".join(near[1:]),
                "left out, lacking seeds": test.left_out,
                "protocol": protocol,
            }
        )
    return Table(
        name="friedman_nemenyi",
        caption=(
            "Friedman's test over seeds, with Nemenyi's critical difference of mean ranks at the"
            f" level {ALPHA}. A predictor that lacks one of the seeds is left out, and named."
        ),
        frame=pl.DataFrame(rows),
        decimals={"Friedman's statistic": 2, "critical difference": 3},
    )


def _best_has_company(ranking: Ranking) -> bool:
    return bool(ranking.groups) and ranking.groups[0][0] == 0


def _diagram(tests: list[_Test]) -> Figure:
    lines = [line for test in tests for line in _lines(test)]
    texts = [text for test in tests for text in _texts(test)]
    most = max(len(test.ranking.names) for test in tests)
    menu = charts.choice("what", [test.label for test in tests], "results")
    span = alt.Scale(domain=[1 - _margin(most), most + _margin(most)])
    across = alt.X("x:Q", scale=span, axis=None)
    up = alt.Y("y:Q", axis=None, scale=alt.Scale(reverse=True))
    rules = (
        alt.Chart(pl.DataFrame(lines, orient="row"))
        .transform_filter(menu)
        .mark_rule()
        .encode(
            x=across, x2="x2:Q", y=up, y2="y2:Q", strokeWidth=alt.StrokeWidth("width:Q", scale=None)
        )
    )
    base = (
        alt.Chart(pl.DataFrame(texts, orient="row"))
        .transform_filter(menu)
        .encode(x=across, y=up, text="text:N")
    )
    sides: tuple[tuple[Literal["left", "right", "center"], int], ...] = (
        ("left", 4),
        ("right", -4),
        ("center", 0),
    )
    labels = [
        base.transform_filter(alt.datum.side == side).mark_text(
            align=side, baseline="middle", dx=dx
        )
        for side, dx in sides
    ]
    return Figure(
        name="critical_difference",
        caption=(
            "Critical-difference diagram: mean ranks over seeds, 1 the best; predictors under one"
            " thick line are not told apart by Nemenyi's test. The menu chooses the results."
        ),
        alt="Predictors on an axis of mean ranks. The table below names the best and its equals.",
        chart=alt.layer(rules, *labels)
        .add_params(menu)
        .properties(width=charts.WIDTH, height=26 * (most // 2 + 4)),
    )


def _margin(most: int) -> float:
    """Return the room for the names beside the axis, in ranks."""
    return 0.45 * most


def _lines(test: _Test) -> list[dict[str, object]]:
    """Return the lines: axis, ticks, critical difference, a leader for each name, the groups."""
    ranking = test.ranking
    count = len(ranking.names)

    def line(x: float, x2: float, y: float, y2: float, width: float = 1.0) -> dict[str, object]:
        return {"what": test.label, "x": x, "x2": x2, "y": y, "y2": y2, "width": width}

    made = [line(1, count, 0, 0, 1.5)]
    made += [line(tick, tick, -0.15, 0) for tick in range(1, count + 1)]
    made.append(line(1, 1 + ranking.critical_difference, -1.3, -1.3, 2.5))
    for place, mean in enumerate(ranking.mean_ranks):
        x, y = _end(place, count)
        made += [line(mean, mean, 0, y), line(mean, x, y, y)]
    for level, (first, last) in enumerate(ranking.groups):
        y = _GAP * (level + 1)
        low, high = ranking.mean_ranks[first], ranking.mean_ranks[last]
        made.append(line(low - 0.05, high + 0.05, y, y, 4))
    return made


def _texts(test: _Test) -> list[dict[str, object]]:
    ranking = test.ranking
    count = len(ranking.names)

    def text(x: float, y: float, said: str, side: str) -> dict[str, object]:
        return {"what": test.label, "x": x, "y": y, "text": said, "side": side}

    made = [text(tick, -0.5, str(tick), "center") for tick in range(1, count + 1)]
    reach = ranking.critical_difference
    made.append(text(1 + reach, -1.3, f"critical difference {reach:.2f}", "left"))
    for place, (name, mean) in enumerate(zip(ranking.names, ranking.mean_ranks, strict=True)):
        x, y = _end(place, count)
        side = "right" if x < mean else "left"
        made.append(text(x, y, f"{name} {mean:.2f}", side))
    return made


def _end(place: int, count: int) -> tuple[float, float]:
    """Return where the name of a place stands: the better half on the left, the best on top."""
    half = (count + 1) // 2
    # Below all thick lines, of which there are fewer than names.
    top = 1.2 + 0.25 * half
    if place < half:
        return 0.9, top + _LINE * place
    return count + 0.1, top + _LINE * (count - 1 - place)
