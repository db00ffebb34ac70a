"""`mbml train`: its JSON, its rules, and what it refuses."""

from __future__ import annotations

import pytest

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
    # Accuracies rise with the index, so the first of equals is the least index held out.
    assert told["top1_best_valid_accuracy"] < told["top50_best_valid_accuracy"]


def test_text_names_the_rules_and_surrogates(mbml):
    said = mbml(
        "train", "meta_nasbench101_108epochs", "--target", "test_accuracy", "--train-size", "2"
    ).stdout
    assert said.startswith("SURROGATE DATA")
    assert "target test_accuracy" in said
    assert "the oracle, the best test accuracy, which no search can know" in said


BAD = [
    (("train", "meta_nasbench201_cifar_200epochs"), "did you mean"),
    (("train", VIEW, "--predictor", "random_forrest"), "did you mean 'random_forest'"),
    (("train", VIEW, "--features", "publishd"), "did you mean 'published'"),
    (("train", VIEW, "--train-size", "60"), "does not fit: 60 rows"),
    (("train", VIEW, "--train-size", "0"), "does not fit"),
    (("train", VIEW, "--train-size", "many"), "a valid integer"),
    (("train", VIEW, "--seed", "-1", *SMALL), "--seed -1 does not fit"),
    (("train", VIEW, "--target", "parameters"), "cannot be a target"),
    (("train", VIEW, "--target", "accuracy"), "unknown column"),
    (("train", "meta_nasbench101_4epochs"), "has no rows; load a source of nasbench101 first"),
    (("train", "meta_nasbench101_108epochs"), "has valid_accuracy; try --target test_accuracy"),
]


@pytest.mark.parametrize(("call", "said"), BAD, ids=lambda one: " ".join(one)[-60:])
def test_bad_requests_are_usage_errors(mbml, call, said):
    result = mbml(*call, expect=2)
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("predictor", ["gp", "blend", "xgboost"])
def test_predictors_come_with_the_features_that_they_are_made_for(mbml, predictor):
    call = ("train", VIEW, "--predictor", predictor, *SMALL)
    told = mbml.json(*call)
    assert told["features"] == "topology"
    assert told["kendall_tau"] != mbml.json(*call, "--features", "published")["kendall_tau"]
