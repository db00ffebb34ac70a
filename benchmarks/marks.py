"""Kendall's tau of a predictor beside the best published one, mean over ten draws of N cells.

It reads the measurements in the folder named by MBML_DATA, computes the features once, and trains
and scores as `mbml train` does: one line of JSON a training, then a table. As both splits train on
the same rows, the tau of functional_id is that of fewer of the same predictions.

    python benchmarks/marks.py nasbench201
    python benchmarks/marks.py nasbench101 --sizes 424 --intervals
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import real_tables

from mbml.datasets import META_DATASETS
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.metrics import kendall_tau
from mbml.predictors.registry import predictor
from mbml.predictors.training import train_on
from mbml.splits import draw
from mbml.store import open_warehouse


class Task(NamedTuple):
    """A view, its target, and for each N the best published tau (PINAT, NN-Former, HyperNAS)."""

    view: str
    target: str
    published: dict[int, float]


TASKS = {
    "nasbench101": Task(
        "meta_nasbench101_108epochs",
        "test_accuracy",
        {100: 0.717, 172: 0.765, 424: 0.812, 4236: 0.854},
    ),
    "nasbench201": Task(
        "meta_nasbench201_cifar10valid_200epochs",
        "valid_accuracy",
        {78: 0.677, 156: 0.765, 469: 0.836, 781: 0.761, 1563: 0.784},
    ),
}


def problem_of(benchmark: str, features: str, path: Path):
    real_tables.load(path, [benchmark])
    with open_warehouse(path) as warehouse:
        dataset = META_DATASETS[TASKS[benchmark].view]
        return learning_problem(
            warehouse, dataset, feature_set(features), target=TASKS[benchmark].target
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=TASKS)
    parser.add_argument("--predictor", default="blend")
    parser.add_argument("--sizes", type=int, nargs="+", help="default: those of the publications")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 10), help="first, and one past")
    parser.add_argument("--intervals", action="store_true")
    chosen = parser.parse_args()
    published = TASKS[chosen.benchmark].published
    features = predictor(chosen.predictor).features
    with tempfile.TemporaryDirectory() as folder:
        problem = problem_of(chosen.benchmark, features, Path(folder) / "w.duckdb")
    found = defaultdict(list)
    for size in chosen.sizes or published:
        for seed in range(*chosen.seeds):
            report = train_on(
                problem,
                feature_set(features),
                tested=problem,
                predictor=predictor(chosen.predictor),
                train_size=size,
                seed=seed,
                intervals=chosen.intervals,
            )
            flat = report.flat() | {"tau_functional_id": tau_apart(report)}
            print(
                json.dumps({k: v for k, v in flat.items() if not k.startswith("top")}), flush=True
            )
            found[size].append(flat)
    for size, flats in found.items():
        line = f"N={size:5}"
        for name, key in (("tau", "kendall_tau"), ("by functional_id", "tau_functional_id")):
            taus = np.array([flat[key] for flat in flats])
            line += f" {name} {taus.mean():.4f} ± {taus.std():.4f},"
        line += f" {len(flats)} seeds, best published {published.get(size, 'none')}"
        if chosen.intervals:
            held = [flat["interval_coverage"] for flat in flats]
            line += f"; 90 % intervals hold {np.mean(held):.3f} ({min(held):.3f}-{max(held):.3f})"
        print(line, file=sys.stderr)


def tau_apart(report) -> float:
    """Score the held-out cells that compute something else than every cell trained on."""
    rows = report.problem.rows
    apart = draw("functional_id", rows, rows, train_size=report.train_size, seed=report.seed)
    kept = np.isin(report.split.held_out, apart.held_out)
    return kendall_tau(report.problem.y[apart.held_out], report.predicted[kept])


if __name__ == "__main__":
    main()
