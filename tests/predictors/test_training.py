"""Rules of training that the command line cannot reach."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.datasets import META_DATASETS
from mbml.errors import UsageError
from mbml.features.registry import feature_set
from mbml.frames import stored_problem
from mbml.metrics import METRICS
from mbml.predictors.fitted import predict_interval
from mbml.predictors.registry import PREDICTORS
from mbml.predictors.training import train

VIEW = META_DATASETS["meta_nasbench201_cifar100_200epochs"]
OTHER = "meta_nasbench201_imagenet16_120_200epochs"


@pytest.mark.parametrize("leak", ["test_accuracy", "valid_accuracy", "train_seconds", "trials"])
def test_an_outcome_is_no_feature(warehouse, tmp_path, leak):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="would leak"):
        stored_problem(warehouse, VIEW, ["parameters", leak])


def test_a_key_is_no_feature(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="a key, which names the row"):
        stored_problem(warehouse, VIEW, ["arch_id"])


def test_rows_come_in_official_order_however_they_were_loaded(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(9).reverse(), tmp_path / "a.parquet")
    problem = stored_problem(warehouse, VIEW, ["parameters"])
    assert problem.rows["arch_key"].to_list() == nasbench201_rows(9)["arch_str"].to_list()
    assert problem.y.tolist() == [0.5 + index / 200 for index in range(9)]


def test_cifar10_learns_from_the_validation_of_its_paired_view(warehouse, tmp_path):
    load_rows(
        warehouse,
        nasbench201_rows(30, dataset="cifar10", valid_accuracy=None, test_accuracy=0.9),
        tmp_path / "a.parquet",
    )
    load_rows(warehouse, nasbench201_rows(30, dataset="cifar10-valid"), tmp_path / "b.parquet")
    report = train(
        warehouse, "meta_nasbench201_cifar10_200epochs", predictor="dummy", train_size=10
    )
    assert report.problem.target_view == "meta_nasbench201_cifar10valid_200epochs"
    assert report.problem.y.tolist() == [0.5 + index / 200 for index in range(30)]
    assert {row.chosen_test_accuracy for row in report.top} == {0.9}


@pytest.mark.parametrize("name", [one.name for one in PREDICTORS.values() if one.intervals])
def test_a_cell_alone_is_predicted_as_within_its_view(warehouse, tmp_path, name):
    load_rows(warehouse, nasbench201_rows(60), tmp_path / "a.parquet")
    report = train(warehouse, VIEW.name, predictor=name, train_size=20, intervals=True)
    keys = report.problem.rows["arch_key"][report.split.held_out]
    for key, predicted in list(zip(keys, report.predicted, strict=True))[:5]:
        x = feature_set(report.features).of_cells("nasbench201", [key])
        accuracy, lower, upper, _ = predict_interval(report.regressor, x)
        assert accuracy == pytest.approx(predicted, abs=1e-5)
        assert 0 <= lower <= accuracy <= upper <= 1


@pytest.fixture
def cells_of_two_views(warehouse, tmp_path):
    """Sixty cells on two data sets; one cell lacks a test accuracy."""
    for dataset, by in (("cifar100", 0.0), ("ImageNet16-120", 0.1)):
        rows = nasbench201_rows(60, dataset=dataset).with_columns(
            valid_accuracy=pl.Series(0.6 + by + np.sin(np.arange(60)) / 8),
            test_accuracy=pl.Series([None, *(0.5 + by + np.cos(np.arange(59)) / 8)]),
        )
        load_rows(warehouse, rows, tmp_path / f"{dataset}.parquet")
    return warehouse


def test_a_report_holds_what_was_asked_and_scores_of_what_was_held_out(cells_of_two_views):
    report = train(
        cells_of_two_views,
        VIEW.name,
        predictor="gp",
        train_size=20,
        seed=3,
        intervals=True,
        test_view=OTHER,
    )
    held = report.split.held_out
    frame = report.tested.x[held]
    assert len(report.split.train) == 20
    assert len(held) == 40
    assert not set(report.split.train) & set(held)
    np.testing.assert_allclose(report.predicted, report.regressor.predict(frame), atol=1e-6)
    true = report.tested.y[held]
    assert true.min() > report.problem.y[held].min() + 0.05
    for metric in METRICS:
        assert report.scores[metric.name] == metric.score(true, report.predicted)
    found = predict_interval(report.regressor, frame)
    inside = (found.lower <= true) & (true <= found.upper)
    assert report.intervals.level == 0.9
    assert report.intervals.coverage == pytest.approx(inside.mean(), abs=1e-3)
    assert report.intervals.width == pytest.approx(np.median(found.upper - found.lower), abs=1e-5)
    again = report.flat()
    about = {
        "view": VIEW.name,
        "test_view": OTHER,
        "predictor": "gp",
        "features": "topology",
        "train_size": 20,
        "seed": 3,
        "split": "published",
        "target": "valid_accuracy",
        "target_view": VIEW.name,
        "surrogate": False,
        "held_out": 40,
        "left_out": 0,
        "interval_level": 0.9,
        "interval_coverage": report.intervals.coverage,
        "interval_width": report.intervals.width,
        "mae": report.scores["mae"],
    }
    assert {name: again[name] for name in about} == about
    assert 0 < report.fit_seconds < 60
    assert 0 < report.predict_seconds < report.fit_seconds + 1
    for row in report.top:
        best = np.argsort(-report.predicted, kind="stable")[: row.k]
        assert again[f"top{row.k}_chosen_valid_accuracy"] == row.chosen_valid_accuracy
        assert row.oracle_test_accuracy == pytest.approx(
            np.nanmax(report.tested.rows["test_accuracy"][held].cast(float).to_numpy()[best])
        )


def test_training_takes_the_blend_on_its_own_features_unless_said(cells_of_two_views):
    report = train(cells_of_two_views, VIEW.name, train_size=20)
    assert (report.predictor, report.features, report.seed) == ("blend", "topology", 0)
    assert report.intervals is None
    assert not any(name.startswith("interval") for name in report.flat())
    assert report.tested is report.problem


def test_what_cannot_be_trained_is_told(cells_of_two_views):
    def refused(message, **settings):
        with pytest.raises(UsageError, match=message):
            train(cells_of_two_views, VIEW.name, **({"train_size": 20} | settings))

    refused(
        "svr gives no prediction intervals; use one of xgboost, gp, blend",
        predictor="svr",
        intervals=True,
    )
    large = {"train_size": 10_001}
    refused("gp learns from at most 10000 rows", predictor="gp", **large)
    # One row fewer is refused for what the view holds, and so is any number by another predictor.
    refused("`train_size=10000` does not fit: .*60", predictor="gp", train_size=10_000)
    refused("`train_size=10001` does not fit: .*60", predictor="svr", **large)
    refused(
        r"`test_view=meta_nasbench101_4epochs` is of nasbench101, .* such as meta_nasbench201",
        test_view="meta_nasbench101_4epochs",
    )
