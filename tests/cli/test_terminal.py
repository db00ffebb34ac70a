"""What only a terminal shows: progress on stderr, and a refusal to print what is not text."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

from tables import nasbench201_rows

MBML = [sys.executable, "-c", "from mbml.cli.app import main; main()"]
VIEW = "meta_nasbench201_cifar100_200epochs"


def run(terminal, *arguments, env=None):
    """Run mbml with one stream on a terminal: its exit code, what was shown, the other stream."""
    ours, theirs = pty.openpty()
    other = {"stdout": "stderr", "stderr": "stdout"}[terminal]
    call = [*MBML, *map(str, arguments)]
    streams = {terminal: theirs, other: subprocess.PIPE}
    with subprocess.Popen(call, **streams, text=True, env=env) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(ours, 65_536):
                shown += piece
        os.close(ours)
        said = getattr(process, other).read()
    return process.returncode, shown.decode(), said


def test_a_load_shows_its_progress_unless_told_to_be_quiet(tmp_path):
    nasbench201_rows(60).write_parquet(tmp_path / "a.parquet")
    call = ("ingest", "table", tmp_path / "a.parquet", "--warehouse")
    code, shown, said = run("stderr", *call, tmp_path / "w.duckdb")
    assert code == 0
    assert "100% 60 records" in shown
    assert "60 new architectures" in said
    code, shown, _ = run("stderr", "--quiet", *call, tmp_path / "quiet.duckdb")
    assert (code, shown) == (0, "")


def test_a_search_shows_its_steps(loaded):
    code, shown, said = run("stderr", "search", VIEW, "--budget", 5, "--warehouse", loaded)
    assert code == 0
    assert "1/1" in shown
    assert "oracle" in said


def test_parquet_is_not_written_to_a_terminal(loaded):
    call = ("query", f"select arch_id from {VIEW}", "--format", "parquet", "--warehouse", loaded)
    code, shown, said = run("stdout", *call)
    assert (code, shown) == (2, "")
    assert "parquet is binary; send it to a file" in said


def test_a_terminal_without_abilities_cuts_no_value(loaded):
    sql = "select repeat('x', 500) as wide"
    call = ("query", sql, "--warehouse", loaded)
    code, shown, _ = run("stdout", *call, env=os.environ | {"TERM": "dumb", "COLUMNS": "60"})
    assert code == 0
    assert "x" * 500 in shown
