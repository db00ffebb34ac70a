"""Typed SQL: what it may do, and what it gives back."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.errors import UsageError, WarehouseError
from mbml.store import open_warehouse
from mbml.store.query import open_answer, query


@pytest.fixture(scope="module")
def path(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("query")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(), folder / "a.parquet")
    return folder / "w.duckdb"


# SQL of a value, and the type and value that a frame has of it.
FRAME = {
    "sum(arch_index)": (pl.Int128, 15),
    "min(0.50)": (pl.Decimal(3, 2), Decimal("0.50")),
    "min(9999999999999999999999999999.9999999999::decimal(38, 10))": (
        pl.Decimal(38, 10),
        Decimal("9999999999999999999999999999.9999999999"),
    ),
    "min((-170141183460469231731687303715884105728)::hugeint)": (pl.Int128, -(2**127)),
    "max(340282366920938463463374607431768211455::uhugeint)": (pl.UInt128, 2**128 - 1),
    "max('123456789012345678901234567890123456789012'::bignum)": (
        pl.String,
        "123456789012345678901234567890123456789012",
    ),
    "max(18446744073709551615::ubigint)": (pl.UInt64, 2**64 - 1),
    "max(0.1::float)": (pl.Float32, 0.10000000149011612),
    "max(date '0001-01-01')": (pl.Date, date(1, 1, 1)),
    "max('2026-11-27'::timestamp_s)": (pl.Datetime("ms"), datetime.fromisoformat("2026-11-27")),
    "max('2026-11-27'::timestamp_ns)": (pl.Datetime("ns"), datetime.fromisoformat("2026-11-27")),
    "max(interval '1 month 1 day')": (pl.String, "1 month 1 day"),
    "max('12:00:00+15:59:59'::timetz)": (pl.String, "12:00:00+15:59:59"),
    "max('\\x00\\xFF'::blob)": (pl.Binary, b"\x00\xff"),
    "max('a'::enum('a'))": (pl.String, "a"),
    "any_value([1, null])": (pl.List(pl.Int32), [1, None]),
    "any_value([1, 2]::integer[2])": (pl.Array(pl.Int32, 2), [1, 2]),
    "any_value({'a': 1, 'b': 'x'})": (
        pl.Struct({"a": pl.Int32, "b": pl.String}),
        {"a": 1, "b": "x"},
    ),
    "any_value([1::hugeint])": (pl.String, "[1]"),
    "any_value([date '2026-11-27'])": (pl.String, '["2026-11-27"]'),
    "any_value(union_value(n := 1))": (pl.String, '{"n": 1}'),
}


def test_a_frame_is_exact(path):
    frame = query(path, f"select {', '.join(FRAME)} from measurement")
    found = zip(frame.dtypes, frame.row(0), strict=True)
    assert dict(zip(FRAME, found, strict=True)) == FRAME


def test_a_frame_of_nothing_has_its_types(path):
    frame = query(
        path, "select sum(arch_index) as s, trial from measurement where false group by 2"
    )
    assert frame.schema == {"s": pl.Int128, "trial": pl.Int32}


def test_a_date_that_a_frame_lacks_is_refused(path):
    with pytest.raises(UsageError, match="column 'd' holds infinity, which a frame or Parquet"):
        query(path, "select date 'infinity' as d")


def test_an_error_points_at_nothing_that_was_not_typed(path):
    with pytest.raises(UsageError, match=r"string 'a' to INT32$"):
        query(path, "select 1 from run where 'a' = 1")


def test_names_come_as_text(path):
    assert query(path, "select distinct dataset from run").rows() == [("cifar100",)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("selec 1", "syntax error"),
        ("select nothing from run", "nothing"),
        ("select 1; select 2", "expected one statement, got 2"),
        ("", "expected one statement, got 0"),
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
        ("import database 'out'", "only a query|disabled by configuration"),
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


def test_a_reader_that_is_left_open_does_not_keep_the_warehouse(path):
    with open_answer(path, "from range(100000)") as answer:
        half_read = answer.batches(["c0"])
        assert len(next(half_read)) > 0
    open_warehouse(path, write=True).close()


@pytest.mark.parametrize("open_it", [duckdb.connect, partial(open_warehouse, write=True)])
def test_a_path_that_this_process_writes_is_refused(path, open_it):
    with open_it(path), pytest.raises(WarehouseError, match="open in another way"):
        query(path, "select 1")


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


@pytest.mark.slow
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


def test_a_query_leaves_other_readers_of_the_process_as_they_are(path):
    with open_warehouse(path) as reader:
        before = reader.rows("select name, value from duckdb_settings() order by name")
        for number in (1, 2):
            assert query(path, f"select {number} as a").rows() == [(number,)]
        assert reader.rows("select name, value from duckdb_settings() order by name") == before
        with open_warehouse(path) as other:
            assert other.rows("select 3") == [(3,)]


@pytest.mark.parametrize("name", ["memory", "temp", "a b'c", 'quo"te', "select", "main"])
def test_a_warehouse_may_have_any_name(path, tmp_path, name):
    named = Path(shutil.copy(path, tmp_path / f"{name}.duckdb"))
    assert query(named, "select count(*) from meta_nasbench201_cifar100_200epochs").height == 1
