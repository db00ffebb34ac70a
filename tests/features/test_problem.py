"""Features of a learning problem: from the view, or computed from the cell, in the view's order."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.datasets import META_DATASETS
from mbml.errors import UsageError
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.features.topology.moments import TOPOLOGIES
from mbml.frames import cell_texts
from mbml.spaces import nasbench101, nasbench201

TOPOLOGY = feature_set("topology")


@pytest.mark.parametrize(
    ("view", "rows"),
    [
        ("meta_nasbench201_cifar100_200epochs", nasbench201_rows(9).reverse()),
        ("meta_nasbench101_108epochs", nasbench101_rows()),
    ],
)
def test_topology_is_computed_from_each_row_s_own_cell(warehouse, tmp_path, view, rows):
    load_rows(warehouse, rows, tmp_path / "surrogate.parquet")
    dataset = META_DATASETS[view]
    problem = learning_problem(warehouse, dataset, TOPOLOGY, target="test_accuracy")
    assert tuple(problem.x.columns) == TOPOLOGY.columns(dataset.benchmark)
    assert problem.x.height == len(problem.y)
    cells = dict(
        warehouse.rows(
            "select native_key, coalesce(adjacency || ':' || operations, native_key)"
            " from architecture"
        )
    )
    for key, found in zip(problem.rows["arch_key"], problem.x.iter_rows(), strict=True):
        alone = TOPOLOGIES[dataset.benchmark].frame([cells[key]]).row(0)
        np.testing.assert_array_equal(found, alone)


def test_the_published_features_come_from_the_view(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(9), tmp_path / "a.parquet")
    view = META_DATASETS["meta_nasbench201_cifar100_200epochs"]
    problem = learning_problem(warehouse, view, feature_set("published"))
    assert problem.x["parameters"].to_list() == [1000] * 9


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201"])
@pytest.mark.parametrize("name", ["published_onehot", "topology", "topology+published+curve:4"])
def test_groups_hold_the_columns_in_order(name, benchmark):
    groups = feature_set(name).groups(benchmark)
    assert feature_set(name).columns(benchmark) == tuple(sum(groups.values(), ()))


def test_an_undefined_set_says_what_it_is_for():
    with pytest.raises(UsageError, match="not defined for nosuch; it is for nasbench101"):
        feature_set("published").columns("nosuch")


@pytest.mark.parametrize(
    ("view", "rows"),
    [
        ("meta_nasbench201_cifar100_200epochs", nasbench201_rows(40).drop("parameters")),
        ("meta_nasbench101_108epochs", nasbench101_rows().drop("parameters")),
    ],
)
@pytest.mark.parametrize("name", ["published", "published_onehot"])
def test_a_cell_alone_has_the_features_that_sql_gives_it(warehouse, tmp_path, name, view, rows):
    dataset = META_DATASETS[view]
    of_rows = rows.with_columns(parameters=pl.Series(_parameters(dataset, rows)))
    load_rows(warehouse, of_rows, tmp_path / "surrogate.parquet")
    problem = learning_problem(warehouse, dataset, feature_set(name), target="test_accuracy")
    cells = cell_texts(warehouse, problem.rows["arch_id"]).to_list()
    alone = feature_set(name).of_cells(dataset.benchmark, cells, dataset=dataset.dataset)
    assert_frame_equal(problem.x, alone, check_dtypes=False)
    if name == "published_onehot":
        hot = alone.select(feature_set(name).groups(dataset.benchmark)["onehot"])
        edges = 1 if dataset.benchmark == "nasbench101" else 6
        assert hot.sum_horizontal().unique().to_list() == [edges]


def _parameters(dataset, rows):
    if dataset.benchmark == "nasbench101":
        texts = [f"{bits}:{names}" for bits, names in rows["adjacency", "operations"].iter_rows()]
        return [nasbench101.parse(text).parameters for text in texts]
    return [nasbench201.parse(text).parameters_on(dataset.dataset) for text in rows["arch_str"]]


def test_the_curve_is_the_accuracy_of_the_same_training_and_says_what_it_costs(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(9), tmp_path / "last.parquet")
    earlier = nasbench201_rows(
        7, epoch=12, valid_accuracy=0.25, train_accuracy=0.5, train_seconds=60.0
    )
    load_rows(warehouse, earlier.drop("test_accuracy"), tmp_path / "earlier.parquet")
    view = META_DATASETS["meta_nasbench201_cifar100_200epochs"]
    problem = learning_problem(warehouse, view, feature_set("curve:12:train+published"))
    assert problem.x["train_accuracy_at_12"].to_list() == [0.5] * 7
    assert problem.rows["arch_key"].to_list() == nasbench201_rows(7)["arch_str"].to_list()
    assert (len(problem.y), problem.left_out) == (7, 2)
    assert (problem.feature_epochs, problem.feature_seconds) == (12, 60.0)


def test_the_curve_of_nasbench101_is_a_shorter_training_or_half_time(warehouse, tmp_path):
    def rows(schedule, epoch, **columns):
        return nasbench101_rows(schedule_epochs=schedule, epoch=epoch, **columns)

    for schedule, epoch, accuracy in ((108, 54, 0.5), (108, 108, 0.9), (36, 36, 0.3)):
        frame = rows(schedule, epoch, valid_accuracy=accuracy, train_seconds=10.0 * epoch)
        load_rows(warehouse, frame, tmp_path / f"surrogate_{schedule}_{epoch}.parquet")
    view = META_DATASETS["meta_nasbench101_108epochs"]
    found = {
        epoch: learning_problem(warehouse, view, feature_set(f"curve:{epoch}"))
        for epoch in (36, 54)
    }
    assert {epoch: one.x.item(0, 0) for epoch, one in found.items()} == {36: 0.3, 54: 0.5}
    assert {epoch: one.feature_seconds for epoch, one in found.items()} == {36: 360.0, 54: 540.0}


BAD_NAMES = [
    ("topologie", "did you mean 'topology'"),
    ("topology+", "unknown feature set ''"),
    ("topology:3", "takes no argument"),
    ("published+published", "share columns, such as 'conv_num_layers'"),
    ("curve", "needs an earlier epoch, as in curve:12"),
    ("curve:0", "'0' is no epoch"),
    ("curve:²", "'²' is no epoch"),
    ("curve:12:test", "'test' is no accuracy; write valid or train"),
]


@pytest.mark.parametrize(("text", "said"), BAD_NAMES)
def test_a_wrong_name_is_told(text, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        feature_set(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("curve:200", "the outcome would leak"),
        ("curve:199", "no valid accuracy is held at epoch 199"),
        ("proxy", "load some with mbml ingest proxies"),
    ],
)
def test_features_that_are_not_to_be_had_are_told(warehouse, tmp_path, text, said):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    view = META_DATASETS["meta_nasbench201_cifar100_200epochs"]
    with pytest.raises(UsageError, match=said):
        learning_problem(warehouse, view, feature_set(text))


def test_a_cell_alone_has_no_measured_features():
    with pytest.raises(UsageError, match="valid_accuracy_at_12: measured"):
        feature_set("curve:12").of_cells("nasbench201", nasbench201.official_order()[:1])
