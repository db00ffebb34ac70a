"""`mbml search`: its JSON, its rules, its memory, and what it refuses."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest
from tables import load_devices, load_rows, nasbench201_rows

from mbml import search
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
OWN = "strategies_of_ones_own"


@pytest.fixture
def mbml(mbml, loaded, tmp_path):
    """Commands on a copy of the warehouse, which searches may write to."""
    shutil.copy(loaded, tmp_path / "w.duckdb")
    return type(mbml)(tmp_path / "w.duckdb")


def test_json_has_the_means_first_and_the_runs_under_the_same_names(mbml):
    told = mbml.json("search", VIEW, "--budget", "20", "--seeds", "2")
    names = [
        "oracle_test_accuracy",
        "raw_test_accuracy",
        "chosen_test_accuracy",
        "chosen_valid_accuracy",
    ]
    means = [name for name in list(told)[:9] if not name.endswith("_std")]
    assert means == ["queries", *names]
    assert list(told["rules"]) == names
    assert [run["seed"] for run in told["runs"]] == [0, 1]
    oracle = [run["oracle_test_accuracy"] for run in told["runs"]]
    assert told["oracle_test_accuracy"] == pytest.approx(sum(oracle) / 2)
    assert set(names) < set(told["runs"][0])
    assert [row["queries"] for row in told["milestones"]] == [10, 20]
    assert told["surrogate"] is False


def test_text_names_the_rules(mbml):
    said = mbml("search", VIEW, "--budget", "10").stdout
    assert "oracle: the best test accuracy" in said
    assert "which no search can know" in said
    assert "with the best valid_accuracy" in said


def test_finalists_are_confirmed_where_the_strategy_and_the_trials_allow(mbml):
    call = ("search", VIEW, "--budget", "20", "--strategy", "guided", "--confirm", "3")
    done = mbml(*call, expect=2)
    assert "ask for one trial a query (--trial one)" in done.stderr
    done = mbml("search", VIEW, "--confirm", "3", expect=2)
    assert "unknown setting of random 'confirm'; there are none" in done.stderr


def test_one_run_tells_no_deviation(mbml):
    assert "±" not in mbml("search", VIEW, "--budget", "10").stdout
    said = mbml("search", VIEW, "--budget", "10", "--seeds", "2").stdout
    assert said.count("±") == 5


@pytest.mark.parametrize(
    ("strategy", "budget", "random"),
    [("evolution", "50", True), ("evolution", "51", False), ("nsga2", "9", True)],
)
def test_a_budget_that_ends_in_the_random_start_is_told(mbml, strategy, budget, random):
    said = mbml("search", VIEW, "--strategy", strategy, "--budget", budget).stderr
    assert ("this is random search; a smaller population (--set) draws fewer" in said) == random


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
    assert rows[-1][2] == told["oracle_test_accuracy"]


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
    assert mbml.json(*call)["oracle_test_accuracy"] == 0.3


@pytest.mark.slow
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


@pytest.mark.slow
def test_objectives_and_conditions_may_be_of_devices(mbml):
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        rows = nasbench201_rows(60).select(arch_index=pl.int_range(60))
        seconds = pl.col("arch_index") / 1000
        known = rows.with_columns(
            pixel3_latency_seconds=seconds,
            edgetpu_latency_seconds=pl.when(pl.col("arch_index") >= 10).then(seconds),
        )
        load_devices(warehouse, "cifar100", known, mbml.warehouse.with_name("devices.parquet"))
    call = ("search", VIEW, "--strategy", "nsga2", "--objectives", "pixel3_latency_seconds")
    every = mbml.json(*call, "--budget", "60")
    # Accuracy grows with the index as latency does: every cell is on the front.
    assert every["hypervolume"] == pytest.approx(sum(range(59)) / 59**2)
    where = "EDGETPU_latency_seconds < 0.03"
    done = mbml(*call, "--budget", "20", "--where", where, "--json")
    assert "20 architectures satisfy it; false for 30 and NULL for 10" in done.stderr
    told = json.loads(done.stdout)
    assert (told["candidates"], told["not_satisfied"], told["undecided"]) == (20, 30, 10)
    assert told["oracle_test_accuracy"] == pytest.approx(0.4 + 29 / 200)
    assert told["hypervolume"] == pytest.approx(sum(range(19)) / 19**2)
    assert (
        "larger than the space" in mbml(*call, "--where", where, "--budget", "21", expect=2).stderr
    )
    said = mbml(
        "search", VIEW, "--budget", "9", "--objectives", "edgetpu_latency_seconds", expect=2
    )
    assert "has no edgetpu_latency_seconds for 10 of 60 architectures" in said.stderr


def test_a_condition_is_part_of_what_a_search_is(mbml):
    call = ("search", VIEW, "--budget", "9", "--where")
    assert "30 architectures where arch_index < 30" in mbml(*call, "arch_index < 30").stdout
    assert "1 of 1 runs were in" in mbml(*call, "arch_index < 30").stderr
    assert "were in" not in mbml(*call, "arch_index <= 29").stderr
    rows = mbml.json("query", "select condition, candidates from results.search order by 1")
    assert rows == [
        {"condition": "arch_index < 30", "candidates": 30},
        {"condition": "arch_index <= 29", "candidates": 30},
    ]


BAD = [
    (("--where", "test_accuracy > 0.9"), "test_accuracy is an outcome: only training tells it"),
    (("--where", "TRAIN_seconds > 9"), "train_seconds is an outcome"),
    (("--where", "arch_id in (from architecture)"), "it has a subquery"),
    (("--where", "getenv('HOME') = 'x'"), "getenv is no function"),
    (("--where", "parameters < 0"), "satisfies parameters < 0"),
    (("--where", "flops < 1e9"), "satisfies flops < 1e9; it is false for 0 and NULL for 60"),
    (("--where", "parameter < 0"), "did you mean 'parameters'"),
    (("--objectives", "valid_accuracy"), "valid_accuracy is an outcome"),
    (("--objectives", "arch_index"), "cannot be an objective"),
    (("--objectives", "parameters,PARAMETERS"), "parameters is named twice"),
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
    (("--seeds", "0"), "from 1 to 100,000"),
    (("--jobs", "0"), "counts from 1"),
    (("--target", "train_seconds"), "unknown target of a search"),
    (("--target", "train_accuracy"), "none of its 60 rows has train_accuracy"),
    (("--trial", "two"), "unknown --trial 'two'"),
    (("--trial", "one"), "as a summary, without its trials"),
    (("--equivalents", "never"), "unknown --equivalents 'never'"),
    (("--objectives", "speed"), "or device_nasbench201_cifar100 'speed'"),
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


@pytest.mark.slow
def test_a_table_ends_once_and_shows_a_missing_value_as_such(mbml, tmp_path):
    for budget, rows in ((10, 1), (12, 2)):
        with open_warehouse(mbml.warehouse) as warehouse:
            report = search(warehouse, VIEW, budget=budget)
        assert report._repr_html_().count("<tr>") - 1 == rows
        assert (
            len(mbml("search", VIEW, "--budget", budget).stdout.split("queries ")[1].split("\n"))
            == rows + 2
        )
    rows = nasbench201_rows(20).drop("valid_accuracy")
    rows.write_parquet(tmp_path / "rows.parquet")
    mbml.warehouse = tmp_path / "tested.duckdb"
    mbml("ingest", tmp_path / "rows.parquet")
    said = mbml("search", VIEW, "--budget", 10, "--target", "test_accuracy").stdout
    assert said.splitlines()[-1].split() == ["10", *said.splitlines()[-1].split()[1:4], "-"]
