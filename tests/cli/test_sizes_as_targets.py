"""Latency and energy as what a predictor learns: from cells alone, and small is good."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest
from tables import load_devices

from mbml import train
from mbml.metrics import METRICS
from mbml.spaces.nasbench201 import official_order
from mbml.store import open_warehouse

VIEW = "device_nasbench201_cifar100"
TARGET = "edgegpu_latency_seconds"
SMALL = ("--train-size", "40", "--target", TARGET)


@pytest.fixture(scope="module")
def loaded(sixty_cells, tmp_path_factory):
    """Sixty cells with the latency that their convolutions make, and one without."""
    path = tmp_path_factory.mktemp("devices") / "w.duckdb"
    shutil.copy(sixty_cells, path)
    convolutions = [
        cell.count("nor_conv_3x3") * 9 + cell.count("nor_conv_1x1") for cell in official_order()
    ]
    seconds = pl.Series(convolutions[:60]) / 1000 + 0.002
    known = pl.DataFrame({"arch_index": range(60), TARGET: seconds}).with_columns(
        pl.when(pl.col("arch_index") > 0).then(TARGET).alias(TARGET),
        edgegpu_energy_joules=7 * pl.col(TARGET),
    )
    known = known.with_columns(raspi4_latency_seconds=3 * pl.col(TARGET))
    with open_warehouse(path, write=True) as warehouse:
        load_devices(warehouse, "cifar100", known, path.with_name("devices.parquet"))
    return path


def test_a_latency_is_learned_from_cells_alone(mbml):
    done = mbml("train", VIEW, *SMALL, "--predictor", "bayesian_ridge")
    assert "1 rows of" in done.stderr
    assert "19 held out" in done.stdout
    assert "seconds squared" in done.stdout
    assert "chosen_valid_accuracy" not in done.stdout
    told = mbml.json("train", VIEW, *SMALL, "--predictor", "gp", "--features", "published_onehot")
    assert told["spearman_rho"] > 0.95
    assert told["mae"] < 0.002
    assert (told["target_view"], told["left_out"]) == (VIEW, 1)


def test_the_best_are_those_of_the_smallest_values(loaded):
    report = train(loaded, VIEW, target=TARGET, predictor="dummy", train_size=40)
    true = report.problem.y[report.split.held_out]
    # All predictions are the same: the first rows come first.
    assert report.scores["regret_at_1"] == pytest.approx(true[0] - true.min())
    assert true[0] - true.min() != pytest.approx(true.max() - true[0])
    share = np.mean(true[:10] <= np.sort(true)[9])
    assert report.scores["precision_at_10"] == pytest.approx(share)
    assert set(report.scores) == {metric.name for metric in METRICS}
    assert {row.oracle_test_accuracy for row in report.top} == {None}


def test_what_another_device_measured_may_be_a_feature(mbml):
    others = "columns:raspi4_latency_seconds"
    told = mbml.json("train", VIEW, *SMALL, "--features", others, "--predictor", "bayesian_ridge")
    assert told["r2"] == pytest.approx(1)


def test_the_scale_of_a_size_changes_nothing_but_the_unit(loaded):
    settings = {"predictor": "svr", "train_size": 40, "features": "published_onehot"}
    slow = train(loaded, VIEW, target="raspi4_latency_seconds", **settings)
    fast = train(loaded, VIEW, target=TARGET, **settings)
    assert slow.predicted == pytest.approx(3 * fast.predicted)


def test_a_fit_is_kept_as_those_of_accuracies_are(mbml):
    told = mbml.json("train", VIEW, *SMALL, "--predictor", "lasso")
    held = mbml.json("query", "select metric, value from results.score where value is not null")
    assert {one["metric"]: one["value"] for one in held}["mae"] == told["mae"]
    [held] = mbml.json("query", "select distinct target, view_name from results.experiment")
    assert held == {"target": TARGET, "view_name": VIEW}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--features", f"columns:{TARGET}"), "it is the target"),
        (("--features", "topology+columns:edgegpu_energy_joules"), "the same device measures both"),
        (("--target", "arch_key"), "it is a key"),
        (("--target", "edgegpu_latency"), "did you mean"),
        (("--target", "edgetpu_latency_seconds"), "none of its 60 rows has edgetpu_latency"),
        (("--target", "valid_accuracy"), "name a column with values as --target"),
        (
            ("--save", "model", "--predictor", "lasso"),
            "it predicts edgegpu_latency_seconds, and saved models predict",
        ),
    ],
    ids=lambda one: one[-1] if isinstance(one, tuple) else "",
)
def test_what_cannot_be_learned_is_refused(mbml, arguments, said):
    assert said in mbml("train", VIEW, *SMALL, *arguments, expect=2).stderr


def test_the_published_study_is_of_accuracies(mbml):
    call = ("evaluate", VIEW, *SMALL, "--preset", "published", "--predictor", "lasso")
    assert "learns accuracies, not edgegpu_latency_seconds" in mbml(*call, expect=2).stderr
