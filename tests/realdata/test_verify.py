"""Known facts hold of the real tables, and each of them fails on a table that is wrong in it."""

from __future__ import annotations

import polars as pl
import pytest
from tables import load_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench201
from mbml.store import ingest, open_warehouse
from mbml.store.schema import sql_files
from mbml.store.verify import verify

pytestmark = pytest.mark.realdata


def load(path, *tables):
    with open_warehouse(path, write=True) as warehouse:
        for table in tables:
            for source in open_tables(table):
                ingest(warehouse, source)
    return path


def facts(path):
    with open_warehouse(path) as warehouse:
        return [one for one in verify(warehouse) if one.kind == "fact"]


def asked_in(*subjects):
    """The facts of SQL files as their texts, whatever is loaded."""
    texts = {path.stem: path.read_text() for path in sql_files("60_facts")}
    with open_warehouse_of_nothing() as warehouse:
        return {
            (subject, row[0])
            for subject in subjects
            for row in warehouse.rows(texts[subject].rpartition("\nwhere")[0])
        }


def open_warehouse_of_nothing():
    import tempfile
    from pathlib import Path

    return open_warehouse(Path(tempfile.mkdtemp()) / "w.duckdb", write=True)


@pytest.mark.parametrize(
    ("table", "least"),
    [("nasbench201/measurements.parquet", 23), ("nasbench201/trials.parquet", 8)],
)
@pytest.mark.slow
def test_all_facts_hold_of_the_real_tables(real_data, tmp_path, table, least):
    held = facts(load(tmp_path / "w.duckdb", real_data / table))
    assert [one for one in held if one.failed] == []
    assert len(held) >= least


@pytest.mark.slow
def test_all_facts_hold_of_nasbench101(real_data, tmp_path):
    path = load(tmp_path / "w.duckdb", real_data / "nasbench101" / "measurements.parquet")
    held = facts(path)
    assert [one for one in held if one.failed] == []
    assert len(held) >= 13
    done = CliRunner().invoke(app, ["verify", "--warehouse", str(path)])
    assert done.exit_code == 0


def doctored_nasbench201(*, seeds):
    """A table that is wrong in everything that is known of a release with these seeds."""
    cells = pl.DataFrame({"arch_str": nasbench201.official_order()}).with_row_index("index")
    # Some are left out, but none whose values are known.
    cells = cells.filter((pl.col("index") % 20 != 3) | pl.col("index").is_in([0, 1, 11]))
    place = pl.col("index").cast(pl.Float64) / 20_000
    trials = pl.DataFrame({"trial": seeds}, schema={"trial": pl.Int64})
    moments = pl.DataFrame(
        [
            (dataset, schedule, epoch)
            for dataset, schedule, epochs in (
                ("cifar10-valid", 200, (4, 12, 36, 108, 200)),
                ("cifar10-valid", 12, (12,)),
                ("cifar10", 200, (200,)),
                ("cifar100", 200, (200,)),
                ("ImageNet16-120", 200, (200,)),
            )
            for epoch in epochs
        ],
        schema=["dataset", "schedule_epochs", "epoch"],
        orient="row",
    )
    validated = pl.col("dataset") != "cifar10"
    tested = pl.col("epoch") == 200
    return (
        cells.join(trials, how="cross")
        .join(moments, how="cross")
        .select(
            "arch_str",
            "dataset",
            "schedule_epochs",
            "trial",
            "epoch",
            parameters=pl.lit(7),
            flops=pl.lit(8),
            latency_seconds=pl.lit(0.5),
            train_accuracy=place,
            train_loss=pl.lit(3.0),
            valid_accuracy=pl.when(validated).then(place),
            test_accuracy=pl.when(tested).then(place),
            train_seconds=pl.col("epoch") * 1.5,
            valid_seconds=pl.col("epoch") * 0.5,
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("release", "seeds", "subjects"),
    [
        ("v1.1", [999], ("nasbench201", "nasbench201_cells", "nasbench201_v1_1")),
        ("v1.0", [999], ("nasbench201_v1_0",)),
        ("NATS-tss-v1.0", [777], ("nasbench201_cells", "natsbench_tss")),
    ],
)
def test_each_fact_of_nasbench201_can_fail(tmp_path, release, seeds, subjects):
    with open_warehouse(tmp_path / "w.duckdb", write=True) as warehouse:
        load_rows(warehouse, doctored_nasbench201(seeds=seeds), tmp_path / "doctored.parquet")
        if release == "v1.0":
            # A table does not say so; only a file of that release does.
            warehouse.con.execute("update source set release = 'v1.0'")
        assert warehouse.rows("select release from nasbench201_release") == [(release,)]
    failed = {(one.subject, one.what) for one in facts(tmp_path / "w.duckdb") if one.failed}
    assert failed >= asked_in(*subjects)
    done = CliRunner().invoke(app, ["verify", "--warehouse", str(tmp_path / "w.duckdb")])
    assert done.exit_code == 4
    assert "expected" in done.stderr


@pytest.mark.slow
def test_each_fact_of_nasbench101_can_fail(real_data, tmp_path):
    table = pl.read_parquet(real_data / "nasbench101" / "measurements.parquet")
    known = pl.col("module_hash").str.starts_with("0000") | pl.col("module_hash").str.starts_with(
        "02e5"
    )
    cells = (
        table.filter(epoch=108)
        .select("module_hash", "adjacency", "operations")
        .with_row_index("index")
        .filter((pl.col("index") % 20 != 3) | known)
    )
    moments = pl.DataFrame(
        [(4, 2), (4, 4), (12, 12), (36, 36), (108, 54), (108, 108)],
        schema=["schedule_epochs", "epoch"],
        orient="row",
    )
    # One trial of each but of the first cell, whose mean of three is known.
    several = cells.head(1).join(pl.DataFrame({"trial": [2, 3]}), how="cross")
    runs = pl.concat([cells.with_columns(trial=pl.lit(1, pl.Int64)), several])
    place = pl.col("index").cast(pl.Float64) / 500_000
    rows = runs.join(moments, how="cross").select(
        "module_hash",
        "adjacency",
        "operations",
        "schedule_epochs",
        "trial",
        "epoch",
        dataset=pl.lit("cifar10"),
        parameters=pl.lit(7),
        train_accuracy=place,
        valid_accuracy=place,
        test_accuracy=place,
        train_seconds=pl.col("epoch") * 1.5,
    )
    with open_warehouse(tmp_path / "w.duckdb", write=True) as warehouse:
        load_rows(warehouse, rows, tmp_path / "doctored.parquet")
    failed = {(one.subject, one.what) for one in facts(tmp_path / "w.duckdb") if one.failed}
    assert failed == asked_in("nasbench101") - {
        # The operations decide these, and a cell whose operations are others has another hash.
        ("nasbench101", "no fact is left out"),
    }
