"""Typed SQL: what it may do, and what it gives back."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.errors import UsageError
from mbml.store.query import query


@pytest.fixture(scope="module")
def path(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("query")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(), folder / "a.parquet")
    return folder / "w.duckdb"


def test_numbers_come_as_numbers(path):
    frame = query(path, "select sum(arch_index) as s, 0.5 as h, 2::hugeint as g from measurement")
    assert frame.schema == {"s": pl.Int64, "h": pl.Float64, "g": pl.Int64}
    assert frame.row(0) == (15, 0.5, 2)


def test_names_come_as_text(path):
    assert query(path, "select distinct dataset from run").rows() == [("cifar100",)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("selec 1", "syntax error"),
        ("select nothing from run", "nothing"),
        ("select 1; select 2", "one statement is meant, 2"),
        ("", "one statement is meant, 0"),
        ("delete from run", "only a query"),
        ("create table x (i integer)", "only a query"),
        ("copy run to 'run.csv'", "only a query"),
        ("attach 'other.duckdb'", "only a query"),
        ("install httpfs", "only a query"),
        ("set enable_external_access = true", "only a query"),
        ("select * from read_csv('secret.csv')", "disabled by configuration"),
        ("select * from 'secret.parquet'", "does not exist|disabled by configuration"),
        ("select * from read_text('/etc/hostname')", "disabled by configuration"),
        ("select * from glob('/*')", "disabled by configuration"),
        ("select * from read_blob('/etc/hostname')", "disabled by configuration"),
        ("select * from read_json('secret.csv')", "disabled by configuration"),
        ("select * from read_parquet('http://127.0.0.1:9/x')", "disabled by|httpfs"),
        ("select * from 'https://127.0.0.1:9/x.csv'", "disabled by|does not exist|httpfs"),
        ("select * from sniff_csv('secret.csv')", "disabled by configuration"),
        ("select getenv('HOME')", "getenv"),
        ("select * from query('copy run to ''run.csv''')", "SELECT"),
        ("select * from query_table('secret.csv')", "disabled by|does not exist"),
        ("pragma enable_external_access", "only a query|not|disabled"),
        ("call pragma_version()", "only a query"),
        ("load 'httpfs'", "only a query"),
        ("export database 'out'", "only a query"),
        ("import database 'out'", "only a query"),
        ("detach w", "only a query"),
        ("use memory", "only a query"),
        ("vacuum", "only a query"),
        ("checkpoint", "only a query"),
        ("begin transaction", "only a query"),
        ("reset memory_limit", "only a query"),
        ("set memory_limit = '1TB'", "only a query"),
        ("update run set trial = 1", "only a query"),
        ("insert into run select * from run", "only a query"),
        ("explain analyze copy run to 'run.csv'", "only a query"),
        ("prepare p as delete from run", "only a query"),
        ("create temp table t as select 1", "only a query"),
        ("create secret s (type s3)", "only a query"),
    ],
)
def test_everything_else_is_refused(path, sql, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    before = path.read_bytes()
    with pytest.raises(UsageError, match=said):
        query(path, sql)
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"secret.csv"}


INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from mbml.store.query import query

threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
sql = "select sum(a.range * b.range) from range(1000000) a, range(1000000) b"
try:
    query(Path(sys.argv[1]), sql, time_limit=60)
except KeyboardInterrupt:
    print("stopped")
"""


def test_an_interrupt_stops_a_query_before_its_time(path):
    # A process of its own: what Polars has met in this one may keep interrupts from Python.
    command = [sys.executable, "-c", INTERRUPTED, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "stopped\n"


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r",
        "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range = 7",
    ],
)
def test_a_query_without_end_is_stopped(path, sql):
    with pytest.raises(UsageError, match="was stopped"):
        query(path, sql, time_limit=0.5)
    assert query(path, "select count(*) from run").rows()[0][0] > 0


@pytest.mark.slow
def test_a_query_beyond_its_memory_ends(path):
    with pytest.raises(UsageError, match="Out of Memory"):
        query(path, "select list(a.range || 'x') from range(100000000) a", time_limit=60)
    assert {one.name for one in path.parent.iterdir()} == {"w.duckdb", "a.parquet"}
