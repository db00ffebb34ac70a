"""`mbml export --layout naslib`: JSON of proxies and accuracies by NASLib's keys."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

import mbml as library
from mbml.exports import export_naslib
from mbml.sources.tables.proxies import read_proxies
from mbml.spaces import nasbench201
from mbml.store import open_warehouse
from mbml.store.proxies import ingest_proxies

VIEW = "meta_nasbench201_cifar100_200epochs"


@pytest.fixture
def exported(new_warehouse, tmp_path):
    """Load rows and proxies, export a view, and return the file's name and content."""

    def run(rows, view, proxies=None, name="measured"):
        with new_warehouse(tmp_path / "w.duckdb") as warehouse:
            load_rows(warehouse, rows, tmp_path / f"{name}.parquet")
            if proxies is not None:
                proxies.write_csv(tmp_path / "p.csv")
                ingest_proxies(warehouse, read_proxies(tmp_path / "p.csv", dataset="cifar100"))
            path = export_naslib(warehouse, view, tmp_path / "to")
        return path.name, json.loads(path.read_text())

    return run


def test_proxies_and_accuracies_stand_under_naslibs_keys(exported):
    cells = nasbench201.official_order()[:2]
    proxies = pl.DataFrame({"arch_str": cells, "synflow": [0.1, 1e300], "params": [0.129306, None]})
    name, read = exported(nasbench201_rows(3), VIEW, proxies)
    assert name == "zc_nasbench201_cifar100_200epochs.json"
    assert list(read) == ["nasbench201", "about"]
    assert list(read["nasbench201"]) == ["cifar100"]
    held = read["nasbench201"]["cifar100"]
    assert [library.cell("nasbench201", json.loads(f"[{key[1:-1]}]")).format() for key in held] == (
        list(nasbench201.official_order()[:3])
    )
    assert held["(4, 3, 3, 0, 0, 0)"] == {
        "params": 0.129306,
        "synflow": 0.1,
        "valid_accuracy": 0.5,
        "test_accuracy": 0.4,
    }
    first, second, third = held.values()
    assert second["synflow"] == 1e300
    assert "params" not in second
    assert third == {"valid_accuracy": 0.5 + 2 / 200, "test_accuracy": 0.4 + 2 / 200}
    assert "val_accuracy" not in first


def test_every_name_is_explained(exported):
    proxies = pl.DataFrame({"arch_str": nasbench201.official_order()[:2], "snip": [1.0, 2.0]})
    _, read = exported(nasbench201_rows(3), VIEW, proxies)
    about = read["about"]
    said = {one["name"]: one["meaning"] for one in about["names"]}
    used = {name for cell in read["nasbench201"]["cifar100"].values() for name in cell}
    assert used == {"snip", "valid_accuracy", "test_accuracy"}
    assert used <= set(said)
    assert "validation images, a fraction" in said["valid_accuracy"]
    assert "test images, a fraction" in said["test_accuracy"]
    assert (about["schedule_epochs"], about["epoch"]) == (200, 200)
    assert [one["format"] for one in about["sources"]] == ["table", "proxies"]
    assert about["is_surrogate"] is False


def test_cells_of_nasbench101_have_their_hashes(exported):
    name, read = exported(nasbench101_rows(), "meta_nasbench101_108epochs", name="surrogate")
    assert name == "zc_nasbench101_108epochs_surrogate.json"
    assert read["about"]["is_surrogate"] is True
    cell = library.cell("nasbench101", "010001000:input,conv1x1-bn-relu,output")
    held = read["nasbench101"]["cifar10"]
    assert held[cell.graph_id] == {"test_accuracy": 0.2}
    assert list(held) == sorted(held)
    assert len(held) == 4


def test_a_proxy_named_like_an_accuracy_is_refused(new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(2), tmp_path / "measured.parquet")
        # No reader takes it any more; an older warehouse may hold one.
        warehouse.con.execute("insert into proxy values (0, 'cifar100', 'test_accuracy', 0.5)")
        with pytest.raises(library.errors.UsageError, match="proxy named test_accuracy"):
            export_naslib(warehouse, VIEW, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_what_naslib_has_no_form_of_is_refused(mbml, tmp_path):
    call = ("--layout", "naslib", "--to", tmp_path / "to")
    assert "NASLib layout" in mbml("export", "measurement", *call, expect=2).stderr
    close = mbml("export", "meta_nasbench201_cifar100_20epochs", *call, expect=2).stderr
    assert "did you mean" in close
    size_space = mbml("export", "meta_natsbench_sss_cifar10_90epochs", *call, expect=2)
    assert "NASLib layout" in size_space.stderr
    told = mbml("export", VIEW, *call, "--format", "csv", expect=2).stderr
    assert "leave out --format" in told
    assert not (tmp_path / "to").exists()
    [made] = mbml.json("export", VIEW, *call)
    assert made["path"] == f"{tmp_path}/to/zc_nasbench201_cifar100_200epochs.json"
    assert "exists already" in mbml("export", VIEW, *call, expect=2).stderr


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201"])
def test_proxies_come_back_and_accuracies_never_do(new_warehouse, mbml, tmp_path, benchmark):
    path = tmp_path / "w.duckdb"
    rows = {"nasbench101": nasbench101_rows(), "nasbench201": nasbench201_rows(4)}[benchmark]
    view = {"nasbench101": "meta_nasbench101_108epochs", "nasbench201": VIEW}[benchmark]
    dataset = rows["dataset"][0]
    cells = [name for name in ("arch_str", "adjacency", "operations") if name in rows.columns]
    proxies = rows.select(*cells, synflow=pl.int_range(4) / 7, zen=pl.int_range(4) * -1e-9)
    proxies.write_parquet(tmp_path / "p.parquet")
    at = ("--dataset", dataset, "--warehouse", path)
    with new_warehouse(path) as warehouse:
        load_rows(warehouse, rows, tmp_path / "measured.parquet")
        ingest_proxies(warehouse, read_proxies(tmp_path / "p.parquet", dataset=dataset))
        held = warehouse.rows("from proxy order by all")
        written = export_naslib(warehouse, view, tmp_path)
        warehouse.con.execute("delete from proxy")
    refused = mbml("ingest", "proxies", written, *at, expect=5).stderr
    assert "is an outcome of training by its name, not a proxy" in refused
    without = [word for name in ("valid_accuracy", "test_accuracy") for word in ("--ignore", name)]
    mbml("ingest", "proxies", written, *at, *without[0 if benchmark == "nasbench201" else 2 :])
    with open_warehouse(path) as warehouse:
        assert warehouse.rows("from proxy order by all") == held
