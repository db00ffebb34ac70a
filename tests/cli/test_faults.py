"""Bad input on the command line: one message, the right exit code, nothing lost, nothing left.

`pytest tests/cli/test_faults.py -rP` lists each with its message.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import polars as pl
import pytest
from other_user import unprivileged
from records import BITS, OPERATIONS, frame, payload, write
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.sources.nasbench101 import source as nasbench101
from mbml.store import open_warehouse

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

MBML = [sys.executable, "-c", "from mbml.cli.app import app; app()"]
HELD = "select count(*), min(test_accuracy) from meta_nasbench201_cifar100_200epochs"


@pytest.fixture
def held(new_warehouse, tmp_path):
    """Path of a warehouse with six cells."""
    path = tmp_path / "held" / "w.duckdb"
    with new_warehouse(path) as warehouse:
        load_rows(warehouse, nasbench201_rows(), tmp_path / "held.parquet")
    return path


def content(path):
    with open_warehouse(path) as warehouse:
        return warehouse.rows(HELD), warehouse.rows("select count(*) from source")


@pytest.fixture
def refused(mbml, held, tmp_path):
    """Load a bad file into a warehouse that holds something, and into none."""

    def check(kind, bad, code, said):
        before = content(held)
        result = mbml("ingest", kind, bad, "--warehouse", held, expect=code)
        _one_message(result.stdout, result.stderr, said)
        print(f"exit {code}  {result.stderr.strip().replace(str(tmp_path), '')}")
        assert content(held) == before
        assert [one.name for one in held.parent.iterdir()] == ["w.duckdb"]
        none = tmp_path / "none"
        if said.startswith("error: {bad}"):
            mbml("ingest", kind, bad, "--warehouse", none / "w.duckdb", expect=code)
            assert not none.exists() or list(none.iterdir()) == []

    return check


def _one_message(stdout, stderr, said):
    assert stdout == ""
    assert stderr.startswith("error: ")
    assert said.removeprefix("error: {bad}") in stderr
    assert "Traceback" not in stderr
    assert stderr.count("\n") == 1


def _records(*payloads):
    return lambda path: write(path, payloads)


def _bytes(data):
    return lambda path: path.write_bytes(data)


GOOD = payload()
SECOND = f"record 1, byte {len(frame(GOOD)):,}: "
BAD_RECORDS = {
    "empty": (_bytes(b""), 5, "is empty"),
    "missing": (lambda _: None, 2, "does not exist"),
    "a folder": (lambda path: path.mkdir(), 2, "is a folder; name the file in it"),
    "no records": (_bytes(b"hash epochs\n" * 10), 5, "record 0, byte 0: the CRC of the record's"),
    "cut short": (
        lambda path: write(path, [GOOD] * 2).write_bytes(path.read_bytes()[:-1]),
        5,
        SECOND + "the file ends within the CRC of the record's payload",
    ),
    "a flipped bit": (
        lambda path: write(path, [GOOD]).write_bytes(
            path.read_bytes().replace(b"conv", b"conw", 1)
        ),
        5,
        "record 0, byte 0: the CRC of the record's payload is wrong",
    ),
    "no list of five": (_records(GOOD, b"[1]"), 5, "not a JSON list of hash, epochs, adjacency"),
    "no path": (_records(GOOD, payload(bits="0" * 49)), 5, SECOND + "its cell is not legal"),
    "an unknown operation": (
        _records(payload(operations=OPERATIONS.replace("maxpool3x3", "maxpool5x5"))),
        5,
        "its cell is not legal",
    ),
    "another cell's hash": (
        _records(GOOD, payload(bits=BITS, module_hash="0" * 32)),
        5,
        "its module hash is 00000000000000000000000000000000, and that of its cell is 00005c14",
    ),
}


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_a_bad_record_file(refused, tmp_path, name):
    make, code, said = BAD_RECORDS[name]
    path = tmp_path / "bad.tfrecord"
    make(path)
    refused("nasbench101", path, code, "error: {bad}" + said)


BAD_TABLES = {
    "a needed column missing": (nasbench201_rows().drop("trial"), 5, "lacks the column trial"),
    "an unknown column": (
        nasbench201_rows(test_acuracy=0.5),
        5,
        "column 'test_acuracy': is not known. Did you mean 'test_accuracy'",
    ),
    "a wrong type": (nasbench201_rows(test_accuracy="high"), 5, "in [0, 1], got 'high'."),
    "out of range": (nasbench201_rows(test_accuracy=93.1), 5, "in [0, 1], got 93.1."),
    "a duplicate key": (
        pl.concat([nasbench201_rows(), nasbench201_rows(1)]),
        5,
        "row 7: repeats an architecture, dataset, schedule, trial and epoch",
    ),
    "two kinds of trial": (
        pl.concat([nasbench101_rows(trial=0), nasbench101_rows(trial=1)]),
        4,
        "check trials_of_one_kind failed for 4 rows, nothing was kept",
    ),
    "no rows": (nasbench201_rows().clear(), 5, "holds no rows"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table(refused, tmp_path, name):
    rows, code, said = BAD_TABLES[name]
    rows.write_parquet(tmp_path / "bad.parquet")
    refused("table", tmp_path / "bad.parquet", code, "error: {bad}" + said)


CONFLICTS = {
    "another value": (
        nasbench201_rows(test_accuracy=0.25),
        "differs from what the warehouse holds",
    ),
    "trials over a summary": (nasbench201_rows(trial=777), "holds a summary value"),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_table_that_the_warehouse_contradicts(refused, tmp_path, name):
    rows, said = CONFLICTS[name]
    rows.write_parquet(tmp_path / "other.parquet")
    refused("table", tmp_path / "other.parquet", 2, said)


def test_a_summary_over_trials(mbml, tmp_path):
    for trial in (777, 0):
        nasbench201_rows(trial=trial).write_parquet(tmp_path / f"{trial}.parquet")
    into = ("--warehouse", tmp_path / "w.duckdb")
    mbml("ingest", "table", tmp_path / "777.parquet", *into)
    said = mbml("ingest", "table", tmp_path / "0.parquet", *into, expect=2).stderr
    assert "brings a summary value" in said
    assert "holds single trials" in said


def test_a_file_that_shrinks_while_it_is_read(refused, tmp_path, monkeypatch):
    path = write(tmp_path / "bad.tfrecord", [GOOD] * 10)

    def shrinking(function, items, *, workers):
        for item in items:
            os.truncate(path, 1000)
            yield function(item)

    monkeypatch.setattr(nasbench101, "map_in_workers", shrinking)
    refused("nasbench101", path, 5, "the file shrank while it was read")


def test_a_file_without_read_permission(mbml, tmp_path):
    path = write(tmp_path / "bad.tfrecord", [GOOD])
    path.chmod(0)
    call = ("ingest", "nasbench101", path, "--warehouse", tmp_path / "w.duckdb")
    with unprivileged(tmp_path):
        result = mbml(*call, expect=5)
    _one_message(result.stdout, result.stderr, "bad.tfrecord: cannot be read: Permission denied")
    print(f"exit 5  {result.stderr.strip()}")


#: Runs a command that stops and says so, at a place where a signal finds it.
STOPS = """
import dataclasses, sys, time
import pyarrow as pa, pyarrow.compute as pc
from mbml.sources.tables.table import TableSource
from mbml.store import load
from mbml.cli.app import app
def stop(warehouse):
    print("here", flush=True)
    warehouse.rows("select count(*) from range(100000000000)")
