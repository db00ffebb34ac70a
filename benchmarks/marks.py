"""Kendall's tau of a predictor, mean over ten draws of N cells.

It reads the measurements in the folder named by MBML_DATA, computes the features once, and trains
and scores as `mbml train` does: one line of JSON a training, then a table. As both splits train on
the same rows, the tau of functional_id is that of fewer of the same predictions. `protocols.py` has
the same under the protocols of others.

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
    """A view, what is learned of it and scored, and the training sizes of publications."""

    view: str
    target: str
    sizes: tuple[int, ...]


TASKS = {
    "nasbench101": Task("meta_nasbench101_108epochs", "test_accuracy", (100, 172, 424, 4236)),
    "nasbench201": Task(
        "meta_nasbench201_cifar10valid_200epochs", "valid_accuracy", (78, 156, 469, 781, 1563)
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=TASKS)
    parser.add_argument("--predictor", default="blend")
    parser.add_argument("--sizes", type=int, nargs="+", help="default: those of the publications")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 10), help="first, and one past")
    parser.add_argument("--intervals", action="store_true")
    chosen = parser.parse_args()
    task = TASKS[chosen.benchmark]
    features = predictor(chosen.predictor).features
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.duckdb"
        real_tables.load(path, [chosen.benchmark])
        with open_warehouse(path) as warehouse:
            dataset, known = META_DATASETS[task.view], feature_set(features)
            problem = learning_problem(warehouse, dataset, known, target=task.target)
    found = defaultdict(list)
    for size in chosen.sizes or task.sizes:
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
            flat = report.flat() | tau_apart(report)
            print(
                json.dumps({k: v for k, v in flat.items() if not k.startswith("top")}), flush=True
            )
            found[size].append(flat)
    for size, flats in found.items():
        line = f"N={size:5}"
        for key in ("kendall_tau", "tau_functional_id"):
            taus = np.array([flat[key] for flat in flats])
            line += f" {key} {taus.mean():.4f} ± {taus.std():.4f},"
        line += f" {len(flats)} seeds"
        if chosen.intervals:
            held = [flat["interval_coverage"] for flat in flats]
            line += f"; 90 % intervals hold {np.mean(held):.3f} ({min(held):.3f}-{max(held):.3f})"
        print(line, file=sys.stderr)


def tau_apart(report) -> dict[str, float]:
    """Score the held-out cells that compute something else than every cell trained on."""
    rows = report.problem.rows
    apart = draw("functional_id", rows, rows, train_size=report.train_size, seed=report.seed)
    kept = np.isin(report.split.held_out, apart.held_out)
    tau = kendall_tau(report.problem.y[apart.held_out], report.predicted[kept])
    return {"tau_functional_id": tau}


if __name__ == "__main__":
    main()
