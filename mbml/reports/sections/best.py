"""The best architectures of each meta-dataset, and those that nothing smaller beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from mbml.frames import read_cells
from mbml.reports import charts
from mbml.reports.content import Drawing, Figure, Section, Table
from mbml.reports.material import TARGETS, label, measured, title_of
from mbml.spaces.drawing import as_svg, as_text, sketch
from mbml.spaces.registry import SPACES

if TYPE_CHECKING:
    from mbml.datasets import MetaDataset
    from mbml.reports.content import Block
    from mbml.reports.material import Material

#: Rows of the tables of the best.
SHOWN = 5
_COSTS = ("parameters", "flops", "latency_seconds")


def make(material: Material) -> list[Section]:
    """Return a section for each benchmark that has rows."""
    return [_benchmark(material, one) for one in material.benchmarks]


def _benchmark(material: Material, benchmark: str) -> Section:
    datasets = material.of(benchmark)
    blocks: list[Block] = [_best(material, datasets)]
    known = material.read(datasets[-1], list(_COSTS))
    blocks += _drawn(material, datasets)
    blocks += [_front(material, datasets, cost) for cost in measured(known, _COSTS)]
    title = f"{title_of(benchmark)}: the best architectures"
    return Section(name=f"{benchmark}-best", title=title, blocks=tuple(blocks))


def _best(material: Material, datasets: tuple[MetaDataset, ...]) -> Table:
    parts = []
    for one in datasets:
        frame = material.read(one, ["arch_key", "parameters", *TARGETS])
        for target in measured(frame, TARGETS):
            first = frame.sort(target, "arch_key", descending=[True, False], nulls_last=True)
            parts.append(
                first.head(SHOWN).select(
                    pl.lit(label(one)).alias("meta-dataset"),
                    pl.lit(TARGETS[target]).alias("best by"),
                    pl.int_range(1, pl.len() + 1).alias("rank"),
                    pl.col("valid_accuracy").alias("validation"),
                    pl.col("test_accuracy").alias("test"),
                    "parameters",
                    "arch_key",
                )
            )
    return Table(
        name=f"{datasets[0].benchmark}_best",
        caption=(
            f"The {SHOWN} best by validation, which a search could choose, and by test accuracy,"
            " which is an oracle; percent, ties by key."
        ),
        frame=pl.concat(parts),
        percent=("validation", "test"),
    )


def _drawn(material: Material, datasets: tuple[MetaDataset, ...]) -> list[Block]:
    """Draw the best architecture of each data set, trained the longest, by each accuracy."""
    longest = {one.dataset: one for one in sorted(datasets, key=lambda one: one.schedule_epochs)}
    made: dict[int, list[str]] = {}
    for one in longest.values():
        frame = material.read(one, ["arch_id", "arch_key", *TARGETS])
        for target in measured(frame, TARGETS):
            first = frame.sort(target, "arch_key", descending=[True, False], nulls_last=True)
            arch_id, accuracy = first["arch_id"][0], first[target][0]
            reached = f"{label(one)}, {TARGETS[target]} {accuracy:.2%}"
            made.setdefault(arch_id, []).append(reached)
    texts = read_cells(material.warehouse, pl.Series(list(made), dtype=pl.UInt32))
    blocks: list[Block] = []
    for number, (text, words) in enumerate(zip(texts, made.values(), strict=True), start=1):
        drawn = sketch(SPACES[datasets[0].benchmark].parse(text))
        blocks.append(
            Drawing(
                name=f"{datasets[0].benchmark}_best_{number}",
                caption=f"The best by {'; by '.join(words)}: {text}",
                alt=as_text(drawn),
                svg=as_svg(drawn, text),
            )
        )
    return blocks


def _front(material: Material, datasets: tuple[MetaDataset, ...], cost: str) -> Figure:
    parts = []
    for one in datasets:
        frame = material.read(one, ["arch_key", cost, *TARGETS])
        for target in measured(frame, TARGETS):
            front = pareto_front(frame, cost=cost, gain=target)
            parts.append(
                front.select(
                    pl.lit(f"{label(one)}: {TARGETS[target]}").alias("what"),
                    "arch_key",
                    pl.col(cost).cast(pl.Float64),
                    (pl.col(target) * 100).alias("accuracy"),
                )
            )
    held = pl.concat(parts)
    names = held["what"].unique(maintain_order=True).to_list()[::-1]
    menu = charts.choice("what", names, "accuracy")
    line = alt.Chart(held).encode(
        x=alt.X(f"{cost}:Q", scale=alt.Scale(type="log")),
        y=alt.Y("accuracy:Q", title="accuracy (percent)", scale=alt.Scale(zero=False)),
        tooltip=["arch_key", cost, alt.Tooltip("accuracy:Q", format=".2f")],
    )
    chart = alt.layer(
        line.mark_line(interpolate="step-after", color=charts.COLOURS[0]),
        line.mark_point(filled=True, size=45, color=charts.COLOURS[0]),
    )
    return Figure(
        name=f"{datasets[0].benchmark}_pareto_{cost}",
        caption=f"Pareto front: nothing with less {cost.replace('_', ' ')} is as accurate.",
        alt=f"Steps of the best accuracy that is to be had for a given number of {cost}.",
        chart=charts.with_menus(chart, menu).properties(width=charts.WIDTH, height=charts.HEIGHT),
    )


def pareto_front(frame: pl.DataFrame, *, cost: str, gain: str) -> pl.DataFrame:
    """Return the rows that no other row beats in one and equals in the other.

    Parameters
    ----------
    frame
        Rows; those without a value on either side are left out.
    cost, gain
        Columns: less is better, more is better.

    Returns
    -------
    polars.DataFrame
        By rising cost and rising gain; of equal rows the first.
    """
    known = frame.drop_nulls([cost, gain]).sort(
        cost, gain, descending=[False, True], maintain_order=True
    )
    before = pl.col(gain).cum_max().shift(1)
    return known.filter(before.is_null() | (pl.col(gain) > before))
