"""`mbml report` as a user runs it."""

from pathlib import Path


def test_the_report_is_written_where_it_says(mbml, tmp_path):
    done = mbml.json("report", "--to", tmp_path / "reports")
    assert Path(done["path"]) == tmp_path / "reports" / "report.html"
    assert (tmp_path / "reports" / "report.html").stat().st_size > 500_000


def test_a_file_in_the_folders_place(mbml, tmp_path):
    (tmp_path / "taken").write_text("")
    done = mbml("report", "--to", tmp_path / "taken", expect=1)
    assert "taken" in done.stderr
