"""Work in other processes: in order, a bounded number at a time, and no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from mbml.errors import MbmlError, SourceError
from mbml.workers import map_in_workers

pytestmark = pytest.mark.usefixtures("importable")


def refuse(item):
    if item == 3:
        raise SourceError("file", "record 3", "is wrong", "Mend it.")
    return item


def pid_of(_):
    return os.getpid()


def sleep_long(seconds):
    time.sleep(seconds)
    return os.getpid()


class OddError(Exception):
    """Cannot be made again from what it keeps."""

    def __init__(self, first, second):
        super().__init__(first)


def fail_oddly(item):
    raise OddError(item, "more")


def die(_):
    os._exit(1)


def test_results_come_in_order_from_other_processes(importable):
    assert list(map_in_workers(abs, range(0, -20, -1), workers=2)) == list(range(20))
    pids = set(map_in_workers(importable.pid_of, range(8), workers=2))
    assert os.getpid() not in pids
    assert len(pids) <= 2


def test_one_worker_is_this_process(importable):
    assert set(map_in_workers(importable.pid_of, range(3), workers=1)) == {os.getpid()}


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_items_are_taken_than_needed(workers):
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = map_in_workers(abs, items(), workers=workers)
    assert next(results) == 0
    assert len(taken) <= 2 * workers
    results.close()
    assert len(taken) <= 2 * workers


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_where_its_result_would(importable, workers):
    results = map_in_workers(importable.refuse, range(6), workers=workers)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SourceError) as caught:
        next(results)
    assert str(caught.value) == "file, record 3: is wrong. Mend it."


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_items_comes_after_the_results_before_it(workers):
    def items():
        yield 1
        yield 2
        raise SourceError("file", "", "ends")

    results = map_in_workers(abs, items(), workers=workers)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(SourceError, match="file: ends"):
        next(results)


def test_an_error_that_cannot_travel_arrives_as_its_text(importable):
    with pytest.raises(MbmlError, match=r"^OddError: 7$"):
        list(map_in_workers(importable.fail_oddly, [7], workers=2))


def test_a_killed_worker_is_an_error(importable):
    with pytest.raises(MbmlError, match="a worker process ended unexpectedly"):
        list(map_in_workers(importable.die, [1], workers=2))


SCRIPT = """
    import sys, time
    from test_workers import sleep_long, pid_of
    from mbml.workers import map_in_workers
    from mbml.errors import MbmlError
    print("started", flush=True)
    results = map_in_workers({function}, [0, 0, {seconds}, {seconds}, {seconds}], workers=2)
    print(next(results), next(results), flush=True)
    list(results)
"""


def start(tmp_path, function, seconds):
    script = tmp_path / "unguarded.py"
    script.write_text(textwrap.dedent(SCRIPT.format(function=function, seconds=seconds)))
    return subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_end(session):
    """Wait until no process of a session is left."""
    for _ in range(100):
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--sid", str(session)], capture_output=True, text=True, check=False
        )
        if not listed.stdout.split():
            return
        time.sleep(0.05)
    pytest.fail(f"processes left behind: {listed.stdout}")


def test_a_script_without_a_guard_runs_once(tmp_path):
    process = start(tmp_path, "sleep_long", 0)
    out, err = process.communicate(timeout=30)
    assert out.count("started") == 1
    assert (process.returncode, err) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_ends_all_processes_and_only_the_parent_speaks(tmp_path):
    process = start(tmp_path, "sleep_long", 1)
    process.stdout.readline()
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode != 0
    assert err.count("Traceback") == 1
    assert err.rstrip().endswith("KeyboardInterrupt")
    wait_for_end(process.pid)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path):
    process = start(tmp_path, "sleep_long", 600)
    process.stdout.readline()
    process.stdout.readline()
    process.kill()
    process.communicate(timeout=30)
    wait_for_end(process.pid)
