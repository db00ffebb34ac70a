"""Kendall's tau of a predictor, mean over ten draws of N cells.

It reads the measurements in the folder named by MBML_DATA, computes the features once, and trains
and scores as `mbml train` does: one line of JSON a training, then a table. As both splits train on
the same rows, the tau of functional_id is that of fewer of the same predictions. `--pinat` scores
under the protocol of PINAT instead, whose figures are the ones printed beside.

    python benchmarks/marks.py nasbench201
    python benchmarks/marks.py nasbench101 --sizes 424 --intervals
    python benchmarks/marks.py nasbench201 --pinat
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
from mbml.predictors.training import in_parts, train_on
from mbml.splits import draw
from mbml.store import open_warehouse


class Task(NamedTuple):
    """A view and its target, and the same for PINAT's protocol.

    There, predictors learn the validation accuracy of `view` (of one trial on NAS-Bench-101, which
    is all that the measurements hold) and are scored on the mean test accuracy of all cells of
    `scored_on`, training cells included. `pinat` is its best published tau for each N.
    """

    view: str
    target: str
    scored_on: str
    pinat: dict[int, float]


TASKS = {
    "nasbench101": Task(
        "meta_nasbench101_108epochs",
        "test_accuracy",
        "meta_nasbench101_108epochs",
        {100: 0.717, 172: 0.764, 424: 0.812, 4236: 0.854},
    ),
    "nasbench201": Task(
        "meta_nasbench201_cifar10valid_200epochs",
        "valid_accuracy",
        "meta_nasbench201_cifar10_200epochs",
        {78: 0.549, 156: 0.631, 469: 0.706, 781: 0.761, 1563: 0.784},
    ),
}


def problems(benchmark: str, features: str, path: Path, *, pinat: bool):
    """Read what is learned, and what is scored."""
    task = TASKS[benchmark]
    real_tables.load(path, [benchmark])

    def read(view, target):
        with open_warehouse(path) as warehouse:
            known = feature_set(features)
            return learning_problem(warehouse, META_DATASETS[view], known, target=target)

    if pinat:
        return read(task.view, "valid_accuracy"), read(task.scored_on, "test_accuracy")
    learned = read(task.view, task.target)
    return learned, learned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=TASKS)
    parser.add_argument("--predictor", default="blend")
    parser.add_argument("--sizes", type=int, nargs="+", help="default: those of the publications")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 10), help="first, and one past")
    parser.add_argument("--intervals", action="store_true")
    parser.add_argument("--pinat", action="store_true", help="under the protocol of PINAT")
    chosen = parser.parse_args()
    published = TASKS[chosen.benchmark].pinat
    features = predictor(chosen.predictor).features
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.duckdb"
        problem, tested = problems(chosen.benchmark, features, path, pinat=chosen.pinat)
    found = defaultdict(list)
    for size in chosen.sizes or published:
        for seed in range(*chosen.seeds):
            report = train_on(
                problem,
                feature_set(features),
                tested=tested,
                predictor=predictor(chosen.predictor),
                train_size=size,
                seed=seed,
                intervals=chosen.intervals,
            )
            more = tau_of_all(report) if chosen.pinat else tau_apart(report)
            flat = report.flat() | more
            print(
                json.dumps({k: v for k, v in flat.items() if not k.startswith("top")}), flush=True
            )
            found[size].append(flat)
    for size, flats in found.items():
        line = f"N={size:5}"
        for key in ("tau_pinat",) if chosen.pinat else ("kendall_tau", "tau_functional_id"):
            taus = np.array([flat[key] for flat in flats])
            line += f" {key} {taus.mean():.4f} ± {taus.std():.4f},"
        line += f" {len(flats)} seeds"
        line += f", PINAT {published.get(size, '-')}" if chosen.pinat else ""
        if chosen.intervals:
            held = [flat["interval_coverage"] for flat in flats]
            line += f"; 90 % intervals hold {np.mean(held):.3f} ({min(held):.3f}-{max(held):.3f})"
        print(line, file=sys.stderr)


def tau_of_all(report) -> dict[str, float]:
    """Score all cells, training cells included, as PINAT does."""
    tested = report.tested
    everything = np.arange(len(tested.y))
    (predicted,) = in_parts(lambda x: (report.regressor.predict(x),), tested.x, everything)
    return {"tau_pinat": kendall_tau(tested.y, predicted)}


def tau_apart(report) -> dict[str, float]:
    """Score the held-out cells that compute something else than every cell trained on."""
    rows = report.problem.rows
    apart = draw("functional_id", rows, rows, train_size=report.train_size, seed=report.seed)
    kept = np.isin(report.split.held_out, apart.held_out)
    tau = kendall_tau(report.problem.y[apart.held_out], report.predicted[kept])
    return {"tau_functional_id": tau}


if __name__ == "__main__":
    main()
