"""`mbml ingest table`: what it says, and its exit codes."""

from __future__ import annotations

import polars as pl
from tables import nasbench201_rows


def test_a_table_is_loaded_and_told(mbml, tmp_path):
    nasbench201_rows().write_parquet(tmp_path / "a.parquet")
    target = tmp_path / "new folder" / "w.duckdb"
    said = mbml("ingest", "table", tmp_path / "a.parquet", "--warehouse", target)
    assert "a.parquet: 6 records, 6 new architectures, 6 runs, 6 epochs" in said.stdout
    assert said.stderr == ""
    again = mbml("ingest", "table", tmp_path / "a.parquet", "--warehouse", target)
    assert "is loaded already (source 1); nothing to do" in again.stdout


def test_a_surrogate_says_so(mbml, tmp_path):
    nasbench201_rows().write_parquet(tmp_path / "a_surrogate.parquet")
    (tmp_path / "linked.parquet").symlink_to("a_surrogate.parquet")
    for name in ("a_surrogate.parquet", "linked.parquet"):
        said = mbml("ingest", "table", tmp_path / name, "--warehouse", tmp_path / f"w_{name}")
        assert "invented, not measured" in said.stderr


def test_a_missing_path_is_exit_2(mbml, tmp_path):
    assert "no such file" in mbml("ingest", "table", tmp_path / "x.csv", expect=2).stderr


def test_a_path_without_its_kind_is_told_the_kinds(mbml, tmp_path):
    for rest in ([], ["nasbench101"]):
        said = mbml("ingest", tmp_path, *rest, expect=2).stderr
        assert "say what it is before its path: one of nasbench101, nasbench201," in said


def test_a_damaged_file_is_exit_5_and_keeps_nothing(mbml, tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1garbagePAR1")
    target = tmp_path / "w.duckdb"
    mbml("ingest", "table", tmp_path / "a.parquet", "--warehouse", target, expect=5)
    assert not target.exists()


def test_other_values_are_exit_2_unless_replaced(mbml, tmp_path):
    target = tmp_path / "w.duckdb"
    for name, accuracy in (("a", 0.5), ("b", 0.25)):
        nasbench201_rows(test_accuracy=accuracy).write_parquet(tmp_path / f"{name}.parquet")
    mbml("ingest", "table", tmp_path / "a.parquet", "--warehouse", target)
    load = ("ingest", "table", tmp_path / "b.parquet", "--warehouse", target)
    assert "--replace" in mbml(*load, expect=2).stderr
    mbml(*load, "--replace")


def test_proxies_for_some_cells_of_a_warehouse(mbml, tmp_path):
    mbml.warehouse = tmp_path / "w.duckdb"
    nasbench201_rows(2).write_parquet(tmp_path / "measured.parquet")
    nasbench201_rows(3).select("arch_str", synflow=pl.lit(1.5)).write_csv(tmp_path / "p.csv")
    call = ("ingest", "proxies", tmp_path / "p.csv", "--dataset", "cifar10")
    assert "load measurements of nasbench201 first" in mbml(*call, expect=2).stderr
    mbml("ingest", "table", tmp_path / "measured.parquet")
    done = mbml(*call)
    assert "2 values of 1 proxies for 2 cells of nasbench201" in done.stdout
    assert "1 cells are not in the warehouse" in done.stderr
    assert mbml.json(*call)["already_loaded"] is True
    formats = [one["format"] for one in mbml.json("info")["sources"]]
    assert formats == ["table", "proxies"]
