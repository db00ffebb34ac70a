"""What is read in bulk has the values of what is read alone, and a loop reads few times."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.compat import reading
from mbml.compat.nasbench101 import NASBench
from mbml.compat.natsbench import create
from mbml.compat.opening import QueryError
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.store import ingest
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

CELLS = 60
MEASURED = (
    "train_accuracy",
    "train_loss",
    "valid_accuracy",
    "valid_loss",
    "test_accuracy",
    "test_loss",
    "valid_test_accuracy",
    "train_seconds",
    "valid_seconds",
    "test_seconds",
)


@pytest.fixture(scope="module")
def holed(new_warehouse, tmp_path_factory):
    """Trials whose numbers are all different, a third of them missing; some trials, some epochs.

    Loaded in an order of data sets, and epochs from behind, so that runs and rows lie apart.
    """
    folder = tmp_path_factory.mktemp("ahead")
    random = np.random.default_rng(0)
    frames = []
    for dataset, trial, epoch in product(("cifar10-valid", "cifar100"), (777, 888, 999), (200, 7)):
        columns = {
            name: pl.Series(np.where(random.random(CELLS) < 1 / 3, np.nan, random.random(CELLS)))
            * (epoch if name.endswith("seconds") else 1)
            for name in MEASURED
        }
        frame = nasbench201_rows(
            CELLS,
            dataset=dataset,
            trial=trial,
            epoch=epoch,
            flops=2 * trial + 10_000_000,
            latency_seconds=trial / 1e5,
        ).with_columns(pl.Series(name, values).fill_nan(None) for name, values in columns.items())
        frames.append(frame[random.permutation(CELLS)[: CELLS * 2 // 3]])
    rows = pl.concat(frames, how="diagonal")
    warehouse = new_warehouse(folder / "w.duckdb")
    with warehouse:
        load_rows(warehouse, rows, folder / "a.parquet")
        yield warehouse


def answers(api, *, ahead, monkeypatch):
    """Every answer of an interface that reads in bulk at once, or never."""
    monkeypatch.setattr(reading, "_SINGLE_READS", 0 if ahead else 10**9)
    found = {}
    for asked in product(
        range(CELLS + 2), ("cifar10-valid", "cifar100", "cifar10"), (None, 6, 0), (False, 777, 999)
    ):
        index, dataset, epoch, trial = asked
        found["info", asked] = answer(api.get_more_info, index, dataset, epoch, "200", trial)
        found["costs", asked] = answer(api.get_cost_info, index, dataset, "200")
    return found


def answer(call, *arguments):
    try:
        return call(*arguments)
    except QueryError as error:
        return str(error)


def test_bulk_and_single_reads_of_trials_agree(holed, monkeypatch):
    alone = answers(create(holed, "tss"), ahead=False, monkeypatch=monkeypatch)
    ahead = answers(create(holed, "tss"), ahead=True, monkeypatch=monkeypatch)
    assert ahead == alone
    given = [one for one in alone.values() if isinstance(one, dict)]
    assert len(given) > len(alone) / 4
    assert any(None in one.values() for one in given)


def test_bulk_reads_agree_with_the_tables_themselves(holed, monkeypatch):
    monkeypatch.setattr(reading, "_SINGLE_READS", 0)
    api = create(holed, "tss")
    rows = holed.rows(
        "select arch_index, dataset, trial, epoch, valid_accuracy, valid_loss, valid_seconds,"
        " train_accuracy, train_seconds from measurement"
    )
    assert len(rows) > CELLS
    for index, dataset, trial, epoch, accuracy, loss, seconds, trained, spent in rows:
        info = api.get_more_info(index, dataset, epoch - 1, "200", trial)
        assert info["train-accuracy"] == (None if trained is None else trained * 100)
        assert info["train-all-time"] == spent
        assert info["train-per-time"] == (None if spent is None else spent / epoch)
        assert ("valid-accuracy" in info) == (accuracy is not None)
        if accuracy is not None:
            assert info["valid-accuracy"] == accuracy * 100
            assert (info["valid-loss"], info["valid-all-time"]) == (loss, seconds)


@contextmanager
def counting(warehouse):
    """Count the reads of a warehouse."""
    reads, reading_of = [], warehouse.reading

    def counted():
        reads.append(1)
        return reading_of()

    warehouse.reading = counted
    try:
        yield reads
    finally:
        del warehouse.reading


def test_a_loop_over_trials_reads_few_times(warehouse, tmp_path):
    half = {"valid_accuracy": 0.5, "test_accuracy": 0.5}
    load_rows(warehouse, nasbench201_rows(400, **half), tmp_path / "a.parquet")
    api = create(warehouse, "tss")
    with counting(warehouse) as reads:
        for index in range(400):
            api.get_more_info(index, "cifar100", hp="200")
            api.get_cost_info(index, "cifar100", hp="200")
    assert len(reads) < 60


def test_threads_that_read_ahead_get_their_own_values(holed, monkeypatch):
    alone = answers(create(holed, "tss"), ahead=False, monkeypatch=monkeypatch)
    monkeypatch.setattr(reading, "_SINGLE_READS", 3)
    api = create(holed, "tss")
    asked = [key for kind, key in alone if kind == "info"]

    def ask(seed):
        for place in np.random.default_rng(seed).permutation(len(asked)).tolist():
            index, dataset, epoch, trial = asked[place]
            found = answer(api.get_more_info, index, dataset, epoch, "200", trial)
            assert found == alone["info", asked[place]]
        return seed

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == list(range(8))


def test_memory_of_bulk_reads_is_bounded(holed, monkeypatch):
    monkeypatch.setattr(reading, "_SINGLE_READS", 0)
    monkeypatch.setattr(reading, "_KEPT_BYTES", 40_000)
    monkeypatch.setattr(reading, "_KEPT_CELLS", 5)
    api = create(holed, "tss")
    for dataset, epoch, index in product(("cifar10-valid", "cifar100"), (6, 199), range(CELLS)):
        answer(api.get_more_info, index, dataset, epoch, "200", 777)
        answer(api.query_by_index, index, None, "200")
    assert 0 < sum(one.values.nbytes for one in api._trials._blocks.values()) <= 40_000
    assert len(api._trials._cells) <= 5


def test_reload_reads_again(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(3), tmp_path / "a.parquet")
    api = create(warehouse, "tss")
    before = api.get_more_info(1, "cifar100", hp="200")["test-accuracy"]
    changed = nasbench201_rows(3, test_accuracy=0.125)
    load_rows(warehouse, changed, tmp_path / "b.parquet", replace=True)
    api.reload()
    assert before != api.get_more_info(1, "cifar100", hp="200")["test-accuracy"] == 12.5


def test_only_the_runs_asked_for_are_read(warehouse, tmp_path):
    """In a table sorted by data set, those of all other cells lie between the runs of one."""
    parts = [
        nasbench201_rows(20, dataset=dataset, epoch=epoch)
        for dataset, epoch in product(("cifar10-valid", "cifar100"), (100, 200))
    ]
    load_rows(warehouse, pl.concat(parts), tmp_path / "far.parquet")
    for run_ids, ranges in (([7, 6, 5], 1), ([3, 39], 2), ([0, 2, 3, 20, 22], 4)):
        sql = reading.of_runs("valid_accuracy", run_ids)
        assert sql.count(" from epoch_metric") == ranges
        found = [(run_id, epoch) for run_id, epoch, _ in warehouse.rows(sql)]
        assert sorted(found) == sorted(product(run_ids, (100, 200)))


@pytest.fixture(scope="module")
def records(new_warehouse, tmp_path_factory):
    """Surrogate records, with rows of another benchmark and of summaries around them."""
    folder = tmp_path_factory.mktemp("records")
    write_nasbench101(folder / "surrogate.tfrecord", draw_cells(40))
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(
            warehouse, nasbench201_rows(5, epoch=108, schedule_epochs=200), folder / "0.parquet"
        )
        ingest(warehouse, NasBench101Source(folder / "surrogate.tfrecord"))
        rows = nasbench101_rows(valid_accuracy=0.25, parameters=None, trial=0)
        load_rows(warehouse, rows, folder / "1.parquet")
        yield warehouse


@pytest.mark.filterwarnings("ignore:.*SURROGATE")
def test_bulk_and_single_reads_of_records_agree(records):
    alone, ahead = NASBench(records), NASBench(records)
    alone._records._single_reads = 10**9
    ahead._records._single_reads = 0
    hashes = list(alone.hash_iterator())
    assert len(hashes) >= 40
    for module_hash in hashes:
        (fixed, computed), (other, numbers) = (
            one.get_metrics_from_hash(module_hash) for one in (alone, ahead)
        )
        assert np.array_equal(fixed.pop("module_adjacency"), other.pop("module_adjacency"))
        assert (fixed, computed) == (other, numbers)
    assert alone._records._all is None
    assert ahead._records._all is not None


@pytest.mark.filterwarnings("ignore:.*SURROGATE")
def test_a_loop_over_records_reads_few_times(records):
    api = NASBench(records)
    with counting(records) as reads:
        for module_hash in api.hash_iterator():
            api.get_metrics_from_hash(module_hash)
    assert len(reads) < 60


@pytest.mark.filterwarnings("ignore:.*SURROGATE")
def test_what_is_loaded_later_moves_no_cell(new_warehouse, tmp_path):
    """The object goes on with the cells that it knows, with their own numbers."""
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench101_rows()[1:3], tmp_path / "a.parquet")
        load_rows(warehouse, nasbench201_rows(4)[1:3], tmp_path / "b.parquet")
        api, tss = NASBench(warehouse), create(warehouse, "tss")
        right = {
            one: NASBench(warehouse).get_metrics_from_hash(one)[1] for one in api.hash_iterator()
        }
        accuracies = {index: tss.get_more_info(index, "cifar100", hp="200") for index in (1, 2)}
        load_rows(warehouse, nasbench101_rows()[::3], tmp_path / "c.parquet")
        load_rows(warehouse, nasbench201_rows(4)[::3], tmp_path / "d.parquet")
        api._records._single_reads = 0
        tss.reload()
        tss._trials._single_reads = 0
        for module_hash in api.hash_iterator():
            assert api.get_metrics_from_hash(module_hash)[1] == right[module_hash]
        for index, info in accuracies.items():
            assert tss.get_more_info(index, "cifar100", hp="200") == info
