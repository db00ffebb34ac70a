"""`mbml evaluate` and `mbml compare`: stored fits, going on, two at once, and what they refuse."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.errors import WarehouseError
from mbml.store import open_warehouse
from mbml.store.query import query

VIEW = "meta_nasbench201_cifar100_200epochs"
SMALL = ("--train-size", "20")
LINEAR = ("--predictor", "linear_regression")


@pytest.fixture
def mbml(mbml, sixty_cells, tmp_path):
    """Run commands on a warehouse that nobody else writes to."""
    return type(mbml)(shutil.copy(sixty_cells, tmp_path / "w.duckdb"))


def counted(mbml, sql="select count(*) from results.fit"):
    return query(mbml.warehouse, sql).item()


@pytest.mark.slow
def test_json_is_a_list_of_flat_objects_in_the_order_asked_for(mbml):
    call = ("evaluate", VIEW, *LINEAR, "--predictor", "dummy", "--seed", 3, "--seed", 1, *SMALL)
    told = mbml.json(*call)
    assert [(one["predictor"], one["seed"]) for one in told] == [
        ("linear_regression", 3),
        ("linear_regression", 1),
        ("dummy", 3),
        ("dummy", 1),
    ]
    for one in told:
        assert (one["view"], one["split"], one["held_out"]) == (VIEW, "published", 40)
        assert not any(isinstance(value, dict | list) for value in one.values())
    assert told[2]["kendall_tau"] is None


@pytest.mark.slow
def test_fixed_settings_score_as_train_does(mbml):
    call = (VIEW, "--predictor", "random_forest", "--seed", 7, *SMALL)
    [told] = mbml.json("evaluate", *call)
    trained = mbml.json("train", *call)
    timed = {"fit_seconds", "predict_seconds"}
    shared = (told.keys() & trained.keys()) - timed
    assert {"r2", "precision_at_10", "top10_chosen_test_accuracy", "target_view"} <= shared
    assert {name: told[name] for name in shared} == {name: trained[name] for name in shared}


def test_stored_fits_are_not_made_again(mbml):
    call = ("evaluate", VIEW, *LINEAR, *SMALL)
    first = mbml.json(*call, "--seed", 0)
    again = mbml.json(*call, "--seed", 0, "--seed", 1)
    assert again[0] == first[0]
    assert counted(mbml) == 2
    assert counted(mbml, "select count(*) from results.experiment") == 1


@pytest.mark.slow
def test_fits_on_data_that_changed_do_not_count_as_done(mbml, tmp_path):
    call = ("evaluate", VIEW, *LINEAR, *SMALL)
    [before] = mbml.json(*call)
    other = nasbench201_rows(60, valid_accuracy=(pl.int_range(60) / 300 + 0.5) ** 2)
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        load_rows(warehouse, other, tmp_path / "other.parquet", replace=True)
    [after] = mbml.json(*call)
    assert after["mae"] != before["mae"]
    assert counted(mbml) == 2


@pytest.mark.slow
def test_the_published_search_stores_its_choice_and_its_time(mbml):
    [told] = mbml.json(
        "evaluate", VIEW, "--preset", "published", "--predictor", "lasso", "--seed", 1, *SMALL
    )
    assert told["parameter_selection"] in {"cyclic", "random"}
    assert told["search_seconds"] > told["fit_seconds"] > 0
    assert told["version_scikit-learn"]


@pytest.mark.slow
def test_warnings_are_stored_by_name(mbml):
    # Folds of 13 rows have no 14 neighbours, of up to 25 that are tried.
    call = ("--preset", "published", "--predictor", "k_neighbors", "--seed", 0, *SMALL)
    [told] = mbml.json("evaluate", VIEW, *call)
    assert told["warnings_UserWarning"] >= 1
    assert told["parameter_n_neighbors"] <= 13


def test_a_fit_that_fails_is_told_and_the_others_are_stored(mbml, monkeypatch):
    from mbml.predictors import evaluation

    def train_on(*arguments, seed, **options):
        if seed == 1:
            raise ValueError("All the 300 fits failed.\nmore")
        return original(*arguments, seed=seed, **options)

    original = evaluation.train_on
    monkeypatch.setattr(evaluation, "train_on", train_on)
    seeds = ("--seed", 0, "--seed", 1, "--seed", 2)
    said = mbml("evaluate", VIEW, *LINEAR, *SMALL, *seeds, expect=1).stderr
    place = f"{VIEW}, linear_regression, N=20, seed 1: ValueError: All the 300 fits failed."
    assert "1 of 3 fits failed, the others are stored\n" in said
    assert f"\nlinear_regression: 1 failed, the first: {place}\n" in said
    assert counted(mbml) == 2


def test_table_names_split_target_and_deviation(mbml):
    said = mbml("evaluate", VIEW, *LINEAR, *SMALL).stdout
    assert "target valid_accuracy, split published, preset fixed" in said
    assert "population deviations" in said


def test_surrogates_are_named_first(mbml):
    call = ("meta_nasbench101_108epochs", "--target", "test_accuracy", "--train-size", 3)
    assert mbml("evaluate", *call, "--predictor", "dummy").stdout.startswith("SURROGATE DATA")


@pytest.mark.slow
def test_two_processes_give_the_scores_of_one(mbml):
    call = ("evaluate", VIEW, *LINEAR, "--predictor", "decision_tree", *SMALL)
    told = mbml.json(*call, "--jobs", 2)
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        warehouse.rows("delete from results.score")
        warehouse.rows("delete from results.fit")
    again = mbml.json(*call)
    assert [one["r2"] for one in told] == [one["r2"] for one in again]


def start(mbml, seeds):
    seeded = [word for seed in range(seeds) for word in ("--seed", str(seed))]
    command = "import sys; sys.argv[0] = 'mbml'; from mbml.cli.app import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", command, "evaluate", VIEW, *LINEAR, *SMALL, *seeded],
        env=os.environ | {"MBML_WAREHOUSE": str(mbml.warehouse)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
def test_killed_and_twice_at_once_no_fit_is_lost_or_doubled(mbml):
    seeds = 40
    killed = start(mbml, seeds)
    stored = 0
    for _ in range(600):
        with suppress(WarehouseError):  # held at this moment
            stored = counted(mbml)
        if stored >= 5 or killed.poll() is not None:
            break
        time.sleep(0.05)
    assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    both = [start(mbml, seeds), start(mbml, seeds)]
    for one in both:
        _, said = one.communicate(timeout=240)
        assert one.returncode == 0, said
    assert counted(mbml) == seeds
    assert counted(mbml, "select count(distinct seed) from results.fit") == seeds
    whole = (
        "select count(distinct n) from (select count(*) as n from results.score group by fit_id)"
    )
    assert counted(mbml, whole) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((VIEW, "--train-size", 61), "--train-size 61 does not fit: 60 rows have a target"),
        ((VIEW, "--train-size", 0), "--train-size 0 does not fit"),
        ((VIEW, "--train-size", 5, "--preset", "published"), "needs at least 6 rows"),
        ((VIEW, *SMALL, "--seed", "one"), "Invalid value for '--seed'"),
        ((VIEW, *SMALL, "--seed", -1), "--seed -1 does not fit: seeds are 0 to"),
        ((VIEW, *SMALL, "--predictor", "lassoo"), "did you mean 'lasso'?"),
        ((VIEW, *SMALL, "--predictor", "gp", "--preset", "published"), "of the published study"),
        ((VIEW, *SMALL, "--preset", "publish"), "did you mean 'published'?"),
        ((VIEW, *SMALL, "--split", "graph"), "did you mean 'graph_id'?"),
        ((VIEW, *SMALL, "--split", "file:nowhere.csv"), "no such file"),
        ((VIEW, *SMALL, "--target", "valid_test_accuracy"), "none of its 60 rows has"),
        ((VIEW, *SMALL, "--target", "parameters"), "it is the target; choose other features"),
        ((VIEW, *SMALL, "--target", "arch_index"), "cannot be a target"),
        ((VIEW[:-1], *SMALL), f"did you mean '{VIEW}'"),
        (("meta_nasbench101_36epochs", *SMALL), "has no rows; load a source of nasbench101"),
        ((VIEW, *SMALL, "--jobs", 0), "Invalid value for '--jobs'"),
    ],
)
def test_bad_input_is_refused_before_any_fit(mbml, arguments, message):
    assert message in mbml("evaluate", *arguments, expect=2).stderr
    assert counted(mbml) == 0


@pytest.mark.slow
def test_rows_without_a_target_are_left_out_and_counted(mbml, tmp_path):
    held = pl.when(pl.int_range(60) < 50).then(pl.int_range(60) / 200)
    rows = nasbench201_rows(60, dataset="cifar10-valid", valid_accuracy=held)
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        load_rows(warehouse, rows, tmp_path / "gaps.parquet")
    view = "meta_nasbench201_cifar10valid_200epochs"
    result = mbml("evaluate", view, *LINEAR, *SMALL, "--json")
    assert "10 rows of" in result.stderr
    assert "were left out; 50 remain" in result.stderr
    assert '"left_out": 10' in result.stdout
    assert '"held_out": 30' in result.stdout


def test_constant_targets_have_scores_where_they_are_defined(mbml, tmp_path):
    rows = nasbench201_rows(60, dataset="cifar10-valid", valid_accuracy=0.5)
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        load_rows(warehouse, rows, tmp_path / "constant.parquet")
    view = "meta_nasbench201_cifar10valid_200epochs"
    call = ("evaluate", view, "--preset", "published", *LINEAR, "--seed", 0, *SMALL)
    [told] = mbml.json(*call)
    assert told["mae"] == pytest.approx(0, abs=1e-12)
    assert (told["r2"], told["kendall_tau"]) == (None, None)


def test_a_missing_warehouse_and_one_of_another_version_exit_3(mbml, tmp_path):
    call = ("evaluate", VIEW, *LINEAR, *SMALL)
    nowhere = ("--warehouse", tmp_path / "nowhere.duckdb")
    assert "no such warehouse" in mbml(*call, *nowhere, expect=3).stderr
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        warehouse.rows("update warehouse set schema_version = 3")
    assert "schema version 3 is older" in mbml(*call, expect=3).stderr
    assert "schema version 3 is older" in mbml("compare", expect=3).stderr


@pytest.mark.slow
def test_compare_puts_ours_beside_the_published(mbml):
    assert "holds no fits of the published study" in mbml("compare", expect=2).stderr
    seeds = ("--seed", 0, "--seed", 1)
    fits = mbml.json("evaluate", VIEW, "--preset", "published", *LINEAR, *seeds, *SMALL)
    # Twenty rows are no published size, so one is relabelled.
    with open_warehouse(mbml.warehouse, write=True) as warehouse:
        warehouse.rows("update results.fit set train_size = 172")
    compared = mbml.json("compare", "--metric", "r2")
    [row] = [one for one in compared if one["predictor"] == "linear_regression"]
    mean = sum(one["r2"] for one in fits) / 2
    assert (row["seeds"], row["mean"]) == (2, pytest.approx(mean))
    assert row["published_mean"] == pytest.approx(0.293044)
    assert row["difference"] == pytest.approx(mean - 0.293044)
    assert len(compared) == 11
    told = mbml("compare", "--format", "csv")
    assert told.stdout.count("\n") == 34
    assert "30 of 33 rows no fit" in told.stderr
    assert "did you mean 'mse' or 'mae'" in mbml("compare", "--metric", "mea", expect=2).stderr


@pytest.mark.slow
def test_a_saved_split_is_read_again(mbml, tmp_path):
    keys = tmp_path / "keys.csv"
    first = mbml.json("train", VIEW, *LINEAR, *SMALL, "--seed", 4, "--save-split", keys)
    [again] = mbml.json("evaluate", VIEW, *LINEAR, *SMALL, "--split", f"file:{keys}")
    assert again["r2"] == pytest.approx(first["r2"], abs=1e-12)
    assert again["split"].startswith("file:keys.csv#")
    wrong = ("--split", f"file:{keys}", "--train-size", 21)
    assert "it must be 20" in mbml("evaluate", VIEW, *LINEAR, *wrong, expect=2).stderr
    lines = keys.read_text().splitlines()
    for text, message in (
        ("\n".join([*lines, lines[1]]), "stands there twice"),
        ("\n".join([*lines[:-1], lines[-1].replace("held_out", "test")]), "another part than"),
        ("\n".join([*lines, "no cell,train"]), "the view has no such row"),
        ("arch_key,part\n", "names no row"),
        ("a,b,c\n1,2,3\n", "cannot be read as a table of arch_key and part"),
    ):
        keys.write_text(text)
        said = mbml("evaluate", VIEW, *LINEAR, *SMALL, "--split", f"file:{keys}", expect=5).stderr
        assert message in said
