"""Topology features of NAS-Bench-201."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from cells import nasbench201_cells
from hypothesis import given

from mbml.features.topology.nasbench201 import TOPOLOGY
from mbml.spaces import nasbench201

NAMES = [column.name for column in TOPOLOGY.columns()]
SHORT = dict(
    zip(nasbench201.OPERATIONS, ("none", "skip", "conv1x1", "conv3x3", "avgpool"), strict=True)
)


def values(cell):
    return dict(zip(NAMES, TOPOLOGY.matrix([cell.format()])[:, 0].tolist(), strict=True))


def test_groups_have_the_planned_number_of_columns():
    groups = [column.group for column in TOPOLOGY.columns()]
    assert {group: groups.count(group) for group in TOPOLOGY.groups} == {"F": 220, "PE": 40}
    assert len(set(NAMES)) == len(NAMES) == 260


def test_a_cell_by_hand():
    text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
    got = values(nasbench201.parse(text))
    assert got["edge_0_1_conv3x3"] == got["edge_1_2_skip"] == got["edge_2_3_avgpool"] == 1
    assert got["edges_none"] == 3
    assert got["paths"] == 1
    assert got["longest_path"] == got["shortest_path"] == 3
    assert got["paths_over_conv3x3_avgpool"] == 1
    assert got["conv3x3_paths"] == 0
    assert got["any_paths"] == 1
    assert got["convolutions_sum"] == 1
    assert got["view_max"] == 4
    assert got["weights_used"] == 9


def test_a_cell_without_a_path():
    text = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|"
    got = values(nasbench201.parse(text))
    assert got["paths"] == got["longest_path"] == got["any_count"] == 0
    assert got["shortest_path"] == 9
    assert got["edges_none"] == 6
    assert (got["weights_used"], got["weights_drawn"]) == (0, 10)


@given(nasbench201_cells)
def test_path_features_are_what_their_meaning_says(cell):
    got = values(cell)
    pruned = cell.pruned()
    every = [
        [SHORT[pruned.operations[edge]] for edge in path]
        for path in nasbench201.PATHS
        if all(pruned.operations[edge] != "none" for edge in path)
    ]
    assert got["paths"] == len(every)
    for name in ("skip", "conv1x1", "conv3x3", "avgpool"):
        assert got[f"{name}_on_paths"] == sum(path.count(name) for path in every)
        assert got[f"{name}_paths"] == sum(set(path) == {name} for path in every)
    encoded: dict[str, int] = {}
    for path in every:
        kept = [name for name in path if name != "skip"] or ["skips"]
        key = f"paths_over_{'_'.join(kept)}"
        encoded[key] = encoded.get(key, 0) + 1
    found = {name: got[name] for name in NAMES if name.startswith("paths_over_") and got[name]}
    assert found == encoded
    assert got["parameters_log"] == pytest.approx(math.log(cell.parameters / 1e6), abs=1e-6)


@given(nasbench201_cells)
def test_only_costs_look_at_edges_on_no_path(cell):
    one, two = values(cell), values(cell.pruned())
    differing = {name for name in NAMES if one[name] != two[name]}
    assert differing <= {"weights_drawn", "parameters_log"}


@pytest.mark.realdata
@pytest.mark.slow
def test_a_boosted_model_reaches_the_target(real_data):
    from scipy.stats import kendalltau
    from xgboost import XGBRegressor

    table = pl.read_parquet(real_data / "nasbench201" / "measurements.parquet").filter(
        (pl.col("schedule_epochs") == 200) & (pl.col("dataset") == "cifar10-valid")
    )
    rows = TOPOLOGY.matrix(table["arch_str"].to_list()).T
    accuracy = table["valid_accuracy"].to_numpy()
    found = []
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(rows))
        train, rest = order[:78], order[78:]
        clipped = np.maximum(accuracy[train], np.quantile(accuracy[train], 0.05))
        model = XGBRegressor(
            n_estimators=600,
            max_depth=4,
            learning_rate=0.04,
            subsample=0.6,
            colsample_bytree=0.2,
            min_child_weight=2,
            n_jobs=1,
            random_state=seed,
        ).fit(rows[train], -np.log(1 - clipped))
        found.append(kendalltau(model.predict(rows[rest]), accuracy[rest]).statistic)
    assert np.mean(found) > 0.78
