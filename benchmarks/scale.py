"""Past the published size: rows of NAS-Bench-201 in steps through load, views, frames and export.

    python benchmarks/scale.py [--times 0.003 0.01 0.033] [--svg docs/scale.svg]

A step is a multiple of release 1.1, about 30 million epoch rows. Its table holds real cells on the
four data sets of the 200-epoch schedule; below 1 with fewer cells and three trials, above 1 all
cells with more trials, as far as 10 (300 million rows, for a machine that is free for an hour). The
numbers are invented. Each stage runs in a process of its own; its seconds and peak memory are
printed, and for each stage the slope of a line through its points on logarithmic axes: 1 is
proportional to the rows, 0 independent of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import altair as alt
import numpy as np
import polars as pl
from process_tree import run

from mbml.spaces import nasbench201

ROWS_OF_RELEASE = 30_000_000
EPOCHS = 200
TRIALS = 3
DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
VIEW = "meta_nasbench201_cifar100_200epochs"
STAGES = {
    "load": "import pathlib; from mbml.store import ingest, open_warehouse\n"
    "from mbml.sources.tables.table import open_tables\n"
    "with open_warehouse(pathlib.Path('{file}'), write=True) as w:\n"
    "    [ingest(w, one) for one in open_tables(pathlib.Path('{table}'))]",
    "views": "import pathlib; from mbml.store import open_warehouse\n"
    "from mbml.datasets import META_DATASETS\n"
    "with open_warehouse(pathlib.Path('{file}')) as w:\n"
    "    [w.rows(f'select count(*), max(test_accuracy) from {{name}}') for name in META_DATASETS]",
    "frame": "import pathlib; from mbml.store import open_warehouse\n"
    "from mbml.datasets import meta_dataset; from mbml.frames import read_view\n"
    "with open_warehouse(pathlib.Path('{file}')) as w:\n"
    "    assert read_view(w, meta_dataset('{view}')).height",
    "export": "import pathlib; from mbml.store import open_warehouse\n"
    "from mbml.exports import export\n"
    "with open_warehouse(pathlib.Path('{file}')) as w:\n"
    "    export(w, 'measurement', pathlib.Path('{folder}'))",
}


def write_table(folder, times):
    """Write a Hive folder of invented measurements, a file a trial; return its rows."""
    per_cell = EPOCHS * len(DATASETS)
    trials = TRIALS
    cells = round(ROWS_OF_RELEASE * times / (per_cell * trials))
    if cells > nasbench201.SIZE:
        cells = nasbench201.SIZE
        trials = round(ROWS_OF_RELEASE * times / (per_cell * cells))
    cell = pl.DataFrame({"arch_str": nasbench201.official_order()[:cells]}).with_row_index("cell")
    when = pl.DataFrame({"dataset": DATASETS}).join(
        pl.DataFrame({"epoch": np.arange(1, EPOCHS + 1, dtype=np.uint16)}), how="cross"
    )
    for trial in range(1, trials + 1):
        chance = pl.Series(np.random.default_rng(trial).random(cells * when.height))
        rows = cell.join(when, how="cross").with_columns(
            schedule_epochs=pl.lit(EPOCHS), trial=pl.lit(trial), chance=chance
        )
        progress = 1 - (pl.col("epoch") / -60.0).exp()
        reached = (0.5 + 0.4 * pl.col("cell") / nasbench201.SIZE) * progress
        rows.select(
            "arch_str",
            "dataset",
            "schedule_epochs",
            "trial",
            "epoch",
            train_accuracy=reached + 0.02 * pl.col("chance"),
            valid_accuracy=pl.when(pl.col("dataset") != "cifar10").then(
                reached + 0.01 * pl.col("chance")
            ),
            test_accuracy=pl.when(pl.col("epoch") == EPOCHS).then(reached),
            train_seconds=pl.col("epoch") * 10.0,
        ).write_parquet(folder / f"surrogate_{trial:02d}.parquet")
    return cells * when.height * trials


def measure(times, folder):
    """Return a row for each stage of one step."""
    table = folder / "surrogate_table"
    table.mkdir()
    rows = write_table(table, times)
    names = {"table": table, "file": folder / "w.duckdb", "view": VIEW, "folder": folder / "out"}
    found = []
    for stage, code in STAGES.items():
        usage, _ = run([sys.executable, "-c", code.format(**names)])
        megabytes = usage.peak_bytes / 2**20
        print(f"{rows:>12,} rows  {stage:<7}{usage.seconds:9.2f} s{megabytes:9.0f} MiB", flush=True)
        found.append({"rows": rows, "stage": stage, "seconds": usage.seconds, "MiB": megabytes})
    size = (folder / "w.duckdb").stat().st_size
    print(f"{rows:>12,} rows  file   {size / 2**20:9.0f} MiB, {size / rows:.1f} bytes a row")
    return found


def slopes(points):
    """Return for each stage the slopes of seconds and memory on logarithmic axes."""
    for stage in STAGES:
        of_stage = points.filter(stage=stage)
        logs = np.log(of_stage.select("rows", "seconds", "MiB").to_numpy())
        seconds, memory = (np.polyfit(logs[:, 0], logs[:, column], 1)[0] for column in (1, 2))
        yield {"stage": stage, "seconds": round(seconds, 2), "memory": round(memory, 2)}


def draw(points, path):
    """Draw seconds and memory over rows, both axes logarithmic."""
    long = points.unpivot(index=["rows", "stage"], on=["seconds", "MiB"], variable_name="what")
    chart = (
        alt.Chart(long)
        .mark_line(point=True)
        .encode(
            x=alt.X("rows:Q", scale=alt.Scale(type="log"), title="epoch rows (invented numbers)"),
            y=alt.Y("value:Q", scale=alt.Scale(type="log"), title=None),
            color=alt.Color("stage:N", sort=list(STAGES)),
        )
        .properties(width=280, height=240)
        .facet(column=alt.Column("what:N", title=None, sort=["seconds", "MiB"]))
        .resolve_scale(y="independent")
    )
    chart.save(path)


def main():
    """Measure the steps that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=float, nargs="+", default=[0.003, 0.01, 0.033])
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--scratch", type=Path, help="folder for the files of a step")
    arguments = parser.parse_args()
    found = []
    for times in sorted(arguments.times):
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
            found += measure(times, Path(folder))
    points = pl.DataFrame(found)
    if len(arguments.times) > 1:
        print(pl.DataFrame(list(slopes(points))))
    if arguments.svg:
        draw(points, arguments.svg)


if __name__ == "__main__":
    main()
