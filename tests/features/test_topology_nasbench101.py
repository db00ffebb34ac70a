"""Topology features of NAS-Bench-101, against a slow reading of the same definitions."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from cells import nasbench101_cells, renumberings
from hypothesis import given, settings
from hypothesis import strategies as st

from mbml.features.topology.nasbench101 import TOPOLOGY
from mbml.spaces import nasbench101

README_CELL = (
    "0111010000000100000010000100000000100000010000000:"
    "input,conv1x1-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,maxpool3x3,output"
)
NAMES = [column.name for column in TOPOLOGY.columns()]
SHORT = {"conv3x3-bn-relu": "conv3x3", "conv1x1-bn-relu": "conv1x1", "maxpool3x3": "maxpool"}


def values(cell):
    return dict(zip(NAMES, TOPOLOGY.matrix([cell.format()])[:, 0].tolist(), strict=True))


def paths(cell, vertex=0):
    """All paths from a vertex to the output, as lists of vertices."""
    if vertex == cell.nodes - 1:
        return [[vertex]]
    targets = [v for v in range(cell.nodes) if cell.matrix[vertex][v]]
    return [[vertex, *rest] for target in targets for rest in paths(cell, target)]


def test_groups_have_the_planned_number_of_columns():
    groups = [column.group for column in TOPOLOGY.columns()]
    assert {group: groups.count(group) for group in TOPOLOGY.groups} == {
        "F": 164,
        "H": 44,
        "G": 134,
    }
    assert len(set(NAMES)) == len(NAMES) == 342


def test_some_features_of_the_benchmarks_own_example():
    cell = values(nasbench101.parse(README_CELL))
    assert cell["vertices"] == 7
    assert cell["edges"] == 9
    assert cell["paths"] == 4
    assert cell["longest_path"] == 3
    assert cell["shortest_path"] == 2
    assert cell["conv3x3_count"] == 3
    assert cell["conv3x3_on_path_max"] == 2
    assert cell["edges_input_to_conv1x1"] == 1


@pytest.mark.slow
@given(nasbench101_cells())
def test_path_features_are_what_their_meaning_says(cell):
    cell = cell.pruned()
    got = values(cell)
    every = paths(cell)
    assert got["paths"] == len(every)
    assert got["longest_path"] == max(len(path) - 1 for path in every)
    assert got["shortest_path"] == min(len(path) - 1 for path in every)
    for name in SHORT.values():
        counts = [sum(SHORT[cell.operations[v]] == name for v in path[1:-1]) for path in every]
        alone = [len(path) - 2 for path, n in zip(every, counts, strict=True) if n == len(path) - 2]
        assert got[f"{name}_paths"] == len(alone)
        assert got[f"{name}_paths_min"] == min(alone, default=9)
        assert got[f"{name}_paths_max"] == max(alone, default=-1)
        assert got[f"{name}_on_path_max"] == max(counts)
        assert got[f"{name}_on_path_min"] == min(counts)
        assert got[f"{name}_on_path_mean"] == pytest.approx(np.mean(counts), abs=1e-6)
        for times in range(6):
            assert got[f"paths_with_{times}_{name}"] == counts.count(times)


@given(nasbench101_cells())
def test_walks_are_what_their_meaning_says(cell):
    cell = cell.pruned()
    got = values(cell)
    degrees = [sum(row) for row in cell.matrix]
    every = paths(cell)
    chances = [math.prod(1 / degrees[v] for v in path[:-1]) for path in every]
    assert sum(chances) == pytest.approx(1)
    counts = [sum(SHORT[cell.operations[v]] == "conv3x3" for v in path[1:-1]) for path in every]
    mean = np.dot(chances, counts)
    spread = math.sqrt(np.dot(chances, (np.array(counts) - mean) ** 2))
    assert got["walk_forth_conv3x3_mean"] == pytest.approx(mean, abs=1e-5)
    assert got["walk_forth_conv3x3_deviation"] == pytest.approx(spread, abs=1e-3)
    none = sum(chance for chance, n in zip(chances, counts, strict=True) if n == 0)
    assert got["walk_forth_conv3x3_0"] == pytest.approx(none, abs=1e-5)


GAINS = {
    "signal_9_1_1": (9, 1, 1),
    "signal_9_1_02": (9, 1, 0.2),
    "signal_3_15_05": (3, 1.5, 0.5),
    "signal_2_2_05": (2, 2, 0.5),
}


def shares(cell):
    """Each vertex's channels as a share of the output's: split among those that feed the output."""
    last = cell.nodes - 1
    feeders = sum(cell.matrix[v][last] for v in range(1, last))
    share = {last: 1.0}
    for v in range(last - 1, 0, -1):
        fed = [share[w] for w in range(v + 1, last) if cell.matrix[v][w]]
        share[v] = 1 / feeders if cell.matrix[v][last] else max(fed)
    return share


@given(nasbench101_cells())
def test_signals_are_sums_over_paths(cell):
    cell = cell.pruned()
    got = values(cell)
    share = shares(cell) | {0: 1.0}
    assert {name for name in NAMES if name.startswith("signal_")} == set(GAINS)
    for name, gains in GAINS.items():
        gain = dict(zip(SHORT, gains, strict=True))
        arriving = [
            # The last vertex before the output brings its share of the channels.
            share[path[-2]] * math.prod(gain[cell.operations[v]] for v in path[1:-1])
            for path in paths(cell)
        ]
        assert got[name] == pytest.approx(math.log(sum(arriving) + 1e-3), rel=1e-4, abs=1e-4)


@given(nasbench101_cells())
def test_the_walk_back_follows_the_channels(cell):
    cell = cell.pruned()
    got = values(cell)
    last = cell.nodes - 1
    share = shares(cell)

    def step(u, v):
        """Chance of the step from v back to u."""
        weights = {w: share[w] if v == last and w else 1.0 for w in range(v) if cell.matrix[w][v]}
        return weights[u] / sum(weights.values())

    every = paths(cell)
    chances = [math.prod(step(u, v) for u, v in pairwise(path)) for path in every]
    counts = [sum(SHORT[cell.operations[v]] == "maxpool" for v in path[1:-1]) for path in every]
    assert sum(chances) == pytest.approx(1)
    assert got["walk_back_maxpool_mean"] == pytest.approx(np.dot(chances, counts), abs=1e-5)
    for number in range(3):
        chance = sum(c for c, n in zip(chances, counts, strict=True) if n == number)
        assert got[f"walk_back_maxpool_{number}"] == pytest.approx(chance, abs=1e-5)


@given(nasbench101_cells())
def test_trigrams_are_what_their_meaning_says(cell):
    cell = cell.pruned()
    got = values(cell)
    names = [SHORT.get(name, name) for name in cell.operations]
    size = range(cell.nodes)
    found: dict[str, int] = {}
    for u in size:
        for v in size:
            for w in size:
                if cell.matrix[u][v] and cell.matrix[v][w]:
                    key = f"edges_{names[u]}_{names[v]}_{names[w]}"
                    found[key] = found.get(key, 0) + 1
    trigrams = [name for name in NAMES if name.startswith("edges_") and "_to_" not in name]
    assert len(trigrams) == 48
    assert {name: got[name] for name in trigrams if got[name]} == found


@given(nasbench101_cells())
def test_the_walk_back_and_the_walk_forth_agree_where_no_vertex_branches(cell):
    got = values(cell)
    if got["paths"] == 1:
        for name in ("conv3x3", "conv", "maxpool", "any"):
            assert got[f"walk_back_{name}_mean"] == got[f"walk_forth_{name}_mean"]
            assert got[f"walk_back_{name}_deviation"] == 0


@given(st.data())
def test_no_feature_depends_on_the_numbering(data):
    cell = data.draw(nasbench101_cells())
    other = data.draw(renumberings(cell))
    one, two = (TOPOLOGY.matrix([text.format()])[:, 0] for text in (cell, other))
    # Sums of fractions may be taken in another order.
    np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5)


@settings(max_examples=30)  # of up to 10 cells each
@given(st.lists(nasbench101_cells(), min_size=1, max_size=10))
def test_a_cells_features_do_not_depend_on_its_company(several):
    texts = [cell.format() for cell in several]
    together = TOPOLOGY.matrix(texts)
    for place, text in enumerate(texts):
        np.testing.assert_allclose(
            together[:, place], TOPOLOGY.matrix([text])[:, 0], rtol=1e-6, atol=1e-6
        )


def test_parameters_are_the_analytic_ones_where_channels_divide_evenly():
    cell = nasbench101.parse(README_CELL)
    feeders = [v for v in range(1, 6) if cell.matrix[v][6]]
    assert 128 % len(feeders) == 0
    logarithm = values(cell)["parameters_log"]
    assert logarithm == pytest.approx(math.log(cell.parameters / 1e6), abs=1e-6)


def test_every_way_of_a_chain_is_the_same():
    # Input, three 3x3 convolutions in a row, output.
    rows = [[int(v == u + 1) for v in range(5)] for u in range(5)]
    chain = nasbench101.from_matrix(rows, ["input", *["conv3x3-bn-relu"] * 3, "output"])
    got = values(chain)
    assert all(chain.matrix[u][v] for u, v in pairwise(range(5)))
    assert got["conv3x3_input_far_mean"] == got["conv3x3_output_far_mean"] == 2
    assert got["walk_back_conv3x3_mean"] == 3
    assert got["signal_9_1_1"] == pytest.approx(math.log(729.001), abs=1e-5)
    assert got["view_max"] == got["view_min"] == 6
    assert got["conv3x3_before_conv3x3"] == 3
    assert got["vertices_side_by_side"] == 0
    assert got["largest_path_plain"] == 3


def _all_cells(real_data):
    path = real_data / "nasbench101" / "measurements.parquet"
    table = pl.read_parquet(path, columns=["module_hash", "adjacency", "operations"])
    table = table.unique(subset="module_hash").sort("module_hash")
    return (table["adjacency"] + ":" + table["operations"]).to_list()


@pytest.mark.realdata
@pytest.mark.slow
def test_all_cells_are_quick(real_data):
    texts = _all_cells(real_data)
    start = time.process_time()
    matrix = TOPOLOGY.matrix(texts)
    assert time.process_time() - start < 20
    assert matrix.shape == (342, 423_624)
    assert np.isfinite(matrix).all()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_all_cells_fit_two_gibibytes():
    # Not ru_maxrss, which a process takes over from the one that started it.
    code = """
