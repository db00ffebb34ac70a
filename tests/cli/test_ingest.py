"""`mbml ingest table`: what it says, and its exit codes."""

from __future__ import annotations

import polars as pl
import pytest
from tables import nasbench201_rows


def test_a_table_is_loaded_and_told(mbml, tmp_path):
    nasbench201_rows().write_parquet(tmp_path / "a.parquet")
    target = tmp_path / "new folder" / "w.duckdb"
    said = mbml("ingest", "table", tmp_path / "a.parquet", "--warehouse", target)
    assert "a.parquet: 6 records, 6 new architectures, 6 runs, 6 epochs" in said.stdout
    assert said.stderr == f"note: {target} is a new warehouse\n"
    again = mbml("ingest", "table", tmp_path / "a.parquet", "--warehouse", target)
    assert "is loaded already (source 1); nothing to do" in again.stdout


@pytest.mark.slow
def test_a_surrogate_says_so(mbml, tmp_path):
    nasbench201_rows().write_parquet(tmp_path / "a_surrogate.parquet")
    (tmp_path / "linked.parquet").symlink_to("a_surrogate.parquet")
    for name in ("a_surrogate.parquet", "linked.parquet"):
        said = mbml("ingest", "table", tmp_path / name, "--warehouse", tmp_path / f"w_{name}")
        assert "invented, not measured" in said.stderr


def test_a_missing_path_is_exit_2(mbml, tmp_path):
    assert "does not exist" in mbml("ingest", "table", tmp_path / "x.csv", expect=2).stderr


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


@pytest.mark.slow
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


def test_a_value_that_does_not_fit_is_exit_5_with_its_place(mbml, tmp_path):
    path, target = tmp_path / "a.parquet", tmp_path / "w.duckdb"
    nasbench201_rows(parameters=0.129306).write_parquet(path)
    said = mbml("ingest", "table", path, "--warehouse", target, expect=5).stderr
    assert said == (
        f"error: {path}, row 1, column 'parameters': expected a whole number from 0 to"
        " 4,294,967,295, got 0.129306. The column seems to be in millions: multiply it by"
        " 1,000,000 and round the result. --scale parameters=1e6 multiplies, where the results"
        " are whole.\n"
    )
    proxies = nasbench201_rows().select("arch_str", zen=pl.int_range(6) > 3)
    proxies.write_parquet(path)
    said = mbml("ingest", "proxies", path, "--dataset", "cifar10", expect=5).stderr
    assert "row 1, column 'zen': expected a finite number, got False (Boolean)." in said


@pytest.mark.slow
def test_the_options_of_a_table_are_part_of_what_was_loaded(mbml, tmp_path):
    mbml.warehouse = tmp_path / "w.duckdb"
    path = tmp_path / "a.csv"
    path.write_text("index,accuracy\n0,85.5\n1,93.25\n")
    said = mbml("ingest", "table", path, expect=5).stderr
    assert "If 'index' tells the cell: --key index." in said
    assert "--rename accuracy=test_accuracy" in said
    assert "\nIt lacks dataset, schedule_epochs, trial, epoch too; what all rows share:" in said
    options = "--key index --rename accuracy=test_accuracy --percent accuracy --set dataset=cifar10"
    options = [*options.split(), "--set", "schedule_epochs=200", "--set", "epoch=200"]
    call = ("ingest", "table", path, *options, "--set")
    assert "2 records, 2 new architectures" in mbml(*call, "trial=777").stdout
    assert "is loaded already (source 1)" in mbml(*call, "trial=777").stdout
    assert "2 records, 0 new architectures, 2 runs" in mbml(*call, "trial=888").stdout
    found = mbml.json("info")["sources"][0]["format"]
    assert found.startswith(
        "table, key index, percent accuracy, rename accuracy=test_accuracy, set"
    )
    rows = "select trial, test_accuracy from measurement order by all"
    assert mbml("query", rows, "--format", "csv").stdout.split() == [
        "trial,test_accuracy",
        "777,0.855",
        "777,0.9325",
        "888,0.855",
        "888,0.9325",
    ]


def test_a_note_tells_how_a_layout_is_read(mbml, tmp_path):
    path, target = tmp_path / "a.csv", tmp_path / "w.duckdb"
    path.write_text('net,val_accs,pgd@Linf_eps-1.0\n"(4, 0, 3, 1, 4, 3)",85,1\n')
    said = mbml("ingest", "table", path, "--set", "dataset=cifar10-valid", "--warehouse", target)
    assert "note: a.csv: a table of accuracy under attack: val_accs is read as" in said.stderr
    said = mbml("ingest", "proxies", path, "--dataset", "cifar10", expect=5)
    assert "outcomes of training, not proxies. Load it with mbml ingest robustness," in said.stderr


def test_a_name_without_an_equals_sign_is_exit_2(mbml, tmp_path):
    nasbench201_rows(1).write_csv(tmp_path / "a.csv")
    said = mbml("ingest", "table", tmp_path / "a.csv", "--set", "trial", expect=2).stderr
    assert "--set trial: expected NAME=VALUE" in said
