"""The best architectures of each meta-dataset, and those that nothing smaller beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from mbml.frames import cell_texts
from mbml.reports import charts
from mbml.reports.content import Drawing, Figure, Section, Table
from mbml.reports.material import TARGET_TITLES, label, measured, title_of
from mbml.searches.untrained import views_beside
from mbml.spaces.drawing import as_svg, as_text, sketch
from mbml.spaces.registry import space

if TYPE_CHECKING:
    from mbml.benchmarks import MetaDataset
    from mbml.reports.content import Block
    from mbml.reports.material import Material

#: Rows of the tables of the best.
SHOWN = 5
_COSTS = ("parameters", "flops", "latency_seconds")
#: The end of the names of columns with the latency on a device.
_LATENCY = "_latency_seconds"


def make(material: Material) -> list[Section]:
    """Return a section for each benchmark that has rows."""
    return [_benchmark(material, one) for one in material.benchmarks]


def _benchmark(material: Material, benchmark: str) -> Section:
    datasets = material.scored(benchmark)
    blocks: list[Block] = [*material.unscored_note(benchmark)]
    if datasets:
        blocks += [_best(material, datasets), *_drawn(material, datasets)]
        for cost in _COSTS:
            blocks += _front(material, datasets, cost)
        blocks += _device_fronts(material, _longest(datasets))
    title = f"{title_of(benchmark)}: the best architectures"
    return Section(name=f"{benchmark}-best", title=title, blocks=tuple(blocks))


def _best(material: Material, datasets: tuple[MetaDataset, ...]) -> Table:
    parts = []
    for one in datasets:
        frame = material.read(one, ["arch_key", "parameters", *TARGET_TITLES])
        for target in measured(frame, TARGET_TITLES):
            first = frame.top_k(SHOWN, by=[target, "arch_key"], reverse=[False, True])
            ordered = first.sort(target, "arch_key", descending=[True, False], nulls_last=True)
            parts.append(
                ordered.select(
                    pl.lit(label(one)).alias("meta-dataset"),
                    pl.lit(TARGET_TITLES[target]).alias("best by"),
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


def _longest(datasets: tuple[MetaDataset, ...]) -> list[MetaDataset]:
    """Return the meta-dataset of each data set that was trained the longest."""
    rising = sorted(datasets, key=lambda one: one.schedule_epochs)
    return list({one.dataset: one for one in rising}.values())


def _drawn(material: Material, datasets: tuple[MetaDataset, ...]) -> list[Block]:
    """Draw the best architecture of each data set, trained the longest, by each accuracy."""
    made: dict[int, list[str]] = {}
    for one in _longest(datasets):
        frame = material.read(one, ["arch_id", "arch_key", *TARGET_TITLES])
        for target in measured(frame, TARGET_TITLES):
            first = frame.top_k(1, by=[target, "arch_key"], reverse=[False, True])
            arch_id, accuracy = first["arch_id"][0], first[target][0]
            reached = f"{label(one)}, {TARGET_TITLES[target]} {accuracy:.2%}"
            made.setdefault(arch_id, []).append(reached)
    texts = cell_texts(material.warehouse, pl.Series(list(made), dtype=pl.UInt32))
    blocks: list[Block] = []
    for number, (text, words) in enumerate(zip(texts, made.values(), strict=True), start=1):
        drawn = sketch(space(datasets[0].benchmark).parse(text))
        blocks.append(
            Drawing(
                name=f"{datasets[0].benchmark}_best_{number}",
                caption=f"The best by {'; by '.join(words)}: {text}",
                alt=as_text(drawn),
                svg=as_svg(drawn, text),
            )
        )
    return blocks


def _front(material: Material, datasets: tuple[MetaDataset, ...], cost: str) -> list[Figure]:
    parts = []
    for one in datasets:
        frame = material.read(one, ["arch_key", cost, *TARGET_TITLES])
        for target in measured(frame, TARGET_TITLES):
            front = pareto_front(frame, cost=cost, gain=target)
            parts.append(
                front.select(
                    pl.lit(f"{label(one)}: {TARGET_TITLES[target]}").alias("what"),
                    "arch_key",
                    pl.col(cost).cast(pl.Float64),
                    (pl.col(target) * 100).alias("accuracy"),
                )
            )
    what = cost.replace("_", " ")
    return _fronts_figure(
        pl.concat(parts),
        cost=cost,
        menus=("what",),
        name=f"{datasets[0].benchmark}_pareto_{cost}",
        caption=f"Pareto front: nothing with less {what} is as accurate.",
    )


def _device_fronts(material: Material, datasets: list[MetaDataset]) -> list[Figure]:
    """Draw the fronts of accuracy and latency on each device that has measurements."""
    parts = []
    for one in datasets:
        frame = material.read(one, ["arch_id", "arch_key", *TARGET_TITLES])
        for view in views_beside(one):
            known = material.read(view, ["arch_id", *_latencies(material, view)])
            joined = frame.join(known, on="arch_id", how="left")
            for latency in measured(joined, known.columns[1:]):
                for target in measured(joined, TARGET_TITLES):
                    front = pareto_front(joined, cost=latency, gain=target)
                    parts.append(
                        front.select(
                            pl.lit(f"{label(one)}: {TARGET_TITLES[target]}").alias("what"),
                            pl.lit(latency.removesuffix(_LATENCY)).alias("device"),
                            "arch_key",
                            pl.col(latency).alias("latency_seconds"),
                            (pl.col(target) * 100).alias("accuracy"),
                        )
                    )
    if not parts:
        return []
    # The axis is logarithmic: nothing stands at 0.
    return _fronts_figure(
        pl.concat(parts).filter(pl.col("latency_seconds") > 0),
        cost="latency_seconds",
        menus=("what", "device"),
        name=f"{datasets[0].benchmark}_pareto_devices",
        caption="Pareto front on each device: no cell of less latency is as accurate.",
    )


def _latencies(material: Material, view: MetaDataset) -> list[str]:
    return [one for one in material.features(view) if one.endswith(_LATENCY)]


def _fronts_figure(
    held: pl.DataFrame, *, cost: str, menus: tuple[str, ...], name: str, caption: str
) -> list[Figure]:
    """Draw fronts as steps, one at a time, chosen by menus; none if there are no rows."""
    if held.is_empty():
        return []
    choices = [
        charts.choice(
            column,
            held[column].unique(maintain_order=True).to_list()[:: -1 if column == "what" else 1],
            "accuracy" if column == "what" else column,
        )
        for column in menus
    ]
    line = alt.Chart(held).encode(
        x=alt.X(f"{cost}:Q", scale=alt.Scale(type="log")),
        y=alt.Y("accuracy:Q", title="accuracy (percent)", scale=alt.Scale(zero=False)),
        tooltip=["arch_key", cost, alt.Tooltip("accuracy:Q", format=".2f")],
    )
    chart = alt.layer(
        line.mark_line(interpolate="step-after", color=charts.COLOURS[0]),
        line.mark_point(filled=True, size=45, color=charts.COLOURS[0]),
    )
    figure = Figure(
        name=name,
        caption=caption,
        alt=f"Steps of the best accuracy that is to be had for a given number of {cost}.",
        chart=charts.with_menus(chart, *choices).properties(
            width=charts.WIDTH, height=charts.HEIGHT
        ),
    )
    return [figure]


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
