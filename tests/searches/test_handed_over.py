"""What a search hands over: raw, by its strategy, and after second trials."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.errors import UsageError
from mbml.predictors.gp import MaternGP
from mbml.predictors.transforms import LogError
from mbml.searches.candidates import HandOver, Query
from mbml.searches.clock import Budget
from mbml.searches.problem import search_problem
from mbml.searches.run import Run, StrategyError, play
from mbml.searches.search import search
from mbml.searches.summary import summarise_search
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
CELLS = 120
VALID = [0.5, 0.7, 0.6, 0.8]
TEST = [0.9, 0.3, 0.4, 0.2]


@pytest.fixture
def four(problem_of):
    rows = nasbench201_rows(4, valid_accuracy=pl.Series(VALID), test_accuracy=pl.Series(TEST))
    return problem_of(VIEW, rows, amount=3)


def rows_of(problem, steps, name="chosen_arch_id"):
    ids = problem.candidates.keys["arch_id"].to_list()
    return [ids.index(getattr(step, name)) for step in steps]


def test_a_strategy_that_hands_nothing_over_leaves_the_raw_choice(four):
    steps = play(four, lambda *_: (Query(row) for row in range(4)), seed=0)
    assert rows_of(four, steps) == [0, 1, 1]
    for step in steps:
        assert step.chosen_arch_id == step.incumbent_arch_id
        assert step.chosen_test_accuracy == step.raw_test_accuracy
        assert step.chosen_valid_accuracy == step.raw_valid_accuracy


def test_what_is_handed_over_stays_until_another_is_and_the_last_answer_counts(four):
    def choosy(*_):
        for row in range(4):
            yield Query(row)
            if row != 1:
                yield HandOver(row)

    steps = play(four, choosy, seed=0)
    assert rows_of(four, steps) == [0, 0, 2]
    assert [step.chosen_test_accuracy for step in steps] == [0.9, 0.9, 0.4]
    assert [step.chosen_valid_accuracy for step in steps] == [0.5, 0.5, 0.6]
    assert [step.raw_test_accuracy for step in steps] == [0.9, 0.3, 0.3]
    assert [step.oracle_test_accuracy for step in steps] == [0.9] * 3


@pytest.mark.parametrize("row", [3, -1, "x", None])
def test_only_what_was_trained_can_be_handed_over(four, row):
    def wrong(*_):
        yield Query(0)
        yield HandOver(row)

    with pytest.raises(StrategyError, match=r"after query 1: .* cannot be handed over"):
        play(four, wrong, seed=0)


@pytest.fixture(scope="module")
def path(new_warehouse, tmp_path_factory):
    """Two trials of each cell; accuracies follow from its edges, but for twelve lucky cells."""
    folder = tmp_path_factory.mktemp("handed_over")
    edges = np.arange(CELLS)[:, None] // 5 ** np.arange(3) % 5
    valid = 0.5 + 0.02 * edges.sum(axis=1) + np.random.default_rng(5).normal(0, 0.015, CELLS)
    valid[np.random.default_rng(5).choice(CELLS, 12, replace=False)] = 0.785
    with new_warehouse(folder / "w.duckdb") as warehouse:
        for trial, more in ((777, 0.0), (888, 0.05)):
            rows = nasbench201_rows(
                CELLS, trial=trial, valid_accuracy=pl.Series(valid + more), train_seconds=1.0
            )
            load_rows(warehouse, rows, folder / f"{trial}.parquet")
    return folder / "w.duckdb"


@pytest.fixture(scope="module")
def guided(path):
    return search(path, VIEW, strategy="guided", budget=62, seeds=[1])


def log_errors(steps):
    values = np.array([step.value for step in steps])[:, None]
    return LogError(floor_quantile=0.4).fit_transform(values)[:, 0]


def scores(problem, steps, fitted):
    """By a process of its own: hyperparameters on the first so many steps, posterior on all."""
    rows, x = rows_of(problem, steps, "arch_id"), problem.candidates.features.matrix
    process = MaternGP(weight_spread=1.5, max_iter=25)
    process.fit(x[rows[:fitted]], log_errors(steps[:fitted]))
    process.condition(x[rows], log_errors(steps))
    return 0.3 * log_errors(steps) + 0.7 * process.predict(x[rows])


@pytest.mark.parametrize("queries", [50, 60, 62])
def test_guided_weighs_its_own_measurement_and_the_posterior_of_all(guided, queries):
    problem, [trace] = guided.problem, guided.traces
    steps = trace.steps[:queries]
    # 5 cells between two fits.
    best = np.argmax(scores(problem, steps, queries // 5 * 5))
    assert steps[-1].chosen_arch_id == steps[best].arch_id


def test_finalists_are_the_first_by_these_scores(path):
    found = search(
        path, VIEW, strategy="guided", budget=70, one_trial=True, settings={"confirm": 15}
    )
    steps = found.traces[0].steps
    order = np.argsort(-scores(found.problem, steps[:55], 55), kind="stable")[:15]
    assert [step.arch_id for step in steps[55:]] == [steps[place].arch_id for place in order]


def test_guided_hands_over_the_raw_choice_up_to_49_queries(guided):
    [trace] = guided.traces
    # From then on the best is a lucky cell, and its neighbours say so.
    differ = [step.chosen_arch_id != step.incumbent_arch_id for step in trace.steps]
    assert not any(differ[:49])
    assert all(differ[49:])
    assert (
        "0.3 of its own valid_accuracy" in summarise_search(guided)["rules"]["chosen_test_accuracy"]
    )


def test_a_shorter_search_hands_over_what_a_longer_one_would_have(path, guided):
    [short] = search(path, VIEW, strategy="guided", budget=53, seeds=[1]).traces
    assert short.steps == guided.traces[0].steps[:53]


def test_stored_runs_come_back_with_what_they_handed_over(path, guided):
    again = search(path, VIEW, strategy="guided", budget=62, seeds=[1])
    assert again.stored == 1
    assert again.traces[0].steps == guided.traces[0].steps


@pytest.mark.parametrize("budget", [20, 53])
def test_finalists_are_confirmed_within_the_budget(path, budget):
    found = search(
        path, VIEW, strategy="guided", budget=budget, one_trial=True, settings={"confirm": 3}
    )
    [trace], ids = found.traces, found.problem.candidates.keys["arch_id"].to_list()
    first, second = trace.steps[:-3], trace.steps[-3:]
    asked = {step.arch_id: step.value for step in first}
    assert len(asked) == len(first) == budget - 3
    assert trace.steps[-1].spent.queries == budget
    for step in second:
        both = found.problem.observations[200].values[ids.index(step.arch_id)]
        assert sorted([asked[step.arch_id], step.value]) == sorted(both)
        assert step.cost.queries == 1
        assert step.raw_test_accuracy == first[-1].raw_test_accuracy
    assert len({step.arch_id for step in second}) == 3
    assert trace.steps[-1].chosen_arch_id in {step.arch_id for step in second}
    if budget < 50:
        means = {step.arch_id: asked[step.arch_id] + step.value for step in second}
        assert trace.steps[-1].chosen_arch_id == max(means, key=means.get)


@pytest.mark.parametrize("seed", [0, 2])
def test_second_trials_count_though_the_budget_ends_among_them(path, seed):
    [trace] = search(
        path,
        VIEW,
        strategy="guided",
        budget=14,
        seeds=[seed],
        one_trial=True,
        settings={"confirm": 9},
    ).traces
    first, second = trace.steps[:10], trace.steps[10:]
    trials = {step.arch_id: [step.value] for step in first}
    finalists = sorted(trials, key=lambda one: -trials[one][0])[:9]
    assert [step.arch_id for step in second] == finalists[:4]
    for step in second:
        trials[step.arch_id].append(step.value)
        means = {one: fmean(trials[one]) for one in trials if one in finalists}
        assert step.chosen_arch_id == max(means, key=means.get)


def test_a_query_of_the_mean_leaves_no_second_trial(path):
    with pytest.raises(UsageError, match="ask for one trial a query"):
        search(path, VIEW, strategy="guided", settings={"confirm": 3})


def test_cells_of_one_trial_cannot_be_confirmed(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(40, trial=777), tmp_path / "rows.parquet")
    with pytest.raises(UsageError, match="one trial alone of 40 of its 40"):
        search(
            warehouse, VIEW, strategy="guided", budget=9, one_trial=True, settings={"confirm": 3}
        )


def test_a_second_trial_is_refused_where_there_is_none(path, four):
    run = Run(four)
    run.query(0)
    with pytest.raises(StrategyError, match="no second trial"):
        run.query(0, again=True)
    with open_warehouse(path) as warehouse:
        problem = search_problem(warehouse, VIEW, budget=Budget(9), one_trial=True)
    run = Run(problem)
    with pytest.raises(StrategyError, match="no second trial"):
        run.query(1, again=True)
    run.query(1)
    run.query(1, again=True)
    with pytest.raises(StrategyError, match="asked for before, in query 2"):
        run.query(1, again=True)
