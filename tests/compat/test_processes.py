"""Objects travel: pickled, copied, sent to workers; each answers as the first one does."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import random
import warnings
from pathlib import Path

import duckdb
import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.compat import nasbench101
from mbml.compat.natsbench import NASBench201API, create
from mbml.compat.opening import SurrogateWarning
from mbml.sources.natsbench import NatsBenchSource
from mbml.store import ingest, open_warehouse
from mbml.surrogate.natsbench import write_natsbench

CELLS = 30
TIMES = {"train_seconds": 9.0, "valid_seconds": 200.0}


@pytest.fixture(scope="module")
def path(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    trials = [
        nasbench201_rows(
            CELLS, trial=trial, valid_accuracy=pl.int_range(CELLS) / 100 + trial / 1e5, **TIMES
        )
        for trial in (777, 888, 999)
    ]
    repeats = [
        nasbench101_rows(trial=trial, valid_accuracy=trial / 10, train_seconds=7.0)
        for trial in (1, 2, 3)
    ]
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, pl.concat(trials), folder / "a.parquet")
        load_rows(warehouse, pl.concat(repeats), folder / "b.parquet")
    return folder / "w.duckdb"


def ask(asked):
    api, cell = asked
    return api.get_more_info(cell, "cifar100", hp="200", is_random=False)["valid-accuracy"]


def accuracy(cell):
    return pytest.approx(cell + 0.888)


def spec():
    return nasbench101.ModelSpec([[0, 1], [0, 0]], ["input", "output"])


@pytest.mark.parametrize("kind", [lambda path: create(path, "tss"), NASBench201API])
@pytest.mark.parametrize("read_before", [0, CELLS])
def test_a_pickled_object_opens_its_warehouse_again(path, kind, read_before):
    api = kind(path)
    for cell in range(read_before):
        ask((api, cell))
    api.simulate_train_eval(3, "cifar100", hp="200")
    again = pickle.loads(pickle.dumps(api))
    assert again._warehouse is not api._warehouse
    assert type(again) is type(api)
    assert again.used_time == api.used_time == 10
    assert [ask((again, cell)) for cell in range(CELLS)] == [accuracy(c) for c in range(CELLS)]
    again.simulate_train_eval(3, "cifar100", hp="200")
    assert (again.used_time, api.used_time) == (20, 10)


def test_a_pickle_holds_no_measurements(path):
    api = create(path, "tss")
    before = len(pickle.dumps(api))
    for cell in range(CELLS):
        ask((api, cell))
    assert len(pickle.dumps(api)) == before < 1000


def test_options_travel(path):
    api = create(path, "tss", fast_mode=True, verbose=False)
    again = pickle.loads(pickle.dumps(api))
    assert (again.fast_mode, again.verbose) == (True, False)


def test_a_copy_has_a_clock_and_draws_of_its_own(path):
    with open_warehouse(path) as warehouse:
        for copied in (copy.deepcopy, lambda api: pickle.loads(pickle.dumps(api))):
            api = create(warehouse, "tss", seed=1)
            api.simulate_train_eval(3, "cifar100", hp="200")
            again = copied(api)
            drawn = [api.random() for _ in range(9)]
            assert [again.random() for _ in range(9)] == drawn
            assert len(set(drawn)) > 1
            api.reset_time()
            assert (api.used_time, again.used_time) == (0, 10)
            assert ask((again, 5)) == accuracy(5)


def test_a_copy_without_a_seed_draws_from_pythons_own_generator(path):
    random.seed(3)
    drawn = [create(path, "tss").random() for _ in range(5)]
    random.seed(3)
    assert [copy.deepcopy(create(path, "tss")).random() for _ in range(5)] == drawn


def test_nasbench101_travels(path):
    for copied in (copy.deepcopy, lambda api: pickle.loads(pickle.dumps(api))):
        api = nasbench101.NASBench(path, seed=4)
        api.query(spec())
        api.history["mine"] = [1]
        again = copied(api)
        assert again.get_budget_counters() == (7.0, 108)
        assert again.history == {"mine": [1]}
        later = [api.query(spec())["validation_accuracy"] for _ in range(9)]
        assert [again.query(spec())["validation_accuracy"] for _ in range(9)] == later
        assert len(set(later)) > 1


@pytest.mark.slow
def test_an_object_is_sent_to_workers(path):
    """Also one that has read already."""
    api = create(path, "tss")
    ask((api, 0))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map_async(ask, [(api, cell) for cell in range(CELLS)]).get(timeout=100)
    assert found == [accuracy(cell) for cell in range(CELLS)]


def test_results_travel(path):
    results = create(path, "tss").query_by_index(2, hp="200")
    for again in (pickle.loads(pickle.dumps(results)), copy.deepcopy(results)):
        assert again.state_dict() == results.state_dict()
        assert again.get_compute_costs("cifar100") == results.get_compute_costs("cifar100")


def test_warnings_point_at_the_callers_line(new_warehouse, tmp_path):
    write_natsbench(tmp_path / "surrogate", cells=1, workers=1)
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        ingest(warehouse, NatsBenchSource(tmp_path / "surrogate"))
    opened = []
    for kind in (lambda path: create(path, "tss"), NASBench201API):
        with pytest.warns(SurrogateWarning) as caught:
            opened.append(kind(tmp_path / "w.duckdb"))
        assert [Path(one.filename).name for one in caught] == [Path(__file__).name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for api in opened:
            pickle.loads(pickle.dumps(api))
            copy.deepcopy(api)


def test_a_connection_that_reads_beside_it_in_another_process(path):
    api = create(path, "tss")
    assert ask((api, 1)) == accuracy(1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(count_runs, [str(path)]) == CELLS * 3 + 12


def count_runs(path):
    with duckdb.connect(path, read_only=True) as con:
        return con.execute("select count(*) from run").fetchall()[0][0]
