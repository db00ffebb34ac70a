"""Exploratory analysis of each benchmark: how accuracies are spread, and what goes with them."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from mbml.reports import charts
from mbml.reports.content import Figure, Paragraph, Section, Table
from mbml.reports.material import TARGET_TITLES, label, measured, title_of

if TYPE_CHECKING:
    from mbml.benchmarks import MetaDataset
    from mbml.reports.content import Block
    from mbml.reports.material import Material

BINS = 50
#: Share of the architectures that counts as the best, and as the worst.
TAIL = 0.01


def make(material: Material) -> list[Section]:
    """Return a section for each benchmark that has rows."""
    return [_benchmark(material, one) for one in material.benchmarks]


def _benchmark(material: Material, benchmark: str) -> Section:
    whole = [one for one in material.of(benchmark) if not one.subset]
    blocks: list[Block] = [_first_rows(material, whole[-1])]
    blocks += material.unscored_note(benchmark)
    datasets = material.scored(benchmark)
    if datasets:
        blocks += [_accuracies(material, datasets), _histogram(material, datasets)]
        blocks += _features_heat_map(material, datasets)
        for size in ("parameters", "flops"):
            blocks += _against_size(material, datasets, size)
        blocks += _between_views(material, benchmark, datasets)
        blocks += _operations(material, benchmark, datasets)
    title = f"{title_of(benchmark)}: exploratory analysis"
    return Section(name=f"{benchmark}-exploratory", title=title, blocks=tuple(blocks))


def _first_rows(material: Material, dataset: MetaDataset) -> Table:
    columns = ["arch_key", *material.features(dataset), *TARGET_TITLES]
    frame = material.read(dataset, columns).head(5)
    return Table(
        name=f"{dataset.benchmark}_first_rows",
        caption=f"First rows of {dataset.name}; accuracies in percent.",
        frame=frame.select(one for one in frame if one.null_count() < frame.height),
        percent=tuple(TARGET_TITLES),
    )


def _accuracies(material: Material, datasets: tuple[MetaDataset, ...]) -> Table:
    rows = []
    for one in datasets:
        frame = material.read(one, list(TARGET_TITLES))
        for target in measured(frame, TARGET_TITLES):
            values = frame[target].drop_nulls()
            rows.append(
                {
                    "meta-dataset": label(one),
                    "accuracy": TARGET_TITLES[target],
                    "architectures": len(values),
                    "mean": values.mean(),
                    "deviation": values.std(ddof=0),
                    "least": values.min(),
                    "lower quartile": values.quantile(0.25, "linear"),
                    "median": values.median(),
                    "upper quartile": values.quantile(0.75, "linear"),
                    "best": values.max(),
                }
            )
    numbers = ("mean", "deviation", "least", "lower quartile", "median", "upper quartile", "best")
    return Table(
        name=f"{datasets[0].benchmark}_accuracies",
        caption="Accuracies over all architectures, in percent; population deviation.",
        frame=pl.DataFrame(rows),
        percent=numbers,
    )


def _histogram(material: Material, datasets: tuple[MetaDataset, ...]) -> Figure:
    parts = []
    for one in datasets:
        frame = material.read(one, list(TARGET_TITLES))
        for target in measured(frame, TARGET_TITLES):
            bins = (frame[target].drop_nulls() * BINS).floor().clip(0, BINS - 1)
            counted = bins.cast(pl.Int64).alias("bin").value_counts(name="architectures")
            parts.append(
                counted.select(
                    pl.lit(label(one)).alias("meta-dataset"),
                    pl.lit(TARGET_TITLES[target]).alias("accuracy"),
                    (pl.col("bin") * (100 / BINS)).alias("from"),
                    ((pl.col("bin") + 1) * (100 / BINS)).alias("to"),
                    "architectures",
                )
            )
    frame = pl.concat(parts).sort("meta-dataset", "accuracy", "from")
    menu = charts.choice("meta-dataset", [label(one) for one in reversed(datasets)], "meta-dataset")
    chart = (
        alt.Chart(frame)
        .mark_bar(opacity=0.6)
        .encode(
            x=alt.X("from:Q", bin="binned", title="accuracy (percent)").scale(domain=[0, 100]),
            x2="to:Q",
            y=alt.Y("architectures:Q").stack(None),
            color=alt.Color("accuracy:N", scale=alt.Scale(domain=["validation", "test"])),
            tooltip=["accuracy", "from", "to", "architectures"],
        )
        .properties(width=charts.WIDTH, height=charts.HEIGHT)
    )
    return Figure(
        name=f"{datasets[0].benchmark}_histogram",
        caption=f"Accuracies in {BINS} bins over the whole axis; the menu chooses the rows.",
        alt="Histogram of validation and test accuracy. The table above has mean and quartiles.",
        chart=charts.with_menus(chart, menu),
    )


def _features_heat_map(material: Material, datasets: tuple[MetaDataset, ...]) -> list[Block]:
    parts = {}
    order: list[str] = []
    for one in datasets:
        columns = [*material.features(one), *TARGET_TITLES]
        frame = material.read(one, columns)
        names = [name for name in measured(frame, columns) if frame[name].n_unique() > 1]
        order += [name for name in names if name not in order]
        if names:
            named = pl.lit(label(one)).alias("meta-dataset")
            parts[label(one)] = spearman(frame.select(names)).with_columns(named)
    if not parts:
        return [Paragraph(text="No rank correlations: no two rows differ in any column.")]
    menu = charts.choice("meta-dataset", list(reversed(parts)), "meta-dataset")
    chart = charts.heat_map(
        pl.concat(parts.values()),
        rows="one",
        columns="other",
        value="rho",
        title="Spearman's rho",
        order=order,
    )
    figure = Figure(
        name=f"{datasets[0].benchmark}_spearman",
        caption=(
            "Spearman's rank correlation between meta-features, size and accuracies, over the"
            " architectures that have both; the menu chooses the meta-dataset."
        ),
        alt="Heat map of rank correlations between meta-features and accuracies.",
        chart=charts.with_menus(chart, menu),
    )
    return [figure]


def _against_size(material: Material, datasets: tuple[MetaDataset, ...], size: str) -> list[Figure]:
    parts = []
    for one in datasets:
        frame = material.read(one, [size, *TARGET_TITLES])
        for target in measured(frame, TARGET_TITLES):
            known = frame.select(x=pl.col(size) / 1e6, y=pl.col(target) * 100).drop_nulls()
            what = pl.lit(f"{label(one)}: {TARGET_TITLES[target]}").alias("what")
            if not known.is_empty():
                parts.append(charts.fields(known).with_columns(what))
    if not parts:
        return []
    frame = pl.concat(parts)
    names = frame["what"].unique(maintain_order=True).to_list()[::-1]
    menu = charts.choice("what", names, "accuracy")
    chart = charts.density(frame, x=f"{size} (million)", y="accuracy (percent)")
    figure = Figure(
        name=f"{datasets[0].benchmark}_accuracy_by_{size}",
        caption=(
            f"Accuracy against {size}: architectures in each of {charts.FIELDS} by {charts.FIELDS}"
            " fields."
        ),
        alt=f"Map of how many architectures have a given number of {size} and a given accuracy.",
        chart=charts.with_menus(chart, menu).properties(width=charts.WIDTH, height=charts.HEIGHT),
    )
    return [figure]


def _between_views(
    material: Material, benchmark: str, datasets: tuple[MetaDataset, ...]
) -> list[Block]:
    joined: pl.DataFrame | None = None
    # A part of a space has the measurements of the whole.
    for one in (one for one in datasets if not one.subset):
        frame = material.read(one, ["arch_id", *TARGET_TITLES])
        chosen = frame.select("arch_id", *measured(frame, TARGET_TITLES)).rename(
            {target: f"{label(one)}: {name}" for target, name in TARGET_TITLES.items()},
            strict=False,
        )
        joined = chosen if joined is None else joined.join(chosen, "arch_id", "full", coalesce=True)
    assert joined is not None  # noqa: S101
    frame = joined.drop("arch_id")
    if frame.width < 2:
        return []
    chart = charts.heat_map(
        spearman(frame),
        rows="one",
        columns="other",
        value="rho",
        title="Spearman's rho",
        order=frame.columns,
    )
    return [
        Figure(
            name=f"{benchmark}_between_views",
            caption=(
                "Spearman's rank correlation between accuracies after different epochs, schedules"
                " and data sets, over the architectures that have both."
            ),
            alt="Heat map of rank correlations between the accuracies of all meta-datasets.",
            chart=chart,
        )
    ]


def _operations(
    material: Material, benchmark: str, datasets: tuple[MetaDataset, ...]
) -> list[Block]:
    names = ("none", "skip", "conv1x1", "conv3x3", "pool")
    counts = material.warehouse.frame(
        "select arch_id, none_count as none, skip_count as skip, conv1x1_count as conv1x1,"
        " conv3x3_count as conv3x3, pool_count as pool from architecture where benchmark = ?",
        [benchmark],
    )
    if not any(counts[name].sum() for name in names):
        return [
            Paragraph(text="This space's networks differ in channels alone, not in operations.")
        ]
    rows = []
    for one in datasets:
        frame = material.read(one, ["arch_id", *TARGET_TITLES])
        for target in measured(frame, TARGET_TITLES):
            known = (
                frame.drop_nulls(target)
                .sort(target, "arch_id")
                .join(counts, "arch_id", maintain_order="left")
            )
            many = max(1, round(TAIL * known.height))
            for which, part in (
                ("best", known.tail(many)),
                ("worst", known.head(many)),
                ("all", known),
            ):
                means = {name: part[name].mean() for name in names}
                rows.append(
                    {
                        "meta-dataset": label(one),
                        "accuracy": TARGET_TITLES[target],
                        "architectures": which if which == "all" else f"{which} {many:,}",
                        **means,
                    }
                )
    frame = pl.DataFrame(rows)
    kept = [name for name in names if frame[name].sum()]
    return [
        Table(
            name=f"{benchmark}_operations",
            caption=f"Mean number of each operation in the best and worst {TAIL:.0%}, and in all.",
            frame=frame.select("meta-dataset", "accuracy", "architectures", *kept),
            decimals=dict.fromkeys(kept, 2),
        )
    ]


def spearman(frame: pl.DataFrame) -> pl.DataFrame:
    """Return Spearman's rank correlation of each two columns over the rows that have both.

    Parameters
    ----------
    frame
        Numbers, one column a variable.

    Returns
    -------
    polars.DataFrame
        Columns `one`, `other`, `rho`, a row for each ordered pair; NULL where a side is constant.
    """
    pairs = list(combinations_with_replacement(frame.columns, 2))
    found = _correlations(frame, pairs)
    rows = []
    for (one, other), rho in zip(pairs, found, strict=True):
        rows += [(one, other, rho)] + ([(other, one, rho)] if one != other else [])
    return pl.DataFrame(
        rows, schema={"one": pl.String, "other": pl.String, "rho": pl.Float64}, orient="row"
    )


def _correlations(frame: pl.DataFrame, pairs: list[tuple[str, str]]) -> list[float | None]:
    """Return the rank correlation of each pair, NULL where a side is constant.

    The columns of pairs that are known in the same rows are ranked once for all of these.
    """
    known = {name: frame[name].is_not_null() for name in frame.columns}
    groups: dict[bytes, list[int]] = {}
    for number, (one, other) in enumerate(pairs):
        both = (known[one] & known[other]).to_numpy().tobytes()
        groups.setdefault(both, []).append(number)
    result: list[float | None] = [None] * len(pairs)
    for numbers in groups.values():
        one, other = pairs[numbers[0]]
        names = dict.fromkeys(name for number in numbers for name in pairs[number])
        ranks = frame.filter(known[one] & known[other]).select(pl.col(*names).rank())
        rhos = ranks.select(pl.corr(*pairs[number]).alias(str(number)) for number in numbers)
        for number, rho in zip(numbers, rhos.row(0), strict=True):
            result[number] = rho if rho is not None and rho == rho else None  # noqa: PLR0124
    return result
