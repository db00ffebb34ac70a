"""Searches of the real tables beside published ones.

It reads the measurements in the folder named by MBML_DATA and runs `mbml search`. Without a mark
named it runs them all, which takes most of an hour on one core.

    python benchmarks/search.py nasbench201-cifar10 nasbench101-guided --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import real_tables

VIEW_101 = "meta_nasbench101_108epochs"
VIEW_201 = "meta_nasbench201_cifar10_200epochs"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")


class Mark(NamedTuple):
    """A search, and the oracle test accuracies (percent, by queries) that its mean should reach."""

    view: str
    target: str
    strategy: str
    budget: int
    seeds: int
    marks: dict[int, float]


MARKS = {
    "nasbench201-cifar10": Mark(VIEW_201, "valid_accuracy", "guided", 50, 20, {50: 94.37}),
    "nasbench201-cifar100": Mark(
        "meta_nasbench201_cifar100_200epochs", "valid_accuracy", "guided", 80, 20, {80: 73.51}
    ),
    "nasbench201-imagenet16_120": Mark(
        "meta_nasbench201_imagenet16_120_200epochs",
        "valid_accuracy",
        "guided",
        128,
        20,
        {128: 47.31},
    ),
    "nasbench101-guided": Mark(
        VIEW_101, "test_accuracy", "guided", 150, 20, {50: 94.05, 80: 94.15, 150: 94.19}
    ),
    "nasbench101-random": Mark(VIEW_101, "test_accuracy", "random", 150, 100, {150: 93.65}),
    "nasbench101-local": Mark(VIEW_101, "test_accuracy", "local", 150, 50, {150: 94.04}),
    "nasbench101-evolution": Mark(VIEW_101, "test_accuracy", "evolution", 150, 50, {150: 94.00}),
    "nasbench101-validation": Mark(VIEW_101, "valid_accuracy", "guided", 150, 20, {}),
}


def run(path: Path, mark: Mark, jobs: int) -> dict:
    call = ["search", mark.view, "--target", mark.target, "--strategy", mark.strategy]
    call += ["--budget", str(mark.budget), "--seeds", str(mark.seeds), "--jobs", str(jobs)]
    mbml = [sys.executable, "-c", "from mbml.cli.app import main; main()"]
    done = subprocess.run(
        [*mbml, *call, "--json", "--warehouse", str(path)],
        stdout=subprocess.PIPE,
        check=True,
        env=os.environ | ONE_THREAD,
    )
    return json.loads(done.stdout)


def report(name: str, mark: Mark, told: dict) -> None:
    for row in told["milestones"]:
        wanted = mark.marks.get(int(row["queries"]))
        print(
            f"| {name} | {mark.target} | {int(row['queries'])} | {told['seeds']} |"
            f" {100 * row['oracle_test_accuracy']:.3f} ±"
            f" {100 * row['oracle_test_accuracy_std']:.3f} |"
            f" {100 * row['chosen_test_accuracy']:.3f} |"
            f" {'' if wanted is None else f'{wanted:.2f}'} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("marks", nargs="*", metavar="MARK", help=", ".join(MARKS))
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.duckdb"
        real_tables.load(path, more=[real_tables.IMAGENET16_120])
        print("| search | target | queries | seeds | oracle test, % | chosen test, % | mark |")
        print("| --- | --- | --: | --: | --: | --: | --: |")
        for name in chosen.marks or MARKS:
            report(name, MARKS[name], run(path, MARKS[name], chosen.jobs))


if __name__ == "__main__":
    main()
