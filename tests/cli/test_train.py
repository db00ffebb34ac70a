"""`mbml train`: its JSON, its rules, and what it refuses."""

from __future__ import annotations

import re

import pytest
from tables import load_rows, nasbench201_rows

from mbml.errors import WarehouseError

VIEW = "meta_nasbench201_cifar100_200epochs"
SMALL = ("--train-size", "20")


def test_json_is_one_flat_object(mbml):
    told = mbml.json("train", VIEW, "--predictor", "linear_regression", *SMALL)
    assert told["view"] == VIEW
    assert told["split"] == "published"
    assert told["target"] == "valid_accuracy"
    assert told["surrogate"] is False
    assert told["held_out"] == 40
    assert {"mae", "mse", "r2", "kendall_tau", "spearman_rho"} <= set(told)
    assert not any(isinstance(value, dict | list) for value in told.values())


@pytest.mark.slow
@pytest.mark.parametrize("predictor", ["linear_regression", "random_forest", "xgboost", "dummy"])
def test_the_same_seed_gives_the_same_scores(mbml, predictor):
    call = ("train", VIEW, "--predictor", predictor, "--seed", "7", *SMALL)
    first, again = mbml.json(*call), mbml.json(*call)
    timed = {"fit_seconds", "predict_seconds"}
    assert {k: v for k, v in first.items() if k not in timed} == {
        k: v for k, v in again.items() if k not in timed
    }


def test_the_dummy_ties_are_broken_by_the_order_of_the_view(mbml):
    told = mbml.json("train", VIEW, "--predictor", "dummy", *SMALL)
    assert told["kendall_tau"] is None
    [shown] = re.findall(
        "kendall_tau *(.*)", mbml("train", VIEW, "--predictor", "dummy", *SMALL).stdout
    )
    assert shown.split() == ["-", "higher"]
    # Accuracies rise with the index, so the first of equals is the least index held out.
    assert told["top1_chosen_valid_accuracy"] < told["top50_chosen_valid_accuracy"]


def test_text_names_the_rules_and_surrogates(mbml):
    said = mbml(
        "train", "meta_nasbench101_108epochs", "--target", "test_accuracy", "--train-size", "2"
    ).stdout
    assert said.startswith("SURROGATE DATA")
    assert "target test_accuracy" in said
    assert "the oracle, the best test accuracy, which no search can know" in said
    scores = dict(line.split(maxsplit=1) for line in said.splitlines() if line)
    assert scores["mae"].split()[1:] == ["fraction", "lower"]
    assert scores["kendall_tau"].split()[1:] == ["higher"]


def test_intervals_are_scored_when_asked_for(mbml):
    call = ("train", VIEW, "--predictor", "gp", *SMALL)
    told = mbml.json(*call, "--intervals")
    assert told["interval_level"] == 0.9
    assert 0 <= told["interval_coverage"] <= 1
    assert 0 < told["interval_width"] < 1
    assert "interval_coverage" not in mbml.json(*call)
    assert "interval_coverage" in mbml(*call, "--intervals").stdout


@pytest.fixture
def two_data_sets(new_warehouse, mbml, tmp_path):
    """The same command on 60 cells of CIFAR-100, the first 50 of them on CIFAR-10 as well."""
    tables = (
        nasbench201_rows(60),
        nasbench201_rows(50, dataset="cifar10-valid", train_seconds=500.0),
    )
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        for number, rows in enumerate(tables):
            load_rows(warehouse, rows, tmp_path / f"{number}.parquet")
    return type(mbml)(tmp_path / "w.duckdb")


def test_a_predictor_may_be_tested_on_another_view(two_data_sets):
    mbml, other = two_data_sets, "meta_nasbench201_cifar10valid_200epochs"
    told = mbml.json("train", VIEW, "--test-view", other, "--predictor", "gp", *SMALL)
    assert (told["view"], told["test_view"], told["held_out"]) == (VIEW, other, 33)
    assert f"33 held out in {other}" in mbml("train", VIEW, "--test-view", other, *SMALL).stdout


def test_a_protocol_is_named_with_what_it_scores(mbml):
    call = ("train", VIEW, "--predictor", "bayesian_ridge", "--protocol", "pinat", *SMALL)
    told = mbml.json(*call)
    assert (told["protocol"], told["score"], told["scored"]) == ("pinat", "test_accuracy", 60)
    printed = mbml(*call).stdout
    assert (
        "protocol pinat: 60 architectures, those trained on included, scored against test_accuracy"
        in printed
    )
    assert "The first k architectures, those trained on included, by prediction" in printed
    assert "protocol" not in mbml("train", VIEW, "--predictor", "bayesian_ridge", *SMALL).stdout
    told = mbml.json("train", VIEW, "--score", "test_accuracy", "--predictor", "dummy", *SMALL)
    assert (told["target"], told["score"], told["scored"]) == (
        "valid_accuracy",
        "test_accuracy",
        40,
    )


def test_another_data_set_s_accuracy_may_be_a_feature_and_says_what_it_costs(two_data_sets):
    mbml, other = two_data_sets, "meta_nasbench201_cifar10valid_200epochs"
    told = mbml.json("train", VIEW, "--features", f"published+transfer:{other}", *SMALL)
    assert (told["feature_epochs"], told["feature_seconds"]) == (200, 500.0)
    assert (told["held_out"], told["left_out"]) == (30, 10)


