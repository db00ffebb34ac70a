"""What queries cost: in each unit, at earlier epochs, resumed, and for equivalent cells."""

from __future__ import annotations

import polars as pl
import pytest
from tables import NASBENCH101_CELLS, load_rows, nasbench101_rows, nasbench201_rows

from mbml.errors import UsageError
from mbml.searches.clock import Budget
from mbml.searches.problem import search_problem
from mbml.searches.run import BudgetSpentError, Run, StrategyError
from mbml.spaces import nasbench201

VIEW = "meta_nasbench201_cifar100_200epochs"


def curves(cells, **columns):
    """Rows after 12, 36 and 200 epochs; an epoch takes as many seconds as the cell's number + 1."""
    number = pl.int_range(pl.len()) % cells + 1
    rows = pl.concat(
        nasbench201_rows(cells, epoch=epoch, valid_accuracy=epoch / 1000 + pl.int_range(cells) / 99)
        for epoch in (12, 36, 200)
    )
    return rows.with_columns(train_seconds=(pl.col("epoch") * number).cast(float), **columns)


def test_a_training_costs_one_query_its_epochs_and_its_seconds(problem_of):
    run = Run(problem_of(VIEW, curves(6)))
    assert run.query(2) == pytest.approx(0.2 + 2 / 99)
    assert run.steps[0].cost == (1, 200, 600)
    run.query(0)
    assert run.spent == (2, 400, 800)


def test_a_training_goes_on_from_an_earlier_look(problem_of):
    run = Run(problem_of(VIEW, curves(6), earlier_epochs=True))
    assert run.candidates.epochs == (12, 36, 200)
    assert run.query(1, 12) == pytest.approx(0.012 + 1 / 99)
    run.query(1, 200)
    assert [step.cost.epochs for step in run.steps] == [12, 188]
    assert [step.cost.seconds for step in run.steps] == [24, 376]
    assert run.spent.queries == pytest.approx(1)
    # The training has passed there, so that looking back costs nothing.
    run.query(1, 36)
    assert run.steps[-1].cost == (0, 0, 0)


def test_only_whole_trainings_choose_and_count_for_the_oracle(problem_of):
    run = Run(problem_of(VIEW, curves(6), earlier_epochs=True))
    run.query(5, 12)
    assert run.steps[-1].incumbent_arch_id is None
    run.query(0)
    assert run.steps[-1].oracle_test_accuracy == pytest.approx(0.4)


def test_the_best_so_far_is_the_first_of_equals_and_the_oracle_a_maximum(problem_of):
    rows = nasbench201_rows(5).with_columns(
        valid_accuracy=pl.Series([0.5, 0.7, 0.7, 0.6, 0.8]),
        test_accuracy=pl.Series([0.9, 0.3, 0.4, 0.95, 0.2]),
    )
    run = Run(problem_of(VIEW, rows))
    ids = run.candidates.keys["arch_id"].to_list()
    for row in range(5):
        run.query(row)
    stand = [
        (
            ids.index(one.incumbent_arch_id),
            one.incumbent_value,
            one.chosen_valid_accuracy,
            one.chosen_test_accuracy,
        )
        for one in run.steps
    ]
    assert stand == [
        (0, 0.5, 0.5, 0.9),
        (1, 0.7, 0.7, 0.3),
        (1, 0.7, 0.7, 0.3),
        (1, 0.7, 0.7, 0.3),
        (4, 0.8, 0.8, 0.2),
    ]
    assert [one.oracle_test_accuracy for one in run.steps] == [0.9, 0.9, 0.9, 0.95, 0.95]


def test_a_search_for_test_accuracy_tells_the_validation_of_what_it_chose(problem_of):
    rows = nasbench201_rows(3).with_columns(
        valid_accuracy=pl.Series([0.9, 0.1, 0.2]), test_accuracy=pl.Series([0.3, 0.8, 0.5])
    )
    run = Run(problem_of(VIEW, rows, target="test_accuracy", amount=3))
    values = [run.query(row) for row in range(3)]
    assert values == [0.3, 0.8, 0.5]
    last = run.steps[-1]
    assert (last.incumbent_value, last.chosen_valid_accuracy, last.chosen_test_accuracy) == (
        0.8,
        0.1,
        0.8,
    )


def test_the_shorter_trainings_of_nasbench101_are_paid_in_full(problem_of):
    tables = (
        nasbench101_rows(schedule_epochs=epochs, epoch=epochs, valid_accuracy=epochs / 200)
        for epochs in (4, 36, 108)
    )
    run = Run(
        problem_of("meta_nasbench101_108epochs", *tables, earlier_epochs=True, amount=3),
    )
    assert run.candidates.epochs == (4, 36, 108)
    for epoch in (4, 36, None):
        run.query(0, epoch)
    assert run.spent.epochs == 4 + 36 + 108


def test_the_half_time_of_nasbench101_is_a_look_at_the_same_training(problem_of):
    half = nasbench101_rows(epoch=54, valid_accuracy=0.5)
    rows = pl.concat([half, nasbench101_rows(valid_accuracy=0.9)])
    run = Run(problem_of("meta_nasbench101_108epochs", rows, earlier_epochs=True, amount=3))
    assert run.candidates.epochs == (54, 108)
    assert run.query(2, 54) == 0.5
    run.query(2)
    assert run.spent.epochs == 108


def test_a_run_ends_before_the_query_that_its_budget_does_not_pay_for(problem_of):
    run = Run(problem_of(VIEW, curves(6), amount=1000, unit="seconds"))
    run.query(1)
    with pytest.raises(BudgetSpentError, match="1000 seconds are spent after 1 queries"):
        run.query(5)
    assert len(run.steps) == 1
    assert not run.is_over
    run.query(2)
    assert run.is_over


