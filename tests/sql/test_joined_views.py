"""Views of devices, of robustness and of everything: each column shows its own values."""

from __future__ import annotations

import re

import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.datasets import JOINED_VIEWS, Role, role_of
from mbml.features.proxy import PROXIES
from mbml.frames import view_columns
from mbml.sources.tables.measurements import read_devices, read_robustness
from mbml.sources.tables.proxies import read_proxies
from mbml.spaces import nasbench201
from mbml.store.measurements import ingest_measurements
from mbml.store.proxies import ingest_proxies

KEYS = ["arch_id", "arch_key", "arch_index", "graph_id", "functional_id"]
DATASETS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16_120": "ImageNet16-120"}
CELLS = 3


def columns_of(warehouse, view):
    return [name for name in view_columns(warehouse, view) if name not in KEYS]


def numbers(names, start):
    """A value of each cell for each column, none of them twice."""
    return {
        name: [(start + CELLS * place + cell) / 1024 for cell in range(CELLS)]
        for place, name in enumerate(names)
    }


@pytest.fixture(scope="module")
def invented(new_warehouse, tmp_path_factory):
    """A warehouse with different values in all columns of the data sets; and these values."""
    folder = tmp_path_factory.mktemp("invented")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        yield warehouse, fill(warehouse, folder)


def fill(warehouse, folder):
    for trial, dataset in enumerate(("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120"), 1):
        rows = nasbench201_rows(
            CELLS,
            dataset=dataset,
            trial=888,
            parameters=1000 + trial,
            test_accuracy=pl.int_range(CELLS) / 8 + trial / 64,
        )
        load_rows(warehouse, rows, folder / f"{dataset}.parquet")
    expected = {}
    for place, (short, dataset) in enumerate(DATASETS.items()):
        devices = numbers(columns_of(warehouse, f"device_nasbench201_{short}"), 1000 * place)
        path = written(folder / f"{short}.csv", devices)
        ingest_measurements(warehouse, read_devices(path, dataset=dataset))
        proxies = numbers([*PROXIES, "of_ones_own"], 1000 * place + 500)
        path = written(folder / f"{short}.csv", proxies)
        ingest_proxies(warehouse, read_proxies(path, dataset=dataset))
        expected[short] = devices | {f"proxy_{name}": proxies[name] for name in PROXIES}
    robustness = {}
    for place, name in enumerate(columns_of(warehouse, "robustness_nasbench201_cifar10")):
        robustness[name] = [(7 + CELLS * place + cell) / 128 for cell in range(CELLS)]
    attacks = {
        re.sub(r"_linf_eps_(\d+)(?:_(\d))?_accuracy", as_published, name): [
            100 * one for one in values
        ]
        for name, values in robustness.items()
    }
    path = written(folder / "attacks.csv", attacks)
    ingest_measurements(warehouse, read_robustness(path, dataset="cifar10"))
    expected["cifar10"] |= robustness
    return expected


def written(path, columns):
    pl.DataFrame({"arch_index": range(CELLS)} | columns).write_csv(path)
    return path


def as_published(match):
    return f"@Linf_eps-{match[1]}.{match[2] or 0}"


def test_every_column_shows_its_own_values(invented):
    warehouse, expected = invented
    for short in DATASETS:
        view = f"everything_nasbench201_{short}"
        rows = warehouse.frame(f"from {view} order by arch_index")
        for name, values in expected[short].items():
            assert rows[name].to_list() == values, (view, name)
        device = warehouse.frame(f"from device_nasbench201_{short} order by arch_index")
        assert device.columns[: len(KEYS)] == KEYS
        assert device.equals(rows.select(device.columns))
    robust = warehouse.frame("from robustness_nasbench201_cifar10 order by arch_index")
    assert len(robust.columns) == len(KEYS) + 32
    rows = warehouse.frame("from everything_nasbench201_cifar10 order by arch_index")
    assert robust.equals(rows.select(robust.columns))
    rest = warehouse.frame("from everything_nasbench201_cifar100")
    assert all(rest[name].null_count() == CELLS for name in robust.columns[len(KEYS) :])


def test_the_training_is_that_with_a_validation_set(invented):
    warehouse, _ = invented
    shown = {}
    for short in DATASETS:
        rows = warehouse.frame(f"from everything_nasbench201_{short} order by arch_index")
        meta = "cifar10valid" if short == "cifar10" else short
        same = warehouse.frame(f"from meta_nasbench201_{meta}_200epochs order by arch_index")
        assert rows.select(column for column in same.columns if column != "epoch").equals(
            same.drop("epoch")
        )
        assert rows["arch_key"].to_list() == list(nasbench201.official_order()[:CELLS])
        shown[short] = rows["whole_training_test_accuracy"].to_list()
    assert shown == {
        "cifar10": [2 / 64, 2 / 64 + 1 / 8, 2 / 64 + 2 / 8],
        "cifar100": [None] * CELLS,
        "imagenet16_120": [None] * CELLS,
    }


def test_cells_without_anything_beside_are_there(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(2, dataset="cifar10-valid"), tmp_path / "a.parquet")
    for short in DATASETS:
        assert warehouse.rows(f"select count(*) from everything_nasbench201_{short}") == [(2,)]
        assert warehouse.rows(f"select count(*) from device_nasbench201_{short}") == [(0,)]


def test_devices_and_proxies_are_features_and_robustness_is_an_outcome(warehouse):
    for name, dataset in JOINED_VIEWS.items():
        for column in columns_of(warehouse, name):
            beside = re.search(r"^proxy_|_(latency_seconds|energy_joules|intensity)$", column)
            if beside:
                assert role_of(column, dataset) is Role.FEATURE, column
            elif "accuracy" in column:
                assert role_of(column, dataset) is Role.OUTCOME, column
    assert role_of("proxy_of_accuracy") is Role.OUTCOME
