"""What learning from 424 cells of NAS-Bench-101 costs on one core: fit, and predict all cells.

    python benchmarks/blend.py [--shares 0.1 0.33 1]

It reads the measurements in the folder named by MBML_DATA. Whatever the share, all learn from as
many cells; the share is that of the cells predicted. Loading and the features of the cells are not
counted.
"""

from __future__ import annotations

import numpy as np
import real_tables
from process_tree import measured
from row import Row, main
from threadpoolctl import threadpool_limits

from mbml.datasets import META_DATASETS
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.predictors.fitted import predict_interval
from mbml.predictors.gp import MaternGP
from mbml.predictors.preparation import Columns
from mbml.predictors.registry import predictor
from mbml.predictors.training import in_parts
from mbml.splits import published_split
from mbml.store import open_warehouse

TRAIN_SIZE = 424


def read(path, share):
    """Load a share of the table; return the learning problem with topology features."""
    path.unlink(missing_ok=True)
    real_tables.load(path, ["nasbench101"], share)
    with open_warehouse(path) as warehouse:
        dataset = META_DATASETS["meta_nasbench101_108epochs"]
        topology = feature_set("topology")
        problem = learning_problem(warehouse, dataset, topology, target="test_accuracy")
    path.unlink()
    return problem


def process_row(problem, train, on, asked):
    """Time one Gaussian process on the columns that the predictor `gp` looks at."""
    groups = feature_set("topology").groups("nasbench101")
    columns = [name for group in ("F", "H") for name in groups[group]]
    x = np.ascontiguousarray(problem.x.select(columns).to_numpy())
    scale = x[::20].mean(axis=0), x[::20].std(axis=0) + 1e-9
    x = np.clip((x - scale[0]) / scale[1], -4, 4)
    gp = MaternGP(random_state=0).fit(x[train], -np.log1p(-problem.y[train]))
    with measured() as usage:
        gp.predict(x)
    return Row.of(usage, work="one Gaussian process: predict", on=on, **asked)


def predictor_rows(problem, train, on, asked):
    """Time fit and prediction of the three predictors of topology features."""
    everything = np.arange(len(problem.y))
    columns = Columns.of(feature_set("topology"), "nasbench101")
    for name in ("gp", "xgboost", "blend"):
        chosen = predictor(name)
        model = chosen.prepare(chosen.make(0), columns, problem.dataset)
        with measured() as usage:
            model.fit(problem.x[train], problem.y[train])
            in_parts(lambda x: (model.predict(x),), problem.x, everything)  # noqa: B023
        wanted = asked if name == "blend" else {}
        yield Row.of(usage, work=f"{name}: fit {TRAIN_SIZE}, predict", on=on, **wanted)
    with measured() as usage:
        in_parts(lambda x: predict_interval(model, x), problem.x, everything)
    yield Row.of(usage, work="blend: predict with intervals", on=on)


def rows(share, folder):
    """Measure one share."""
    if not real_tables.table_of("nasbench101").is_file():
        return
    with threadpool_limits(limits=1):
        problem = read(folder / "blend.duckdb", share)
        train = published_split(len(problem.y), train_size=TRAIN_SIZE, seed=0).train
        on = f"{len(problem.y):,} cells"
        whole = share == 1
        yield process_row(problem, train, on, {"mark": "3 s"} if whole else {})
        asked = {"mark": "33 s", "aim": "20 s"} if whole else {}
        yield from predictor_rows(problem, train, on, asked)


if __name__ == "__main__":
    main(rows, __doc__)