from mbml.features.topology.nasbench101 import TOPOLOGY
from mbml.spaces.nasbench101.classes import class_texts
TOPOLOGY.matrix([":".join(pair) for pair in class_texts()])
[line] = [one for one in open("/proc/self/status") if one.startswith("VmHWM")]
print(line.split()[1])  # kibibytes
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(result.stdout) < 2 * 1024 * 1024


@pytest.mark.realdata
@pytest.mark.slow
def test_a_boosted_model_reaches_the_target(real_data):
    from scipy.stats import kendalltau
    from xgboost import XGBRegressor

    path = real_data / "nasbench101" / "measurements.parquet"
    table = pl.read_parquet(path).filter(pl.col("schedule_epochs") == 108)
    table = table.sort("module_hash").sample(60_000, seed=0)
    rows = TOPOLOGY.matrix((table["adjacency"] + ":" + table["operations"]).to_list()).T
    accuracy = table["test_accuracy"].to_numpy()
    train = accuracy[:424]
    target = -np.log(1 - np.maximum(train, np.quantile(train, 0.05)))
    model = XGBRegressor(
        n_estimators=800,
        max_depth=4,
        learning_rate=0.03,
        subsample=0.6,
        colsample_bytree=0.2,
        min_child_weight=2,
        n_jobs=1,
        random_state=0,
    ).fit(rows[:424], target)
    assert kendalltau(model.predict(rows[424:]), accuracy[424:]).statistic > 0.79
