"""Kendall's tau of a predictor under each protocol, beside what others published under the same.

It reads the measurements in the folder named by MBML_DATA into a warehouse, trains and scores as
`mbml evaluate --protocol` does, and prints a row of a table in Markdown for each protocol and
score. Fits are stored in the warehouse: with the same --warehouse, a run that was stopped goes on.

    python benchmarks/protocols.py nasbench201 --warehouse protocols.duckdb
    python benchmarks/protocols.py nasbench101 --warehouse protocols.duckdb --sizes 100 172
    python benchmarks/protocols.py nasbench101 --protocols pinat --seeds 0 3
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import real_tables
from marks import TASKS

from mbml.predictors.evaluation import Grid, evaluate
from mbml.predictors.protocols import PROTOCOLS

#: By protocol and benchmark, who published, against which score, and the tau for each N.
PUBLISHED = {
    ("pinat", "nasbench101"): (
        "PINAT",
        "test_accuracy",
        {100: 0.717, 172: 0.764, 424: 0.812, 4236: 0.854},
    ),
    ("pinat", "nasbench201"): (
        "PINAT",
        "test_accuracy",
        {78: 0.549, 156: 0.631, 469: 0.706, 781: 0.761, 1563: 0.784},
    ),
    ("nnformer", "nasbench101"): (
        "NN-Former",
        "not known which of both",
        {100: 0.709, 172: 0.765, 424: 0.809, 4236: 0.877},
    ),
    ("nnformer", "nasbench201"): (
        "NN-Former",
        "not known which of both",
        {156: 0.804, 1563: 0.890},
    ),
}


def taus(path, task, chosen, protocol, score):
    """Return the tau of each seed, by training size."""
    grid = Grid(
        views=task.view,
        predictors=chosen.predictor,
        train_sizes=chosen.sizes or task.sizes,
        seeds=range(*chosen.seeds),
        target=protocol.learned or task.target,
        protocol=protocol.name,
        score=score,
    )
    found = defaultdict(list)
    for fit in evaluate(path, grid, notify=lambda note: print(note, file=sys.stderr)):
        found[fit["train_size"]].append(fit["kendall_tau"])
    return found


def row(*cells) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=TASKS)
    parser.add_argument("--predictor", default="blend")
    parser.add_argument("--protocols", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--sizes", type=int, nargs="+", help="default: those of the publications")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 10), help="first, and one past")
    parser.add_argument("--warehouse", type=Path, help="keeps the fits; by default none are kept")
    chosen = parser.parse_args()
    task = TASKS[chosen.benchmark]
    sizes = chosen.sizes or task.sizes
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.warehouse or Path(folder) / "protocols.duckdb"
        real_tables.load(path, [chosen.benchmark])
        row("protocol", "learned", "scored", "", *(f"N = {size:,}" for size in sizes))
        row(*["---"] * 4, *["--:"] * len(sizes))
        for name in chosen.protocols:
            protocol = PROTOCOLS[name]
            learned = protocol.learned or task.target
            for score in protocol.scored or (task.target,):
                cells = [
                    f"{np.mean(found):.3f} ± {np.std(found):.3f}"
                    for found in taus(path, task, chosen, protocol, score).values()
                ]
                row(name, learned, score, f"`{chosen.predictor}`", *cells)
            if (name, chosen.benchmark) in PUBLISHED:
                who, score, figures = PUBLISHED[name, chosen.benchmark]
                cells = [f"{figures[size]:.3f}" if size in figures else "" for size in sizes]
                row(name, learned, score, who, *cells)


if __name__ == "__main__":
    main()
