"""Hold surrogate numbers against the real tables; write `docs/surrogate.md` and its plots.

Run `python docs/surrogate_fidelity.py DATA`, DATA being the folder that MBML_DATA names.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import polars as pl
from scipy.stats import kendalltau, spearmanr

from mbml.predictors.training import train
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.sources.tables.table import open_tables
from mbml.spaces.nasbench101.bulk import graph_ids
from mbml.spaces.nasbench101.classes import class_texts
from mbml.spaces.nasbench201 import SIZE
from mbml.store import ingest, open_warehouse
from mbml.surrogate.model import fitted
from mbml.surrogate.nasbench101 import _SCHEDULES
from mbml.surrogate.nasbench101_results import SurrogateCell, expected_accuracy, invent
from mbml.surrogate.networks import expected_latent, topology_network
from mbml.surrogate.result_curves import accuracy_curve, final_accuracies, generator

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
CELLS_AT_ONCE = 16_384
SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
EPOCHS = (1, 4, 12, 36, 108, 200)
PREDICTORS = ("dummy", "linear_regression", "random_forest", "xgboost")
CELL = ("adjacency", "operations", "parameters", "module_hash")
HEAD = """<!-- Written by docs/surrogate_fidelity.py. -->

# How near surrogate data is to the real data

`mbml surrogate` writes invented numbers. They come from a small model (`mbml/surrogate/model.py`)
whose parameters, 176 kB, `tools/fit_surrogates.py` fitted to real tables: boosted trees on topology
features give a cell's latent number, cells and runs deviate from it at random, and a monotone
curve turns it into an accuracy. This page holds its numbers (seed 0) against the same tables, all
cells of them. Accuracies are fractions.

