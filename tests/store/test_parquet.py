"""Exported tables under the same views: on disk, and through a file system that is not one."""

from __future__ import annotations

import json

import duckdb
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.errors import UsageError
from mbml.exports import export_tables
from mbml.store.parquet import script

VIEW = "meta_nasbench201_cifar100_200epochs"


@pytest.fixture
def exported(warehouse, tmp_path):
    """The folder of a warehouse with cells of two benchmarks, on two data sets."""
    rows = nasbench201_rows(20)
    load_rows(warehouse, rows, tmp_path / "a.parquet")
    load_rows(warehouse, nasbench201_rows(20, dataset="cifar10-valid"), tmp_path / "b.parquet")
    load_rows(warehouse, nasbench101_rows(), tmp_path / "it's surrogate.parquet")
    return export_tables(warehouse, tmp_path / "it's")


def views(warehouse):
    return [
        name
        for (name,) in warehouse.rows("select view_name from duckdb_views() where not internal")
    ]


def test_every_view_has_the_same_rows(warehouse, exported):
    assert exported.name == "tables_surrogate"
    names = views(warehouse)
    with duckdb.connect() as con:
        con.execute(script(str(exported)))
        for name in names:
            there = con.sql(f"from {name} order by all").pl()
            assert there.equals(warehouse.frame(f"from {name} order by all")), name
        read = con.sql(f"explain analyze from {VIEW}").fetchall()[0][1]
    assert "Scanning Files: 1/3" in read
    assert len(names) >= 60


@pytest.mark.slow
def test_the_commands(warehouse, exported, tmp_path):
    warehouse.close()
    call = ["export-tables", "--to", str(tmp_path), "--warehouse", str(warehouse.path)]
    done = CliRunner().invoke(app, call)
    assert done.stdout == f"{tmp_path}/tables_surrogate\n"
    told = CliRunner().invoke(app, [*call, "--overwrite", "--json"]).stdout
    assert json.loads(told) == {"path": f"{tmp_path}/tables_surrogate"}
    done = CliRunner().invoke(app, ["open-parquet", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "mbml export-tables --to FOLDER" in done.stderr
    done = CliRunner().invoke(app, ["open-parquet", f"{exported}/"])
    assert done.exit_code == 0
    assert done.stdout == script(str(exported))


def test_through_another_file_system(exported):
    """As from object storage: DuckDB asks a file system for bytes, and no file is on disk."""
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.put(str(exported), "/bucket/tables", recursive=True)
    with duckdb.connect() as con:
        con.register_filesystem(memory)
        con.execute(script("memory://bucket/tables"))
        assert con.sql(f"from {VIEW}").pl().height == 20
        assert con.sql("from measurement").pl().height == 44


def test_what_cannot_be_exported_or_opened(warehouse, exported):
    with pytest.raises(UsageError, match="exists already"):
        export_tables(warehouse, exported.parent)
    assert export_tables(warehouse, exported.parent, overwrite=True) == exported
    with pytest.raises(UsageError, match="is missing"):
        script("")


def test_an_empty_warehouse(warehouse, tmp_path):
    with pytest.raises(UsageError, match="no measurement yet"):
        export_tables(warehouse, tmp_path / "out")
    assert not (tmp_path / "out").exists()
