"""`mbml query`: rows come as they are computed, within the stated memory, however it ends."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys

import duckdb
import pytest

from mbml.cli.output import FORMATS

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

MBML = [sys.executable, "-c", "from mbml.cli.app import main; main()"]
ENDLESS = "select range as n, 'row ' || range as text from range(1000000000000)"
STATED = 1024  # MiB, in docs/limits.md
linux = pytest.mark.skipif(sys.platform != "linux", reason="the system keeps no ceiling")


def start(loaded, sql, *options):
    call = [*MBML, "-q", "query", sql, "--warehouse", loaded, *options]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


#: Says on stderr, last, how much memory it took; what its parent took does not count.
MEASURED = """
import atexit, sys
from pathlib import Path
from mbml.cli.app import main

def peak():
    [line] = [one for one in Path("/proc/self/status").open() if one.startswith("VmHWM")]
    print(line.split()[1], file=sys.stderr)

atexit.register(peak)
main()
"""


def run(loaded, tmp_path, sql, *options):
    """Run a query: its exit code, its output's file, its errors, and the most memory in MiB."""
    return measured(tmp_path, "query", sql, "--warehouse", loaded, *options)


def measured(tmp_path, *command):
    call = [sys.executable, "-c", MEASURED, "-q", *command]
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(call, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    *said, peak = done.stderr.splitlines(keepends=True)
    return done.returncode, tmp_path / "out", "".join(said), int(peak) / 1024


GIANTS = [
    "select range(300000000) as x",
    "select repeat('x', 3000000000) as x",
    "select list(range) as x from range(300000000)",
    "select length(repeat('x', 3000000000)) as x",
    "select list_sum(range(300000000)) as x",
    "select repeat('x', 100000000) as x",
    "select string_agg(range::varchar, ',') as x from range(100000000)",
]


@linux
@pytest.mark.parametrize("sql", GIANTS)
@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.slow) for one in FORMATS])
def test_a_giant_value_is_refused_within_the_stated_memory(loaded, tmp_path, name, sql):
    code, out, said, used = run(loaded, tmp_path, sql, "--format", name)
    print(f"{name:8} {used:4.0f} MiB  {sql}")
    assert used < STATED
    whole = out.stat().st_size > 1_000
    if code == 0:  # where a format needs few copies of it
        assert whole
    else:
        assert (code, whole) == (2, False)
        assert said.startswith("error: ")
        assert "ask for fewer rows or smaller values" in said or "a row is larger" in said


@linux
def test_a_giant_value_is_refused_before_it_is_made(loaded, tmp_path):
    code, out, said, used = run(loaded, tmp_path, GIANTS[0])
    assert (code, out.stat().st_size) == (2, 0)
    assert "Out of Memory" in said
    assert said.count("\n") == 1
    assert used < 300


@linux
def test_a_view_of_a_giant_value_is_counted_within_the_stated_memory(sixty_cells, tmp_path):
    path = shutil.copy(sixty_cells, tmp_path / "w.duckdb")
    with duckdb.connect(path) as con:
        con.execute(f"create view giant as select * from ({GIANTS[4]}) where x > 1")
    code, out, said, used = measured(
        tmp_path, "views", "giant", "--warehouse", path, "--format", "csv"
    )
    assert (code, said) == (0, "")
    assert "giant,,user,,cannot be read: the query failed: Out of Memory" in out.read_text()
    assert used < 500


def test_the_ceiling_is_gone_after_the_query(mbml):
    before = resource.getrlimit(resource.RLIMIT_DATA)
    mbml("query", "select 1", "--format", "parquet")
    mbml("query", "selec 1", expect=2)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@linux
@pytest.mark.slow
@pytest.mark.parametrize("name", ["csv", "json", "jsonl", "parquet", "markdown"])
def test_a_result_larger_than_memory(loaded, tmp_path, name):
    sql = "select range as n, range / 7 as x, repeat('text ', 80) || range as t from range(3000000)"
    code, out, said, used = run(loaded, tmp_path, sql, "--format", name)
    assert (code, said) == (0, "")
    assert used < 450
    if name != "parquet":
        assert out.stat().st_size > STATED << 20


@linux
@pytest.mark.slow
def test_a_table_that_is_too_large_is_refused(loaded, tmp_path):
    code, out, said, used = run(loaded, tmp_path, ENDLESS, "--rows", "0")
    assert (code, out.stat().st_size) == (2, 0)
    assert "too large for a table: more than 32 MiB; ask for fewer rows, or for another" in said
    assert used < STATED


@pytest.mark.parametrize("name", ["csv", "json", "jsonl", "parquet", "markdown"])
def test_a_reader_that_has_enough_ends_it(loaded, name):
    with start(loaded, ENDLESS, "--format", name) as process:
        first = process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert (
        first == {"csv": b"n", "json": b"[", "jsonl": b"{", "parquet": b"P", "markdown": b"|"}[name]
    )
    assert process.returncode == 0


def test_an_interrupt_ends_it_after_some_rows(loaded):
    with start(loaded, ENDLESS, "--format", "csv") as process:
        assert process.stdout.readline() == b"n,text\n"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        said = process.stderr.read().decode()
    assert process.returncode == 130
    assert said == "interrupted; what was not finished is not kept\n"


def test_the_time_limit_ends_it_after_some_rows(loaded):
    with start(loaded, ENDLESS, "--format", "jsonl", "--time-limit", "1") as process:
        first = json.loads(process.stdout.readline())
        process.stdout.read()
        said = process.stderr.read().decode()
    assert first == {"n": 0, "text": "row 0"}
    assert process.returncode == 2
    assert "ran for more than 1 seconds and was stopped" in said


FAILS_LATE = (
    "select case when n < 300000 then n else error('too far') end as n from range(400000) t(n)"
)


@pytest.mark.parametrize("name", FORMATS)
def test_an_error_after_some_rows_is_an_error(loaded, name):
    with start(loaded, FAILS_LATE, "--format", name) as process:
        written = process.stdout.read()
        said = process.stderr.read().decode()
    assert process.returncode == 2
    assert said == "error: the query failed: Invalid Input Error: too far\n"
    # What was written does not look whole.
    assert not written.endswith((b"]\n", b"PAR1"))
    if name == "table":
        assert written == b""
