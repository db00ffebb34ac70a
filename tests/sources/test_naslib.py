"""NASLib's pickles: known by content, their numbers stored as what they are."""

from __future__ import annotations

import bz2
import gzip
import pickle
import re
from contextlib import closing

import numpy as np
import pytest
from nas_records import OTHER, SPLITS, TEXT, legacy, torch_zip
from naslib_files import (
    LAST,
    dictionary_101,
    dictionary_201,
    of_201,
    of_run,
    pair_101,
    result_101,
)
from oracle import found_runs
from records import BITS, FIRST_RECORD, HASH, OPERATIONS, message, payload, write

from mbml.errors import SourceError
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.pickles.torch_pickle import load, open_torch
from mbml.sources.registry import open_sources
from mbml.spaces.nasbench201 import index_of
from mbml.store import ingest

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture
def source(tmp_path):
    """The source that a kind opens for a value pickled under a name that says nothing."""

    def opened(kind, value, protocol=4):
        path = tmp_path / "data"
        path.write_bytes(value if isinstance(value, bytes) else pickle.dumps(value, protocol))
        (found,) = open_sources(kind, path)
        return found

    return opened


@pytest.mark.parametrize("dataset", ["cifar10-valid", "cifar100", "ImageNet16-120"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_curves_of_nasbench201_are_those_of_the_benchmark(source, dataset, protocol):
    opened = source("nasbench201", dictionary_201(dataset), protocol)
    assert (opened.format, opened.benchmark) == ("naslib_pickle", "nasbench201")
    ((index, runs),) = found_runs(opened.batches()).items()
    (((found_dataset, schedule, trial), (columns, rows)),) = runs.items()
    assert (index, found_dataset, schedule, trial) == (0, dataset, 200, 888)
    assert columns == {
        "parameters": 129_306,
        "flops": 15_647_370,
        "latency_seconds": 0.0139359758611311,
        "total_seconds": None,
        "seconds_are_measured": None,
    }
    truth = of_201(dataset)
    first = "valid" if dataset == "cifar10-valid" else "valid_test"
    for epoch in (0, 100):
        assert rows[epoch] == {
            "train_accuracy": truth["train_acc1es"][epoch] / 100,
            "train_loss": truth["train_losses"][epoch],
            f"{first}_accuracy": truth["eval_acc1es"][f"{truth['eval_names'][0]}@{epoch}"] / 100,
            f"{first}_loss": truth["eval_losses"][f"{truth['eval_names'][0]}@{epoch}"],
        }
    test = "ori-test" if dataset == "cifar10-valid" else "x-test"
    assert rows[LAST]["test_accuracy"] == truth["eval_acc1es"][f"{test}@{LAST}"] / 100
    assert rows[LAST]["valid_accuracy"] == truth["eval_acc1es"][f"x-valid@{LAST}"] / 100


@pytest.mark.parametrize("dataset", ["cifar10-valid", "cifar100"])
def test_of_a_list_of_200_the_last_alone_is_stored_and_never_as_validation(source, dataset):
    values = [n / 4 for n in range(200)]
    opened = source("nasbench201", dictionary_201(dataset, eval_acc1es=values, eval_losses=values))
    rows = found_runs(opened.batches())[0][dataset, 200, 888][1]
    evaluated = [{k: v for k, v in row.items() if not k.startswith("train")} for row in rows]
    assert evaluated[:LAST] == [{}] * LAST
    assert evaluated[LAST] == {"test_accuracy": LAST / 400, "test_loss": LAST / 4}


@pytest.mark.parametrize("wrap", [gzip.compress, bz2.compress])
@pytest.mark.parametrize("write_pickle", [pickle.dumps, legacy])
def test_nasbench201_is_known_inside_containers(source, wrap, write_pickle):
    value = {**dictionary_201("cifar100"), **dictionary_201("cifar100", text=OTHER)}
    opened = source("nasbench201", wrap(write_pickle(value)))
    assert sorted(found_runs(opened.batches())) == sorted(map(index_of, (TEXT, OTHER)))


def test_a_file_of_the_benchmark_itself_is_no_file_of_naslib(source):
    for data in (torch_zip({}), legacy({}), b"\x80\x04broken"):
        assert type(source("nasbench201", data)) is NasBench201Source


def _changed(**changes):
    return dictionary_201("cifar10-valid", **changes)


FAULTS_201 = {
    "199 values": (_changed(train_losses=[1.0] * 199), "train_losses: it has 199 values, expected"),
    "202 values": (_changed(eval_acc1es=[1.0] * 202), "has 202 values, expected 200 or 201"),
    "a whole number": (_changed(train_acc1es=[1] * 200), "expected a list of floats"),
    "no list": (_changed(train_acc1es=None), "train_acc1es: it is None, expected a list"),
    "over 100 %": (_changed(train_acc1es=[100.5] * 200), "after 1 epochs is 100.5, expected perc"),
    "no number": (_changed(eval_losses=[float("nan")] * 201), "is nan, expected finite"),
    "half a parameter": (
        _changed(cost_info={"params": 0.1293065, "flops": 1.0, "latency": 0.1}),
        "0.1293065 millions are not a whole number",
    ),
    "an infinite latency": (
        _changed(cost_info={"params": 0.129306, "flops": 1.0, "latency": float("inf")}),
        "latency: it holds inf, not a finite double",
    ),
    "no costs": (_changed(cost_info={}), "it is a dict of 0 items, expected a dict with"),
    "CIFAR-10 whole": (dictionary_201("cifar10-valid") | {OTHER: {"cifar10": {}}}, "which split"),
    "no architecture": (dictionary_201("cifar100", text="|x~0|"), "architecture '|x~0|'"),
    "beside it a number": (_changed() | {OTHER: 1}, "something else than cells by string"),
}


@pytest.mark.parametrize("name", FAULTS_201)
def test_what_is_no_file_of_nasbench201_is_refused_with_the_place(source, name):
    value, message_ = FAULTS_201[name]
    with pytest.raises(SourceError, match=re.escape(message_)):
        list(source("nasbench201", value).batches())


def rows_101(opened):
    """One row a training and evaluation: its columns of all tables."""
    archs, runs, rows = {}, {}, []
    for batch in opened.batches():
        archs |= {one["arch"]: one for one in batch.architectures.to_pylist()}
        runs |= {one["run"]: one for one in batch.runs.to_pylist()}
        rows += [
            {**archs[runs[e["run"]]["arch"]], **runs[e["run"]], **e}
            for e in batch.epochs.to_pylist()
        ]
    return rows


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_results_of_nasbench101_are_those_of_the_record_file(source, tmp_path, protocol):
    opened = source("nasbench101", dictionary_101(lengths=(4,), repeats=2), protocol)
    assert opened.format == "naslib_pickle"
    second = [(a, *(value + 1 / 64 for value in rest)) for a, *rest in FIRST_RECORD[1:]]
    payloads = [payload(), payload(message((FIRST_RECORD[0], *second)))]
    (expected,) = [rows_101(NasBench101Source(write(tmp_path / "it.tfrecord", payloads)))]
    expected = [{**row, "total_seconds": None} for row in expected if row["epoch"]]
    assert rows_101(opened) == expected
    assert opened.release is None


@pytest.mark.parametrize("protocol", [2, 4])
def test_cells_are_forgotten_as_they_are_read(tmp_path, protocol):
    value = {f"{number:032x}": pair_101(repeats=1) for number in range(2_500)}
    path = tmp_path / "nasbench_only108.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    with closing(open_torch(path, record_keys=frozenset({*pair_101()[0], 108}))) as opened:
        machine = opened.machine
        for _ in opened.records():
            machine.drop_records()
        # A pickler adds items by the thousand.
        assert len(machine.result) <= 1_000
        assert len(machine.memo.kept) < 300


def _changed_101(**changes):
    return {HASH: pair_101(**changes)}


def _result(**changes):
    fixed, _ = pair_101()
    return {HASH: (fixed, {108: [result_101(**changes)]})}


FAULTS_101 = {
    "another hash": ({HASH[::-1]: pair_101()}, "its module hash is 4789"),
    "no hash": ({"first": pair_101()}, "its key is not a module hash"),
    "a matrix of six rows": (
        _changed_101(module_adjacency=np.zeros((6, 6), int)),
        "not a matrix of 7 rows",
    ),
    "an entry of two": (
        _changed_101(module_adjacency=np.full((7, 7), 2)),
        "neither 0 nor 1",
    ),
    "a broken entry": (_changed_101(module_adjacency=np.zeros((7, 7))), "neither 0 nor 1"),
    "no labels": (_changed_101(module_operations=None), "not a list of texts"),
    "fractions of parameters": (
        _changed_101(trainable_parameters=1.5),
        "trainable_parameters is 1.5",
    ),
    "another label": (
        _changed_101(module_operations=OPERATIONS.replace("maxpool3x3", "pool").split(",")),
        "its cell is not legal",
    ),
    "an accuracy in percent": (
        _result(final_test_accuracy=92.5),
        "final_test_accuracy after 108 epochs is 92.5, expected a fraction in [0, 1]",
    ),
    "no number": (_result(halfway_training_time=float("nan")), "is nan, expected seconds"),
    "a result more": (_result(more=1.0), "is not times and accuracies, halfway and final"),
    "of a list": ({HASH: [*pair_101()]}, "its key is not a module hash"),
    "no results": ({HASH: (pair_101()[0], {})}, "it holds something else than pairs by hash"),
    "no repeats": (_changed_101(repeats=0), "the results after 108 epochs are a list of 0 items"),
    "nothing": ({}, "it holds no results of NAS-Bench-101"),
    "another length": ({HASH: (pair_101()[0], {54: [result_101()]})}, "something else than pairs"),
}


@pytest.mark.parametrize("name", FAULTS_101)
def test_what_is_no_file_of_nasbench101_is_refused_with_the_place(source, name):
    value, message_ = FAULTS_101[name]
    with pytest.raises(SourceError, match=re.escape(message_)):
        list(source("nasbench101", value).batches())


@pytest.mark.parametrize("number", [1, pytest.param(40_000, marks=pytest.mark.slow)])
def test_a_pickle_of_nasbenchapi_is_named_for_what_it_is(source, number):
    results = {f"{one:032x}": [{"epoch": 4, "adjacency_str": BITS}] * 3 for one in range(number)}
    value = {"benchmark": "nasbench101", "entries_by_arch": results, "num_records": 3 * number}
    with pytest.raises(SourceError, match=r"package nasbenchapi.*Load nasbench_full\.tfrecord"):
        list(source("nasbench101", value).batches())


def test_a_matrix_may_be_of_any_numbers_and_a_list(source):
    matrix = np.array([*map(int, BITS)]).reshape(7, 7)
    for one in (matrix.astype(bool), np.asfortranarray(matrix.astype(">i2")), matrix.tolist()):
        rows = rows_101(source("nasbench101", _changed_101(module_adjacency=one)))
        assert {row["adjacency"] for row in rows} == {BITS}
        assert {row["epoch"] for row in rows} == {54, 108}


def test_a_record_file_may_begin_with_any_length(tmp_path):
    for first in b"\x80(]})":  # as a pickle may begin
        missing = (first - len(payload())) % 256
        path = write(tmp_path / "it.tfrecord", [payload(operations=OPERATIONS + "x" * missing)])
        assert path.read_bytes()[0] == first
        assert type(open_sources("nasbench101", path)[0]) is NasBench101Source


def test_a_module_hash_that_comes_twice_is_refused(source):
    other = "0" * 32
    data = pickle.dumps({HASH: pair_101(), other: pair_101()})
    with pytest.raises(SourceError, match="a module hash comes twice"):
        list(source("nasbench101", data.replace(other.encode(), HASH.encode())).batches())


def test_genuine_records_agree_with_what_naslib_keeps_of_them(real_data, warehouse, tmp_path):
    folder = real_data / "natsbench" / "NATS-tss-v1_0-3ffb9-simple"
    value = {}
    for name in ("000000", "000011"):
        state = load(folder / f"{name}.pickle.pbz2")["200"]
        value[state["arch_str"]] = {
            dataset: of_run(state["all_results"][dataset, 888])
            for dataset in SPLITS
            if dataset != "cifar10"
        }
    path = tmp_path / "nb201_all_full_training.pickle"
    path.write_bytes(pickle.dumps(value))
    ingest(warehouse, NatsBenchSource(folder))
    before = warehouse.rows("select count(*), sum(hash(m)) from epoch_metric as m")
    (opened,) = open_sources("nasbench201", path)
    report = ingest(warehouse, opened)  # values that differ would be refused
    assert (report.records, report.architectures) == (2, 0)
    assert warehouse.rows("select count(*), sum(hash(m)) from epoch_metric as m") == before
