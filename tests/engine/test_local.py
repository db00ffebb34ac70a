"""The engine: every task once, results as they complete, no process left behind."""

from __future__ import annotations

import errno
import multiprocessing
import os
import tempfile
import time

import numpy as np
import pytest

from mbml.engine import run
from mbml.errors import MbmlError


def add(shared, task):
    return shared + task


def is_mapped(shared, _):
    return isinstance(shared["values"], np.memmap), int(shared["values"].sum())


def nap(_, seconds):
    time.sleep(seconds)
    return seconds


def die(_, task):
    os._exit(task)


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_once_with_the_shared_data(jobs):
    assert sorted(run(add, range(7), shared=10, jobs=jobs)) == list(range(10, 17))


def test_processes_share_the_memory_of_arrays():
    shared = {"values": np.arange(5)}
    assert list(run(is_mapped, range(2), shared=shared, jobs=2)) == [(True, 10)] * 2


def test_a_full_disk_is_told_with_the_next_step(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("joblib.dump", full)
    with pytest.raises(MbmlError, match=r"No space left on device; make room, .* TMPDIR"):
        next(run(add, [1], shared=1, jobs=2))
    assert not list(tmp_path.iterdir())


def test_results_come_as_they_complete_and_closing_ends_the_processes():
    before = set(multiprocessing.active_children())
    results = run(nap, iter([600.0, 0.0]), shared=None, jobs=2)
    assert next(results) == 0.0
    results.close()
    assert set(multiprocessing.active_children()) <= before


def test_a_task_is_taken_only_when_a_process_is_free():
    taken = []

    def tasks():
        for one in range(6):
            taken.append(one)
            yield one

    results = run(add, tasks(), shared=0, jobs=2)
    next(results)
    assert len(taken) == 2
    results.close()


def test_a_killed_process_is_an_error():
    with pytest.raises(MbmlError, match="ended unexpectedly"):
        list(run(die, [3], shared=None, jobs=2))
