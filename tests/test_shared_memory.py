"""Large results of workers come as they were sent, and no memory of theirs is kept."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mbml import shared_memory
from mbml.workers import map_in_workers

pytestmark = pytest.mark.usefixtures("importable")

LARGE = 300_000

needs_memory_files = pytest.mark.skipif(
    not hasattr(os, "memfd_create"), reason="only Linux has files in memory"
)


def result_of(number):
    """Return arrays of both packages: with and without nulls, empty, strided, of texts."""
    values = np.arange(LARGE, dtype=np.float64) * number
    table = pa.table(
        {
            "value": pa.array(values, mask=values % 3 == 0),
            "text": pa.array([f"{number} {place}" for place in range(LARGE)]),
            "name": pa.array(["a", "b"] * (LARGE // 2)).dictionary_encode(),
        }
    )
    strided = np.arange(2000, dtype=np.int16)[::2]  # is copied
    return {"number": number, "tables": [table, table.slice(0, 0)], "arrays": [values, strided]}


def memory_files(_):
    """Return how many files in memory this process holds."""
    links = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # of the folder that is listed
            links.append(one.readlink())
    return sum(str(link).startswith("/memfd:mbml") for link in links)


def large_and_held(number):
    return np.full(LARGE, number), memory_files(number)


def assert_same(found, sent):
    assert found["number"] == sent["number"]
    assert found["tables"] == sent["tables"]
    for one, other in zip(found["arrays"], sent["arrays"], strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
        one[0] = 1  # writable, as what a pipe brings


@needs_memory_files
def test_large_results_are_mapped(importable, monkeypatch):
    received = []
    receive = shared_memory.receive
    monkeypatch.setattr(
        "mbml.workers.receive", lambda shared: received.append(shared) or receive(shared)
    )
    for found in map_in_workers(importable.result_of, range(7), workers=2):
        assert_same(found, result_of(found["number"]))
    assert len(received) == 7
    assert max(len(one.pickled) for one in received) < 10_000


def test_a_system_without_such_files_sends_them(importable, monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    sent = result_of(3)
    assert shared_memory.share(sent) is sent


@needs_memory_files
def test_workers_keep_few_results(importable):
    held = [count for _, count in map_in_workers(importable.large_and_held, range(40), workers=2)]
    assert max(held) <= 4
    assert any(held)


@needs_memory_files
def test_a_result_is_closed_once_alone():
    first, second = (shared_memory.share(np.zeros(LARGE)) for _ in range(2))
    shared_memory.release([first.place, first.place])
    assert np.array_equal(shared_memory.receive(second), np.zeros(LARGE))
    other = second.place._replace(process=second.place.process + 1)
    shared_memory.release([other])
    assert np.array_equal(shared_memory.receive(second), np.zeros(LARGE))
    shared_memory.release([second.place])
    with pytest.raises(FileNotFoundError):
        shared_memory.receive(second)


@needs_memory_files
def test_what_is_written_in_pieces_is_whole(monkeypatch):
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: write(file, data[:100_000], at))
    shared = shared_memory.share(np.arange(LARGE))
    assert np.array_equal(shared_memory.receive(shared), np.arange(LARGE))
    shared_memory.release([shared.place])
