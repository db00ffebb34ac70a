"""The report's section on predictors that are fitted for it: what they rely on, how they err."""

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.predictors.training import train
from mbml.reports.content import Paragraph, Table
from mbml.reports.material import Material
from mbml.reports.sections import refitted
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"


@pytest.fixture(scope="module")
def made(new_warehouse, tmp_path_factory):
    """Path of a warehouse with 60 cells, and the blocks of the section on them."""
    folder = tmp_path_factory.mktemp("refitted")
    path = folder / "w.duckdb"
    with new_warehouse(path) as warehouse:
        load_rows(warehouse, nasbench201_rows(60), folder / "nasbench201_surrogate.parquet")
        [section] = refitted.make(Material(warehouse))
    return path, section.blocks


def table(blocks, name):
    return next(one.frame for one in blocks if isinstance(one, Table) and one.name == name)


def test_what_was_fitted_is_said(made):
    said = [one.text for one in made[1] if isinstance(one, Paragraph)]
    assert said[0].startswith("SURROGATE DATA")
    assert "30 architectures" in said[1]
    assert "split published, seed 0" in said[1]


def test_the_intervals_are_those_of_a_training_by_hand(made):
    with open_warehouse(made[0]) as warehouse:
        report = train(
            warehouse,
            VIEW,
            predictor="xgboost",
            features="published",
            train_size=30,
            intervals=True,
        )
    whole = table(made[1], "nasbench201_intervals").filter(pl.col("part") == "all")
    assert whole["architectures"].item() == 30
    assert whole["coverage"].item() == pytest.approx(report.intervals.coverage)
    assert whole["median width"].item() == pytest.approx(report.intervals.width)


def test_parts_make_up_the_whole(made):
    frame = table(made[1], "nasbench201_intervals")
    parts, whole = frame[:-1], frame[-1]
    held = (parts["coverage"] * parts["architectures"]).sum() / parts["architectures"].sum()
    assert held == pytest.approx(whole["coverage"].item())
    assert parts["predicted"].is_sorted()


def test_each_feature_has_its_importances(made):
    frame = table(made[1], "nasbench201_reliance")
    assert frame["feature"][0] == "conv_num_layers"
    assert frame.null_count().sum_horizontal().item() == 0


def test_too_few_rows_are_said(warehouse, tmp_path):
    load_rows(warehouse, nasbench101_rows(valid_accuracy=0.9), tmp_path / "four.parquet")
    [section] = refitted.make(Material(warehouse))
    assert "has 4 rows" in section.blocks[0].text


def test_no_validation_accuracy_is_said(warehouse, tmp_path):
    load_rows(warehouse, nasbench101_rows(), tmp_path / "four.parquet")
    [section] = refitted.make(Material(warehouse))
    assert section.blocks[0].text.startswith("Nothing is fitted here.")
