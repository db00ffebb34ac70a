"""Warehouses that hold rows and hardly a number: each command says what is missing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from results import write_fits
from tables import load_rows, nasbench101_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app

VIEW = "meta_nasbench201_cifar100_200epochs"
NULL = pl.lit(None, dtype=pl.Float64)
NOTHING = {"valid_accuracy": NULL, "test_accuracy": NULL}
CASES = {
    "nothing": [nasbench201_rows(60, **NOTHING)],
    "nothing_in_nasbench101": [nasbench101_rows(test_accuracy=NULL)],
    "one_row": [nasbench201_rows(1)],
    "one_row_of_nothing": [nasbench201_rows(1, **NOTHING)],
    "one_of_two_views": [
        nasbench201_rows(60),
        nasbench201_rows(60, dataset="ImageNet16-120", **NOTHING),
    ],
    "training_alone": [nasbench201_rows(60, **NOTHING, train_accuracy=pl.int_range(60) / 100)],
    "all_equal": [nasbench201_rows(60, valid_accuracy=0.5, test_accuracy=0.5)],
    "sizes_of_others": [
        nasbench201_rows(60).with_columns(
            valid_accuracy=pl.when(pl.int_range(60) < 30).then("valid_accuracy"),
            test_accuracy=pl.when(pl.int_range(60) < 30).then("test_accuracy"),
            parameters=pl.when(pl.int_range(60) >= 30).then("parameters"),
        )
    ],
}
ALL_NULL = ("nothing", "nothing_in_nasbench101", "one_row_of_nothing", "training_alone")
LEFT_OUT = "No row has a validation or test accuracy, so that it is left out"


@pytest.fixture
def held(new_warehouse, tmp_path, monkeypatch):
    """Load the tables of a case; gives the warehouse."""
    monkeypatch.chdir(tmp_path)

    def make(case):
        with new_warehouse(tmp_path / "w.duckdb") as warehouse:
            for number, rows in enumerate(CASES[case]):
                load_rows(warehouse, rows, tmp_path / f"surrogate{number}.parquet")
        return tmp_path / "w.duckdb"

    return make


def mbml(path, *arguments, codes=(0,)):
    done = CliRunner().invoke(app, [*map(str, arguments), "--warehouse", str(path)])
    assert done.exit_code in codes, done.stderr or done.stdout
    assert "fault of mbml" not in done.stderr
    return done


def report(path):
    mbml(path, "report", "--to", "out")
    return Path("out/report.html").read_text()


@pytest.mark.parametrize(
    "case", [pytest.param(one, marks=pytest.mark.slow) for one in ("nothing", "one_of_two_views")]
)
def test_a_report_says_what_is_missing(held, case):
    page = report(held(case))
    assert LEFT_OUT in page
    assert ("nasbench201_histogram" in page) == (case == "one_of_two_views")


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [one for one in CASES if one not in ("nothing", "one_of_two_views")]
)
def test_a_report_is_written_whatever_is_missing(held, case):
    assert (LEFT_OUT in report(held(case))) == (case in ALL_NULL)


@pytest.mark.slow
@pytest.mark.parametrize("case", ALL_NULL)
def test_other_commands_name_what_is_missing(held, case):
    path = held(case)
    view = "meta_nasbench101_108epochs" if "101" in case else VIEW
    for command in (
        ("train", view, "--train-size", 20),
        ("evaluate", view, "--train-size", 20, "--predictor", "dummy"),
        ("search", view, "--budget", 1),
    ):
        said = mbml(path, *command, codes=[2]).stderr
        assert "rows has valid_accuracy" in said
    mbml(path, "compare", codes=[2])
    mbml(path, "verify")
    mbml(path, "export", view, "--layout", "published", "--to", "out", codes=[0, 2])


@pytest.mark.slow
def test_a_search_for_what_has_no_other_accuracy(held):
    path = held("training_alone")
    mbml(path, "search", VIEW, "--target", "train_accuracy", "--budget", 9)
    assert "No curves" in report(path)


@pytest.mark.slow
def test_results_of_a_view_that_was_replaced(held, new_warehouse, tmp_path):
    path = held("one_of_two_views")
    mbml(path, "search", VIEW, "--budget", 9)
    mbml(path, "evaluate", VIEW, "--predictor", "dummy", "--train-size", 20)
    nasbench201_rows(60, **NOTHING).write_parquet("surrogate_new.parquet")
    mbml(path, "ingest", "table", "surrogate_new.parquet", "--replace")
    page = report(path)
    assert LEFT_OUT in page
    assert "search_milestones" in page


@pytest.mark.slow
def test_results_of_a_view_that_holds_nothing(new_warehouse, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        write_fits(warehouse)
        warehouse.rows("update results.score set value = null")
    assert "regression_1" in report(tmp_path / "w.duckdb")
