"""NAS-Bench-101 record files: every value of the genuine ones, whatever the order of records."""

from __future__ import annotations

import random

import numpy as np
import pytest
from records import expected_of, oracle, read, split, write

pytestmark = pytest.mark.realdata
GENUINE = {"epochs_4_spec_3V9E": (7, 21), "energy_4V9E": (91, 1092)}


@pytest.mark.parametrize("name", GENUINE)
@pytest.mark.parametrize("options", [{}, {"piece_bytes": 5_000}, {"workers": 2}], ids=str)
def test_every_value_of_a_genuine_file(real_data, name, options):
    path = real_data / "tfrecord" / f"{name}.tfrecord"
    rows = read(path, **options)
    assert expected_of(rows) == oracle(split(path.read_bytes()))
    cells, runs = GENUINE[name]
    assert len({row["arch"] for row in rows}) == cells
    assert len({row["run"] for row in rows}) == runs
    assert len(rows) == 3 * runs


def test_a_genuine_row_whole(real_data):
    row = read(real_data / "tfrecord" / "epochs_4_spec_3V9E.tfrecord")[2]
    assert row == {
        "arch": 0,
        "native_index": None,
        "native_key": "d32d0b26d534203b48d866facd98cc3e",
        "adjacency": "011001000",
        "operations": "input,conv3x3-bn-relu,output",
        "nodes": 3,
        "edges": 3,
        "graph_id": "d32d0b26d534203b48d866facd98cc3e",
        "functional_id": "d32d0b26d534203b48d866facd98cc3e",
        "run": 0,
        "dataset": "cifar10",
        "schedule_epochs": 4,
        "trial": 1,
        "parameters": 11_051_402,
        "flops": None,
        "latency_seconds": None,
        "total_seconds": 121.50970959663391,
        "seconds_are_measured": True,
        "epoch": 4,
        "train_accuracy": 0.5097155570983887,
        "train_top5_accuracy": None,
        "train_loss": None,
        "valid_accuracy": 0.5066105723381042,
        "valid_loss": None,
        "test_accuracy": 0.5062099099159241,
        "test_loss": None,
        "valid_test_accuracy": None,
        "valid_test_loss": None,
        "train_seconds": 76.44700622558594,
        "valid_seconds": None,
        "test_seconds": None,
        "valid_test_seconds": None,
    }


def test_both_ways_of_decoding_give_equal_rows(real_data, monkeypatch):
    path = real_data / "tfrecord" / "epochs_4_spec_3V9E.tfrecord"
    fast = read(path)
    walked = []

    def never_fits(epochs, _):
        walked.append(len(epochs))
        return np.zeros(len(epochs), bool)

    monkeypatch.setattr("mbml.sources.nasbench101.decode.epochs_fit", never_fits)
    assert read(path) == fast
    assert walked == [21]


def test_the_fast_way_takes_the_official_shapes(real_data, monkeypatch):
    def parse_record(_):
        raise AssertionError("walked")

    monkeypatch.setattr("mbml.sources.nasbench101.decode.parse_record", parse_record)
    assert len(read(real_data / "tfrecord" / "epochs_4_spec_3V9E.tfrecord")) == 63


@pytest.mark.parametrize("piece_bytes", [1_000, 50_000, 10_000_000])
def test_trials_count_arrivals_in_any_order_of_records(real_data, tmp_path, piece_bytes):
    payloads = split((real_data / "tfrecord" / "energy_4V9E.tfrecord").read_bytes())
    random.Random(0).shuffle(payloads)
    path = write(tmp_path / "shuffled.tfrecord", payloads)
    rows = read(path, piece_bytes=piece_bytes)
    assert expected_of(rows) == oracle(payloads)
    assert {row["trial"] for row in rows} == {1, 2, 3}
    seen = [row["arch"] for row in rows]
    assert list(dict.fromkeys(seen)) == list(range(91))
    assert [row["run"] for row in rows] == [run for run in range(1092) for _ in range(3)]
