"""Every command that writes, and the faults of the place that it writes to."""

from __future__ import annotations

import bz2
import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl
import pytest
from nas_records import TEXT, arch, bare, legacy, release, run, torch_zip
from records import payload, write
from tables import nasbench201_rows

from mbml.spaces import nasbench201
from mbml.store import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VIEW = "meta_nasbench201_cifar100_200epochs"
_FIT = f"{VIEW} --train-size 20 --predictor linear_regression"

#: What each writes: the warehouse {w}, from {i}, a folder of what can be loaded.
INTO_WAREHOUSE = {
    "ingest nasbench101": "ingest nasbench101 {i}/records.tfrecord",
    "ingest nasbench201": "ingest nasbench201 {i}/legacy.pth",
    "ingest natsbench": "ingest natsbench {i}/single.pickle.pbz2",
    "ingest table": "ingest table {i}/rows.parquet",
    "ingest proxies": "ingest proxies {i}/proxies.csv --dataset cifar10",
    "ingest devices": "ingest devices {i}/devices.csv --dataset cifar10",
    "evaluate": f"evaluate {_FIT}",
    "search": f"search {VIEW} --budget 5",
}
#: Files and folders in the folder {o}.
INTO_FOLDER = {
    "train --save": f"train {_FIT} --no-store --save m --models {{o}}/models",
    "train --save-split": f"train {_FIT} --no-store --save-split {{o}}/split.csv",
    "export": f"export {VIEW} --to {{o}}/x",
    "export, folders": "export measurement --to {o}/x",
    "export --format csv": f"export {VIEW} --to {{o}}/x --format csv",
    "export --layout published": f"export {VIEW} --to {{o}}/x --layout published",
    "export-tables": "export-tables --to {o}/x",
    "cell --svg": "cell 8:16:24:32:64 --svg {o}/cell.svg",
    "surrogate nasbench101": "surrogate nasbench101 {o}/a_surrogate.tfrecord --architectures 5",
    "surrogate nasbench201": "surrogate nasbench201 {o}/a_surrogate.pth --architectures 2",
    "surrogate natsbench": "surrogate natsbench {o}/a_surrogate --architectures 2",
    "report": "report --to {o}/reports",
}
#: Tried under each fault by every run of the tests; the others by the slow ones.
FAST = ("ingest table", "export", "cell --svg")
WRITERS = [
    name if name in FAST else pytest.param(name, marks=pytest.mark.slow)
    for name in INTO_WAREHOUSE | INTO_FOLDER
]


def arguments(name: str, *, inputs: Path, out: Path, warehouse: Path) -> list[str]:
    """What stands after `mbml`."""
    line = (INTO_WAREHOUSE | INTO_FOLDER)[name]
    words = [one.format(i=inputs, o=out) for one in line.split()]
    return words if words[0] == "surrogate" else [*words, "--warehouse", str(warehouse)]


def write_inputs(folder: Path) -> None:
    """One small file of every kind that can be loaded."""
    folder.mkdir(parents=True)
    one = release({0: {"less": arch(run("cifar10-valid"))}}, names=[TEXT])
    write(folder / "records.tfrecord", [payload()] * 3)
    (folder / "legacy.pth").write_bytes(legacy(one))
    (folder / "zip.pth").write_bytes(torch_zip(one))
    schedules = {"12": arch(run("cifar10-valid"))}
    (folder / "single.pickle.pbz2").write_bytes(
        bz2.compress(bare(release({0: schedules}, names=[TEXT])))
    )
    rows = nasbench201_rows(50, trial=777, dataset="cifar10")
    rows.write_parquet(folder / "rows.parquet")
    rows.write_csv(folder / "rows.csv")
    cells = nasbench201.official_order()[:60]
    proxies = pl.DataFrame({"arch_str": cells, "synflow": [float(n) for n in range(60)]})
    proxies.write_csv(folder / "proxies.csv")
    proxies.write_parquet(folder / "proxies.parquet")
    proxies.rename({"synflow": "pixel3_latency_seconds"}).write_csv(folder / "devices.csv")


def content(path: Path) -> list[tuple[int, ...]]:
    """How many rows the tables of a warehouse hold, and a sum over the measurements."""
    tables = (
        "source",
        "architecture",
        "run",
        "epoch_metric",
        "proxy",
        "device_measurement",
        "results.fit",
        "results.search",
    )
    counts = ", ".join(f"(select count(*) from {name})" for name in tables)
    with open_warehouse(path) as warehouse:
        return warehouse.rows(f"select {counts}, (select sum(test_accuracy) from epoch_metric)")


def tree(folder: Path) -> dict[str, int]:
    """The files below a folder with their sizes, but for warehouses and their logs."""
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and ".duckdb" not in path.name
    }


@contextmanager
def small_disk(folder: Path, megabytes: int = 64) -> Iterator[None]:
    """Mount a small disk on a new folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk takes the right to mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> None:
    """Fill the disk of a folder but for some bytes."""
    with (folder / "filler").open("wb") as file:
        file.write(b"\0" * (shutil.disk_usage(folder).free - leave))
