"""Features of a learning problem: from the view, or computed from the cell, in the view's order."""

from __future__ import annotations

import numpy as np
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.datasets import META_DATASETS
from mbml.errors import UsageError
from mbml.features.moments import TOPOLOGIES
from mbml.features.problem import learning_problem
from mbml.features.registry import FEATURE_SETS

TOPOLOGY = FEATURE_SETS["topology"]


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
    problem = learning_problem(warehouse, view, FEATURE_SETS["published"])
    assert problem.x["parameters"].to_list() == [1000] * 9


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201"])
@pytest.mark.parametrize("name", FEATURE_SETS)
def test_groups_hold_the_columns_in_order(name, benchmark):
    groups = FEATURE_SETS[name].groups(benchmark)
    assert FEATURE_SETS[name].columns(benchmark) == tuple(sum(groups.values(), ()))


def test_an_undefined_set_says_what_it_is_for():
    with pytest.raises(UsageError, match="not defined for nosuch; it is for nasbench101"):
        FEATURE_SETS["published"].columns("nosuch")
