"""How soon a warehouse answers: every view, and a whole meta-dataset as X and y.

    python benchmarks/views.py [--shares 0.1 0.33 1]

Loads a share of the real tables in $MBML_DATA, or a small surrogate file if there are none. Of each
view the number of rows and the best test accuracy are asked. X and y of the largest view stand
beside Polars reading the view's CSV: all of it, and the same columns alone. Times are medians of
seven; the operating system has read the files before.
"""

from __future__ import annotations

import statistics
import time

import polars as pl
import real_tables
from row import Row, main

from mbml.datasets import META_DATASETS, Role, role_of
from mbml.frames import read_view, stored_problem, view_columns
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.spaces.nasbench101.classes import CLASSES
from mbml.store import ingest, open_warehouse
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

REPEATS = 7
TARGET = "test_accuracy"


def median_seconds(work):
    """Return the median time of a few calls."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def load(path, share):
    """Load real tables, or a surrogate file of a few cells."""
    if real_tables.table_of("nasbench101").is_file():
        real_tables.load(path, share=share)
        return
    file = path.parent / "nasbench101_surrogate.tfrecord"
    write_nasbench101(file, draw_cells(round(CLASSES * share / 20)))
    with open_warehouse(path, write=True) as warehouse:
        ingest(warehouse, NasBench101Source(file))


def view_rows(warehouse, share):
    """Measure each meta-dataset that holds anything; yield the slowest of each benchmark."""
    slowest = {}
    for name, dataset in META_DATASETS.items():
        question = f"select count(*), max({TARGET}) from {name}"
        [(count, _)] = warehouse.rows(question)
        if count:
            seconds = median_seconds(lambda sql=question: warehouse.rows(sql))
            slowest.setdefault(dataset.benchmark, []).append((seconds, name, count))
    for measured in slowest.values():
        seconds, name, count = max(measured)
        yield Row(
            work=f"count and max, slowest of {len(measured)} views: {name}",
            on=f"{count:,} rows",
            seconds=seconds,
            **({"mark": "0.050 s", "aim": "0.010 s"} if share == 1 else {}),
        )


def largest(warehouse):
    """Return the meta-dataset with the most rows, the longest training of these."""
    counted = [
        (warehouse.rows(f"select count(*) from {name}")[0][0], one.schedule_epochs, name)
        for name, one in META_DATASETS.items()
    ]
    return META_DATASETS[max(counted)[-1]]


def learning_rows(warehouse, folder, share):
    """Measure X and y of the largest view, and the same from CSV."""
    dataset = largest(warehouse)
    features = [
        name
        for name in view_columns(warehouse, dataset.name)
        if role_of(name) is Role.FEATURE and name not in ("flops", "latency_seconds")
    ]
    file = folder / "view.csv"
    read_view(warehouse, dataset).write_csv(file)

    def ours(**beside):
        problem = stored_problem(warehouse, dataset, features, target=TARGET, **beside)
        return problem.x.to_numpy(), problem.y

    def theirs(columns):
        frame = pl.read_csv(file, columns=columns)
        return frame.select(features).to_numpy(), frame[TARGET].to_numpy()

    assert (ours()[0] == theirs(None)[0]).all()
    on = f"{len(ours()[1]):,} rows"
    work = f"{dataset.name} to X ({len(features)} features) and y"
    bare = median_seconds(lambda: ours(beside=["arch_id"]))
    yield Row(
        work=work,
        on=on,
        seconds=bare,
        peer="Polars, from CSV",
        peer_seconds=median_seconds(lambda: theirs(None)),
        **({"mark": "0.20 times", "aim": "0.10 times"} if share == 1 else {}),
    )
    yield Row(
        work="the same",
        on=on,
        seconds=bare,
        peer="these columns alone, from CSV",
        peer_seconds=median_seconds(lambda: theirs([*features, TARGET])),
    )
    work = "the same with keys and outcomes beside"
    yield Row(work=work, on=on, seconds=median_seconds(ours))


def rows(share, folder):
    """Measure one share."""
    path = folder / "bench.duckdb"
    path.unlink(missing_ok=True)
    load(path, share)
    with open_warehouse(path) as warehouse:
        yield from view_rows(warehouse, share)
        yield from learning_rows(warehouse, folder, share)
    path.unlink()


if __name__ == "__main__":
    main(rows, __doc__)
