"""`mbml ingest devices` and `robustness`: which door takes which file, and what it says."""

from __future__ import annotations

import logging

import polars as pl
import pytest
from nas_records import torch_zip
from tables import nasbench201_rows

import mbml as library
from mbml.errors import OtherKindError
from mbml.spaces import nasbench201

CELLS = {"arch_index": [0, 1]}
DEVICES = pl.DataFrame(CELLS | {"pixel3_latency": [3.5, 17.25], "edgetpu_latency": [-1.0, 1.5]})
ATTACKS = pl.DataFrame(CELLS | {"val_accs": [84.99, 90.52], "fgsm@Linf_eps-0.1": [84.7, 89.4]})


@pytest.fixture
def mbml(mbml, new_warehouse, tmp_path):
    """Commands on a warehouse with two cells."""
    mbml.warehouse = tmp_path / "w.duckdb"
    new_warehouse(mbml.warehouse).close()
    nasbench201_rows(2, dataset="cifar10-valid").write_parquet(tmp_path / "m.parquet")
    mbml("ingest", "table", tmp_path / "m.parquet")
    return mbml


@pytest.mark.parametrize("name", ["a.csv", pytest.param("a.parquet", marks=pytest.mark.slow)])
def test_a_table_of_devices_is_recognised(mbml, tmp_path, name):
    path = tmp_path / name
    told = DEVICES.with_columns(dataset=pl.lit("cifar100"))
    told.write_csv(path) if name == "a.csv" else told.write_parquet(path)
    said = mbml("ingest", path)
    assert said.stdout.startswith(f"{name}: 4 measurements (devices: 2, cells of nasbench201: 2)")
    assert "1 not supported" in said.stdout
    assert "milliseconds are stored as seconds" in said.stderr
    assert "1 values of edgetpu_latency are -1" in said.stderr
    assert "is loaded already (source 2)" in mbml("ingest", "devices", path).stdout
    [row] = mbml(
        "query", "select pixel3_latency_seconds from device_nasbench201_cifar100 limit 1"
    ).stdout.splitlines()[1:2]
    assert row.strip() == "0.0035"


def test_the_data_set_that_a_file_does_not_tell_is_asked_for(mbml, tmp_path):
    DEVICES.write_csv(tmp_path / "a.csv")
    said = mbml("ingest", tmp_path / "a.csv", expect=2).stderr
    assert "give mbml ingest devices the option --dataset, one of cifar10, cifar100" in said
    done = mbml.json("ingest", "devices", tmp_path / "a.csv", "--dataset", "cifar10")
    assert (done["kind"], done["measurements"], done["not_supported"]) == ("devices", 4, 1)
    DEVICES.with_columns(pixel3_latency=-1.0).write_csv(tmp_path / "b.csv")
    command = ("ingest", "devices", tmp_path / "b.csv", "--dataset", "cifar10", "--replace")
    assert "; 2 were replaced, and 2 of their values are gone" in mbml(*command).stdout


def test_other_doors_name_the_right_one(mbml, tmp_path):
    DEVICES.write_csv(tmp_path / "d.csv")
    ATTACKS.write_csv(tmp_path / "r.csv")
    for name, kind in (("d.csv", "devices"), ("r.csv", "robustness")):
        path = tmp_path / name
        said = mbml("ingest", "proxies", path, "--dataset", "cifar10", expect=5).stderr
        assert f"not proxies. Load it with mbml ingest {kind}, or" in said
        said = mbml("ingest", "nasbench201", path, expect=2).stderr
        assert f"load it with: mbml ingest {kind} {path}" in said
        said = mbml("ingest", path, expect=2).stderr
        assert f"mbml ingest {kind}" in said
    said = mbml("ingest", "table", tmp_path / "d.csv", expect=5).stderr
    assert "Load it with mbml ingest devices." in said


def test_a_table_of_attacks_has_an_accuracy_for_another_door(mbml, tmp_path):
    path = tmp_path / "r.parquet"
    ATTACKS.write_parquet(path)
    said = mbml("ingest", "robustness", path, "--dataset", "cifar10")
    assert "2 measurements (attacks: 1, cells of nasbench201: 2)" in said.stdout
    assert "val_accs is left out: it is the test accuracy of trial 888" in said.stderr
    said = mbml("ingest", "table", path, "--set", "dataset=cifar10-valid", "--replace")
    assert "which mbml ingest robustness loads" in said.stderr
    view = "everything_nasbench201_cifar10"
    read = f"select test_accuracy, fgsm_linf_eps_0_1_accuracy from {view} order by arch_index"
    rows = mbml.json("query", read)
    assert [tuple(one.values()) for one in rows] == [(0.8499, 0.847), (0.9052, 0.894)]


@pytest.mark.slow
def test_a_torch_file_of_help_is_recognised(mbml, tmp_path):
    path = tmp_path / "2080ti_1.pt"
    path.write_bytes(torch_zip([1.5] * nasbench201.SIZE, 2))
    assert "--dataset" in mbml("ingest", path, expect=2).stderr
    said = mbml("ingest", "devices", path, "--dataset", "cifar10")
    assert "15,625 measurements" not in said.stdout
    assert "2 measurements (devices: 1" in said.stdout
    assert "rtx_2080ti, for a batch of 1, by its name" in said.stderr
    assert "15,623 cells are not in the warehouse" in said.stderr


def test_python_takes_the_same_files_and_frames(mbml, tmp_path, caplog):
    DEVICES.write_csv(tmp_path / "a.csv")
    with caplog.at_level(logging.WARNING, "mbml"):
        [report] = library.ingest(mbml.warehouse, "devices", DEVICES, dataset="cifar10")
    assert "milliseconds are stored as seconds" in caplog.text
    assert (report.measurements, report.not_supported) == (4, 1)
    told = DEVICES.with_columns(dataset=pl.lit("cifar100"))
    [report] = library.ingest(mbml.warehouse, told)
    assert report.series == 2
    with pytest.raises(OtherKindError, match="is of the kind devices, not nasbench201"):
        library.ingest(mbml.warehouse, "nasbench201", tmp_path / "a.csv")


@pytest.mark.slow
def test_views_tell_roles_and_are_exported(mbml, tmp_path):
    DEVICES.write_csv(tmp_path / "a.csv")
    mbml("ingest", "devices", tmp_path / "a.csv", "--dataset", "cifar10")
    view = "device_nasbench201_cifar10"
    roles = {one["column"]: one["role"] for one in mbml.json("describe", view)}
    assert roles["arch_key"] == "key"
    assert roles["pixel3_latency_seconds"] == roles["edgegpu_energy_joules"] == "feature"
    everything = "everything_nasbench201_cifar10"
    roles = {one["column"]: one["role"] for one in mbml.json("describe", everything)}
    assert roles["proxy_zen"] == roles["parameters"] == "feature"
    assert roles["fgsm_linf_eps_8_accuracy"] == roles["train_seconds"] == "outcome"
    for layout in ((), ("--layout", "dataset")):
        mbml("export", view, everything, "--to", tmp_path / f"x{len(layout)}", *layout)
    [file] = (tmp_path / "x0").rglob(f"{view}*.parquet")
    assert pl.read_parquet(file)["pixel3_latency_seconds"].to_list() == [0.0035, 0.01725]
    card = (tmp_path / "x2" / "dataset" / "README.md").read_text()
    assert "Latency on the Pixel 3 phone, in seconds" in card
    assert "@inproceedings{hw_nas_bench," in card
    # The benchmark's licence is not that of what others measured.
    assert "licence of some or all of these numbers is unknown" in card
