"""A file that shrinks while it is read: exit code 5, nothing of it kept, whatever its format."""

from __future__ import annotations

import os
import shutil

import polars as pl
import pytest
from tables import nasbench201_rows
from writers import content, write_inputs

from mbml.sources.tables import proxies as proxy_files
from mbml.store import file_source, load, staging

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

FORMATS = {
    "records.tfrecord": "nasbench101",
    "legacy.pth": "nasbench201",
    "zip.pth": "nasbench201",
    "single.pickle.pbz2": "natsbench",
    "rows.parquet": "table",
    "rows.csv": "table",
}


def cut_before(monkeypatch, module, name, path, keep):
    """Cut a file just before a function of the way is called for the first time."""
    real = getattr(module, name)

    def cut(*arguments, **options):
        if path.stat().st_size > keep:
            os.truncate(path, keep)
        return real(*arguments, **options)

    monkeypatch.setattr(module, name, cut)


@pytest.fixture
def refused(mbml, loaded, tmp_path):
    """Load a file that will be cut, and look at what is left."""
    write_inputs(tmp_path / "in")
    folder = tmp_path / "held"
    folder.mkdir()
    held = shutil.copy(loaded, folder / "w.duckdb")
    before = content(held)

    def check(kind, named, *options):
        call = ("ingest", *kind.split(), named, *options)
        result = mbml(*call, "--warehouse", held, expect=5)
        print(result.stderr.strip())
        assert result.stdout == ""
        assert result.stderr.startswith(f"error: {named}")
        assert result.stderr.count("\n") == 1
        assert content(held) == before
        assert [one.name for one in folder.iterdir()] == ["w.duckdb"]
        return result.stderr

    return check


@pytest.mark.parametrize(
    "share", [0.5, *(pytest.param(one, marks=pytest.mark.slow) for one in (0.0, 0.97))]
)
@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_between_opening_and_reading(refused, tmp_path, monkeypatch, name, share):
    path = tmp_path / "in" / name
    cut_before(monkeypatch, load._Load, "run", path, int(path.stat().st_size * share))
    refused(FORMATS[name], path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_when_it_has_been_read(refused, tmp_path, monkeypatch, name):
    path = tmp_path / "in" / name
    size = path.stat().st_size
    cut_before(monkeypatch, staging, "check_batch", path, size // 2)
    assert f"while it was read (from {size:,} to {size // 2:,} bytes)" in refused(
        FORMATS[name], path
    )


def test_a_table_of_several_pieces_cut_after_the_first(refused, tmp_path, monkeypatch):
    path = tmp_path / "in" / "pieces.parquet"
    pl.concat([nasbench201_rows(500, trial=trial) for trial in (777, 888, 999)]).write_parquet(path)
    cut_before(monkeypatch, staging, "check_batch", path, path.stat().st_size // 3)
    refused("table", path)


@pytest.mark.parametrize("name", ["proxies.csv", "proxies.parquet"])
@pytest.mark.parametrize(("module", "place"), [(proxy_files, "_table"), (file_source, "checksum")])
def test_a_file_of_proxies_cut(refused, tmp_path, monkeypatch, name, module, place):
    path = tmp_path / "in" / name
    cut_before(monkeypatch, module, place, path, path.stat().st_size // 2)
    refused("proxies --dataset cifar10", path)


def test_a_file_removed_and_one_replaced(refused, tmp_path, monkeypatch):
    for change in ("unlink", "replace"):
        path = tmp_path / "in" / f"{change}.csv"
        shutil.copy(tmp_path / "in" / "rows.csv", path)
        other = shutil.copy(path, path.with_suffix(".other"))

        def changed(*arguments, real=staging.check_batch, path=path, other=other, change=change):
            path.unlink() if change == "unlink" else other.replace(path)
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(staging, "check_batch", changed)
            refused("table", path)
