"""Typed SQL: what it may do, and what it gives back."""

from __future__ import annotations

import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.errors import UsageError
from mbml.store import open_warehouse
from mbml.store.query import query


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("query")
    with open_warehouse(folder / "w.duckdb", write=True) as warehouse:
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
