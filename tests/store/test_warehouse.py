"""Opening a warehouse: what is refused, and how definitions stay in step."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

from mbml.errors import UsageError, WarehouseError
from mbml.store import open_warehouse


def test_a_missing_file_is_not_made_by_reading(tmp_path):
    with pytest.raises(WarehouseError, match="no such warehouse; load a source into it first"):
        open_warehouse(tmp_path / "none.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="a folder"):
        open_warehouse(tmp_path)


@pytest.mark.parametrize("write", [False, True])
def test_another_file_is_refused(tmp_path, write):
    path = tmp_path / "text.duckdb"
    path.write_text("not a database " * 1000)
    with pytest.raises(WarehouseError, match="not a DuckDB file"):
        open_warehouse(path, write=write)
    assert path.read_text().startswith("not a database")


@pytest.mark.parametrize("write", [False, True])
def test_another_database_is_refused(tmp_path, write):
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table mine (x integer)")
    with pytest.raises(WarehouseError, match="not a warehouse of mbml"):
        open_warehouse(path, write=write)


@pytest.mark.parametrize(("version", "word"), [(999, "newer"), (0, "older")])
def test_another_schema_version_is_refused(tmp_path, version, word):
    path = tmp_path / "w.duckdb"
    with open_warehouse(path, write=True) as warehouse:
        warehouse.con.execute("update warehouse set schema_version = ?", [version])
    with pytest.raises(WarehouseError, match=word):
        open_warehouse(path)


def test_a_lock_names_its_process(tmp_path):
    path = tmp_path / "w.duckdb"
    with open_warehouse(path, write=True):
        code = (
            "import pathlib, sys; from mbml.store import open_warehouse;"
            "open_warehouse(pathlib.Path(sys.argv[1]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
        )
    assert "locked by process" in done.stderr


@pytest.mark.parametrize("current", [True, False])
@pytest.mark.slow
def test_a_reader_cannot_write(tmp_path, current):
    path = tmp_path / "w.duckdb"
    with open_warehouse(path, write=True) as warehouse:
        if not current:
            warehouse.con.execute("update warehouse set definitions_sha256 = repeat('0', 64)")
    with open_warehouse(path) as warehouse, pytest.raises(duckdb.InvalidInputException):
        warehouse.con.execute("delete from run")


def test_sql_does_not_see_python_variables(warehouse):
    hidden = 1  # noqa: F841
    with pytest.raises(duckdb.CatalogException):
        warehouse.rows("select * from hidden")