BAD = [
    (("train", "meta_nasbench201_cifar_200epochs"), "did you mean"),
    (("train", VIEW, "--predictor", "random_forrest"), "did you mean 'random_forest'"),
    (("train", VIEW, "--features", "publishd"), "did you mean 'published'"),
    (("train", VIEW, "--train-size", "60"), "does not fit: 60 rows"),
    (("train", VIEW, "--train-size", "0"), "does not fit"),
    (
        ("train", VIEW, "--predictor", "gp", "--train-size", "10001"),
        "memory grows with their square",
    ),
    (("train", VIEW, "--train-size", "many"), "a valid integer"),
    (("train", VIEW, "--seed", "-1", *SMALL), "--seed -1 does not fit"),
    (("train", VIEW, "--target", "arch_index"), "'arch_index' cannot be a target: it is a key"),
    (
        ("train", VIEW, "--target", "parameters", "--predictor", "random_forest"),
        "'parameters' cannot be a feature: it is the target",
    ),
    (("train", VIEW, "--target", "accuracy"), "unknown column"),
    (("train", VIEW, "--split", "functional"), "did you mean 'functional_id'"),
    (
        ("train", VIEW, "--predictor", "dummy", "--intervals"),
        "dummy gives no prediction intervals; use one of xgboost",
    ),
    (("train", VIEW, "--test-view", "meta_nasbench101_108epochs"), "is of nasbench101"),
    (("train", VIEW, "--test-view", "meta_nasbench201_cifar1"), "did you mean"),
    (("train", "meta_nasbench101"), "of several epochs or schedules; name one: meta_nasbench101_4"),
    (("train", VIEW, "--features", "transfer"), "needs another view, as in transfer:meta_"),
    (("train", VIEW, "--features", "transfer:cifar10"), "mbml views lists them"),
    (("train", VIEW, "--features", f"transfer:{VIEW}"), "the outcome might leak"),
    (
        ("train", VIEW, "--features", "transfer:meta_nasbench201_cifar10_hp12"),
        "has no valid_accuracy for any",
    ),
    (
        ("train", VIEW, "--features", "transfer:meta_nasbench101_108epochs"),
        "not defined for nasbench201; it is for nasbench101",
    ),
    (("train", "meta_nasbench101_4epochs"), "has no rows; load a source of nasbench101 first"),
    (("train", "meta_nasbench101_108epochs"), "has valid_accuracy; try --target test_accuracy"),
]


@pytest.mark.parametrize(("call", "said"), BAD, ids=lambda one: " ".join(one)[-60:])
def test_bad_requests_are_usage_errors(mbml, call, said):
    result = mbml(*call, expect=2)
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize("predictor", ["gp", "blend", "xgboost"])
def test_predictors_come_with_the_features_that_they_are_made_for(mbml, predictor):
    call = ("train", VIEW, "--predictor", predictor, *SMALL)
    told = mbml.json(*call)
    assert told["features"] == "topology"
    assert told["kendall_tau"] != mbml.json(*call, "--features", "published")["kendall_tau"]


def test_rows_without_a_feature_are_told_by_its_name(new_warehouse, mbml, tmp_path):
    path = tmp_path / "w.duckdb"
    with new_warehouse(path) as warehouse:
        rows = nasbench201_rows(30, parameters=None)
        load_rows(warehouse, rows, tmp_path / "a.parquet")
    call = ("train", VIEW, "--predictor", "random_forest", "--warehouse", path)
    said = mbml(*call, expect=2).stderr
    assert "none of its 30 rows has parameters; choose other --features" in said


def stored(mbml):
    sql = (
        "select view_name, target, features, preset, split, predictor, train_size, seed"
        " from results.fit inner join results.experiment using (experiment_id) order by fit_id"
    )
    return mbml.json("query", sql)


@pytest.mark.slow
def test_a_fit_is_kept_once_and_is_that_of_evaluate(mbml):
    call = ("train", VIEW, "--predictor", "lasso", "--train-size", 23, "--seed", 5)
    before = len(stored(mbml))
    report = mbml.json(*call)
    mbml(*call)
    kept = stored(mbml)[before:]
    assert [(one["predictor"], one["train_size"], one["seed"]) for one in kept] == [
        ("lasso", 23, 5)
    ]
    assert (kept[0]["preset"], kept[0]["split"]) == ("fixed", "published")
    [fit] = mbml.json("evaluate", VIEW, *call[2:])
    assert len(stored(mbml)) == before + 1
    assert fit["r2"] == report["r2"]


def test_what_is_not_kept(mbml):
    call = ("train", VIEW, "--predictor", "lasso", "--train-size", 24)
    before = len(stored(mbml))
    mbml(*call, "--no-store")
    assert len(stored(mbml)) == before


def test_a_warehouse_that_cannot_be_written_is_trained_on(mbml, loaded, monkeypatch):
    def locked(*_: object, **__: object) -> None:
        raise WarehouseError("w.duckdb: read-only")

    monkeypatch.setattr("mbml.predictors.evaluation.with_warehouse", locked)
    done = mbml("train", VIEW, "--predictor", "lasso", "--train-size", 25)
    assert "kendall_tau" in done.stdout
    assert "note: the fit is not kept in the results: w.duckdb: read-only" in done.stderr
