"""`mbml report` as a user runs it."""

from pathlib import Path

import pytest
from tables import load_rows, nasbench101_rows


@pytest.mark.slow
def test_the_report_is_written_where_it_says(mbml, new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench101_rows(), tmp_path / "nasbench101.parquet")
    here = ("--warehouse", tmp_path / "w.duckdb")
    done = mbml.json("report", "--to", tmp_path / "reports", *here)
    assert Path(done["path"]) == tmp_path / "reports" / "report.html"
    assert (tmp_path / "reports" / "report.html").stat().st_size > 500_000


def test_a_file_in_the_folders_place(mbml, tmp_path):
    (tmp_path / "taken").write_text("")
    done = mbml("report", "--to", tmp_path / "taken", expect=1)
    assert "taken" in done.stderr
