"""How well a few measurements predict the latency of all other cells on a device.

    python benchmarks/device_latency.py [--warehouse WAREHOUSE.duckdb]

The warehouse must hold NAS-Bench-201 and what `mbml ingest devices` loads of HW-NAS-Bench. Without
one named, the real tables in $MBML_DATA are loaded into one for the time being. It writes the
tables of docs/predictors.md: means and population standard deviations over the seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import real_tables

from mbml.datasets import meta_dataset
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.metrics import over_seeds
from mbml.predictors.registry import predictor
from mbml.predictors.training import train_on
from mbml.sources.tables.measurements import read_devices
from mbml.store import open_warehouse
from mbml.store.measurements import ingest_measurements

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES, SEEDS = (20, 50, 100), tuple(range(10))
#: Predictors, each with the features that it learns from.
LEARNERS = {
    "bayesian_ridge": "published_onehot",
    "gp": "published_onehot",
    "blend": "published_onehot+topology",
}
VIEWS = ("device_nasbench201_cifar10", "device_nasbench201_cifar100")


def load(path: Path) -> None:
    real_tables.load(path, ["nasbench201"])
    ingest_measurements(path, read_devices(real_tables.DATA / "devices" / "hw_nas_bench.parquet"))


def scores(path: Path) -> Iterator[dict]:
    """Yield the scores of each fit; every seed draws its own training set."""
    with open_warehouse(path) as warehouse:
        for view in VIEWS:
            dataset = meta_dataset(view)
            held = warehouse.view(view)
            for target in (one for one in held.columns if one.endswith("_latency_seconds")):
                if not held[target].count():
                    continue
                for name, features in LEARNERS.items():
                    known = feature_set(features)
                    problem = learning_problem(warehouse, dataset, known, target=target)
                    for size in SIZES:
                        for seed in SEEDS:
                            report = train_on(
                                problem,
                                known,
                                tested=problem,
                                predictor=predictor(name),
                                train_size=size,
                                seed=seed,
                            )
                            yield report.flat()


def write_tables(fits: pl.DataFrame) -> None:
    known = ("view", "target", "predictor", "train_size", "held_out")
    means = fits.group_by(known, maintain_order=True).agg(
        *over_seeds(("spearman_rho", "kendall_tau"))
    )
    for (view,), rows in means.group_by(["view"], maintain_order=True):
        head = [f"{name}, N = {size}" for name in LEARNERS for size in SIZES]
        print(f"\n`{view}`\n\n| target | {' | '.join(head)} |")
        print(f"| --- |{' --: |' * len(head)}")
        for (target,), ones in rows.group_by(["target"], maintain_order=True):
            cells = [
                f"{one['spearman_rho']:.3f} ± {one['spearman_rho_std']:.3f},"
                f" {one['kendall_tau']:.3f}"
                for one in ones.iter_rows(named=True)
            ]
            print(f"| `{target}` | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warehouse", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.warehouse or Path(folder) / "devices.duckdb"
        if not path.exists():
            load(path)
        write_tables(pl.DataFrame(scores(path), infer_schema_length=None))


if __name__ == "__main__":
    main()
