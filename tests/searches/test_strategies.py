"""Rules that every strategy keeps, and what each is for."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import polars as pl
import pytest
from strategies_of_ones_own import first_come
from tables import load_rows, nasbench201_rows

from mbml.errors import UsageError
from mbml.searches.clock import Budget
from mbml.searches.problem import search_problem
from mbml.searches.run import play
from mbml.searches.strategies import guided, optuna
from mbml.searches.strategies.registry import NAMES, strategy
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
CELLS = 250
EPOCHS = (12, 36, 200)
#: Optuna takes some seconds a run: in the small space of these tests it mostly draws other cells.
#: These take longest.
SLOW = ("optuna", "npenas", "bananas")
ALL = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in NAMES]


def table(secret):
    """The same target whatever the secret, and all other outcomes by the secret."""
    rng = np.random.default_rng(5)
    tables = []
    for epoch in EPOCHS:
        valid = rng.uniform(0.2, 0.9, CELLS)
        hidden = np.random.default_rng([secret, epoch]).uniform(0.2, 0.9, CELLS)
        tables.append(
            nasbench201_rows(
                CELLS,
                epoch=epoch,
                valid_accuracy=pl.Series(valid),
                test_accuracy=pl.Series(hidden),
                train_seconds=epoch * 1.5,
                train_accuracy=pl.Series(hidden[::-1]),
                valid_test_accuracy=pl.Series(hidden**2),
                parameters=pl.int_range(CELLS) * 7919 % 1000 + 100,
            )
        )
    return pl.concat(tables)


@pytest.fixture(scope="module")
def problems(new_warehouse, tmp_path_factory):
    """Make a problem for a strategy on either of two tables that differ in hidden outcomes."""
    folder = tmp_path_factory.mktemp("problems")
    for secret in (1, 2):
        with new_warehouse(folder / f"{secret}.duckdb") as warehouse:
            load_rows(warehouse, table(secret), folder / f"{secret}.parquet")

    def make(name, secret=1, amount=40.0):
        chosen = strategy(name)
        with open_warehouse(folder / f"{secret}.duckdb") as warehouse:
            problem = search_problem(
                warehouse,
                VIEW,
                budget=Budget(amount),
                features=chosen.features,
                earlier_epochs=chosen.earlier_epochs,
                objectives=("parameters",),
            )
        return problem, partial(chosen.play, **chosen.with_settings({}))

    return make


@pytest.mark.parametrize("name", ALL)
def test_no_strategy_is_led_by_a_hidden_outcome(problems, name):
    asked = [
        [step[:3] for step in play(*problems(name, secret), seed=3, name=name)] for secret in (1, 2)
    ]
    assert len(asked[0]) > 20
    assert asked[0] == asked[1]


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_asks_the_same_and_another_seed_something_else(problems, name):
    problem, chosen = problems(name)
    first, again, other = (play(problem, chosen, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert [step.arch_id for step in first] != [step.arch_id for step in other]


@pytest.mark.parametrize("name", ALL)
def test_the_budget_is_used_and_never_passed(problems, name):
    problem, chosen = problems(name)
    spent = play(problem, chosen, seed=0)[-1].spent.queries
    assert 39 < spent <= 40 + 1e-9


@pytest.mark.parametrize("name", ["random", "local", "evolution", "nsga2", "rank_once"])
def test_a_budget_of_everything_asks_for_everything(problems, name):
    problem, chosen = problems(name, amount=float(CELLS))
    whole = {step.arch_id for step in play(problem, chosen, seed=0) if step.epoch == EPOCHS[-1]}
    assert len(whole) == CELLS


def test_nothing_hidden_can_be_reached_from_what_a_strategy_is_given(problems):
    problem, _ = problems("guided")
    given = pickle.dumps(problem.candidates)
    hidden = [problem.test, problem.valid, *(look.values for look in problem.observations.values())]
    for outcomes in hidden:
        for value in outcomes[:20]:
            assert np.float64(value).tobytes() not in given
    # The same look finds what is there.
    assert np.uint32(problem.candidates.keys["arch_id"][7]).tobytes() in given


def test_ten_lines_are_a_strategy(problems):
    problem, _ = problems("random", amount=9.0)
    steps = play(problem, first_come, seed=0)
    assert [step.arch_id for step in steps] == problem.candidates.keys["arch_id"][:9].to_list()
    assert max(step.value for step in steps) == steps[-1].incumbent_value


def test_local_search_moves_to_better_neighbours(problems):
    problem, chosen = problems("local")
    rows = {arch_id: row for row, arch_id in enumerate(problem.candidates.keys["arch_id"])}
    starts = 0
    for seed in range(8):
        first, second = (rows[step.arch_id] for step in play(problem, chosen, seed=seed)[:2])
        around = problem.candidates.neighbours(first)
        starts += bool(around)
        assert second in around or not around
    assert starts


@pytest.mark.slow
def test_guided_search_of_a_large_space_finds_one_of_the_best(problem_of):
    """Past 20,000 candidates it looks at a short list: here the size space, wide layers good."""
    widths = pl.DataFrame({"width": range(8, 65, 8)})
    cells = widths.select(pl.col("width").alias("0"))
    for layer in range(1, 5):
        cells = cells.join(widths.select(pl.col("width").alias(str(layer))), how="cross")
    rows = cells.select(
        arch_str=pl.concat_str(pl.all().cast(pl.String), separator=":"),
        benchmark=pl.lit("natsbench_sss"),
        dataset=pl.lit("cifar10-valid"),
        schedule_epochs=12,
        trial=0,
        epoch=12,
        valid_accuracy=0.5 + pl.sum_horizontal(pl.all().log(2)) / 100,
    )
    chosen = strategy("guided")
    view = "meta_natsbench_sss_cifar10valid_12epochs"
    problem = problem_of(view, rows, amount=30, features=chosen.features)
    assert len(problem.candidates) == 8**5
    steps = play(problem, partial(chosen.play, **chosen.with_settings({})), seed=0)
    assert (rows["valid_accuracy"] > steps[-1].incumbent_value).sum() < 8**5 / 1000


def test_optuna_asks_for_another_cell_once_it_has_missed_often(problems, monkeypatch):
    """Most of what it draws are no candidates here, so that patience decides about the rest."""
    monkeypatch.setattr(optuna, "_PATIENCE", 3)
    problem, chosen = problems("optuna", amount=12.0)
    first, again, other = (play(problem, chosen, seed=seed) for seed in (0, 0, 1))
    assert len({step.arch_id for step in first}) == len(first) == 12
    assert first == again
    assert [step.arch_id for step in first] != [step.arch_id for step in other]
    monkeypatch.setattr(optuna, "_PATIENCE", 1)
    assert play(problem, chosen, seed=0) != first


def test_guided_search_of_a_short_list_asks_for_what_it_would_ask_of_the_whole_space(
    problems, monkeypatch
):
    """A list as long as the space leaves nothing out; a short one keeps the best-predicted."""
    problem, chosen = problems("guided")
    whole = [step.arch_id for step in play(problem, chosen, seed=0)]
    monkeypatch.setattr(guided, "_SHORT_LIST", CELLS // 2 - 1)
    monkeypatch.setattr(guided, "_POOL", CELLS)
    listed = [step.arch_id for step in play(problem, chosen, seed=0)]
    assert len(set(listed)) == len(listed) == len(whole)
    assert listed[:15] == whole[:15]
    monkeypatch.setattr(guided, "_SHORT_LIST", 10)
    monkeypatch.setattr(guided, "_POOL", 40)
    short = [step.arch_id for step in play(problem, chosen, seed=0)]
    assert len(set(short)) == len(short) == len(whole)
    assert short != whole


def test_settings_change_what_is_asked(problems):
    problem, _ = problems("evolution")
    small = strategy("evolution").with_settings({"population": 5, "tournament": 2})
    steps = play(problem, partial(strategy("evolution").play, **small), seed=0)
    default = play(*problems("evolution"), seed=0)
    assert [one.arch_id for one in steps[:5]] == [one.arch_id for one in default[:5]]
    assert [one.arch_id for one in steps] != [one.arch_id for one in default]


def test_features_that_cost_training_are_refused():
    with pytest.raises(UsageError, match="works without features"):
        strategy("local", features="topology")
