"""Programs of the usual kinds on the interfaces, written as for the originals.

Each is a loop from the literature in words of our own. Each test says what the loop must find
there, and that what it paid is what the interface counted.
"""

from __future__ import annotations

import random
import warnings
from collections import deque
from itertools import product

import numpy as np
import optuna
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.compat import nasbench101 as api101
from mbml.compat.natsbench import create
from mbml.compat.opening import QueryError, SurrogateWarning
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.spaces import nasbench101, nasbench201
from mbml.store import ingest
from mbml.surrogate.nasbench101 import SurrogateCell, write_nasbench101

pytestmark = pytest.mark.slow

OPERATIONS = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
VERTICES = 4


@pytest.fixture(scope="module")
def tss_path(new_warehouse, tmp_path_factory):
    """All cells; a cell is the better, the more 3x3 convolutions it has, more so with epochs."""
    folder = tmp_path_factory.mktemp("clients")
    cells = nasbench201.official_order()
    convolutions = pl.Series([text.count("nor_conv_3x3") for text in cells])
    frames = [
        nasbench201_rows(
            len(cells),
            dataset=dataset,
            trial=777,
            epoch=epoch,
            valid_accuracy=0.2 + epoch / 400 + convolutions * epoch / 5000,
            test_accuracy=0.5,
            train_seconds=epoch * (1.0 + convolutions),
            valid_seconds=epoch * 0.5,
        )
        for dataset, epoch in product(("cifar10-valid", "cifar100"), (25, 50, 100, 200))
    ]
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, pl.concat(frames), folder / "a.parquet")
    return folder / "w.duckdb"


@pytest.fixture
def tss(tss_path):
    return create(tss_path, "tss", fast_mode=True, verbose=False)


def best_of_tss(api):
    return max(
        api.get_more_info(index, "cifar10-valid", hp="200", is_random=False)["valid-accuracy"]
        for index in range(len(api))
    )


def all_small_cells():
    """Every cell of up to four vertices, once."""
    cells = {}
    for vertices in range(2, VERTICES + 1):
        places = [(u, v) for u in range(vertices) for v in range(u + 1, vertices)]
        for present, inner in product(
            product((0, 1), repeat=len(places)), product(OPERATIONS, repeat=vertices - 2)
        ):
            matrix = np.zeros((vertices, vertices), dtype=int)
            for (u, v), is_there in zip(places, present, strict=True):
                matrix[u, v] = is_there
            spec = api101.ModelSpec(matrix, ["input", *inner, "output"])
            if spec.valid_spec:
                cell = nasbench101.from_matrix(spec.matrix.tolist(), spec.ops)
                cells[cell.graph_id] = SurrogateCell(
                    cell.bits, ",".join(cell.operations), cell.parameters, cell.graph_id
                )
    return list(cells.values())


