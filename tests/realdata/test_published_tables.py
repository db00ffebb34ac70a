"""The two real measurement tables, loaded: what is known of them comes out of the views."""

from __future__ import annotations

import json
from collections import Counter

import polars as pl
import pytest
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.sources.nasbench101.cells import WrittenCell
from mbml.sources.nasbench101.known_cells import CELLS, are_published
from mbml.sources.tables.table import open_tables
from mbml.spaces.nasbench101.bulk import graph_ids
from mbml.store import ingest, open_warehouse

pytestmark = pytest.mark.realdata


def load(path, table):
    with open_warehouse(path, write=True) as warehouse:
        for source in open_tables(table):
            ingest(warehouse, source)
    return path


@pytest.fixture(scope="module")
def nasbench201(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nasbench201")
    return load(folder / "w.duckdb", real_data / "nasbench201" / "measurements.parquet")


@pytest.fixture(scope="module")
def nasbench101_table(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nasbench101")
    return load(folder / "w.duckdb", real_data / "nasbench101" / "measurements.parquet")


def rows(path, sql):
    with open_warehouse(path) as warehouse:
        return warehouse.rows(sql)


def trained(path, view, *options):
    call = ["train", view, "--predictor", "linear_regression", "--train-size", "172", "--json"]
    done = CliRunner().invoke(app, [*call, *options, "--warehouse", str(path)])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def meta_features(operations, kernels, pooling):
    """The meta-features by their definition, from the list of a cell's operations."""
    found = [kernels[one] for one in operations if one in kernels]
    counts = Counter(found)
    most = max(counts.values(), default=0)
    return (
        len(found),
        min(found, default=0),
        max(found, default=0),
        min((kernel for kernel in counts if counts[kernel] == most), default=0),
        sum(one == pooling for one in operations),
    )


@pytest.mark.slow
def test_nasbench201_has_all_cells(nasbench201):
    view = "meta_nasbench201_cifar100_200epochs"
    assert rows(nasbench201, f"select count(*) from {view}") == [(15_625,)]
    assert rows(nasbench201, f"select max(arch_index), min(arch_index) from {view}") == [
        (15_624, 0)
    ]


@pytest.mark.parametrize(("seed", "r2"), [("0", 0.27719), ("1", 0.32672), ("42", 0.30813)])
def test_linear_regression_gives_the_published_figures(nasbench201, seed, r2):
    told = trained(nasbench201, "meta_nasbench201_cifar100_200epochs", "--seed", seed)
    assert told["r2"] == pytest.approx(r2, abs=0.001)


def test_nasbench201_meta_features_by_definition(nasbench201):
    kernels = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
    held = rows(
        nasbench201,
        "select arch_key, conv_num_layers, conv_kernel_min, conv_kernel_max, conv_kernel_mode,"
        " avg_pool_num_layers from meta_nasbench201_cifar100_200epochs",
    )
    assert len(held) == 15_625
    for key, *features in held:
        operations = [part.split("~")[0] for part in key.strip("|").replace("+|", "").split("|")]
        assert len(operations) == 6
        assert tuple(features) == meta_features(operations, kernels, "avg_pool_3x3"), key


@pytest.mark.slow
def test_hash_order_is_the_order_of_all_hashes(nasbench101_table):
    [(cells, orders, out_of_order)] = rows(
        nasbench101_table,
        "select count(*), count(distinct hash_order),"
        " count_if(hash_order <= previous)"
        " from (select hash_order, lag(hash_order) over (order by arch_key) as previous"
        " from meta_nasbench101_108epochs)",
    )
    assert (cells, orders, out_of_order) == (423_624, 423_624, 0)


def test_learning_curves_join_the_summary_they_belong_to(nasbench201, real_data):
    load(nasbench201, real_data / "nasbench201" / "learning_curves_200.parquet")
    counts = "select count(*) from learning_curve_nasbench201_cifar10valid"
    assert rows(nasbench201, counts) == [(15_625 + 200 * 199,)]


@pytest.mark.slow
class TestNasBench101:
    view = "meta_nasbench101_108epochs"

    def test_all_cells_and_the_best(self, nasbench101_table):
        best = (
            "select count(*), max(test_accuracy), arg_max(arch_key, test_accuracy)"
            f" from {self.view}"
        )
        [(count, accuracy, key)] = rows(nasbench101_table, best)
        assert count == 423_624
        assert accuracy == pytest.approx(0.943176, abs=5e-7)
        assert key.startswith("02e5a024")

    def test_the_first_in_key_order(self, nasbench101_table):
        first = f"select arch_key, test_accuracy from {self.view} order by arch_key limit 1"
        [(key, accuracy)] = rows(nasbench101_table, first)
        assert key.startswith("00005c14")
        assert accuracy == pytest.approx(0.920606, abs=5e-7)

    def test_every_hash_is_that_of_its_cell(self, real_data):
        table = pl.read_parquet(
            real_data / "nasbench101" / "measurements.parquet",
            columns=["module_hash", "adjacency", "operations"],
        ).unique()
        assert table.height == 423_624
        hashes = graph_ids(table.select("adjacency", "operations").rows())
        assert hashes == table["module_hash"].to_list()

    def test_meta_features_by_definition(self, nasbench101_table):
        kernels = {"conv1x1-bn-relu": 1, "conv3x3-bn-relu": 3}
        held = rows(
            nasbench101_table,
            "select operations, conv_num_layers, conv_kernel_min, conv_kernel_max,"
            f" conv_kernel_mode, maxpool_num_layers from {self.view} join architecture"
            " using (arch_id)",
        )
        assert len(held) == 423_624
        for operations, *features in held:
            named = operations.split(",")
            assert tuple(features) == meta_features(named, kernels, "maxpool3x3"), operations

    def test_linear_regression_under_the_published_split(self, nasbench101_table):
        told = trained(nasbench101_table, self.view, "--target", "test_accuracy")
        assert told["held_out"] == 423_624 - 172
        assert told["target"] == "test_accuracy"


@pytest.mark.slow
def test_every_published_cell_is_looked_up(real_data):
    columns = ["module_hash", "adjacency", "operations"]
    table = real_data / "nasbench101" / "measurements.parquet"
    cells = pl.read_parquet(table, columns=columns).unique("module_hash")
    assert cells.height == CELLS
    assert are_published([WrittenCell(*row) for row in cells.iter_rows()]).all()
