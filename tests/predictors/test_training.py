"""Rules of training that the command line cannot reach."""

from __future__ import annotations

import pytest
from tables import load_rows, nasbench201_rows

from mbml.datasets import META_DATASETS
from mbml.errors import UsageError
from mbml.features.registry import feature_set
from mbml.frames import learning_problem
from mbml.predictors.intervals import predict_interval
from mbml.predictors.registry import PREDICTORS
from mbml.predictors.training import train

VIEW = META_DATASETS["meta_nasbench201_cifar100_200epochs"]


@pytest.mark.parametrize("leak", ["test_accuracy", "valid_accuracy", "train_seconds", "trials"])
def test_an_outcome_is_no_feature(warehouse, tmp_path, leak):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="would leak"):
        learning_problem(warehouse, VIEW, ["parameters", leak])


def test_a_key_is_no_feature(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="a key, which names the row"):
        learning_problem(warehouse, VIEW, ["arch_id"])


def test_rows_come_in_official_order_however_they_were_loaded(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(9).reverse(), tmp_path / "a.parquet")
    problem = learning_problem(warehouse, VIEW, ["parameters"])
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
        warehouse, "meta_nasbench201_cifar10_200epochs", predictor_name="dummy", train_size=10
    )
    assert report.problem.dataset.target_view == "meta_nasbench201_cifar10valid_200epochs"
    assert report.problem.y.tolist() == [0.5 + index / 200 for index in range(30)]
    assert {row.chosen_test_accuracy for row in report.top} == {0.9}


@pytest.mark.parametrize("name", [one.name for one in PREDICTORS.values() if one.intervals])
def test_a_cell_alone_is_predicted_as_within_its_view(warehouse, tmp_path, name):
    load_rows(warehouse, nasbench201_rows(60), tmp_path / "a.parquet")
    report = train(warehouse, VIEW.name, predictor_name=name, train_size=20, intervals=True)
    keys = report.problem.rows["arch_key"][report.split.held_out]
    for key, predicted in list(zip(keys, report.predicted, strict=True))[:5]:
        x = feature_set(report.features).of_cells("nasbench201", [key])
        accuracy, lower, upper = predict_interval(report.regressor, x)
        assert accuracy == pytest.approx(predicted, abs=1e-5)
        assert 0 <= lower <= accuracy <= upper <= 1