def stop_reading(self, read=TableSource.batches):
    [batch] = read(self)
    yield batch
    print("here", flush=True)
    def later(table, runs):
        shifted = pc.add(table["run"], pa.scalar(runs, pa.uint32()))
        return table.set_column(0, table.schema.field(0), shifted)
    for runs in range(4, 100_000, 4):
        time.sleep(0.02)
        yield dataclasses.replace(
            batch,
            architectures=batch.architectures.slice(0, 0),
            runs=later(batch.runs, runs),
            epochs=later(batch.epochs, runs),
        )
if sys.argv.pop(1) == "reading":
    TableSource.batches = stop_reading
else:
    load.run_checks = stop
app()
"""


@pytest.mark.parametrize("place", ["reading", "checking"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_load_that_is_ended_in_the_middle(held, tmp_path, place, number, code):
    before = content(held)
    nasbench101_rows().write_parquet(tmp_path / "more.parquet")
    call = ["ingest", "table", str(tmp_path / "more.parquet"), "--warehouse", str(held)]
    with subprocess.Popen(
        [sys.executable, "-c", STOPS, place, *call],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "here\n"
            process.send_signal(number)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    print(f"exit {process.returncode}  {said.strip()}")
    assert process.returncode == code
    assert said == ("interrupted; what was not finished is not kept\n" if code > 0 else "")
    assert content(held) == before
    done = subprocess.run([*MBML, *call], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("call", [("info",), ("query", "select 1"), ("ingest", "table")])
def test_a_warehouse_of_a_newer_schema(mbml, held, tmp_path, call):
    with open_warehouse(held, write=True) as warehouse:
        warehouse.con.execute("update warehouse set schema_version = 999")
    if call[0] == "ingest":
        nasbench101_rows().write_parquet(tmp_path / "more.parquet")
        call = (*call, tmp_path / "more.parquet")
    result = mbml(*call, "--warehouse", held, expect=3)
    _one_message(result.stdout, result.stderr, "schema version 999 is newer than this mbml's")


@pytest.mark.parametrize("call", [("info",), ("query", "select 1"), ("ingest", "table")])
def test_a_file_that_is_no_warehouse(mbml, tmp_path, call):
    (tmp_path / "a.duckdb").write_text("text " * 5000)
    if call[0] == "ingest":
        nasbench101_rows().write_parquet(tmp_path / "more.parquet")
        call = (*call, tmp_path / "more.parquet")
    result = mbml(*call, "--warehouse", tmp_path / "a.duckdb", expect=3)
    _one_message(result.stdout, result.stderr, "not a DuckDB file; choose another")
    assert (tmp_path / "a.duckdb").read_text() == "text " * 5000


BAD_QUERIES = {
    "bad SQL": "selec 1",
    "no such table": "select 1 from rum",
    "a write": "delete from run",
    "a file": "select * from read_csv('/etc/passwd')",
    "two statements": "select 1; select 2",
}


@pytest.mark.parametrize("name", BAD_QUERIES)
def test_a_bad_query(mbml, held, name):
    result = mbml("query", BAD_QUERIES[name], "--warehouse", held, expect=2)
    print(f"exit 2  {result.stderr.strip()}")
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert content(held) == ([(6, 0.4)], [(1,)])
