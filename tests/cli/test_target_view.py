"""Every output names the view that its target comes from.

`cifar10` was trained without a validation set: its validation accuracy is that of its paired view,
any other outcome its own.
"""

import json

import pytest
from tables import load_rows, nasbench201_rows

from mbml.datasets import META_DATASETS
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.reports.material import Material
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar10_200epochs"
PAIRED = "meta_nasbench201_cifar10valid_200epochs"
SOURCES = pytest.mark.parametrize(
    ("target", "source"), [("valid_accuracy", PAIRED), ("test_accuracy", VIEW)]
)


@pytest.fixture(scope="module")
def loaded(new_warehouse, tmp_path_factory):
    """A warehouse with 60 cells of the two data sets, and some of a third."""
    folder = tmp_path_factory.mktemp("paired")
    alone = nasbench201_rows(60, dataset="cifar10", valid_accuracy=None)
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, alone, folder / "a.parquet")
        load_rows(warehouse, nasbench201_rows(60, dataset="cifar10-valid"), folder / "b.parquet")
        load_rows(warehouse, nasbench201_rows(60), folder / "c.parquet")
    return folder / "w.duckdb"


@SOURCES
def test_a_training_and_the_model_that_it_saves(mbml, tmp_path, target, source):
    call = ["train", VIEW, "--predictor", "dummy", "--train-size", "20", "--target", target]
    assert mbml.json(*call)["target_view"] == source
    printed = mbml(*call, "--models", tmp_path, "--save", "mine").stdout
    assert (f"target {target} of {PAIRED}" in printed) == (source == PAIRED)
    card = mbml("models", "--models", tmp_path, "show", "mine").stdout
    assert json.loads(card)["target_view"] == source


@SOURCES
def test_an_evaluation_and_a_search(mbml, target, source):
    [fit] = mbml.json(
        *("evaluate", VIEW, "--predictor", "dummy", "--train-size", "20", "--target", target)
    )
    assert fit["target_view"] == source
    found = mbml.json("search", VIEW, "--budget", "5", "--target", target)
    assert found["target_view"] == source
    with open_warehouse(mbml.warehouse) as warehouse:
        material = Material(warehouse)
        for results in (material.fits, material.runs):
            [title] = results.filter(target=target)["meta-dataset"]
            assert title.endswith("(target of cifar10-valid)") == (source == PAIRED)


def test_a_transferred_accuracy(mbml):
    with open_warehouse(mbml.warehouse) as warehouse:
        problem = learning_problem(
            warehouse,
            META_DATASETS["meta_nasbench201_cifar100_200epochs"],
            feature_set(f"transfer:{VIEW}"),
        )
    assert problem.x.columns == ["valid_accuracy_of_nasbench201_cifar10valid_200epochs"]
