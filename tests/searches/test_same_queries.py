"""What each strategy asked for when its version was written, a seed asks for as long as it stands.

Runs are kept in warehouses under the version of their strategy. Whoever changes what a seed asks
for raises `Strategy.version` and writes down the new queries here.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.searches.clock import Budget
from mbml.searches.problem import search_problem
from mbml.searches.run import play
from mbml.searches.strategies.registry import NAMES, strategy
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
CELLS = 250
EPOCHS = (12, 36, 200)
SMALL = {"initial": 8, "batch": 3, "mutants": 9}

# fmt: off
ASKED = [
    ("random", {}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 0, 159, 72, 103, 39, 200, 170, 6,
        212, 17, 223, 180, 92, 119, 84, 208, 198, 142, 25, 152,
    ]),
    ("local", {}, 1, [
        141, 174, 109, 247, 243, 111, 204, 132, 49, 206, 41, 70, 210, 0, 159, 72, 103, 39,
        200, 170, 91, 6, 212, 65, 17, 223, 95, 180, 77, 92,
    ]),
    ("evolution", {}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 0, 159, 72, 103, 39, 200, 170, 6,
        212, 17, 223, 180, 92, 119, 84, 208, 198, 142, 25, 152,
    ]),
    ("evolution", {"population": 4, "tournament": 2}, 1, [
        141, 174, 109, 247, 104, 128, 205, 84, 86, 116, 243, 111, 204, 206, 194, 85, 41,
        114, 151, 70, 210, 195, 0, 159, 33, 83, 208, 72, 69, 103,
    ]),
    ("nsga2", {}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 0, 159, 72, 103, 39, 200, 170, 6,
        212, 17, 29, 90, 91, 232, 37, 110, 33, 245, 142, 31,
    ]),
    ("nsga2", {"population": 6}, 1, [
        141, 174, 109, 247, 243, 111, 0, 29, 90, 163, 56, 168, 230, 116, 186, 76, 31, 178,
        193, 152, 143, 179, 181, 96, 134, 113, 159, 129, 246, 117,
    ]),
    ("successive_halving", {"rungs": 2}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 0, 159, 72, 103, 39, 200, 170, 6,
        212, 17, 223, 180, 92, 119, 84, 208, 198, 142, 25, 152, 54, 36, 236, 75, 124, 240,
        5, 65, 117, 150, 129, 162, 224, 229, 83, 74, 190, 13, 91, 226, 132, 93, 179, 222,
        52, 216, 139, 68, 173, 241, 144, 205, 60, 118, 122, 71, 227, 98, 218, 155, 147, 97,
        10, 193, 123, 138, 35, 151, 192, 225, 89, 194, 209, 109, 241, 54, 92, 70, 10, 142,
        247, 147, 192, 208, 225, 224, 236, 98, 102, 94, 15, 116, 80, 42, 220, 161, 100, 199,
        53, 149, 50, 167, 235,
    ]),
    ("hyperband", {}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 0, 159, 72, 103, 39, 200, 170, 6,
        212, 17, 223, 180, 92, 119, 84, 208, 198, 142, 25, 152, 54, 36, 236, 75, 124, 240,
        5, 65, 117, 150, 129, 162, 224, 229, 83, 74, 190, 13, 91, 226, 132, 93, 179, 222,
        52, 111, 243, 206, 162, 5, 52, 129, 74, 41, 247, 92, 70, 224, 236, 93, 159, 170,
        180, 92, 70, 247, 216, 139, 68, 173, 241, 144, 205, 60, 118, 122, 71, 227, 98, 218,
        155, 147, 97, 10, 193, 123, 138, 35, 151, 192, 225, 89, 194, 241, 10, 147, 192, 225,
        209, 102, 94, 15, 116, 80, 42, 220, 161, 100, 199, 53, 149, 50, 167, 235, 131, 215,
        9, 106, 28, 90, 99, 126, 87, 18, 37, 160, 172, 195, 16, 47, 105, 43, 44, 8, 171, 64,
        230, 110, 82, 237, 30, 238, 165, 130, 244, 133, 1, 189, 2, 211, 213, 201, 112, 11,
        140, 48, 203, 88, 135, 23,
    ]),
    ("rank_once:linear_regression", {}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 0, 159, 72, 103, 39, 200, 170, 6,
        212, 17, 223, 180, 92, 119, 84, 208, 198, 138, 26, 136,
    ]),
    ("rank_once:linear_regression", {"initial": 20}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 0, 159, 72, 103, 39, 200, 170, 6,
        212, 17, 26, 138, 173, 88, 136, 149, 27, 25, 1, 90,
    ]),
    ("npenas:linear_regression", {}, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 41, 70, 88, 50, 173, 100, 112, 90, 125, 187,
        210, 16, 87, 126, 26, 200, 186, 118, 27, 151, 55, 182,
    ]),
    ("npenas:linear_regression", SMALL, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 90, 153, 176, 28, 233, 27, 186, 66, 125, 29,
        198, 9, 106, 232, 188, 57, 4, 208, 126, 114, 144, 26,
    ]),
    ("bananas:gp", SMALL, 1, [
        141, 174, 109, 247, 243, 111, 204, 206, 80, 90, 176, 219, 59, 69, 209, 125, 32, 4,
        218, 121, 62, 173, 246, 189, 229, 15, 157, 46, 154, 158,
    ]),
    ("guided", {}, 2, [
        205, 203, 154, 124, 65, 10, 4, 75, 43, 18, 86, 39, 226, 84, 48, 151, 45, 188, 24,
        167, 118, 149, 76, 58, 89, 128, 153, 180, 102, 228,
    ]),
    ("guided", {"initial": 8, "batch": 3, "floor_quantile": 0.2}, 2, [
        206, 18, 4, 125, 76, 66, 10, 155, 170, 131, 173, 91, 95, 75, 221, 30, 101, 94, 188,
        111, 43, 226, 165, 179, 116, 112, 42, 82, 100, 148,
    ]),
]
# fmt: on


def table():
    """A curve of the cells' numbers for each epoch: no two accuracies are close."""
    number = np.arange(CELLS)
    return pl.concat(
        nasbench201_rows(
            CELLS,
            epoch=epoch,
            valid_accuracy=pl.Series(
                0.5 + 0.3 * np.sin(number * epoch / 7) + 0.05 * np.cos(number**2)
            ),
            test_accuracy=0.5,
            train_seconds=float(epoch),
            parameters=pl.int_range(CELLS) * 7919 % 1000 + 100,
        )
        for epoch in EPOCHS
    )


@pytest.fixture(scope="module")
def path(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("same_queries")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, table(), folder / "rows.parquet")
    return folder / "w.duckdb"


@pytest.mark.parametrize(("name", "settings", "version", "asked"), ASKED)
def test_a_seed_asks_for_what_it_asked_for_when_the_version_was_written(
    path, name, settings, version, asked
):
    chosen = strategy(name)
    with open_warehouse(path) as warehouse:
        problem = search_problem(
            warehouse,
            VIEW,
            budget=Budget(30.0),
            features=chosen.features,
            earlier_epochs=chosen.earlier_epochs,
            objectives=chosen.objectives,
        )
    steps = play(problem, partial(chosen.play, **chosen.with_settings(settings)), seed=0)
    ids = problem.candidates.keys["arch_id"].to_list()
    assert chosen.version == version
    assert [ids.index(step.arch_id) for step in steps] == asked


def test_every_strategy_of_mbml_is_written_down():
    """But for Optuna, whose draws are its own affair."""
    assert {name.partition(":")[0] for name, *_ in ASKED} == set(NAMES) - {"optuna"}
