"""Strategies step by step, on candidates made up for one question."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from tables import load_rows, nasbench201_rows

from mbml.errors import UsageError
from mbml.searches.candidates import HandOver
from mbml.searches.clock import Budget
from mbml.searches.problem import search_problem
from mbml.searches.strategies import guided, nsga2, ranking, simple
from mbml.searches.strategies.registry import NAMES, STRATEGIES, Setting, strategy
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
CELLS = 36


class Made:
    """Candidates whose neighbours and mutants are told; it notes who was mutated."""

    def __init__(self, count, neighbours=None, mutate=None):
        self.count = count
        self.around = neighbours or {}
        self.child = mutate or (lambda row: row)
        self.mutated = []

    def __len__(self):
        return self.count

    def neighbours(self, row):
        return self.around.get(row, [])

    def mutate(self, row, _):
        self.mutated.append(row)
        return self.child(row)

    def cross(self, first, second, _):
        return min(first, second)


class InOrder:
    """A generator of random numbers that leaves all orders as they are and draws the first."""

    def permutation(self, count):
        return np.arange(count)

    def choice(self, count, size, replace):
        assert not replace
        return np.arange(size)

    def integers(self, *_, size):
        return np.zeros(size, int)


def asked(asking, value):
    """All that a strategy asks for until it ends, answered by row."""
    rows = []
    try:
        query = next(asking)
        while True:
            if isinstance(query, HandOver):
                query = next(asking)
                continue
            rows.append(query.row)
            query = asking.send(value(query.row))
    except StopIteration:
        return rows


@pytest.fixture(scope="module")
def candidates_for(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(CELLS), folder / "rows.parquet")

    def make(chosen):
        with open_warehouse(folder / "w.duckdb") as warehouse:
            return search_problem(
                warehouse,
                VIEW,
                budget=Budget(30.0),
                features=chosen.features,
                earlier_epochs=chosen.earlier_epochs,
                objectives=chosen.objectives,
            ).candidates

    return make


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in STRATEGIES if name not in {"successive_halving", "hyperband"}),
        "rank_once:linear_regression",
        "npenas:linear_regression",
        "bananas:gp",
    ],
)
def test_a_strategy_asks_for_everything_once_and_ends_by_itself(candidates_for, name):
    chosen = strategy(name)
    small = {"population": 7, "initial": 20}
    settings = chosen.with_settings({key: small[key] for key in chosen.settings if key in small})
    candidates = candidates_for(chosen)
    asking = chosen.play(candidates, np.random.default_rng(1), **settings)
    found = asked(asking, lambda row: 0.5 + np.sin(row) / 4)
    assert sorted(found) == list(range(CELLS))


def test_local_search_does_not_move_to_an_equal():
    """1 is as good as 0, so that its neighbour 2 is met in its turn alone, after 3 by way of 4."""
    values = [0.5, 0.5, 0.9, 0.1, 0.2]
    candidates = Made(5, {0: [1, 4], 1: [3], 4: [3]})
    assert asked(simple.local(candidates, InOrder()), values.__getitem__) == [0, 1, 4, 2, 3]


def test_local_search_moves_to_the_first_that_is_better_and_passes_what_it_knows():
    values = [0.1, 0.0, 0.3, 0.9, 0.2]
    candidates = Made(5, {0: [1, 2, 3], 2: [0, 1, 4]})
    assert asked(simple.local(candidates, InOrder()), values.__getitem__) == [0, 1, 2, 4, 3]


def test_evolution_takes_in_a_random_member_after_twenty_known_children():
    candidates = Made(4)
    rows = asked(simple.evolution(candidates, InOrder(), population=2, tournament=1), float)
    assert rows == [0, 1, 2, 3]
    # Twenty before the third and before the fourth; the oldest of two members is the parent.
    assert len(candidates.mutated) == 40


def test_evolution_mutates_the_best_of_a_tournament_and_its_oldest_dies():
    children = iter([3, 4, 5])
    candidates = Made(6, mutate=lambda _: next(children))
    values = [0.9, 0.2, 0.5, 0.1, 0.3, 0.4]
    rows = asked(
        simple.evolution(candidates, InOrder(), population=3, tournament=2), values.__getitem__
    )
    assert rows == [0, 1, 2, 3, 4, 5]
    # Members are 0, 1, 2; then 1, 2, 3; then 2, 3, 4: of each, the first two compete.
    assert candidates.mutated == [0, 2, 2]


def test_fronts_are_those_of_the_definition():
    costs = np.random.default_rng(0).integers(0, 6, (40, 3)).astype(float)

    def dominated(row, among):
        return any(
            (costs[one] <= costs[row]).all() and (costs[one] < costs[row]).any() for one in among
        )

    left, expected = set(range(40)), []
    while left:
        front = [row for row in sorted(left) if not dominated(row, left)]
        expected.append(front)
        left -= set(front)
    assert [front.tolist() for front in nsga2.fronts(costs)] == expected
    assert len(expected) > 3


def test_crowding_adds_how_far_neighbours_are_apart_in_shares_of_each_column():
    costs = np.array([[0, 0.4], [1, 0.2], [3, 0.1], [4, 0.0]])
    assert nsga2.crowding(costs) == pytest.approx([np.inf, 0.75 + 0.75, 0.75 + 0.5, np.inf])


def test_a_column_without_spread_says_nothing_of_crowding():
    costs = np.array([[0, 5], [1, 5], [3, 5], [4, 5]])
    assert nsga2.crowding(costs).tolist() == [np.inf, 0.75, 0.75, np.inf]


def test_survivors_are_taken_front_by_front_and_the_least_crowded_first():
    costs = {
        10: [0, 4],
        11: [1, 2],
        12: [3, 1],
        13: [4, 0],
        20: [5, 5],
        21: [1, 6],
        30: [9, 9],
    }
    costs = {row: np.array(one, float) for row, one in costs.items()}
    members = [30, 20, 21, 13, 12, 11, 10]
    assert nsga2._survivors(members, costs, 3) == [13, 10, 11]
    assert nsga2._survivors(members, costs, 4) == [13, 10, 11, 12]
    assert nsga2._survivors(members, costs, 6) == [13, 10, 11, 12, 20, 21]
    assert nsga2._survivors(members, costs, 50) == [13, 10, 11, 12, 20, 21, 30]


def test_breeding_ends_after_twenty_known_children_in_a_row():
    candidates = Made(100)
    assert nsga2._children(candidates, [7, 8], {7: None}, 5, InOrder()) == []
    assert candidates.mutated == [7] * 20
    # A new child in between begins the count again.
    children = iter([7] * 19 + [50] + [50] * 20)
    candidates = Made(100, mutate=lambda _: next(children))
    assert nsga2._children(candidates, [7, 8], {7: None}, 5, InOrder()) == [50]
    assert len(candidates.mutated) == 40


def test_breeding_ends_with_as_many_children_as_are_wanted():
    children = iter([1, 2, 3])
    candidates = Made(100, mutate=lambda _: next(children))
    assert nsga2._children(candidates, [7, 8], {7: None}, 3, InOrder()) == [1, 2, 3]


def test_mutants_come_from_the_ten_best_in_turn():
    values = {row: row / 100 for row in range(12)}
    children = iter(range(20, 60))
    candidates = Made(100, mutate=lambda _: next(children))
    found = ranking._mutants(candidates, values, 12, np.random.default_rng(0))
    assert found == list(range(20, 32))
    assert candidates.mutated == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 11, 10]


def test_mutants_are_drawn_five_times_as_often_as_they_are_wanted():
    candidates = Made(100, mutate=lambda row: 50 if row == 3 else 0)
    values = dict.fromkeys(range(4), 0.5)
    assert ranking._mutants(candidates, values, 6, np.random.default_rng(0)) == [50]
    assert len(candidates.mutated) == 30


def test_where_no_mutant_is_new_a_random_candidate_is_looked_at():
    candidates = Made(6)
    values = dict.fromkeys([0, 1, 3, 4, 5], 0.5)
    assert ranking._mutants(candidates, values, 2, np.random.default_rng(0)) == [2]


def test_predicting_in_parts_ranks_as_predicting_at_once(candidates_for, monkeypatch):
    chosen = strategy("rank_once:linear_regression")
    candidates = candidates_for(chosen)

    def rows():
        asking = chosen.play(candidates, np.random.default_rng(2), initial=12)
        return asked(asking, lambda row: 0.5 + row / 100)

    whole = rows()
    for size in (1, 5, 24, 25):
        monkeypatch.setattr(ranking, "_ROWS_AT_ONCE", size)
        assert rows() == whole


def test_candidates_that_are_predicted_alike_keep_their_order(monkeypatch):
    """Odd rows are predicted higher than even ones, and all of them alike."""
    candidates = Made(400)
    candidates.affordable = 400.0
    candidates.features = SimpleNamespace(matrix=np.arange(400.0) % 2)
    monkeypatch.setattr(ranking, "_fitted", lambda *_: None)
    monkeypatch.setattr(ranking, "_mean", lambda _, x: x)
    pool = [*range(399, 3, -1)]
    monkeypatch.setattr(ranking, "_mutants", lambda *_: pool)
    once = ranking.rank_once(candidates, InOrder(), predictor="svr", initial=4)
    rounds = ranking.npenas(
        candidates, InOrder(), predictor="svr", initial=4, batch=396, mutants=396
    )
    first = [0, 1, 2, 3]
    assert asked(once, float) == [*first, *range(5, 400, 2), *range(4, 400, 2)]
    assert asked(rounds, float) == [*first, *range(399, 3, -2), *range(398, 3, -2)]


@pytest.mark.parametrize(
    ("affordable", "drawn"), [(1.0, 1), (2.9, 1), (9.0, 8), (20.0, 18), (30.5, 27), (100.0, 90)]
)
def test_ranking_once_draws_nine_tenths_of_what_the_budget_pays_for(monkeypatch, affordable, drawn):
    class FittedError(Exception):
        pass

    def fitted(_, values, *__):
        raise FittedError(len(values))

    monkeypatch.setattr(ranking, "_fitted", fitted)
    candidates = Made(200)
    candidates.affordable = affordable
    asking = ranking.rank_once(candidates, InOrder(), predictor="gp", initial=None)
    with pytest.raises(FittedError, match=f"^{drawn}$"):
        asked(asking, float)


@pytest.mark.parametrize(
    ("mean", "deviation", "best"), [(0, 1, 0), (1, 2, 0.5), (-1, 0.5, 0), (3, 0.1, 1)]
)
def test_expected_improvement_is_the_mean_of_what_passes_the_best(mean, deviation, best):
    def gain(value):
        return max(value - best, 0) * norm.pdf(value, mean, deviation)

    expected, _ = quad(gain, mean - 12 * deviation, mean + 12 * deviation, points=[best], limit=200)
    found = guided.expected_improvement(np.array([mean]), np.array([deviation]), best)
    assert found == pytest.approx([expected], rel=1e-6, abs=1e-12)


class Process:
    """Predicts the first column; it notes how many rows it is asked for."""

    def __init__(self):
        self.sizes = []

    def predict(self, x):
        self.sizes.append(len(x))
        return x[:, 0]


@pytest.fixture
def model(monkeypatch):
    """A guided search of 100 candidates, a large space with the limits that are set here."""
    monkeypatch.setattr(guided, "_SHORT_LIST", 10)
    monkeypatch.setattr(guided, "_POOL", 40)
    monkeypatch.setattr(guided, "_WHOLE_AT", (6, 9, 12))
    matrix = np.random.default_rng(0).permutation(100).astype(float)[:, None]

    def make(functions=None):
        candidates = Made(100)
        candidates.features = SimpleNamespace(matrix=matrix)
        candidates.functions = np.arange(100) if functions is None else functions
        made = guided._Model(candidates, guided._UNTUNED, None)
        made._gp = Process()
        return made

    return make


def test_a_large_space_is_predicted_whole_in_two_rounds_and_at_some_numbers_of_queries(model):
    made = model()
    for asked_for in (2, 3, 4, 5, 6, 7, 8, 12, 13, 14):
        made._short_list(np.arange(asked_for))
    assert made._gp.sizes == [100, 100, 40, 40, 100, 40, 40, 100, 40, 40]


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_short_list_holds_the_best_predicted_and_not_what_was_asked_for(model, rounds):
    made = model()
    order = np.argsort(-made._x[:, 0])
    asked_for = order[[0, 2, 50]]
    for _ in range(rounds):
        listed = made._short_list(asked_for)
    # As many more as were asked for are looked at, in case that all of these are among them.
    assert sorted(listed) == sorted(set(order[:13].tolist()) - set(asked_for.tolist()))


def test_a_small_space_is_looked_at_whole(model, monkeypatch):
    monkeypatch.setattr(guided, "_SHORT_LIST", 50)
    made = model()
    assert made._short_list(np.array([3, 4])).tolist() == [*range(3), *range(5, 100)]
    assert made._gp.sizes == []
    monkeypatch.setattr(guided, "_SHORT_LIST", 49)
    assert len(model()._short_list(np.array([3, 4]))) < 52


def test_no_function_is_proposed_again_before_all_are_known(model):
    made = model(np.arange(100) // 2)
    assert made._open(np.arange(6), np.array([0, 3])).tolist() == [4, 5]
    assert made._open(np.arange(4), np.array([0, 3])).tolist() == [1, 2]


def test_a_batch_holds_each_function_once_the_best_first(model):
    made = model(np.arange(100) // 2)
    assert made._distinct(np.array([9, 8, 3, 2, 1, 50]), 3) == [9, 3, 1]
    assert made._distinct(np.array([9, 8, 3]), 5) == [9, 3]


def test_guided_search_is_tuned_by_benchmark():
    """Whoever changes these raises the version of the strategy."""
    assert {name: tuple(one) for name, one in guided._TUNING.items()} == {
        "nasbench101": (20, 10, 0.3, 1.0),
        "nasbench201": (10, 5, 0.4, 1.5),
        "natsbench_sss": (10, 5, 0.4, 1.5),
    }
    assert guided._UNTUNED == (10, 5, 0.4, 1.5)
    assert guided._FIT_STEPS == 25
    assert guided._WHOLE_AT == (60, 100, 150, 200, 300)
    assert (guided._POOL, guided._SHORT_LIST) == (40_000, 10_000)
    assert (guided._ENOUGH, guided._OWN_WEIGHT) == (50, 0.3)
    assert strategy("guided").version == 2


ROUNDS = {
    "initial": (10, 2, True, True),
    "batch": (10, 1, True, False),
    "mutants": (100, 1, True, False),
}
#: Default, least value, whether it is whole and whether it counts what is drawn first.
SETTINGS = {
    "random": {},
    "local": {},
    "evolution": {"population": (50, 2, True, True), "tournament": (10, 1, True, False)},
    "guided": {
        "initial": (None, 1, True, False),
        "batch": (None, 1, True, False),
        "floor_quantile": (None, 0, False, False),
        "confirm": (0, 0, True, False),
    },
    "successive_halving": {"rungs": (None, 1, True, False)},
    "hyperband": {"rungs": (None, 1, True, False)},
    "nsga2": {"population": (20, 2, True, True)},
    "rank_once": {"initial": (None, 1, True, False)},
    "npenas": ROUNDS,
    "bananas": ROUNDS,
    "optuna": {},
}


def test_every_strategy_stands_in_the_table_of_settings():
    assert set(SETTINGS) == set(NAMES)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_of_a_strategy_are_those_it_was_tried_with(name):
    found = strategy(name)
    assert {
        key: (one.default, one.least, one.whole, one.drawn_first)
        for key, one in found.settings.items()
    } == SETTINGS[name]
    assert found.with_settings({}) == {key: one[0] for key, one in SETTINGS[name].items()}
    assert found.earlier_epochs == (name in {"successive_halving", "hyperband"})
    assert found.objectives == (("parameters",) if name == "nsga2" else ())
    assert found.reusable


def test_features_are_those_of_the_predictor_or_the_strategy():
    guided_by = strategy("guided").features
    assert (guided_by.name, guided_by.without, guided_by.standardised) == (
        "topology",
        ("G", "PE"),
        True,
    )
    for name, features in (("gp", "topology"), ("svr", "published")):
        found = strategy(f"npenas:{name}").features
        assert (found.name, found.without, found.standardised) == (features, (), False)
    other = strategy("guided", features="published").features
    assert (other.name, other.without, other.standardised) == ("published", (), True)


@pytest.mark.parametrize("name", ["rank_once", "npenas", "bananas", "optuna"])
def test_what_follows_the_colon_may_be_left_out(name):
    usual = "tpe" if name == "optuna" else "gp"
    assert strategy(name).name == strategy(f"{name}:").name == f"{name}:{usual}"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_may_be_the_least_and_no_less(name):
    chosen = strategy(name)
    for key, one in chosen.settings.items():
        assert chosen.with_settings({key: one.least})[key] == one.least
        with pytest.raises(UsageError, match=f"at least {one.least:g}"):
            chosen.with_settings({key: one.least - 0.5})
        with pytest.raises(UsageError, match="at least"):
            chosen.with_settings({key: float("nan")})
        if one.whole:
            with pytest.raises(UsageError, match="a whole number"):
                chosen.with_settings({key: one.least + 0.5})
        else:
            assert chosen.with_settings({key: 0.25})[key] == 0.25


def test_a_setting_is_a_whole_number_from_1_unless_said():
    assert Setting("a number", 3) == Setting("a number", 3, 1, whole=True, drawn_first=False)
