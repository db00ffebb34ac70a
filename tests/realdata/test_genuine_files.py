"""Genuine original files through the command line: what the views give, against known values."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from mbml.cli.app import app
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
