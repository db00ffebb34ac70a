"""`mbml verify`: checks, findings and facts, found and expected."""

from __future__ import annotations

import json

import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.store import ingest, open_warehouse
from mbml.store.schema import sql_files
from mbml.store.verify import verify
from mbml.surrogate.nasbench201 import write_nasbench201


def run(path, *options, expect=0):
    done = CliRunner().invoke(app, ["verify", "--warehouse", str(path), *options])
    assert done.exit_code == expect, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def path(new_warehouse, tmp_path):
    """Path of a small warehouse of both benchmarks."""
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(20), tmp_path / "nasbench201.parquet")
        load_rows(warehouse, nasbench101_rows(), tmp_path / "nasbench101.parquet")
    return tmp_path / "w.duckdb"


def test_every_check_and_finding_is_told(path):
    told = json.loads(run(path, "--json").stdout)
    subjects = {
        kind: {one["subject"] for one in told if one["kind"] == kind}
        for kind in ("check", "finding")
    }
    assert subjects["check"] == {one.stem for one in sql_files("40_checks")}
    assert subjects["finding"] == {one.stem for one in sql_files("50_findings")}
    assert not any(one["failed"] for one in told)
    [summaries] = [one for one in told if one["subject"] == "summary_without_trials"]
    assert summaries["found"] == 20


def test_a_small_part_of_a_benchmark_is_asked_no_fact(path):
    assert not [one for one in json.loads(run(path, "--json").stdout) if one["kind"] == "fact"]


def test_an_empty_warehouse_has_nothing_wrong(new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb"):
        pass
    assert "0 failed" in run(tmp_path / "w.duckdb").stdout


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("update epoch_metric set test_accuracy = 94.3 where run_id = 1", "accuracy_is_a_fraction"),
        (
            "update epoch_metric set test_accuracy = 'nan' where run_id = 1",
            "accuracy_is_a_fraction",
        ),
        ("insert into run from run where run_id = 1", "run_is_unique"),
        ("delete from run where run_id = 1", "epoch_has_its_run"),
        ("delete from cell_metric where arch_id = 1", "summary_is_in_step"),
        ("update architecture set pool_count = 6 where arch_id = 1", "operation_counts_agree"),
        ("update epoch_metric set train_seconds = -1 where run_id = 1", "loss_and_seconds"),
    ],
)
def test_a_damaged_warehouse_fails_a_check(path, change, check):
    with open_warehouse(path, write=True) as warehouse:
        warehouse.con.execute(change)
    done = run(path, expect=4)
    assert "FAILED" in done.stdout
    assert check in done.stderr
    assert "expected 0" in done.stderr


def test_a_known_fault_is_counted_and_fails_nothing(path, tmp_path):
    rows = nasbench201_rows(5, trial=888, dataset="cifar10", valid_accuracy=None)
    other = nasbench201_rows(5, trial=777, dataset="cifar10", valid_accuracy=None, parameters=1001)
    with open_warehouse(path, write=True) as warehouse:
        load_rows(warehouse, rows, tmp_path / "one.parquet")
        load_rows(warehouse, other, tmp_path / "other.parquet")
        [found] = [
            one.found
            for one in verify(warehouse)
            if one.subject == "parameters_differ_between_trials"
        ]
    assert found == 5


def test_no_fact_is_asked_of_surrogates(new_warehouse, tmp_path):
    write_nasbench201(tmp_path / "surrogate.pth", cells=20)
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        ingest(warehouse, NasBench201Source(tmp_path / "surrogate.pth"))
    done = run(tmp_path / "w.duckdb")
    assert done.stdout.startswith("SURROGATE DATA")
    assert "0 facts" in done.stdout


def test_no_warehouse(tmp_path):
    run(tmp_path / "none.duckdb", expect=3)
