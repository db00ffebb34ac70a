"""What learning from 424 cells of NAS-Bench-101 costs on one core: fit, and predict all 423,624.

It reads the measurements in the folder named by MBML_DATA. Marks: the blend 33 s, aim 20 s; the
prediction of one Gaussian process 3 s.

    python benchmarks/blend.py
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from marks import problem_of
from threadpoolctl import threadpool_limits

from mbml.features.registry import feature_set
from mbml.predictors.gp import MaternGP
from mbml.predictors.intervals import predict_interval
from mbml.predictors.preparation import Columns
from mbml.predictors.registry import predictor
from mbml.predictors.training import in_parts
from mbml.splits import published

TRAIN_SIZE = 424


def timed(name, work):
    started = time.perf_counter()
    result = work()
    print(f"{name:58} {time.perf_counter() - started:7.2f} s", flush=True)
    return result


def process(problem, train):
    """Time one Gaussian process on the columns that the predictor `gp` looks at."""
    features = feature_set("topology")
    groups = features.groups("nasbench101")
    columns = [name for group in ("F", "H") for name in groups[group]]
    x = np.ascontiguousarray(problem.x.select(columns).to_numpy())
    scale = x[::20].mean(axis=0), x[::20].std(axis=0) + 1e-9
    x = np.clip((x - scale[0]) / scale[1], -4, 4)
    gp = timed(
        f"one process, {x.shape[1]} features: fit on {len(train)} rows",
        lambda: MaternGP(random_state=0).fit(x[train], -np.log1p(-problem.y[train])),
    )
    timed(f"one process: prediction of {len(x):,} rows", lambda: gp.predict(x))
    timed("the same with deviations", lambda: gp.predict(x, return_std=True))


def predictors(problem, train):
    everything = np.arange(len(problem.y))
    features = feature_set("topology")
    for name in ("gp", "xgboost", "blend"):
        chosen = predictor(name)
        columns = Columns.of(features, "nasbench101")
        model = chosen.prepare(chosen.make(0), columns, problem.dataset)
        started = time.perf_counter()
        timed(f"{name}: fit", lambda: model.fit(problem.x[train], problem.y[train]))  # noqa: B023
        timed(
            f"{name}: prediction of {len(everything):,} rows",
            lambda: in_parts(lambda x: (model.predict(x),), problem.x, everything),  # noqa: B023
        )
        print(f"{name + ': together':58} {time.perf_counter() - started:7.2f} s", flush=True)
    timed(
        "blend: the same with intervals",
        lambda: in_parts(lambda x: predict_interval(model, x), problem.x, everything),
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        problem = timed(
            "load the table, compute 342 features of 423,624 cells",
            lambda: problem_of("nasbench101", "topology", Path(folder) / "w.duckdb"),
        )
        train = published(len(problem.y), train_size=TRAIN_SIZE, seed=0).train
        process(problem, train)
        predictors(problem, train)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of all this {peak:.1f} GiB")


if __name__ == "__main__":
    main()
