"""Genuine original files through the command line: what the views give, against known values."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.datasets import META_DATASETS
from mbml.store import open_warehouse

pytestmark = pytest.mark.realdata


def ingest(kind, path, warehouse):
    done = CliRunner().invoke(app, ["ingest", kind, str(path), "--warehouse", str(warehouse)])
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "runs", "cells"), [("epochs_4_spec_3V9E", 21, 7), ("energy_4V9E", 1_092, 91)]
)
def test_record_files(real_data, tmp_path, name, runs, cells):
    ingest("nasbench101", real_data / "tfrecord" / f"{name}.tfrecord", tmp_path / "w.duckdb")
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        counts = "select (select count(*) from run), (select count(*) from architecture)"
        assert warehouse.rows(counts) == [(runs, cells)]


@pytest.fixture(scope="module")
def topology(real_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("topology") / "w.duckdb"
    ingest("natsbench", real_data / "natsbench" / "NATS-tss-v1_0-3ffb9-simple", path)
    return path


@pytest.mark.parametrize(
    ("view", "index", "column", "value"),
    [
        ("cifar10valid_hp12", 0, "valid_accuracy", 0.633640),
        ("cifar10valid_200epochs", 0, "valid_accuracy", 0.819827),
        ("cifar10valid_4epochs", 0, "valid_accuracy", 0.353520),
        ("cifar10_200epochs", 11, "test_accuracy", 0.915833),
        ("cifar100_200epochs", 11, "valid_accuracy", 0.674533),
        ("cifar100_200epochs", 11, "test_accuracy", 0.676067),
        ("imagenet16_120_200epochs", 11, "valid_accuracy", 0.304111),
        ("imagenet16_120_200epochs", 11, "test_accuracy", 0.301667),
        ("cifar10valid_200epochs", 11, "parameters", 802_426),
        ("cifar10valid_200epochs", 11, "flops", 113_951_370),
    ],
)
def test_topology_files(topology, view, index, column, value):
    with open_warehouse(topology) as warehouse:
        sql = f"select {column}, trials from meta_nasbench201_{view} where arch_index = {index}"
        [(found, trials)] = warehouse.rows(sql)
    assert found == pytest.approx(value, abs=5e-7)
    assert trials == (2 if view.endswith("hp12") else 3)


@pytest.fixture(scope="module")
def sizes(real_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("sizes") / "w.duckdb"
    ingest("natsbench", real_data / "natsbench" / "NATS-sss-v1_0-50262-simple", path)
    return path


@pytest.mark.parametrize(
    ("view", "index", "train", "valid", "test", "valid_test", "trials", "parameters", "flops"),
    [
        ("cifar10valid_1epochs", 0, 0.25660, 0.28700, 0.29100, None, 1, 11_714, 4_481_114),
        ("cifar10valid_12epochs", 0, 0.673493, 0.66480, 0.661033, None, 3, 11_714, 4_481_114),
        ("cifar10valid_90epochs", 11, 0.90060, 0.83724, 0.83350, None, 1, 49_202, 6_840_650),
        ("cifar10_1epochs", 11, 0.38192, None, 0.47220, None, 1, 49_202, 6_840_650),
        ("cifar10_12epochs", 0, 0.72272, None, 0.71720, None, 3, 11_714, 4_481_114),
        ("cifar10_90epochs", 0, 0.81540, None, 0.79790, None, 1, 11_714, 4_481_114),
        ("cifar100_1epochs", 0, 0.04018, 0.0516, 0.0536, 0.0526, 1, 12_524, 4_481_924),
        ("cifar100_12epochs", 11, 0.426687, 0.415467, 0.418933, 0.4172, 3, 52_172, 6_843_620),
        ("cifar100_90epochs", 0, 0.33010, 0.3224, 0.3230, 0.3227, 1, 12_524, 4_481_924),
        ("imagenet16_120_1epochs", 0, 0.030244, 0.05, 0.046, 0.048, 1, 12_704, 1_121_336),
        (
            "imagenet16_120_12epochs",
            0,
            0.131314,
            0.141444,
            0.133111,
            0.137278,
            3,
            12_704,
            1_121_336,
        ),
        (
            "imagenet16_120_90epochs",
            11,
            0.254786,
            0.256667,
            0.254667,
            0.255667,
            1,
            52_832,
            1_714_040,
        ),
    ],
)
def test_size_files(sizes, view, index, train, valid, test, valid_test, trials, parameters, flops):
    with open_warehouse(sizes) as warehouse:
        [found] = warehouse.rows(
            "select train_accuracy, valid_accuracy, test_accuracy, valid_test_accuracy, trials,"
            " parameters, flops,"
            " concat_ws(':', width_1, width_2, width_3, width_4, width_5) = arch_key"
            f" from meta_natsbench_sss_{view} where arch_index = {index}"
        )
    assert found[:4] == pytest.approx((train, valid, test, valid_test), abs=5e-7)
    assert found[4:] == (trials, parameters, flops, True)


def test_size_files_give_twelve_views_of_two_networks(sizes):
    views = [name for name in META_DATASETS if name.startswith("meta_natsbench_sss")]
    with open_warehouse(sizes) as warehouse:
        counts = [warehouse.rows(f"select count(*) from {name}") for name in views]
    assert counts == [[(2,)]] * 12


def test_the_published_features_are_not_defined_for_sizes(sizes):
    words = ["train", "meta_natsbench_sss_cifar10_90epochs", "--features", "published"]
    done = CliRunner().invoke(app, [*words, "--warehouse", str(sizes)])
    assert done.exit_code == 2
    assert "published" in done.stderr
    assert "natsbench_sss" in done.stderr
    assert "Traceback" not in done.stderr
