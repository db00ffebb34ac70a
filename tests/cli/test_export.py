"""`mbml export` and back: what travels comes back unchanged."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs
import pytest
from numpy.testing import assert_allclose
from polars.testing import assert_frame_equal
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.errors import MbmlError
from mbml.exports import export
from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse
from mbml.store.schema import own_views

VIEWS = sorted(own_views() - {"view_column"})


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--one-file",), ("--format", "csv")])
def test_a_warehouse_travels_and_comes_back_equal(new_warehouse, tmp_path, mbml, options):
    first, second = tmp_path / "first.duckdb", tmp_path / "second.duckdb"
    with new_warehouse(first) as warehouse:
        trials = [nasbench101_rows(trial=t, test_accuracy=t / 7) for t in (1, 2, 3)]
        load_rows(warehouse, pl.concat(trials), tmp_path / "a.parquet")
        measured = pl.int_range(9) % 2 == 0
        rows = nasbench201_rows(9, total_seconds=1.0 / 3, seconds_are_measured=measured)
        load_rows(warehouse, rows, tmp_path / "b.parquet")
    said = mbml("export", "measurement", "--to", tmp_path / "to", "--warehouse", first, *options)
    written = said.stdout.strip()
    assert sorted(one.name for one in (tmp_path / "to").iterdir()) == [written.rpartition("/")[2]]
    mbml("ingest", "table", written, "--warehouse", second)
    with open_warehouse(first) as one, open_warehouse(second) as other:
        for view in VIEWS:
            ordered = f"from {view} order by all"
            # Means may differ in the last bit: the order of summation is not fixed.
            left, right = one.frame(ordered), other.frame(ordered)
            assert_frame_equal(left.select(~cs.float()), right.select(~cs.float()))
            for name in left.select(cs.float()).columns:
                assert_allclose(left[name], right[name], rtol=1e-14)


def test_a_view_is_one_zstd_file_in_its_order(mbml, tmp_path):
    view = "meta_nasbench201_cifar100_200epochs"
    mbml("export", view, "--to", tmp_path)
    frame = pl.read_parquet(tmp_path / f"{view}.parquet")
    assert frame["arch_index"].to_list() == list(range(60))
    assert frame.columns[:2] == ["arch_id", "arch_key"]


def test_invented_numbers_are_named_so_and_stay_so(new_warehouse, mbml, tmp_path):
    made = mbml("export", "measurement", "meta_nasbench101_108epochs", "--to", tmp_path).stdout
    assert made.splitlines() == [
        f"{tmp_path}/measurement_surrogate",
        f"{tmp_path}/meta_nasbench101_108epochs_surrogate.parquet",
    ]
    [*sources] = open_tables(tmp_path / "measurement_surrogate")
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        assert ingest(warehouse, sources[0]).is_surrogate


def test_a_taken_name_is_kept_unless_told_otherwise(mbml, tmp_path):
    call = ("export", "meta_nasbench201_cifar100_200epochs", "--to", tmp_path)
    mbml(*call)
    assert "exists already" in mbml(*call, expect=2).stderr
    mbml(*call, "--overwrite")
    folder = ("export", "measurement", "--to", tmp_path)
    mbml(*folder)
    mbml(*folder, "--overwrite")
    assert len(list(tmp_path.iterdir())) == 2


def test_an_unknown_view_or_format_is_a_usage_error(mbml, tmp_path):
    call = ("export", "meta_nasbench201_cifar100_20epochs", "--to", tmp_path)
    assert "did you mean" in mbml(*call, expect=2).stderr
    call = ("export", "measurement", "--to", tmp_path, "--format", "cvs")
    assert "did you mean 'csv'" in mbml(*call, expect=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_leaves_nothing(loaded, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with open_warehouse(loaded) as warehouse, pytest.raises(MbmlError, match="cannot be written"):
        export(warehouse, "measurement", tmp_path / "taken" / "inside")
    assert (tmp_path / "taken").read_text() == "a file, not a folder"
