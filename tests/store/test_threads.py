"""One open warehouse and several threads, or processes: each read is right, or refused plainly."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import duckdb
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.errors import MbmlError, WarehouseError
from mbml.exports import export
from mbml.store import open_warehouse
from mbml.store.verify import verify

CELLS = 300
ROW = "select native_key, arch_id from architecture where arch_id = ?"
#: Runs for minutes unless it is stopped.
LONG = "select sum(a.range * b.range) from range(1000000) as a, range(1000000) as b"


@pytest.fixture(scope="module")
def path(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads")
    rows = nasbench201_rows(CELLS, valid_accuracy=0.5, test_accuracy=pl.int_range(CELLS) / CELLS)
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, rows, folder / "a.parquet")
    return folder / "w.duckdb"


@pytest.mark.parametrize("write", [False, True])
def test_eight_threads_each_read_their_own_row(path, write):
    with open_warehouse(path, write=write) as warehouse:
        right = dict(warehouse.rows("select arch_id, native_key from architecture"))

        def read(numbers):
            for number in numbers:
                assert warehouse.rows(ROW, [number]) == [(right[number], number)]
                assert warehouse.frame(ROW, [number]).rows() == [(right[number], number)]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(read, [range(first, CELLS, 8) for first in range(8)]))


def test_checks_and_exports_beside_each_other(path, tmp_path):
    with open_warehouse(path) as warehouse, ThreadPoolExecutor(4) as pool:
        checks = [pool.submit(verify, warehouse) for _ in range(2)]
        files = [
            pool.submit(export, warehouse, "measurement", tmp_path / name, format_name="csv")
            for name in "ab"
        ]
        assert checks[0].result() == checks[1].result() == verify(warehouse)
        assert files[0].result().read_bytes() == files[1].result().read_bytes()


def test_a_transaction_reads_its_own_rows_and_other_threads_what_is_committed(warehouse):
    count = "select count(*) from source"
    insert = (
        "insert into source by name select 1 as source_id, 'nasbench201' as benchmark,"
        " 'table' as format, 'a' as file_name, 'b' as sha256, 1 as bytes, 1 as records,"
        " false as is_surrogate, '0' as mbml_version, now()::timestamp as loaded_at"
    )
    with ThreadPoolExecutor(1) as other:

        def work():
            warehouse.rows(insert)
            warehouse.con.execute("create temp table mine as select 1 as a")
            assert warehouse.rows(count) == warehouse.rows("from mine") == [(1,)]
            assert other.submit(warehouse.rows, count).result() == [(0,)]

        warehouse.transaction(work)
        assert other.submit(warehouse.rows, count).result() == warehouse.rows(count) == [(1,)]


def test_transactions_of_two_threads_take_turns(warehouse):
    counter = "update warehouse set schema_version = schema_version + 1"
    number = "select schema_version from warehouse"
    [(before,)] = warehouse.rows(number)

    def work():
        [(held,)] = warehouse.rows(number)
        warehouse.rows(counter)
        assert warehouse.rows(number) == [(held + 1,)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: warehouse.transaction(work), range(40)))
    assert warehouse.rows(number) == [(before + 40,)]


def test_a_transaction_that_fails_leaves_the_next_one_alone(warehouse):
    with pytest.raises(ZeroDivisionError):
        warehouse.transaction(lambda: 1 // 0)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(warehouse.transaction, lambda: 5).result() == 5


def test_no_connection_sees_variables_of_python(path):
    hidden = 1  # noqa: F841
    setting = "select current_setting('python_enable_replacements')"
    with open_warehouse(path) as warehouse, warehouse.reading(), warehouse.reading() as second:
        assert second is not warehouse.con
        assert second.execute(setting).fetchall() == [(False,)]
        with pytest.raises(duckdb.CatalogException):
            second.execute("from hidden")


def test_a_failed_read_leaves_nothing_to_the_next(path):
    with open_warehouse(path) as warehouse:
        with suppress(KeyboardInterrupt), warehouse.reading() as con:
            con.execute("from range(1000000)").fetchone()
            raise KeyboardInterrupt
        with pytest.raises(duckdb.CatalogException):
            warehouse.rows("from nothing_of_this_name")
        for _ in range(3):
            assert warehouse.rows("select 1") == [(1,)]


def test_connections_are_used_again(path):
    def used(_):
        with warehouse.reading() as con:
            con.execute("select 1").fetchall()
            return con

    with open_warehouse(path) as warehouse:
        found = set()
        for _ in range(20):
            with ThreadPoolExecutor(2) as pool:
                found.update(pool.map(used, range(4)))
        assert len(found) <= 2


def read_without_end(warehouse, how, begun):
    begun.wait()
    if how == "frame":
        warehouse.frame(LONG)
    elif how == "rows":
        warehouse.rows(LONG)
    else:
        while True:
            warehouse.rows(ROW, [1])


@pytest.mark.parametrize("seconds", [0, 0.1])
@pytest.mark.parametrize("how", ["frame", "rows", "many"])
def test_closing_stops_reads_with_a_plain_error(path, how, seconds):
    warehouse = open_warehouse(path)
    begun = threading.Barrier(5)
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read_without_end, warehouse, how, begun) for _ in range(4)]
        begun.wait()
        time.sleep(seconds)
        warehouse.close()
        for one in reads:
            with pytest.raises(WarehouseError, match="closed"):
                one.result()


def test_a_closed_warehouse_says_so(path):
    with open_warehouse(path) as warehouse:
        warehouse.close()
        for use in (warehouse.rows, warehouse.frame, lambda _: warehouse.transaction(list)):
            with pytest.raises(WarehouseError, match=r"w\.duckdb: is closed; open it again"):
                use("select 1")


def test_closing_waits_for_the_transaction_of_another_thread(new_warehouse, tmp_path):
    warehouse = new_warehouse(tmp_path / "w.duckdb")
    begun, go_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        go_on.wait(10)
        warehouse.rows("update warehouse set definitions_sha256 = 'kept'")

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(warehouse.transaction, work)
        begun.wait(10)
        closing = pool.submit(warehouse.close)
        go_on.set()
        closing.result()
        writing.result()
    with duckdb.connect(str(tmp_path / "w.duckdb")) as con:
        assert con.execute("select definitions_sha256 from warehouse").fetchall() == [("kept",)]


def in_a_fork(use):
    """What a forked process answers; none after 20 seconds."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def work():
        try:
            there.send(use())
        except MbmlError as error:
            there.send(error)

    process = context.Process(target=work)
    process.start()
    try:
        return here.recv() if here.poll(20) else None
    finally:
        process.kill()
        process.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_is_refused(path):
    begun, go_on = threading.Event(), threading.Event()
    with open_warehouse(path) as warehouse, ThreadPoolExecutor(1) as other:

        def check():
            for use in (
                lambda: warehouse.rows("select 1"),
                lambda: warehouse.frame("select 1"),
                lambda: warehouse.transaction(lambda: None),
            ):
                refused = in_a_fork(use)
                assert isinstance(refused, WarehouseError)
                assert f"opened by process {os.getpid()}" in str(refused)
            assert in_a_fork(lambda: warehouse.close() or "closed") == "closed"

        check()
        warehouse.transaction(check)
        # A thread that the forked process lacks holds the lock there for good.
        other.submit(warehouse.transaction, lambda: begun.set() or go_on.wait(60))
        begun.wait(10)
        check()
        go_on.set()
        assert warehouse.rows("select count(*) from architecture") == [(CELLS,)]


def test_a_warehouse_cannot_be_pickled(path):
    with (
        open_warehouse(path) as warehouse,
        pytest.raises(TypeError, match="cannot be pickled; pickle its path"),
    ):
        pickle.dumps(warehouse)
