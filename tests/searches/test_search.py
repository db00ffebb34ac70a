"""`mbml.searches.search.search`: what is kept, told and added up, whatever the strategy."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.engine import run
from mbml.errors import UsageError
from mbml.searches import search as searches
from mbml.searches import trace as traces
from mbml.searches.clock import Budget, BudgetUnit
from mbml.searches.features import FeatureRequest
from mbml.searches.hypervolume import share_of_run
from mbml.searches.problem import search_problem
from mbml.searches.search import search
from mbml.searches.summary import MILESTONES, RULES, reach, standings, summarise_search
from mbml.searches.trace import read_traces, search_identity
from mbml.store import open_warehouse, with_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
CELLS = 60


def rows(**columns):
    number = np.arange(CELLS)
    defaults = {
        "valid_accuracy": pl.Series(0.5 + np.sin(number) / 4),
        "test_accuracy": pl.Series(0.5 + np.cos(number) / 4),
        "train_seconds": pl.Series(100.0 + number),
        "parameters": pl.Series(1000 + number),
        "flops": pl.Series(2000 + number),
    }
    return nasbench201_rows(CELLS, **(defaults | columns))


@pytest.fixture(scope="module")
def loaded(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, rows(), folder / "rows.parquet")
    return folder / "w.duckdb"


@pytest.fixture
def path(loaded, tmp_path):
    """A copy of the warehouse, which searches write to."""
    return Path(shutil.copy(loaded, tmp_path / "w.duckdb"))


@pytest.mark.slow
def test_progress_tells_the_runs_that_are_done_and_all(path):
    told = []
    search(path, VIEW, budget=Budget(3), seeds=2, progress=lambda *one: told.append(one))
    assert told == [(1, 2), (2, 2)]
    # What is stored counts as done.
    report = search(path, VIEW, budget=Budget(3), seeds=4, progress=lambda *one: told.append(one))
    assert told[2:] == [(3, 4), (4, 4)]
    assert report.stored == 2
    assert [trace.seed for trace in report.traces] == [0, 1, 2, 3]


@pytest.mark.parametrize(("jobs", "seeds", "taken"), [(1, 3, 1), (2, 3, 2), (9, 3, 3)])
def test_runs_are_shared_out_among_no_more_processes_than_there_are_runs(
    path, monkeypatch, jobs, seeds, taken
):
    asked = []

    def here(function, items, *, shared, jobs, engine):
        asked.append((jobs, engine))
        return run(function, items, shared=shared, jobs=1, engine=engine)

    monkeypatch.setattr(searches, "run", here)
    search(path, VIEW, budget=Budget(3), seeds=seeds, jobs=jobs)
    assert asked == [(taken, "local")]


@pytest.mark.parametrize(
    ("budget", "settings", "told"),
    [
        (Budget(5), {"population": 5}, True),
        (Budget(5), {"population": 4}, False),
        (Budget.of(250, "epochs"), {"population": 300}, False),
        (Budget(5), {"population": 4, "tournament": 50}, False),
    ],
)
def test_a_budget_of_queries_that_ends_before_anything_is_learnt_is_told(
    path, budget, settings, told
):
    said = []
    search(path, VIEW, budget=budget, strategy="evolution", settings=settings, notify=said.append)
    assert len(said) == told
    assert all("evolution draws its first 5 architectures at random" in one for one in said)


@pytest.mark.parametrize("seeds", [0, -1])
def test_a_search_is_of_one_seed_at_least(path, seeds):
    with pytest.raises(UsageError, match=f"`seeds={seeds}`: "):
        search(path, VIEW, seeds=seeds)


def test_a_search_is_random_of_50_queries_for_validation_unless_said(path):
    report = search(path, VIEW)
    assert report.strategy.name == "random"
    assert report.problem.target == "valid_accuracy"
    assert [len(trace.steps) for trace in report.traces] == [50]
    assert report.stored == 0
    assert report.settings == {}


@pytest.mark.parametrize(
    ("strategy", "settings"), [("local", {}), ("evolution", {"population": 5}), ("nsga2", {})]
)
def test_what_is_read_from_the_warehouse_is_what_was_found(path, strategy, settings):
    """Every number of every step, also where there is none yet."""
    call = {"budget": Budget(12), "strategy": strategy, "settings": settings, "seeds": 2}
    first, again = (search(path, VIEW, **call) for _ in range(2))
    assert (first.stored, again.stored) == (0, 2)
    for one, two in zip(first.traces, again.traces, strict=True):
        assert repr(one.steps) == repr(two.steps)
        assert one.seconds == pytest.approx(two.seconds)
        assert (one.seed, len(one.steps)) == (two.seed, 12)


def test_runs_of_a_strategy_of_one_s_own_are_made_again(path):
    """Its text may be another one by now; the newer run takes the place of the older."""
    for _ in range(2):
        report = search(path, VIEW, budget=Budget(3), strategy="strategies_of_ones_own:first_come")
        assert report.stored == 0
    with open_warehouse(path) as warehouse:
        assert warehouse.rows("select count(*) from results.search") == [(1,)]
        assert warehouse.rows("select step from results.search_step") == [(1,), (2,), (3,)]


def test_whoever_waits_for_the_warehouse_is_told_why(path, monkeypatch):
    told = []
    for module in (searches, traces):

        def opened(*arguments, waiting=None, **options):
            told.append(waiting)
            return with_warehouse(*arguments, waiting=waiting, **options)

        monkeypatch.setattr(module, "with_warehouse", opened)
    search(path, VIEW, budget=Budget(3), notify=print)
    assert told == [print, print]


def test_only_the_seeds_that_are_asked_for_are_read(path):
    report = search(path, VIEW, budget=Budget(3), seeds=4)
    known = search_identity(report.problem, report.strategy, report.settings)
    with open_warehouse(path) as warehouse:
        assert set(read_traces(warehouse, known, [1, 3, 7])) == {1, 3}


@pytest.mark.slow
def test_a_run_of_another_kind_is_not_taken_for_it(path):
    usual = {"budget": Budget(3)}
    kinds = [
        usual,
        *(
            usual | other
            for other in (
                {"budget": Budget(4)},
                {"budget": Budget.of(600, "epochs")},
                {"strategy": "local"},
                {"strategy": "evolution"},
                {"strategy": "evolution", "settings": {"population": 5}},
                {"target": "test_accuracy"},
                {"objectives": ("parameters",)},
                {"equivalents_once": True},
            )
        ),
    ]
    for stored in (0, 1):
        assert [search(path, VIEW, **one).stored for one in kinds] == [stored] * len(kinds)


@pytest.fixture(scope="module")
def digest_of(new_warehouse, tmp_path_factory):
    def digest(**columns):
        folder = tmp_path_factory.mktemp("digest")
        with new_warehouse(folder / "w.duckdb") as warehouse:
            load_rows(warehouse, rows(**columns), folder / "rows.parquet")
            objectives = ("parameters",)
            return search_problem(warehouse, VIEW, budget=Budget(3), objectives=objectives).sha256()

    return digest


@pytest.mark.slow
def test_other_data_is_told_apart_by_what_a_search_sees_of_it(digest_of):
    number = np.arange(CELLS)
    fractions, numbers = pl.Series((number == 7) / 8 + 0.25), pl.Series(number + 5000)
    usual = digest_of()
    assert digest_of() == usual
    assert digest_of(train_accuracy=fractions, flops=numbers) == usual
    others = {
        digest_of(valid_accuracy=fractions),
        digest_of(test_accuracy=fractions),
        digest_of(train_seconds=fractions),
        digest_of(parameters=numbers),
    }
    assert len(others - {usual}) == 4


def steps(*runs):
    """Runs of steps, each `(spent, oracle, raw test, chosen test, chosen valid)`."""
    return pl.DataFrame(
        [(number, *step) for number, run_ in enumerate(runs) for step in run_],
        schema={"run": pl.Int64, "spent_queries": pl.Float64} | dict.fromkeys(RULES, pl.Float64),
        orient="row",
    )


TWO = steps(
    [(1, 0.1, 0.9, 0.2, 0.3), (2, 0.2, 0.8, 0.3, None), (3, 0.3, 0.7, 0.4, 0.5)],
    [(0.5, 0.5, 0.5, 0.6, 0.7), (2 + 1e-10, 0.6, 0.4, 0.7, 0.8)],
)


def test_a_condition_leaves_each_candidate_its_own_values(loaded):
    request = FeatureRequest(name="published")
    with open_warehouse(loaded) as warehouse:
        every, some = (
            search_problem(
                warehouse,
                VIEW,
                budget=Budget(200, BudgetUnit.SECONDS),
                features=request,
                objectives=("flops",),
                where=where,
            )
            for where in ("", "parameters % 7 = 3 and FLOPS > 2005")
        )
    kept = np.flatnonzero((np.arange(CELLS) % 7 == (3 - 1000) % 7) & (np.arange(CELLS) > 5))
    assert some.candidates.keys.equals(every.candidates.keys[kept])
    assert some.candidates.known.equals(every.candidates.known[kept])
    assert (some.candidates.features.matrix == every.candidates.features.matrix[kept]).all()
    assert (some.valid == every.valid[kept]).all()
    assert (some.test == every.test[kept]).all()
    [found], [whole] = some.observations.values(), every.observations.values()
    assert (found.values == whole.values[kept]).all()
    assert (found.seconds == whole.seconds[kept]).all()
    assert some.not_satisfied == CELLS - len(kept)
    assert some.notes[-1].startswith("note: where parameters % 7 = 3")
    assert some.sha256() != every.sha256()


def test_standings_are_means_over_runs_of_the_last_step_that_was_paid():
    found = standings(TWO, [0.7, 1, 2, 3]).to_dicts()
    assert [row["queries"] for row in found] == [0.7, 1, 2, 3]
    assert [row["runs"] for row in found] == [2] * 4
    # Run 0 has spent nothing at 0.7; a value that one run lacks has no mean.
    assert [row["oracle_test_accuracy"] for row in found] == [
        None,
        *map(pytest.approx, (0.3, 0.4, 0.45)),
    ]
    assert [row["chosen_valid_accuracy"] for row in found] == [
        None,
        pytest.approx(0.5),
        None,
        pytest.approx(0.65),
    ]
    assert found[2]["chosen_test_accuracy_std"] == pytest.approx(pstdev([0.3, 0.7]))
    assert found[3]["raw_test_accuracy"] == pytest.approx(0.55)


def test_of_steps_that_cost_nothing_the_last_counts():
    free = [(1, *[place / 10] * 4) for place in range(1, 8)]
    found = standings(steps(free), [1]).row(0, named=True)
    assert found["oracle_test_accuracy"] == found["chosen_valid_accuracy"] == 0.7


def test_all_runs_reach_what_the_shortest_spent():
    assert reach(TWO) == pytest.approx(2)
    assert reach(TWO.filter(pl.col("run") == 0)) == 3
    assert reach(TWO.clear()) == 0


def test_a_summary_tells_what_was_searched_and_what_came_of_it(path):
    report = search(
        path,
        VIEW,
        budget=Budget(20),
        strategy="evolution",
        settings={"population": 5},
        seeds=2,
        objectives=("parameters",),
    )
    told = summarise_search(report)
    last = [trace.steps[-1] for trace in report.traces]
    for name in RULES:
        values = [getattr(one, name) for one in last]
        assert told[name] == pytest.approx(fmean(values))
        assert told[f"{name}_std"] == pytest.approx(pstdev(values))
    shares = [share_of_run(report.problem, trace.steps) for trace in report.traces]
    assert told["hypervolume"] == pytest.approx(fmean(shares))
    assert told["hypervolume_std"] == pytest.approx(pstdev(shares))
    about = {
        "queries": 20,
        "view": VIEW,
        "target": "valid_accuracy",
        "target_view": VIEW,
        "strategy": "evolution",
        "settings": {"population": 5, "tournament": 10},
        "features": None,
        "objectives": ["parameters"],
        "budget": 20,
        "unit": "queries",
        "seeds": 2,
        "trial": "mean",
        "equivalents": "each",
        "surrogate": False,
        "candidates": CELLS,
        "left_out": 0,
    }
    assert {name: told[name] for name in about} == about
    assert told["rules"]["raw_test_accuracy"].startswith(
        "of the architecture with the best valid_accuracy"
    )
    assert told["rules"]["chosen_test_accuracy"].endswith(": the raw one")
    assert [row["queries"] for row in told["milestones"]] == [10, 20]
    for name in RULES:
        tenth = [getattr(trace.steps[9], name) for trace in report.traces]
        assert told["milestones"][0][name] == pytest.approx(fmean(tenth))
    keys = dict(report.problem.candidates.keys.select("arch_id", "arch_key").iter_rows())
    for one, trace, step in zip(told["runs"], report.traces, last, strict=True):
        assert one == {
            "seed": trace.seed,
            "queries": 20,
            **{name: getattr(step, name) for name in RULES},
            "chosen_arch_key": keys[step.chosen_arch_id],
            "spent_queries": 20,
            "spent_epochs": 20 * 200,
            "spent_seconds": step.spent.seconds,
            "search_seconds": trace.seconds,
        }
        assert one["search_seconds"] < 60
    assert "milestones" not in told["milestones"][0]
    assert "runs" not in told["milestones"][0]


def test_a_summary_tells_a_choice_of_trials_and_equivalents(path):
    report = search(path, VIEW, budget=Budget(3), equivalents_once=True)
    told = summarise_search(report)
    assert (told["trial"], told["equivalents"]) == ("mean", "once")
    assert "hypervolume" not in told


def test_milestones_are_those_of_publications():
    assert MILESTONES == (10, 20, 50, 80, 100, 150, 300)
