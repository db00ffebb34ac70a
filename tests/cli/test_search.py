"""`mbml search`: its JSON, its rules, its memory, and what it refuses."""

from __future__ import annotations

import shutil

import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
OWN = "strategies_of_ones_own"


@pytest.fixture
def mbml(mbml, loaded, tmp_path):
    """Commands on a copy of the warehouse, which searches may write to."""
    shutil.copy(loaded, tmp_path / "w.duckdb")
    return type(mbml)(tmp_path / "w.duckdb")


def test_json_has_the_means_first_and_the_runs_under_names_of_their_own(mbml):
    told = mbml.json("search", VIEW, "--budget", "20", "--seeds", "2")
    assert list(told)[:4] == [
        "queries",
        "best_test_accuracy",
        "chosen_test_accuracy",
        "best_valid_accuracy",
    ]
    assert [run["seed"] for run in told["runs"]] == [0, 1]
    oracle = [run["oracle_test"] for run in told["runs"]]
    assert told["best_test_accuracy"] == pytest.approx(sum(oracle) / 2)
    assert set(told["runs"][0]).isdisjoint(
        {"best_test_accuracy", "chosen_test_accuracy", "best_valid_accuracy"}
    )
    assert [row["queries"] for row in told["milestones"]] == [10, 20]
    assert told["surrogate"] is False


def test_text_names_the_rules(mbml):
    said = mbml("search", VIEW, "--budget", "10").stdout
    assert "oracle: the best test accuracy" in said
    assert "which no search can know" in said
    assert "with the best valid_accuracy" in said


def test_one_run_tells_no_deviation(mbml):
    assert "±" not in mbml("search", VIEW, "--budget", "10").stdout
    said = mbml("search", VIEW, "--budget", "10", "--seeds", "2").stdout
    assert said.count("±") == 4


@pytest.mark.parametrize(
    ("strategy", "budget", "random"),
    [("evolution", "50", True), ("evolution", "51", False), ("nsga2", "9", True)],
)
def test_a_budget_that_ends_in_the_random_start_is_told(mbml, strategy, budget, random):
    said = mbml("search", VIEW, "--strategy", strategy, "--budget", budget).stderr
    assert ("this is random search; --set population=N draws fewer" in said) == random


def test_surrogates_are_named_and_rows_without_a_target_are_left_out(mbml):
    call = ("search", "meta_nasbench101_108epochs", "--target", "test_accuracy", "--budget", "3")
    assert mbml(*call).stdout.startswith("SURROGATE DATA")
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        rows = nasbench201_rows(60, dataset="cifar10-valid").with_columns(
            valid_accuracy=pl.when(pl.int_range(60) < 50).then(pl.col("valid_accuracy"))
        )
        load_rows(warehouse, rows, mbml.warehouse.with_name("holes.parquet"))
    view = "meta_nasbench201_cifar10valid_200epochs"
    done = mbml("search", view, "--budget", "50", "--json")
    assert "10 rows of" in done.stderr
    assert "were left out; 50 remain" in done.stderr
    mbml("search", view, "--budget", "51", expect=2)


def test_the_trace_is_in_sql_and_its_last_row_is_what_was_told(mbml):
    told = mbml.json("search", VIEW, "--budget", "12", "--strategy", "evolution")
    with open_warehouse(mbml.warehouse) as warehouse:
        rows = warehouse.rows(
            "select step, spent_queries, oracle_test_accuracy from results.search_step"
            " order by step"
        )
        [(strategy, seed)] = warehouse.rows("select strategy, seed from results.search")
    assert (strategy, seed) == ("evolution", 0)
    assert [row[:2] for row in rows] == [(n, n) for n in range(1, 13)]
    assert rows[-1][2] == told["best_test_accuracy"]


def test_runs_in_the_warehouse_are_not_run_again(mbml):
    call = ("search", VIEW, "--budget", "20", "--seeds")
    first = mbml.json(*call, "2")
    again = mbml(*call, "3")
    assert "2 of 3 runs were in" in again.stderr
    assert mbml.json(*call, "2") == first


def test_runs_on_data_that_changed_since_are_run_again(mbml):
    call = ("search", VIEW, "--budget", "20")
    mbml(*call)
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        rows = nasbench201_rows(60, test_accuracy=0.3)
        load_rows(warehouse, rows, mbml.warehouse.with_name("new.parquet"), replace=True)
    assert mbml.json(*call)["best_test_accuracy"] == 0.3


def test_runs_side_by_side_are_the_same_as_one_after_the_other(mbml):
    call = ("search", VIEW, "--budget", "20", "--seeds", "3", "--strategy", "local", "--json")
    side_by_side = mbml(*call, "--jobs", "2")
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        warehouse.rows("delete from results.search_step")
        warehouse.rows("delete from results.search")
    assert _untimed(mbml(*call).stdout) == _untimed(side_by_side.stdout)


