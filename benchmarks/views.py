"""How soon a warehouse answers: every view, and a whole meta-dataset as X and y.

    python benchmarks/views.py [--warehouse FILE.duckdb]

Without a warehouse it loads the real tables in $MBML_DATA, or a small surrogate file if there are
none. Of each view the number of rows and the best test accuracy are asked; the mark is 50 ms, the
aim 10 ms. X and y of the largest view stand beside Polars reading the view's CSV: all of it, and
the same columns alone. Times are medians; the operating system has read the files before.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import polars as pl

from mbml.datasets import META_DATASETS, Role, role_of
from mbml.frames import learning_problem, read_view, view_columns
from mbml.sources.nasbench101 import NasBench101Source
from mbml.sources.table import open_tables
from mbml.spaces.nasbench101_classes import CLASSES
from mbml.store import ingest, open_warehouse
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

REPEATS = 9
MARK = 0.050
FEWER_CELLS = 20
BENCHMARKS = ("nasbench101", "nasbench201")


def median_seconds(work):
    """Return the median time of a few calls."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def load(path, folder):
    """Load the real tables, or a surrogate file of a few cells."""
    data = os.environ.get("MBML_DATA")
    if data:
        tables = [Path(data) / name / "measurements.parquet" for name in BENCHMARKS]
        sources = [source for table in tables for source in open_tables(table)]
    else:
        file = folder / "nasbench101_surrogate.tfrecord"
        write_nasbench101(file, draw_cells(CLASSES // FEWER_CELLS))
        sources = [NasBench101Source(file)]
    with open_warehouse(path, write=True) as warehouse:
        for source in sources:
            ingest(warehouse, source)


def measure_views(warehouse):
    """Print what each view that holds anything takes."""
    print(f"{'count(*), max(test_accuracy) of':<44}{'rows':>10}{'ms':>8}")
    slow = 0
    names = (
        "select view_name from duckdb_views()"
        " inner join duckdb_columns() on view_name = table_name"
        " where column_name = 'test_accuracy' order by view_name"
    )
    for (view,) in warehouse.rows(names):
        question = f"select count(*), max(test_accuracy) from {view}"
        [(rows, _)] = warehouse.rows(question)
        if rows:
            seconds = median_seconds(lambda sql=question: warehouse.rows(sql))
            slow += seconds > MARK and view in META_DATASETS
            print(f"{view:<44}{rows:>10,}{seconds * 1e3:>8.1f}")
    print(f"{slow} meta-datasets above {MARK * 1e3:.0f} ms")


def largest(warehouse):
    """Return the meta-dataset with the most rows, the longest training of these."""
    counted = [
        (warehouse.rows(f"select count(*) from {name}")[0][0], one.schedule_epochs, name)
        for name, one in META_DATASETS.items()
    ]
    return META_DATASETS[max(counted)[-1]]


def measure_learning_problem(warehouse, folder):
    """Print what X and y of the largest view take, and the same from CSV."""
    dataset = largest(warehouse)
    features = [
        name
        for name in view_columns(warehouse, dataset.name)
        if role_of(name) is Role.FEATURE and name not in ("flops", "latency_seconds")
    ]
    target = "test_accuracy"

    def ours(**beside):
        problem = learning_problem(warehouse, dataset, features, target=target, **beside)
        return problem.x.to_numpy(), problem.y

    file = folder / "view.csv"
    read_view(warehouse, dataset).write_csv(file)

    def theirs(columns):
        frame = pl.read_csv(file, columns=columns)
        return frame.select(features).to_numpy(), frame[target].to_numpy()

    assert (ours()[0] == theirs(None)[0]).all()
    base = median_seconds(lambda: ours(beside=["arch_id"]))
    print(f"\n{dataset.name} to X and y, {len(ours()[1]):,} rows, {len(features)} features")
    for name, seconds in (
        ("mbml", base),
        ("mbml, with text keys and outcomes beside", median_seconds(ours)),
        ("Polars, from CSV", median_seconds(lambda: theirs(None))),
        (
            "Polars, from CSV, these columns alone",
            median_seconds(lambda: theirs([*features, target])),
        ),
    ):
        print(f"{name:<44}{'':>10}{seconds * 1e3:>8.1f}  {seconds / base:5.2f} x")


def main():
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warehouse", type=Path, help="a warehouse that is there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = arguments.warehouse or folder / "bench.duckdb"
        if arguments.warehouse is None:
            load(path, folder)
        with open_warehouse(path) as warehouse:
            measure_views(warehouse)
            measure_learning_problem(warehouse, folder)


if __name__ == "__main__":
    main()
