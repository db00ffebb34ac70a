"""NAS-Bench-101's interface over a record file, against its records read with protobuf."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest
from records import BITS, HASH, OPERATIONS, message, oracle, payload, split, write
from tables import load_rows, nasbench101_rows

from mbml.compat import nasbench101 as api
from mbml.compat.opening import QueryError, SurrogateWarning
from mbml.errors import UsageError
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.spaces import nasbench101
from mbml.store import ingest
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

NAMES = {
    "training_time": "train_seconds",
    "train_accuracy": "train_accuracy",
    "validation_accuracy": "valid_accuracy",
    "test_accuracy": "test_accuracy",
}


@pytest.fixture(scope="module")
def loaded(new_warehouse, tmp_path_factory):
    """A warehouse of 30 cells, and the same records by (hash, epochs, repeat, epoch)."""
    folder = tmp_path_factory.mktemp("nasbench101")
    path = folder / "surrogate.tfrecord"
    write_nasbench101(path, draw_cells(30))
    with new_warehouse(folder / "w.duckdb") as warehouse:
        ingest(warehouse, NasBench101Source(path))
    rows = oracle(split(path.read_bytes()))
    keys = ("native_key", "schedule_epochs", "trial", "epoch")
    return folder / "w.duckdb", {tuple(row[key] for key in keys): row for row in rows}


def open_api(path, seed=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SurrogateWarning)
        return api.NASBench(str(path), seed=seed)


@pytest.fixture
def held(loaded):
    return open_api(loaded[0])


def spec_of(row):
    cell = nasbench101.cell(row["adjacency"], row["operations"])
    return api.ModelSpec(matrix=[list(line) for line in cell.matrix], ops=list(cell.operations))


def test_every_repeat_and_moment_of_every_cell(loaded, held):
    rows = loaded[1]
    assert set(held.hash_iterator()) == {key[0] for key in rows}
    assert held.valid_epochs == {4, 12, 36, 108}
    for module_hash in held.hash_iterator():
        fixed, computed = held.get_metrics_from_hash(module_hash)
        row = rows[module_hash, 108, 1, 108]
        assert "".join(map(str, fixed["module_adjacency"].ravel())) == row["adjacency"]
        assert fixed["module_adjacency"].dtype == np.int8
        assert fixed["module_operations"] == row["operations"].split(",")
        assert fixed["trainable_parameters"] == row["parameters"]
        for epochs in held.valid_epochs:
            assert computed[epochs] == [
                {
                    f"{moment}_{name}": rows[module_hash, epochs, trial, epoch][column]
                    for moment, epoch in (("halfway", epochs / 2), ("final", epochs))
                    for name, column in NAMES.items()
                }
                for trial in (1, 2, 3)
            ]


def test_queries_draw_what_the_original_draws_under_the_same_seed(loaded):
    path, rows = loaded
    held = open_api(path, seed=11)
    draws = random.Random(11)
    spent, total = 0.0, 0
    for row in [row for key, row in rows.items() if key[1:] == (108, 1, 108)] * 2:
        for epochs, halfway in ((108, False), (36, True)):
            data = held.query(spec_of(row), epochs, stop_halfway=halfway)
            trial = draws.randint(0, 2) + 1
            expected = rows[row["native_key"], epochs, trial, epochs / 2 if halfway else epochs]
            assert {name: data[name] for name in NAMES} == {
                name: expected[column] for name, column in NAMES.items()
            }
            assert data["trainable_parameters"] == row["parameters"]
            spent += data["training_time"]
            total += epochs // 2 if halfway else epochs
    assert held.get_budget_counters() == (spent, total)
    held.reset_budget_counters()
    assert held.get_budget_counters() == (0.0, 0)


def test_without_a_seed_repeats_are_drawn_from_pythons_own_generator(loaded):
    spec = spec_of(next(iter(loaded[1].values())))

    def drawn(seed):
        random.seed(seed)
        held = open_api(loaded[0])
        return [held.query(spec)["test_accuracy"] for _ in range(20)]

    assert drawn(7) == drawn(7)
    assert len({tuple(drawn(seed)) for seed in range(5)}) == 5


def test_with_a_seed_pythons_own_generator_is_left_alone(loaded):
    spec = spec_of(next(iter(loaded[1].values())))
    held, again = open_api(loaded[0], seed=3), open_api(loaded[0], seed=3)
    random.seed(7)
    state = random.getstate()
    first = [held.query(spec)["test_accuracy"] for _ in range(20)]
    assert random.getstate() == state
    random.seed(8)
    assert [again.query(spec)["test_accuracy"] for _ in range(20)] == first


def test_the_cell_of_the_originals_documentation(held):
    matrix = np.zeros((7, 7), dtype=np.int8)
    for u, v in ((0, 1), (0, 2), (0, 3), (0, 5), (1, 6), (2, 6), (3, 4), (4, 6), (5, 6)):
        matrix[u, v] = 1
    conv1, conv3, pool = "conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"
    ops = ["input", conv1, conv3, conv3, conv3, pool, "output"]
    spec = api.ModelSpec(matrix, ops)
    assert held.is_valid(spec)
    assert spec.hash_spec(held.config["available_ops"]) == "28cfc7874f6d200472e1a9dcd8650aa0"
    assert api.ModelSpec(matrix.astype(float), ops).hash_spec() == spec.hash_spec()


def test_a_spec_is_pruned_before_it_is_judged(held):
    size = 9
    matrix = np.zeros((size, size), dtype=int)
    matrix[0, 1] = matrix[1, size - 1] = matrix[0, 5] = 1
    ops = ["input", "maxpool3x3", *["none of them"] * 6, "output"]
    spec = api.ModelSpec(matrix, ops)
    assert spec.ops == ["input", "maxpool3x3", "output"]
    assert spec.matrix.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert len(spec.original_ops) == size
    assert held.is_valid(spec)


def chain(vertices, name="maxpool3x3"):
    return api.ModelSpec(
        np.eye(vertices, k=1, dtype=int), ["input", *[name] * (vertices - 2), "output"]
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (chain(8), "8 vertices"),
        (api.ModelSpec(np.triu(np.ones((6, 6), dtype=int), 1), chain(6).ops), "15 edges"),
        (chain(3, "conv5x5"), "conv5x5"),
        (api.ModelSpec(np.zeros((3, 3), dtype=int), chain(3).original_ops), "disconnected"),
        (api.ModelSpec([[0, 0.5], [0, 0]], ["input", "output"]), "fractions"),
    ],
)
def test_outside_the_domain(held, spec, message):
    assert not held.is_valid(spec)
    with pytest.raises(api.OutOfDomainError, match=message):
        held.query(spec)
    assert held.get_budget_counters() == (0.0, 0)


@pytest.mark.parametrize(
    ("matrix", "ops", "message"),
    [
        ([[0, 1]], ["input", "output"], "square"),
        ([[0, 1], [0, 0]], ["input"], "must match the 2 vertices"),
        ([[0, 1], [1, 0]], ["input", "output"], "upper triangular"),
    ],
)
def test_no_spec_at_all(matrix, ops, message):
    with pytest.raises(ValueError, match=message):
        api.ModelSpec(matrix, ops)


def test_what_is_not_held(held):
    with pytest.raises(api.OutOfDomainError, match=r"must be one of \[4, 12, 36, 108\]"):
        held.query(chain(3), epochs=5)
    with pytest.raises(KeyError, match="no such cell in"):
        held.get_metrics_from_hash(HASH)


def test_a_training_that_is_not_held_is_told(new_warehouse, tmp_path):
    """Another cell has a training of that length, so that the length itself is known."""
    other = {"module_hash": None, "bits": "0100", "operations": "input,output", "epochs": 12}
    other["module_hash"] = nasbench101.parse("0100:input,output").graph_id
    last = ((0, 0, 0.1, 0.1, 0.1), (6.0, 3.0, 0.2, 0.2, 0.2), (12.0, 9.0, 0.3, 0.3, 0.3))
    path = write(tmp_path / "two.tfrecord", [payload(), payload(message(last), **other)])
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        ingest(warehouse, NasBench101Source(path))
        held = api.NASBench(warehouse)
        spec = spec_of({"adjacency": BITS, "operations": OPERATIONS})
        with pytest.raises(QueryError, match="no training of 12 epochs of this cell is held"):
            held.query(spec, 12)
        assert held.get_budget_counters() == (0.0, 0)
        with pytest.raises(QueryError, match="is not in list: operations are"):
            spec.hash_spec(["conv3x3-bn-relu"])


def test_opening(loaded, tmp_path):
    with pytest.raises(UsageError, match="load it once: mbml ingest nasbench_full"):
        api.NASBench("nasbench_full.tfrecord")
    with pytest.warns(SurrogateWarning, match="SURROGATE DATA"):
        api.NASBench(loaded[0])


def test_a_half_time_that_is_none_is_not_given_as_one(new_warehouse, tmp_path):
    """In some files the second evaluation is at epoch 1, whatever the schedule."""
    evaluations = ((0, 0, 0.1, 0.1, 0.1), (1.0, 3.0, 0.2, 0.2, 0.2), (4.0, 9.0, 0.3, 0.3, 0.3))
    path = write(tmp_path / "one.tfrecord", [payload(message(evaluations))])
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        ingest(warehouse, NasBench101Source(path))
        held = api.NASBench(warehouse)
        _, computed = held.get_metrics_from_hash(HASH)
        [repeat] = computed[4]
        assert repeat["halfway_training_time"] is None
        assert repeat["final_training_time"] == 9.0
        spec = spec_of({"adjacency": BITS, "operations": OPERATIONS})
        with pytest.raises(QueryError, match="4 epochs: no halfway_training_time is held"):
            held.query(spec, 4, stop_halfway=True)
        assert held.get_budget_counters() == (0.0, 0)
        assert held.query(spec, 4)["training_time"] == 9.0
        assert held.get_budget_counters() == (9.0, 4)


@pytest.mark.parametrize(
    ("missing", "name"),
    [("train_seconds", "training_time"), ("valid_accuracy", "validation_accuracy")],
)
def test_what_a_search_pays_and_pays_for_must_be_held(warehouse, tmp_path, missing, name):
    columns = {"train_seconds": 7.5, "valid_accuracy": 0.5} | {missing: None}
    load_rows(warehouse, nasbench101_rows(**columns), tmp_path / "a.parquet")
    held = api.NASBench(warehouse)
    spec = chain(3, "conv3x3-bn-relu")
    for _ in range(3):
        with pytest.raises(QueryError, match=f"{spec.hash_spec()}, 108 epochs: no final_{name} is"):
            held.query(spec)
    assert held.get_budget_counters() == (0.0, 0)
    _, computed = held.get_metrics_from_spec(spec)
    assert computed[108][0]["final_test_accuracy"] is not None


def test_what_is_not_needed_may_be_missing(warehouse, tmp_path):
    rows = nasbench101_rows(train_seconds=7.5, valid_accuracy=0.5, parameters=None)
    load_rows(warehouse, rows, tmp_path / "a.parquet")
    held = api.NASBench(warehouse)
    found = held.query(chain(3, "conv3x3-bn-relu"))
    assert found["trainable_parameters"] is found["train_accuracy"] is None
    assert held.get_budget_counters() == (7.5, 108)