def _untimed(text):
    return [line for line in text.splitlines() if "search_seconds" not in line]


def test_an_interrupt_keeps_the_finished_runs(mbml):
    call = ("search", VIEW, "--budget", "9", "--seeds", "4")
    done = mbml(*call, "--strategy", f"{OWN}:interrupted_at_seed_2", expect=130)
    assert "interrupted" in done.stderr
    with open_warehouse(mbml.warehouse) as warehouse:
        assert warehouse.rows("select seed from results.search order by seed") == [(0,), (1,)]
        assert warehouse.rows("select count(*) from results.search_step") == [(18,)]


def test_a_strategy_may_end_before_its_budget(mbml):
    told = mbml.json("search", VIEW, "--budget", "9", "--strategy", f"{OWN}:gives_up")
    assert told["runs"][0]["queries"] == 5


def test_objectives_tell_what_the_runs_dominate(mbml):
    call = ("search", VIEW, "--budget", "60", "--objectives", "parameters")
    assert "hypervolume" not in mbml.json("search", VIEW, "--budget", "60")
    # All is queried, and no cell has more parameters than another.
    assert mbml.json(*call)["hypervolume"] == 1
    assert "the share that the runs dominate" in mbml(*call, "--strategy", "nsga2").stdout


BAD = [
    (("--budget", "0"), "a budget of 0 queries buys nothing"),
    (("--budget", "-5"), "a budget of -5 queries buys nothing"),
    (("--budget", "nan"), "a budget of nan queries buys nothing"),
    (("--budget", "61"), "larger than the space: training all 60 architectures"),
    (("--budget", "12001", "--unit", "epochs"), "costs 12,000"),
    (("--budget", "100", "--unit", "seconds"), "no training seconds for 60 of its 60"),
    (("--unit", "query"), "did you mean 'queries'"),
    (("--strategy", "evolutoin"), "did you mean 'evolution'"),
    (("--strategy", "nowhere:at_all"), "cannot be imported: No module named 'nowhere'"),
    (("--strategy", f"{OWN}:not_there"), "cannot be imported"),
    (("--strategy", f"{OWN}:not_a_strategy"), "not a generator function"),
    (("--strategy", "random", "--features", "topology"), "works without features"),
    (("--strategy", "guided", "--features", "curve:12"), "curve"),
    (("--set", "population=3"), "unknown setting of random 'population'"),
    (("--set", "population", "--strategy", "evolution"), "write NAME=NUMBER"),
    (("--set", "population=0", "--strategy", "evolution"), "at least 2"),
    (("--set", "population=2.5", "--strategy", "evolution"), "a whole number"),
    (("--strategy", "rank_once:dmmy"), "did you mean 'dummy'"),
    (("--strategy", "bananas:dummy"), "dummy has no doubts to draw from; these:"),
    (("--strategy", "optuna:gp"), "unknown sampler of optuna 'gp'"),
    (("--strategy", "hyperband"), "holds no earlier valid_accuracy"),
    (("--seeds", "0"), "counts from 1"),
    (("--jobs", "0"), "counts from 1"),
    (("--target", "train_seconds"), "unknown target of a search"),
    (("--target", "train_accuracy"), "none of its 60 rows has train_accuracy"),
    (("--trial", "two"), "unknown --trial 'two'"),
    (("--trial", "one"), "as a summary, without its trials"),
    (("--equivalents", "never"), "unknown --equivalents 'never'"),
    (("--objectives", "speed"), "unknown objective 'speed'"),
    (("--objectives", "flops"), "has no flops for 60 of 60"),
]


@pytest.mark.parametrize(("options", "said"), BAD, ids=lambda one: " ".join(one)[-60:])
def test_bad_requests_are_usage_errors(mbml, options, said):
    result = mbml("search", VIEW, *options, expect=2)
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("outside", "query 2: 60 is no candidate; they are numbered 0 to 59"),
        ("twice", "was asked for before, in query 1"),
        ("no_such_epoch", "epoch 7 cannot be looked at; these can: 200"),
        ("raises", "seed 0: failed after 1 queries: ZeroDivisionError: lost"),
        ("never_asks", "seed 0: ended without a query"),
    ],
)
def test_a_strategy_that_misbehaves_ends_the_search(mbml, function, said):
    result = mbml("search", VIEW, "--strategy", f"{OWN}:{function}", expect=1)
    assert said in result.stderr
    assert "fault of mbml" not in result.stderr


def test_a_view_of_nothing_and_a_warehouse_of_nothing(mbml, tmp_path):
    assert "has no rows" in mbml("search", "meta_nasbench101_4epochs", expect=2).stderr
    assert "did you mean" in mbml("search", "meta_nasbench101_4", expect=2).stderr
    nowhere = type(mbml)(tmp_path / "nowhere.duckdb")
    assert "no such warehouse" in nowhere("search", VIEW, expect=3).stderr
