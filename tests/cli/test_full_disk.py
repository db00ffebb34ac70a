"""A full disk: one message, exit code 1, nothing half-written left, the warehouse as before."""

from __future__ import annotations

import bz2
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest
from nas_records import torch_zip
from tables import nasbench201_rows
from writers import (
    INTO_WAREHOUSE,
    WRITERS,
    arguments,
    content,
    fill,
    small_disk,
    tree,
    write_inputs,
)

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

MBML = [sys.executable, "-c", "from mbml.cli.app import app; app()"]


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    with small_disk(folder):
        yield folder


def one_message(result, *said):
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    for words in said:
        assert words in result.stderr
    print(result.stderr.strip())


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_is_left_on_a_full_disk(mbml, loaded, disk, tmp_path, name):
    write_inputs(tmp_path / "in")
    held = loaded
    if name in INTO_WAREHOUSE:
        held = shutil.copy(loaded, disk / "w.duckdb")
    before = content(held)
    fill(disk)
    files = tree(disk)
    call = arguments(name, inputs=tmp_path / "in", out=disk, warehouse=held)
    one_message(mbml(*call, expect=1), f"error: {disk}", "free some space and try again")
    assert tree(disk) == files
    assert content(held) == before
    (disk / "filler").unlink()
    mbml(*call)


def test_a_first_load_leaves_no_warehouse(mbml, disk, tmp_path):
    write_inputs(tmp_path / "in")
    fill(disk, leave=1 << 17)
    call = ("ingest", "nasbench101", tmp_path / "in" / "records.tfrecord")
    result = mbml(*call, "--warehouse", disk / "w.duckdb", expect=1)
    one_message(result, "w.duckdb: the disk is full; free some space")
    assert [one.name for one in disk.iterdir()] == ["filler"]


@pytest.mark.slow
def test_a_load_that_fills_the_disk_on_its_way(mbml, loaded, disk, tmp_path):
    half = {"valid_accuracy": 0.5, "test_accuracy": 0.5}
    pieces = [(trial, epoch) for trial in (777, 888) for epoch in range(9)]
    rows = [nasbench201_rows(15_625, trial=t, epoch=e, **half) for t, e in pieces]
    pl.concat(rows).with_columns(dataset=pl.lit("cifar10")).with_columns(
        train_loss=pl.int_range(pl.len()).hash() / 2**64
    ).write_parquet(tmp_path / "more.parquet")
    held = shutil.copy(loaded, disk / "w.duckdb")
    before = content(held)
    fill(disk, leave=2 << 20)
    result = mbml("ingest", "table", tmp_path / "more.parquet", "--warehouse", held, expect=1)
    one_message(result, "w.duckdb: the disk is full; free some space and try again")
    assert content(held) == before


@pytest.mark.slow
def test_a_query_without_room_for_temporary_files(mbml, loaded, disk):
    held = shutil.copy(loaded, disk / "w.duckdb")
    fill(disk)
    sql = "select a.range from range(3000000) a, range(30) b order by hash(a.range + b.range)"
    result = mbml("-q", "query", sql, "--warehouse", held, expect=1)
    one_message(result, "w.duckdb: the disk is full, and the query needs room for temporary files")


def test_a_packed_archive_without_room_to_unpack_it(mbml, disk, tmp_path, monkeypatch):
    path = tmp_path / "packed.pth"
    path.write_bytes(bz2.compress(torch_zip({"x": "y" * 1_000_000})))
    fill(disk)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    result = mbml("ingest", "nasbench201", path, "--warehouse", tmp_path / "w.duckdb", expect=1)
    one_message(result, f"packed.pth: cannot be unpacked into {disk}: No space left on device")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "call",
    [
        "--version",
        "--help",
        "sample nasbench201 --json",
        "views",
        "views --format parquet",
        "info --json",
        *(f"query 'from measurement' --format {kind}" for kind in ("csv", "json", "parquet")),
    ],
)
def test_a_full_standard_output(loaded, call, unbuffered):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*MBML, "-q", *shlex.split(call)],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered, "MBML_WAREHOUSE": str(loaded)},
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output cannot be written: No space left")
    assert done.stderr.count("\n") == 1
