"""One interface object shared by threads: every answer is that of its own cell, then and later."""

from __future__ import annotations

import random
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import optuna
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.compat import nasbench101
from mbml.compat.natsbench import create
from mbml.compat.opening import QueryError, SurrogateWarning
from mbml.errors import WarehouseError
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.store import ingest, open_warehouse
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

CELLS = 200
THREADS = 8
TRIALS = (777, 888, 999)


@pytest.fixture(scope="module")
def path(new_warehouse, tmp_path_factory):
    """Trials whose accuracies and times tell cell and seed."""
    folder = tmp_path_factory.mktemp("threads")
    cell = pl.int_range(CELLS)
    trials = [
        nasbench201_rows(
            CELLS,
            trial=trial,
            valid_accuracy=cell / 1000 + trial / 1e6,
            train_accuracy=cell / 2000,
            test_accuracy=0.5,
            train_seconds=cell + 1.0,
            valid_seconds=200.0,
        )
        for trial in TRIALS
    ]
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, pl.concat(trials), folder / "a.parquet")
    return folder / "w.duckdb"


@pytest.fixture(scope="module")
def path101(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads101")
    write_nasbench101(folder / "surrogate.tfrecord", draw_cells(20))
    with new_warehouse(folder / "w.duckdb") as warehouse:
        ingest(warehouse, NasBench101Source(folder / "surrogate.tfrecord"))
    return folder / "w.duckdb"


class Slow(float):
    """A number whose sums give other threads their turn."""

    __slots__ = ()

    def __add__(self, other):
        time.sleep(0.001)
        return Slow(float(self) + other)


def accuracy(cell):
    """The mean over trials, percent."""
    return pytest.approx(100 * (cell / 1000 + 888 / 1e6))


def in_threads(work, items):
    """Do the work for all items in each of several threads, each in an order of its own."""

    def each(seed):
        order = list(items)
        random.Random(seed).shuffle(order)
        return [work(item) for item in order]

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(each, range(THREADS)))


def test_every_answer_is_of_its_own_cell_then_and_later(path):
    with open_warehouse(path) as warehouse:
        api = create(warehouse, "tss")

        def ask(cell):
            found = api.get_more_info(cell, "cifar100", hp="200", is_random=False)
            assert found["valid-accuracy"] == accuracy(cell)
            assert found["train-all-time"] == cell + 1
            assert api.get_cost_info(cell, "cifar100", "200")["params"] == 0.001

        in_threads(ask, range(CELLS))
        for cell in range(CELLS):
            ask(cell)


def test_an_error_is_not_kept(path):
    with open_warehouse(path) as warehouse:
        api = create(warehouse, "tss")

        def ask(cell):
            with pytest.raises(QueryError, match=rf"architecture {cell} is not in"):
                api.get_more_info(cell, "cifar100", hp="200")

        in_threads(ask, range(CELLS, CELLS + 20))
        assert api.get_more_info(0, "cifar100", hp="200", is_random=888)["train-all-time"] == 1


def test_the_clock_charges_every_training_once(path):
    with open_warehouse(path) as warehouse:
        api = create(warehouse, "tss", seed=0)
        api._used_time = Slow(0)
        charged = in_threads(
            lambda cell: api.simulate_train_eval(cell, "cifar100", hp="200")[2:], range(50)
        )
        total = THREADS * sum(cell + 1 + 1 for cell in range(50))
        assert api.used_time == pytest.approx(total)
        assert max(used for one in charged for _, used in one) == pytest.approx(total)


def test_nasbench101_in_threads(path101):
    with warnings.catch_warnings(), open_warehouse(path101) as warehouse:
        warnings.simplefilter("ignore", SurrogateWarning)
        api, alone = nasbench101.NASBench(warehouse), nasbench101.NASBench(warehouse)
        right = {one: alone.get_metrics_from_hash(one) for one in alone.hash_iterator()}

        def ask(module_hash):
            fixed, computed = api.get_metrics_from_hash(module_hash)
            assert np.array_equal(
                fixed["module_adjacency"], right[module_hash][0]["module_adjacency"]
            )
            assert computed == right[module_hash][1]
            spec = nasbench101.ModelSpec(fixed["module_adjacency"], fixed["module_operations"])
            found = api.query(spec, 36)
            repeats = {
                one["final_training_time"]: one["final_test_accuracy"] for one in computed[36]
            }
            assert repeats[found["training_time"]] == found["test_accuracy"]
            return found["training_time"]

        api.training_time_spent = Slow(0)
        spent = in_threads(ask, right)
        seconds, epochs = api.get_budget_counters()
        assert seconds == pytest.approx(sum(map(sum, spent)))
        assert epochs == 36 * THREADS * len(right)


def test_a_users_optuna_study_of_four_jobs(path):
    """Its objective calls the interface and the warehouse."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with open_warehouse(path) as warehouse:
        api = create(warehouse, "tss")

        def objective(trial):
            cell = trial.suggest_int("cell", 0, CELLS - 1)
            [(text,)] = warehouse.rows(
                "select native_key from architecture where native_index = ?", [cell]
            )
            measured = warehouse.frame(
                "select valid_accuracy from cell_metric inner join architecture using (arch_id)"
                " where native_key = ?",
                [text],
            )
            trial.set_user_attr("measured", 100 * measured.item())
            return api.get_more_info(text, "cifar100", hp="200", is_random=False)["valid-accuracy"]

        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0)
        )
        study.optimize(objective, n_trials=120, n_jobs=4)
    for trial in study.trials:
        assert trial.value == accuracy(trial.params["cell"])
        assert trial.user_attrs["measured"] == accuracy(trial.params["cell"])


def test_without_a_seed_trials_are_drawn_from_pythons_own_generator(path):
    with open_warehouse(path) as warehouse:

        def drawn(state, **options):
            random.seed(state)
            api = create(warehouse, "tss", **options)
            trials = api.query_by_index(3, hp="200")
            return (
                [api.get_more_info(3, "cifar100", hp="200")["valid-accuracy"] for _ in range(20)],
                [trials.get_metrics("cifar100", "x-valid", is_random=True) for _ in range(20)],
                [api.random() for _ in range(5)],
            )

        assert drawn(7) == drawn(7)
        assert drawn(7) != drawn(8)
        for some in drawn(7)[:2]:
            assert len({str(one) for one in some}) == len(TRIALS)
        assert drawn(7, seed=1) == drawn(8, seed=1) != drawn(8, seed=2)


def test_what_a_caller_changes_is_not_kept(path):
    with open_warehouse(path) as warehouse:
        api = create(warehouse, "tss")
        trial = api.query_by_index(5, "cifar100", "200")[888]
        for held in (trial.train_acc1es, trial.train_losses, trial.eval_acc1es):
            held.clear()
        assert api.get_more_info(5, "cifar100", hp="200", is_random=888)["train-accuracy"] == 0.25


def test_reading_after_the_warehouse_is_closed(path):
    with open_warehouse(path) as warehouse:
        api = create(warehouse, "tss")
    with pytest.raises(WarehouseError, match="is closed; open it again"):
        api.get_more_info(0, "cifar100", hp="200")
