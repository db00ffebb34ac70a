"""Spaces, quotes, brackets, wildcards and letters of other scripts in the names of files."""

from __future__ import annotations

import shutil

import pytest
from tables import nasbench201_rows
from writers import INTO_WAREHOUSE, WRITERS, arguments, content, tree, write_inputs

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

#: What a shell, SQL, a glob or an address would take for something else.
ODD = 'Ämter 数据 d\'été [1] {x} *% #& "q"'


@pytest.fixture
def odd(tmp_path):
    folder = tmp_path / ODD
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", WRITERS)
def test_a_name_of_all_kinds_of_letters(mbml, loaded, odd, name):
    write_inputs(odd / "in put")
    held = shutil.copy(loaded, odd / "wäre house.duckdb")
    before = content(held)
    (odd / "o ut").mkdir()
    mbml(*arguments(name, inputs=odd / "in put", out=odd / "o ut", warehouse=held))
    assert (content(held) != before) == (name in INTO_WAREHOUSE)
    assert bool(tree(odd / "o ut")) == (name not in INTO_WAREHOUSE)


@pytest.mark.parametrize("name", ["rows.csv", "proxies.parquet", "zip.pth"])
def test_what_is_read_from_such_a_name(mbml, loaded, odd, name):
    write_inputs(odd / "in")
    kinds = {"rows.csv": ["table"], "zip.pth": ["nasbench201"]}
    kind = kinds.get(name, ["proxies", "--dataset", "cifar10"])
    held = shutil.copy(loaded, odd / "w.duckdb")
    mbml("ingest", *kind, odd / "in" / name, "--warehouse", held)


@pytest.mark.slow
def test_a_hive_folder_of_such_a_name_comes_back(mbml, loaded, odd):
    mbml("export", "measurement", "--to", odd)
    [folder] = odd.iterdir()
    mbml("ingest", "table", folder, "--warehouse", odd / "w.duckdb")
    for held in (loaded, odd / "w.duckdb"):
        [told] = mbml.json("query", "select count(*) as n from measurement", "--warehouse", held)
        assert told == {"n": 64}


def test_a_warehouse_under_a_name_with_a_question_mark(mbml, tmp_path):
    write_inputs(tmp_path / "in")
    call = ("ingest", "table", tmp_path / "in" / "rows.parquet", "--warehouse")
    result = mbml(*call, tmp_path / "what?" / "w.duckdb", expect=2)
    assert "a warehouse cannot lie under a name with '?'; choose another" in result.stderr
    assert not (tmp_path / "what?").exists()


def test_a_name_that_is_no_text(mbml, tmp_path):
    path = str(tmp_path / "caf") + "\udce9.duckdb"
    result = mbml("info", "--warehouse", path, expect=2)
    assert "caf\\udce9.duckdb: a name here is not UTF-8; rename" in result.stderr


@pytest.mark.parametrize("name", [":memory:", "~", "~w.duckdb", "sqlite:w.duckdb"])
def test_a_warehouse_is_the_file_of_its_name(mbml, tmp_path, monkeypatch, name):
    """DuckDB would take such a name for a home, an extension, or no file at all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    nasbench201_rows(3).write_parquet("a.parquet")
    mbml("ingest", "table", "a.parquet", "--warehouse", name)
    assert (tmp_path / name).is_file()
    found = mbml("query", "select count(*) as n from architecture", "--warehouse", name)
    assert found.stdout.split() == ["n", "3"]


def test_a_folder_named_as_a_home_is_a_folder(mbml, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder, cells in (("~", 3), ("home", 5)):
        (tmp_path / folder).mkdir()
        nasbench201_rows(cells).write_csv(tmp_path / folder / "t.csv")
    told = mbml("ingest", "table", "~/t.csv", "--warehouse", "w.duckdb").stdout
    assert "3 records" in told
    mbml("export", "measurement", "--one-file", "--to", "~/x", "--warehouse", "w.duckdb")
    assert (tmp_path / "~" / "x").exists()
    assert [one.name for one in (tmp_path / "home").iterdir()] == ["t.csv"]
