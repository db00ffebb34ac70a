"""What only a terminal shows: progress on stderr, and a refusal to print what is not text."""

from __future__ import annotations

import os

import pytest
from odd_server import file, serving
from tables import nasbench201_rows
from terminal import run

VIEW = "meta_nasbench201_cifar100_200epochs"


@pytest.mark.slow
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


@pytest.mark.slow
def test_progress_takes_no_markup_and_no_escapes_from_a_name(tmp_path):
    path = tmp_path / "[bold]x\x1b[2J.parquet"
    nasbench201_rows(6).write_parquet(path)
    code, shown, _ = run("stderr", "ingest", "table", path, "--warehouse", tmp_path / "w.duckdb")
    assert code == 0
    assert "[bold]x" in shown
    assert "\x1b[2J" not in shown


def test_a_download_shows_bytes_and_speed(tmp_path):
    with serving(file(bytes(3_000_000))) as server:
        call = ("download", "natsbench-tss", "--to", tmp_path, "--url", server.url)
        code, shown, said = run("stderr", *call)
    assert code == 0
    assert "NATS-tss-v1_0-3ffb9-simple.tar" in shown
    assert "3.0/3.0 MB" in shown
    assert "3,000,000 bytes" in said
