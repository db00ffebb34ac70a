"""`mbml report` as a user runs it."""

from pathlib import Path


def test_the_report_is_written_where_it_says(mbml, tmp_path):
    done = mbml("report", "--to", tmp_path / "reports")
    assert Path(done.stdout.strip()) == tmp_path / "reports" / "report.html"
    assert (tmp_path / "reports" / "report.html").stat().st_size > 500_000
    assert mbml.json("report", "--to", tmp_path / "reports")["path"].endswith("report.html")


def test_a_file_in_the_folders_place(mbml, tmp_path):
    (tmp_path / "taken").write_text("")
    done = mbml("report", "--to", tmp_path / "taken", expect=1)
    assert "taken" in done.stderr
