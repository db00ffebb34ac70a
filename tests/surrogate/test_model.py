"""The fitted model: what its package data are, and how its numbers behave beside real tables."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import polars as pl
import pytest
from scipy.stats import kendalltau

from mbml.surrogate.model import fitted
from mbml.surrogate.nasbench101 import _SCHEDULES, draw_cells
from mbml.surrogate.nasbench101_results import SurrogateCell, expected_accuracy, invent
from mbml.surrogate.networks import expected_latent


@pytest.fixture(scope="module")
def invented():
    """Last validation and test accuracies of 2,000 cells, shape (cells, 3 repeats, 4)."""
    cells = draw_cells(2_000, seed=4)
    evaluations, _ = invent(cells, np.array(list(_SCHEDULES) * 3), 0)
    return evaluations[3:, :, 2].reshape(2, -1, 3, 4)


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201"])
def test_the_parameters_are_too_small_to_hold_a_table(benchmark):
    path = files("mbml.surrogate") / "parameters" / f"{benchmark}.json.gz"
    assert len(path.read_bytes()) < 200_000
    model = fitted(benchmark)
    for latent, accuracy in model.curves.values():
        assert (np.diff(latent) > 0).all()
        assert (np.diff(accuracy) >= 0).all()
        assert accuracy.min() >= 0
        assert accuracy.max() <= 1


def test_repeats_differ_less_the_longer_the_training(invented):
    spread = np.median(invented[0].std(axis=1), axis=0)
    assert spread[0] > spread[1] > spread[2] > spread[3] > 0


def test_few_runs_fail_and_these_stay_at_chance(invented):
    failed = invented[0, :, :, 3] < 0.2
    assert 0.001 < failed.mean() < 0.02
    assert np.abs(invented[0, :, :, 3][failed] - 0.1).max() < 0.02


@pytest.mark.realdata
def test_expectations_rank_cells_of_nasbench101_as_measured(real_data):
    table = pl.read_parquet(real_data / "nasbench101" / "measurements.parquet")
    some = table.filter(pl.col("test_accuracy").is_not_null()).sample(10_000, seed=5)
    columns = ("adjacency", "operations", "parameters", "module_hash")
    cells = [SurrogateCell(*row) for row in some.select(columns).iter_rows()]
    expected = expected_accuracy(cells, 108)
    assert kendalltau(expected, some["test_accuracy"]).statistic > 0.85


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("target", "column"),
    [("cifar10-valid/200", "valid_accuracy"), ("cifar100/200", "valid_accuracy")],
)
def test_expectations_rank_cells_of_nasbench201_as_measured(real_data, target, column):
    dataset, epochs = target.split("/")
    table = pl.read_parquet(real_data / "nasbench201" / "measurements.parquet").filter(
        (pl.col("dataset") == dataset) & (pl.col("schedule_epochs") == int(epochs))
    )
    means = table.sort("arch_index")[column]
    expected = expected_latent()[fitted("nasbench201").targets.index(target)]
    assert kendalltau(expected, means).statistic > 0.85
