"""`mbml verify`: checks, findings and facts, found and expected."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.store import ingest, open_warehouse
from mbml.store import verify as verifying
from mbml.store.checks import checked
from mbml.store.schema import sql_files
from mbml.store.verify import Verdict, verify
from mbml.surrogate.nasbench201 import write_nasbench201


def run(path, *options, expect=0):
    done = CliRunner().invoke(app, ["verify", "--warehouse", str(path), *options])
    assert done.exit_code == expect, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def both(new_warehouse, tmp_path_factory):
    """A small warehouse of both benchmarks, to be copied."""
    folder = tmp_path_factory.mktemp("both")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(20), folder / "nasbench201.parquet")
        load_rows(warehouse, nasbench101_rows(), folder / "nasbench101.parquet")
    return folder / "w.duckdb"


@pytest.fixture
def path(both, tmp_path):
    return Path(shutil.copy(both, tmp_path))


def test_every_check_and_finding_is_told(path):
    told = json.loads(run(path, "--json").stdout)
    subjects = {
        kind: {one["subject"] for one in told if one["kind"] == kind}
        for kind in ("check", "finding")
    }
    written = {one.stem for one in sql_files("40_checks")}
    assert subjects["check"] == written | {"summary_is_as_defined"}
    assert subjects["finding"] == {one.stem for one in sql_files("50_findings")}
    assert not any(one["failed"] for one in told)
    [summaries] = [one for one in told if one["subject"] == "summary_without_trials"]
    assert summaries["found"] == 20


@pytest.mark.parametrize("column", ["train_accuracy", "test_accuracy"])
def test_trainings_that_failed_are_counted_by_the_accuracy_that_is_there(
    new_warehouse, tmp_path, column
):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        rows = nasbench101_rows().with_columns(
            train_accuracy=pl.lit(None, pl.Float64), test_accuracy=pl.lit(None, pl.Float64)
        )
        values = pl.Series([0.12, 0.1201, *[0.9] * (rows.height - 2)])
        load_rows(warehouse, rows.with_columns(values.alias(column)), tmp_path / "a.parquet")
        found = {one.subject: one.found for one in verify(warehouse)}
    assert found["training_failed"] == 1


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
        ("update epoch_metric set train_loss = -1 where run_id = 1", "loss_is_not_negative"),
        *(
            (f"update {table} set {column} = '{value}' where run_id = 1", check)
            for table, column, check in (
                ("epoch_metric", "train_seconds", "seconds_are_finite"),
                ("epoch_metric", "valid_test_seconds", "seconds_are_finite"),
                ("run", "latency_seconds", "latency_and_total_seconds_are_finite"),
                ("run", "total_seconds", "latency_and_total_seconds_are_finite"),
            )
            for value in ("-1", "nan", "inf", "-inf")
        ),
        ("insert into proxy values (1, 'cifar10', 'own', 'nan')", "proxy_is_finite"),
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


def test_verifying_tells_what_was_found_and_what_was_expected(path, tmp_path, monkeypatch):
    """Facts are asked of published releases alone, so that some are made up here."""
    fact = tmp_path / "a_fact.sql"
    fact.write_text(
        "-- Figures.\nselect * from (values"
        " ('lower', 1e0, 1.5e0, 0.5e0), ('off', 1e0, 1.75e0, 0.5e0),"
        " ('not loaded', null, 1e0, 0.5e0), ('no number', 'nan'::double, 1e0, 0.5e0))"
    )
    asked = verifying.sql_files
    monkeypatch.setattr(
        verifying, "sql_files", lambda name: [fact] if name == "60_facts" else asked(name)
    )
    with open_warehouse(path, write=True) as warehouse:
        warehouse.con.execute("update epoch_metric set test_accuracy = 2 where run_id = 1")
        verdicts = verify(warehouse)
    facts = [one for one in verdicts if one.kind == "fact"]
    assert [(one.subject, one.what, one.expected, one.tolerance) for one in facts] == [
        ("a_fact", "lower", 1.5, 0.5),
        ("a_fact", "off", 1.75, 0.5),
        ("a_fact", "no number", 1.0, 0.5),
    ]
    assert [one.found for one in facts[:2]] == [1.0, 1.0]
    # Half of the last digit is no fault; what is no number is one.
    assert [one.failed for one in facts] == [False, True, True]
    check, summary = [one for one in verdicts if one.kind == "check" and one.failed]
    assert (check.subject, check.found, check.expected) == ("accuracy_is_a_fraction", 1, 0)
    assert (summary.subject, summary.found, summary.expected) == ("summary_is_as_defined", 1, 0)
    assert check.what.startswith("Accuracies lie in [0, 1]; NaN is")
    assert "run_id=1" in check.detail
    findings = [one for one in verdicts if one.kind == "finding"]
    assert [one.subject for one in findings] == [one.stem for one in sql_files("50_findings")]
    assert all(one.what and one.expected is None and not one.failed for one in findings)


def test_a_figure_without_tolerance_is_exact():
    assert not Verdict(kind="fact", subject="x", what="y", found=7, expected=7).failed
    assert Verdict(kind="fact", subject="x", what="y", found=7, expected=7.001).failed


def test_a_check_shows_five_rows_with_all_columns_that_it_asks(path):
    kinds = {
        "accuracy": ("train", "train_top5", "valid", "test", "valid_test"),
        "loss": ("train", "valid", "test", "valid_test"),
        "seconds": ("train", "valid", "test", "valid_test"),
    }
    with open_warehouse(path, write=True) as warehouse:
        every = [f"{name}_{kind}" for kind, names in kinds.items() for name in names]
        numbers = ", ".join(f"{name} = -{place}" for place, name in enumerate(every, 1))
        warehouse.con.execute(f"update epoch_metric set {numbers} where run_id < 6")
        warehouse.con.execute(
            "update run set latency_seconds = -1, total_seconds = -2 where run_id < 6"
        )
        found = {one.name: one for one in checked(warehouse)}
    for check, kind in (
        ("accuracy_is_a_fraction", "accuracy"),
        ("loss_is_not_negative", "loss"),
        ("seconds_are_finite", "seconds"),
    ):
        shown = ", ".join(
            f"{name}=-{place}.0" for place, name in enumerate(every, 1) if name.endswith(f"_{kind}")
        )
        assert found[check].rows == 6
        first = found[check].first.split("; ")
        assert [one.partition(", ")[2] for one in first] == [f"epoch=200, {shown}"] * 5
    told = found["latency_and_total_seconds_are_finite"].first
    assert told.count("latency_seconds=-1.0, total_seconds=-2.0") == 5