@pytest.fixture(scope="module")
def nb101_path(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients101")
    write_nasbench101(folder / "surrogate.tfrecord", all_small_cells())
    with new_warehouse(folder / "w.duckdb") as warehouse:
        ingest(warehouse, NasBench101Source(folder / "surrogate.tfrecord"))
    return folder / "w.duckdb"


@pytest.fixture
def nb101(nb101_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SurrogateWarning)
        return api101.NASBench(str(nb101_path), seed=1)


def changes(text, place):
    """All cells of the topology space that differ on one edge at most."""
    names = [edge.split("~")[0] for edge in text.replace("+", "").split("|") if edge]
    for name in nasbench201.OPERATIONS:
        yield written([*names[:place], name, *names[place + 1 :]])


def written(names):
    one, two, three, four, five, six = names
    return f"|{one}~0|+|{two}~0|{three}~1|+|{four}~0|{five}~1|{six}~2|"


def another_operation(text, draws):
    """A cell of the topology space with one edge changed."""
    return draws.choice([one for one in changes(text, draws.randrange(6)) if one != text])


def random_spec(nasbench, draws):
    """Draw matrices and operations until the benchmark takes them, as its authors' example does."""
    while True:
        matrix = np.triu(draws.integers(0, 2, (VERTICES, VERTICES)), 1)
        ops = ["input", *draws.choice(OPERATIONS, VERTICES - 2).tolist(), "output"]
        spec = api101.ModelSpec(matrix=matrix, ops=ops)
        if nasbench.is_valid(spec):
            return spec


def mutated_spec(nasbench, parent, draws):
    while True:
        matrix, ops = parent.original_matrix.copy(), list(parent.original_ops)
        if draws.random() < 0.5:
            u, v = sorted(draws.choice(VERTICES, 2, replace=False))
            matrix[u, v] = 1 - matrix[u, v]
        else:
            ops[int(draws.integers(1, VERTICES - 1))] = str(draws.choice(OPERATIONS))
        spec = api101.ModelSpec(matrix, ops)
        if nasbench.is_valid(spec):
            return spec


def simulated(api, index, **options):
    accuracy, _, _, used = api.simulate_train_eval(index, "cifar10", hp="200", **options)
    return accuracy, used


def test_random_search_on_tss_stops_at_its_seconds(tss):
    random.seed(0)
    history, used = [], 0.0
    while used < 30_000:
        accuracy, used = simulated(tss, tss.random())
        history.append(accuracy)
    assert used == tss.used_time
    assert 300 * len(history) <= used <= 1500 * len(history)
    assert max(history) > np.median(history)


def test_regularised_evolution_on_tss(tss):
    draws = random.Random(0)
    population, history = deque(), {}
    while len(history) < 250:
        if len(population) < 20:
            text = tss.arch(draws.randrange(len(tss)))
        else:
            sample = draws.sample(list(population), 5)
            text = another_operation(max(sample)[1], draws)
        accuracy, _ = simulated(tss, text)
        population.append((accuracy, text))
        history[text] = accuracy
        if len(population) > 20:
            population.popleft()
    assert max(history.values()) == pytest.approx(best_of_tss(tss))


def test_local_search_on_tss_ends_at_the_best(tss):
    """Better with every 3x3 convolution, the space has no other peak."""
    text = tss.arch(0)
    value = simulated(tss, text)[0]
    while True:
        around = [changed for edge in range(6) for changed in changes(text, edge)]
        found = max((simulated(tss, one)[0], one) for one in around)
        if found[0] <= value:
            break
        value, text = found
    assert text.count("nor_conv_3x3") == 6
    assert value == pytest.approx(best_of_tss(tss))


def ensemble_search(encode, evaluate, candidates, draws, *, rounds, first=10, each=5):
    """Fit an ensemble of ridge regressions, then query the best of drawn candidates; repeat."""
    asked = candidates(first)
    values = [evaluate(one) for one in asked]
    for _ in range(rounds):
        codes = np.array([encode(one) for one in asked], dtype=float)
        pool = candidates(40)
        predictions = []
        for _ in range(5):
            rows = draws.integers(0, len(codes), len(codes))
            design = np.c_[codes[rows], np.ones(len(rows))]
            weights = np.linalg.solve(
                design.T @ design + 0.1 * np.eye(design.shape[1]),
                design.T @ np.array(values)[rows],
            )
            predictions.append(np.c_[[encode(one) for one in pool], np.ones(len(pool))] @ weights)
        drawn = np.mean(predictions, 0) + np.std(predictions, 0) * draws.normal(size=len(pool))
        for place in np.argsort(-drawn)[:each]:
            asked.append(pool[place])
            values.append(evaluate(pool[place]))
    return values


def test_a_search_like_bananas_on_tss(tss):
    draws = np.random.default_rng(0)

    def encode(text):
        edges = [name for node in tss.str2lists(text) for name, _ in node]
        return [name == one for name in edges for one in nasbench201.OPERATIONS]

    def candidates(number):
        return [tss.arch(int(index)) for index in draws.integers(0, len(tss), number)]

    values = ensemble_search(
        encode, lambda text: simulated(tss, text)[0], candidates, draws, rounds=12
    )
    assert max(values[10:]) > max(values[:10])
    assert np.mean(values[-20:]) > np.mean(values[:10])


def test_random_search_on_nasbench101(nb101):
    draws = np.random.default_rng(0)
    times, best = [0.0], [0.0]
    while nb101.get_budget_counters()[0] < 50_000:
        data = nb101.query(random_spec(nb101, draws))
        best.append(max(best[-1], data["validation_accuracy"]))
        times.append(nb101.get_budget_counters()[0])
    seconds, epochs = nb101.get_budget_counters()
    assert times[-1] == seconds > times[-2]
    assert epochs == 108 * (len(times) - 1)
    assert best == sorted(best)


def test_regularised_evolution_on_nasbench101(nb101):
    draws = np.random.default_rng(0)
    population, history = deque(), []
    for step in range(300):
        if step < 20:
            spec = random_spec(nb101, draws)
        else:
            sample = [population[int(one)] for one in draws.integers(0, len(population), 5)]
            spec = mutated_spec(nb101, max(sample, key=lambda one: one[0])[1], draws)
        value = nb101.query(spec)["validation_accuracy"]
        population.append((value, spec))
        history.append(value)
        if len(population) > 20:
            population.popleft()
    best = max(
        repeat["final_validation_accuracy"]
        for one in nb101.hash_iterator()
        for repeat in nb101.computed_statistics[one][108]
    )
    assert max(history) > best - 0.01
    assert np.mean(history[-50:]) > np.mean(history[:20])


def test_local_search_on_nasbench101(nb101):
    draws = np.random.default_rng(3)

    def mean(spec):
        _, computed = nb101.get_metrics_from_spec(spec)
        return np.mean([one["final_validation_accuracy"] for one in computed[108]])

    spec = random_spec(nb101, draws)
    values = [mean(spec)]
    while True:
        around = [mutated_spec(nb101, spec, draws) for _ in range(60)]
        found = max(around, key=mean)
        if mean(found) <= values[-1]:
            break
        spec = found
        values.append(mean(spec))
    assert len(values) > 1
    assert nb101.get_budget_counters() == (0.0, 0)


def test_a_search_like_bananas_on_nasbench101(nb101):
    draws = np.random.default_rng(0)

    def encode(spec):
        return [
            *spec.original_matrix[np.triu_indices(VERTICES, 1)],
            *(name == one for name in spec.original_ops[1:-1] for one in OPERATIONS),
        ]

    values = ensemble_search(
        encode,
        lambda spec: nb101.query(spec)["validation_accuracy"],
        lambda number: [random_spec(nb101, draws) for _ in range(number)],
        draws,
        rounds=12,
    )
    assert np.mean(values[-20:]) > np.mean(values[:10])
    assert nb101.get_budget_counters()[1] == 108 * len(values)


def test_an_optuna_study_of_four_jobs_on_both(tss, nb101):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    hashes = sorted(nb101.hash_iterator())

    def objective(trial):
        edges = [trial.suggest_categorical(f"edge{e}", nasbench201.OPERATIONS) for e in range(6)]
        text = (
            f"|{edges[0]}~0|+|{edges[1]}~0|{edges[2]}~1|+|{edges[3]}~0|{edges[4]}~1|{edges[5]}~2|"
        )
        module_hash = hashes[trial.suggest_int("hash", 0, len(hashes) - 1)]
        fixed, computed = nb101.get_metrics_from_hash(module_hash)
        spec = api101.ModelSpec(fixed["module_adjacency"], fixed["module_operations"])
        assert nb101._hash_spec(spec) == module_hash
        assert len(computed[108]) == 3
        accuracy, _, cost, _ = tss.simulate_train_eval(text, "cifar10", hp="200")
        trial.set_user_attr("cost", cost)
        return accuracy

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=200, n_jobs=4)
    for trial in study.trials:
        convolutions = sum(name == "nor_conv_3x3" for name in trial.params.values())
        assert trial.value == pytest.approx(100 * (0.2 + 0.5 + convolutions / 25))
        assert trial.user_attrs["cost"] == pytest.approx(200 * (1 + convolutions) + 0.5)
    assert tss.used_time == pytest.approx(sum(one.user_attrs["cost"] for one in study.trials))