Not fitted, as no table was at hand: ImageNet16-120 (CIFAR-100's model on another scale), curves of
12 epochs, halfway values of NAS-Bench-101 (from four published cells of 108 epochs), and the whole
size space of NATS-Bench with the spread between its trials (a formula of the widths). Surrogate
data is for trying things out, never for conclusions on networks.
"""


def table(head: list[str], rows: list[list[object]]) -> str:
    """Write a Markdown table; numbers get three or four digits."""
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join("| " + " | ".join(_shown(one) for one in line) + " |" for line in lines)
    return f"\n{text}\n"


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"


def quantile_rows(name: str, real: np.ndarray, made: np.ndarray) -> list[list[object]]:
    """Return two rows of mean and quantiles."""
    return [
        [name, kind, float(np.nanmean(one)), *map(float, np.nanquantile(one, SHARES))]
        for kind, one in (("real", real), ("surrogate", made))
    ]


def correlation_rows(
    names: Sequence[int], real: np.ndarray, made: np.ndarray
) -> list[list[object]]:
    """Return a row for each two names, of two matrices."""
    return [
        [f"{names[a]} and {names[b]}", float(real[a, b]), float(made[a, b])]
        for a, b in combinations(range(len(names)), 2)
    ]


def last_accuracies(cells: list[SurrogateCell]) -> tuple[np.ndarray, np.ndarray]:
    """Draw validation and test accuracies, shape (2, cells, 3, schedules), and seconds."""
    trainings = np.array(list(_SCHEDULES) * 3)
    accuracies, seconds = [], []
    for first in range(0, len(cells), CELLS_AT_ONCE):
        evaluations, _ = invent(cells[first : first + CELLS_AT_ONCE], trainings, 0)
        accuracies.append(evaluations[3:, :, 2].reshape(2, -1, 3, len(_SCHEDULES)))
        seconds.append(evaluations[1, :, 2].reshape(-1, 3, len(_SCHEDULES))[:, :, 3].mean(axis=1))
    return np.concatenate(accuracies, axis=1), np.concatenate(seconds)


def nasbench101(data: Path) -> tuple[str, dict[str, tuple[np.ndarray, np.ndarray]], pl.DataFrame]:
    """Compare NAS-Bench-101; return the section, pairs of samples to plot, and invented means."""
    measured = pl.read_parquet(data / "nasbench101" / "measurements.parquet")
    means = measured.filter(pl.col("test_accuracy").is_not_null()).sort("module_hash")
    cells = [SurrogateCell(*row) for row in means.select(CELL).iter_rows()]
    (valid, test), seconds = last_accuracies(cells)
    real_means, made_means = means["test_accuracy"].to_numpy(), test[:, :, 3].mean(axis=1)
    single = measured.filter(pl.col("valid_accuracy").is_not_null()).pivot(
        "schedule_epochs", index="module_hash", values="valid_accuracy"
    )
    place = {cell.module_hash: number for number, cell in enumerate(cells)}
    rows = np.array([place[one] for one in single["module_hash"]])
    pairs = {
        f"{s} epochs, one run": (single[str(s)].to_numpy(), valid[rows, 0, number])
        for number, s in enumerate(_SCHEDULES[:3])
    }
    pairs["108 epochs, test, mean of 3"] = (real_means, made_means)
    quantiles = [line for name, pair in pairs.items() for line in quantile_rows(name, *pair)]
    expected = expected_accuracy(cells, 108)
    agreement = [
        ["expectation against real mean", kendalltau(expected, real_means).statistic],
        ["one run against real mean", kendalltau(test[:, 0, 3], real_means).statistic],
        ["mean of three runs against real mean", kendalltau(made_means, real_means).statistic],
    ]
    between = spearmanr(
        np.column_stack([*[single[str(s)] for s in _SCHEDULES[:3]], real_means[rows]])
    ).statistic
    ours = spearmanr(np.column_stack([valid[rows, 0, :3], made_means[rows]])).statistic
    runs = (test[:, :, 3] < 0.2).sum(axis=1)
    failed = [
        [
            f"{count} of 3 runs",
            float(np.mean((real_means > low) & (real_means <= high))),
            float(np.mean(runs == count)),
        ]
        for count, low, high in ((1, 0.55, 0.65), (2, 0.28, 0.42), (3, 0.0, 0.2))
    ]
    timed = means["train_seconds"].to_numpy()
    has_time = ~np.isnan(timed)
    agreement.append(["training seconds", kendalltau(seconds[has_time], timed[has_time]).statistic])
    text = (
        "\n## NAS-Bench-101\n\nKendall's tau over all 423,624 cells, 108 epochs, test accuracy:\n"
    )
    text += table(["", "tau"], agreement)
    text += "\nQuantiles; validation accuracy of single runs over 20,001 cells, and means of all:\n"
    text += table(["", "", "mean", *map(str, SHARES)], quantiles)
    text += "\nSpearman's rank correlation between trainings of a cell:\n"
    text += table(["epochs", "real", "surrogate"], correlation_rows(_SCHEDULES, between, ours))
    text += "\nShare of cells with failed runs (real: means as such runs make them):\n"
    text += table(["", "real", "surrogate"], failed)
    text += repeats(data)
    made = means.with_columns(test_accuracy=pl.Series(made_means))
    return text, pairs, made


def repeats(data: Path) -> str:
    """Compare the spread between repeats on the 91 cells that were trained again by others."""
    source = NasBench101Source(data / "tfrecord" / "energy_4V9E.tfrecord")
    batches = list(source.batches())
    runs = pl.concat(
        pl.DataFrame(pl.from_arrow(batch.epochs)).join(
            pl.DataFrame(pl.from_arrow(batch.runs)), on="run"
        )
        for batch in batches
    ).filter(pl.col("epoch") == pl.col("schedule_epochs"))
    small = class_texts(4)
    cells = [
        SurrogateCell(*text, 1, name) for text, name in zip(small, graph_ids(small), strict=True)
    ]
    (valid, _), _ = last_accuracies(cells)
    rows: list[list[object]] = []
    for number, schedule in enumerate(_SCHEDULES):
        real = (
            runs.filter(pl.col("schedule_epochs") == schedule)
            .group_by("arch")
            .agg(pl.col("valid_accuracy").std(ddof=0))["valid_accuracy"]
        )
        made = valid[:, :, number].std(axis=1)
        rows.append([f"{schedule} epochs", float(real.median()), float(np.median(made))])
    text = "\nMedian deviation between three repeats, over the 91 cells of at most 4 vertices"
    return text + " (`energy_4V9E`):\n" + table(["", "real", "surrogate"], rows)


def nasbench201(data: Path) -> tuple[str, dict[str, tuple[np.ndarray, np.ndarray]], pl.DataFrame]:
    """Compare NAS-Bench-201; return the section, pairs of samples to plot, and invented means."""
    folder = data / "nasbench201"
    measured = pl.read_parquet(folder / "measurements.parquet").sort("arch_index")
    model, latent = fitted("nasbench201"), expected_latent()
    networks = [topology_network(index, 0, latent[:, index]) for index in range(SIZE)]
    agreement, quantiles, pairs = [], [], {}
    for place, target in enumerate(model.targets):
        dataset, epochs = target.split("/")
        column = "test_accuracy" if dataset == "cifar10" else "valid_accuracy"
        here = (pl.col("dataset") == dataset) & (pl.col("schedule_epochs") == int(epochs))
        real = measured.filter(here)[column].to_numpy()
        made = np.array([_main(one, dataset, int(epochs)) for one in networks])
        name = f"{dataset}, {epochs} epochs"
        tau = (kendalltau(one, real).statistic for one in (latent[place], made))
        agreement.append([name, *tau])
        quantiles += quantile_rows(name, real, made)
        pairs[name] = (real, made)
    text = "\n## NAS-Bench-201\n\nKendall's tau against the real means over all 15,625 cells:\n"
    text += table(["validation (cifar10: test)", "expectation", "one run"], agreement)
    text += "\nQuantiles; real: means over trials, surrogate: one run:\n"
    text += table(["", "", "mean", *map(str, SHARES)], quantiles)
    text += trials(pl.read_parquet(folder / "trials.parquet"), networks)
    text += curves(pl.read_parquet(folder / "learning_curves_200.parquet"), networks[:200])
    final = measured.filter(
        (pl.col("dataset") == "cifar10-valid") & (pl.col("schedule_epochs") == 200)
    )
    made = pairs["cifar10-valid, 200 epochs"][1]
    return text, pairs, final.with_columns(valid_accuracy=pl.Series(made))


def _main(network: object, dataset: str, epochs: int, run: int = 0) -> float:
    splits = final_accuracies(network, dataset, epochs, generator(run, network.index)).splits
    return splits.get("x-valid", splits["ori-test"]) / 100


def trials(held: pl.DataFrame, networks: list) -> str:
    """Compare the spread between two trials by level of accuracy."""
    valid = held.filter((pl.col("dataset") == "cifar10-valid") & pl.col("trial").is_in([777, 888]))
    real = valid.sort("arch_index", "trial")["valid_accuracy"].to_numpy().reshape(-1, 2)
    made = np.array([[_main(one, "cifar10-valid", 200, run) for run in (0, 1)] for one in networks])
    rows: list[list[object]] = []
    parts = zip(_fifths(real), _fifths(made), strict=True)
    for number, (ours, theirs) in enumerate(parts, start=1):
        spread = (float(np.median(np.abs(one[:, 0] - one[:, 1]))) for one in (ours, theirs))
        rows.append([f"fifth {number} of cells by mean", *spread])
    text = "\nMedian difference of two trials, cifar10-valid, 200 epochs, validation:\n"
    return text + table(["", "real", "surrogate"], rows)


def _fifths(pairs: np.ndarray) -> list[np.ndarray]:
    return np.array_split(pairs[np.argsort(pairs.mean(axis=1))], 5)


def curves(held: pl.DataFrame, networks: list) -> str:
    """Compare learning curves: means and correlations between epochs; plot them."""
    real = held.sort("arch_index", "epoch")["valid_accuracy"].to_numpy().reshape(-1, 200)
    drawn = []
    for one in networks:
        chance = generator(0, one.index)
        last = final_accuracies(one, "cifar10-valid", 200, chance).splits["x-valid"]
        two = [accuracy_curve(chance, last, "cifar10-valid", 200, "x-valid") for _ in range(2)]
        drawn.append(np.mean(two, axis=0) / 100)
    made = np.array(drawn)
    at = [epoch - 1 for epoch in EPOCHS]
    one, other = (np.corrcoef(part[:, at].T) for part in (real, made))
    rows = correlation_rows(EPOCHS, one, other)
    frames = [
        pl.DataFrame({"epoch": range(1, 201), "accuracy": part[group].mean(axis=0)}).with_columns(
            data=pl.lit(kind), fifth=pl.lit(number)
        )
        for kind, part in (("real", real), ("surrogate", made))
        for number, group in enumerate(np.array_split(np.argsort(part[:, -1]), 5), start=1)
    ]
    chart = alt.Chart(pl.concat(frames)).mark_line(strokeWidth=1.2)
    chart = chart.encode(
        alt.X("epoch"),
        alt.Y("accuracy", title="validation accuracy, fraction"),
        alt.Color("data"),
        alt.Detail("fifth"),
    )
    chart.properties(width=480, height=280).save(HERE / "surrogate_curves.svg")
    text = (
        "\nPearson's correlation between epochs, cells 0 to 199, means over two or three trials:\n"
    )
    text += table(["epochs", "real", "surrogate"], rows)
    return text + "\n![Mean curves of five groups of cells](surrogate_curves.svg)\n"


def plot_quantiles(pairs: dict[str, tuple[np.ndarray, np.ndarray]], name: str) -> str:
    """Plot real and surrogate quantiles, one panel a training."""
    shares = np.linspace(0, 1, 101)
    frames = [
        pl.DataFrame({"share": shares, "accuracy": np.nanquantile(one, shares)}).with_columns(
            data=pl.lit(kind), training=pl.lit(title)
        )
        for title, pair in pairs.items()
        for kind, one in zip(("real", "surrogate"), pair, strict=True)
    ]
    chart = alt.Chart(pl.concat(frames)).mark_line(strokeWidth=1.2)
    chart = chart.encode(
        alt.X("share", title="share of cells"),
        alt.Y("accuracy", title="accuracy, fraction"),
        alt.Color("data"),
        alt.Facet("training", columns=2, title=None),
    )
    chart.properties(width=240, height=140).save(HERE / f"{name}.svg")
    return f"\n![Quantiles of accuracy]({name}.svg)\n"


def predictors(cases: list[tuple[str, str, str, int, pl.DataFrame, pl.DataFrame]]) -> str:
    """Train predictors on real and invented means; compare their R2."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for title, view, target, size, *frames in cases:
            scores = []
            for number, frame in enumerate(frames):
                path = Path(folder) / f"surrogate_{view}_{number}.parquet"
                frame.write_parquet(path)
                with open_warehouse(path.with_suffix(".duckdb"), write=True) as warehouse:
                    for source in open_tables(path):
                        ingest(warehouse, source)
                    scores.append([_r2(warehouse, view, one, target, size) for one in PREDICTORS])
            rows += [
                [title, name, *both]
                for name, both in zip(PREDICTORS, zip(*scores, strict=True), strict=True)
            ]
    text = "\n## Predictors\n\nHeld-out R², mean ± deviation over seeds 0 to 9 (nearer than that is"
    text += " a tie), with the paper's meta-features; 424 cells of NAS-Bench-101 (test accuracy,"
    text += " 108 epochs) and 469 of NAS-Bench-201 (validation, cifar10-valid, 200 epochs)"
    text += " to train on:\n"
    return text + table(["", "predictor", "real", "surrogate"], rows)


def _r2(warehouse: object, view: str, name: str, target: str, size: int) -> str:
    made = (
        train(
            warehouse,
            view,
            predictor=name,
            features="published",
            train_size=size,
            seed=seed,
            target=target,
        )
        for seed in range(10)
    )
    scores = [report.scores["r2"] for report in made]
    return f"{np.mean(scores):.3f} ± {np.std(scores):.3f}"


def main() -> None:
    """Write the page."""
    data = Path(sys.argv[1])
    text_101, pairs_101, made_101 = nasbench101(data)
    text_201, pairs_201, made_201 = nasbench201(data)
    keep_101 = ["module_hash", "adjacency", "operations", "dataset", "schedule_epochs", "trial"]
    keep_101 += ["epoch", "parameters", "test_accuracy"]
    keep_201 = ["arch_str", *keep_101[3:8], "valid_accuracy"]
    real_101 = pl.read_parquet(data / "nasbench101" / "measurements.parquet").filter(
        pl.col("test_accuracy").is_not_null()
    )
    real_201 = pl.read_parquet(data / "nasbench201" / "measurements.parquet").filter(
        (pl.col("dataset") == "cifar10-valid") & (pl.col("schedule_epochs") == 200)
    )
    cases = [
        (
            "NAS-Bench-101",
            "meta_nasbench101_108epochs",
            "test_accuracy",
            424,
            real_101.select(keep_101),
            made_101.select(keep_101),
        ),
        (
            "NAS-Bench-201",
            "meta_nasbench201_cifar10valid_200epochs",
            "valid_accuracy",
            469,
            real_201.select(keep_201),
            made_201.select(keep_201),
        ),
    ]
    page = HEAD + text_101 + plot_quantiles(pairs_101, "surrogate_nasbench101")
    page += text_201 + plot_quantiles(pairs_201, "surrogate_nasbench201") + predictors(cases)
    (HERE / "surrogate.md").write_text(page)


if __name__ == "__main__":
    main()
