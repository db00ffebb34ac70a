"""On the real tables, the blend ranks the cells that it was not trained on."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

#: View, target, N, Kendall's tau that one draw must pass.
MARKS = (
    ("nasbench101", "meta_nasbench101_108epochs", "test_accuracy", 100, 0.74),
    ("nasbench201", "meta_nasbench201_cifar10valid_200epochs", "valid_accuracy", 78, 0.80),
)


@pytest.mark.parametrize("mark", MARKS, ids=lambda one: one[0])
def test_the_blend_ranks_all_other_cells(real_data, tmp_path, mark):
    benchmark, view, target, train_size, tau = mark
    path = tmp_path / "w.duckdb"
    with open_warehouse(path, write=True) as warehouse:
        for source in open_tables(real_data / benchmark / "measurements.parquet"):
            ingest(warehouse, source)
    call = ["train", view, "--predictor", "blend", "--target", target, "--json"]
    done = CliRunner().invoke(
        app, [*call, "--train-size", str(train_size), "--warehouse", str(path)]
    )
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["features"] == "topology"
    assert told["kendall_tau"] > tau