def test_successive_halving_pays_for_the_epochs_it_trains(tss):
    """As in BOHB: many cells for few epochs, the best third of them for more."""
    draws = random.Random(0)
    cells = [draws.randrange(len(tss)) for _ in range(27)]
    paid = 0.0
    for epochs in (25, 50, 100, 200):
        results = []
        for cell in cells:
            accuracy, _, cost, used = tss.simulate_train_eval(
                cell, "cifar10", iepoch=epochs - 1, hp="200"
            )
            convolutions = tss.arch(cell).count("nor_conv_3x3")
            assert cost == pytest.approx(epochs * (1 + convolutions) + 0.5)
            paid += cost
            assert used == pytest.approx(paid)
            results.append((accuracy, cell))
        cells = [cell for _, cell in sorted(results, reverse=True)[: max(1, len(cells) // 3)]]
    [winner] = cells
    assert tss.arch(winner).count("nor_conv_3x3") >= 2
    with pytest.raises(QueryError, match="no validation accuracy is held"):
        tss.simulate_train_eval(winner, "cifar10", iepoch=3, hp="200")


def test_missing_times_are_named_at_the_first_query(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(3, dataset="cifar10-valid"), tmp_path / "a.parquet")
    api = create(warehouse, "tss")
    with pytest.raises(
        QueryError, match=r"no times are held.*mbml ingest nasbench201 or natsbench"
    ):
        api.simulate_train_eval(0, "cifar10", hp="200")
    assert api.used_time == 0
