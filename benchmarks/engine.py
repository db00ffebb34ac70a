"""One grid of fits here, in two processes, and on one and two workers of a Dask cluster.

    python benchmarks/engine.py [--fits 24]

The fits are of XGBoost on the topology features of surrogate cells; scores are compared bit by bit.
Seconds are those of `mbml.predictors.evaluation.evaluate`: reading, fitting and storing, without
the start of the cluster.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from mbml.predictors.evaluation import Grid, evaluate
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.store import ingest, open_warehouse
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

VIEW = "meta_nasbench101_108epochs"
CELLS = 5000


@contextmanager
def cluster_of(workers):
    """Workers of one thread each, as `--engine` wants them; gives the engine's name."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, memory_limit="2GB", dashboard_address=None
    ) as made:
        yield made.scheduler_address.replace("tcp://", "dask://")


def measure(name, warehouse, grid, **where):
    """Evaluate on a copy of the warehouse; print the seconds, return the scores."""
    copy = warehouse.with_name("copy.duckdb")
    shutil.copy(warehouse, copy)
    started = time.perf_counter()
    fits = evaluate(copy, grid, **where)
    print(f"{name:<16}{time.perf_counter() - started:7.1f} s", flush=True)
    return [[value for key, value in fit.items() if "seconds" not in key] for fit in fits]


def main():
    """Measure the four ways."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fits", type=int, default=24)
    grid = Grid(
        views=(VIEW,), predictors=("xgboost",), seeds=tuple(range(parser.parse_args().fits))
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_nasbench101(folder / "surrogate.tfrecord", draw_cells(CELLS))
        warehouse = folder / "w.duckdb"
        with open_warehouse(warehouse, write=True) as opened:
            ingest(opened, NasBench101Source(folder / "surrogate.tfrecord"))
        found = [measure(f"local, {jobs} jobs", warehouse, grid, jobs=jobs) for jobs in (1, 2)]
        for workers in (1, 2):
            with cluster_of(workers) as engine:
                found.append(measure(f"dask, {workers} workers", warehouse, grid, engine=engine))
    if any(one != found[0] for one in found):
        raise SystemExit("the scores differ")
    print("the scores are the same, bit by bit")


if __name__ == "__main__":
    main()