def twins():
    """The first three cells of one function, then one of another, with their accuracies."""
    cells = [nasbench201.parse(text) for text in nasbench201.official_order()]
    same = [one for one in cells if one.functional_id == "#"][:3]
    texts = [one.format() for one in (*same, cells[0])]
    return nasbench201_rows(4).with_columns(arch_str=pl.Series(texts))


def test_equivalent_cells_cost_once_if_asked_so(problem_of):
    problem = problem_of(VIEW, twins(), amount=2, equivalents_once=True)
    numbers = problem.candidates.functions
    twin = [row for row in range(4) if (numbers == numbers[row]).sum() == 3]
    run = Run(problem)
    first = run.query(twin[2])
    # No training takes place, so that nothing new is learnt of the twin.
    assert run.query(twin[0]) == first
    assert run.spent.queries == 1
    assert run.steps[1].oracle_test_accuracy == run.steps[0].oracle_test_accuracy


def test_a_second_trial_of_equivalent_cells_costs_once(new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        for trial in (777, 888):
            rows = twins().with_columns(trial=pl.lit(trial))
            load_rows(warehouse, rows, tmp_path / f"{trial}.parquet")
        problem = search_problem(
            warehouse, VIEW, budget=Budget(4), one_trial=True, equivalents_once=True
        )
    numbers = problem.candidates.functions
    one, other, _ = (row for row in range(4) if (numbers == numbers[row]).sum() == 3)
    run = Run(problem)
    assert run.query(one) == run.query(other)
    assert run.query(one, again=True) == run.query(other, again=True)
    assert [step.cost.queries for step in run.steps] == [1, 0, 1, 0]


def test_equivalent_cells_cost_each_unless_asked(problem_of):
    run = Run(problem_of(VIEW, twins(), amount=3))
    values = {run.query(row) for row in range(3)}
    assert len(values) == 3
    assert run.spent.queries == 3


def test_one_trial_is_drawn_for_each_cell_and_stays(problem_of):
    rows = pl.concat(
        nasbench201_rows(40, trial=trial, valid_accuracy=trial / 1000) for trial in (777, 888, 999)
    )
    problem = problem_of(VIEW, rows, amount=40, one_trial=True)
    first, again, other = Run(problem, seed=1), Run(problem, seed=1), Run(problem, seed=2)
    seen = [[round(run.query(row), 9) for row in range(40)] for run in (first, again, other)]
    assert seen[0] == seen[1] != seen[2]
    assert set(seen[0]) == {0.777, 0.888, 0.999}


def test_the_mean_is_returned_unless_asked(problem_of):
    rows = pl.concat(
        nasbench201_rows(4, trial=trial, valid_accuracy=value)
        for trial, value in ((777, 0.5), (888, 0.7))
    )
    assert Run(problem_of(VIEW, rows, amount=1)).query(0) == pytest.approx(0.6)


def test_a_summary_has_no_trials(problem_of):
    with pytest.raises(UsageError, match="as a summary, without its trials"):
        problem_of(VIEW, nasbench201_rows(4), amount=1, one_trial=True)


def test_earlier_epochs_that_are_not_held_for_all_are_no_looks(problem_of):
    rows = curves(6).filter((pl.col("epoch") != 36) | (pl.int_range(pl.len()) % 2 == 0))
    assert problem_of(VIEW, rows, earlier_epochs=True).candidates.epochs == (12, 200)
    with pytest.raises(UsageError, match="holds no earlier test_accuracy"):
        problem_of(
            "meta_nasbench101_108epochs",
            nasbench101_rows(),
            target="test_accuracy",
            earlier_epochs=True,
            amount=1,
        )


def test_cifar10_is_searched_by_the_validation_of_its_paired_view(problem_of):
    tables = (
        nasbench201_rows(9, dataset="cifar10", valid_accuracy=None, test_accuracy=0.9),
        nasbench201_rows(9, dataset="cifar10-valid", test_accuracy=0.1, train_seconds=7.0),
    )
    run = Run(problem_of("meta_nasbench201_cifar10_200epochs", *tables))
    assert run.query(4) == 0.52
    assert run.steps[0].chosen_test_accuracy == 0.9
    assert run.steps[0].cost.seconds == 7


@pytest.mark.parametrize("row", [-1, len(NASBENCH101_CELLS), 0.0, None, "0"])
def test_only_candidates_can_be_asked_for(problem_of, row):
    run = Run(
        problem_of(
            "meta_nasbench101_108epochs", nasbench101_rows(), target="test_accuracy", amount=1
        )
    )
    with pytest.raises(StrategyError, match="is no candidate; they are numbered 0 to 3"):
        run.query(row)
    assert run.steps == []


def test_the_largest_budget_in_seconds_is_all_cells_at_the_mean_of_their_own_trials(problem_of):
    """Cell 0 has trials of 100 and 300 seconds, the others one each, of 50."""
    first = nasbench201_rows(3, trial=777).with_columns(train_seconds=pl.Series([100.0, 50, 50]))
    second = nasbench201_rows(1, trial=888).with_columns(train_seconds=pl.lit(300.0))
    rows = pl.concat([first, second])
    seconds = {"unit": "seconds", "one_trial": True}
    assert len(problem_of(VIEW, rows, amount=300, **seconds).candidates) == 3
    with pytest.raises(UsageError, match=r"all 3 architectures of .* costs 300$"):
        problem_of(VIEW, rows, amount=301, **seconds)
