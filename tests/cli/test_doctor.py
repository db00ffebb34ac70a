"""`mbml doctor`, the options before the command, and how the output meets a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from importlib.metadata import version

import pytest


def run_in_terminal(arguments, *, columns=80, **environment):
    """What a command writes to a terminal of that width."""
    leader, follower = pty.openpty()
    given = os.environ | {"COLUMNS": str(columns), "TERM": "xterm-256color"} | environment
    program = [sys.executable, "-c", "from mbml.cli.app import main; main()", *arguments]
    with subprocess.Popen(
        program, stdout=follower, stderr=subprocess.DEVNULL, env=given
    ) as process:
        os.close(follower)
        written = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:
                break
            if not piece:
                break
            written += piece
    os.close(leader)
    assert process.returncode == 0
    return written.decode()


def test_all_is_well(mbml):
    findings = mbml.json("doctor")
    assert {one["result"] for one in findings} <= {"ok", "note"}
    by_subject = {one["subject"]: one for one in findings}
    assert by_subject["duckdb"]["found"] == version("duckdb")
    assert "SURROGATE DATA" in by_subject["warehouse"]["found"]
    assert "xgboost-cpu" in by_subject or "xgboost" in by_subject
    assert "free space" in mbml("doctor").stdout


def test_no_warehouse_yet_is_a_note_with_the_next_step(mbml, tmp_path):
    findings = mbml.json("doctor", "--warehouse", tmp_path / "new" / "w.duckdb")
    [finding] = [one for one in findings if one["subject"] == "warehouse"]
    assert finding["result"] == "note"
    assert finding["next_step"].startswith("mbml ingest")


def test_what_is_no_warehouse_fails(mbml, tmp_path):
    path = tmp_path / "text.duckdb"
    path.write_text("no database at all, but longer than the header of one " * 100)
    done = mbml("doctor", "--warehouse", path, expect=1)
    assert "1 of" in done.stderr
    assert "failed, the first: warehouse" in done.stderr
    assert "not a DuckDB file" in done.stdout


def test_a_package_that_is_too_old_or_missing(mbml, monkeypatch):
    from mbml.cli import doctor

    monkeypatch.setattr(doctor, "requires", lambda _: ["polars>=99", "no-such-package>=1"])
    done = mbml("doctor", expect=1)
    assert re.search(r"polars +FAILED .*wanted >=99 +pip install \"polars>=99\"", done.stdout)
    assert re.search(r"no-such-package +FAILED +not installed", done.stdout)


def test_version(mbml):
    assert mbml("--version").stdout == f"mbml {version('mbml')}\n"


def test_quiet_says_errors_alone(mbml):
    cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    absent = ("cell", cell, "--warehouse", "nowhere.duckdb")
    usual, quiet = mbml(*absent), mbml("--quiet", *absent)
    assert quiet.stdout == usual.stdout
    assert quiet.stderr == ""
    assert "error: unknown view" in mbml("-q", "describe", "meta_nothing", expect=2).stderr


@pytest.mark.slow
def test_verbose_says_time_and_memory(mbml):
    done = mbml("--verbose", "views")
    assert done.stdout == mbml("views").stdout
    assert re.search(r"\n\d+\.\d\d s, peak memory \d+ MiB\n$", done.stderr)
    assert "MiB" not in mbml("views").stderr


def test_quiet_and_verbose_exclude_each_other(mbml):
    assert "exclude each other" in mbml("-q", "-v", "views", expect=2).stderr


VIEW = "meta_nasbench201_cifar100_200epochs"


def entries_of(text):
    assert text.count("{") == text.count("}")
    return re.findall(r"^@\w+\{(\w+),$", text, flags=re.MULTILINE)


def test_without_a_warehouse_everything_is_cited(mbml, tmp_path):
    done = mbml("info", "--cite", "--warehouse", tmp_path / "none.duckdb")
    entries = entries_of(done.stdout)
    assert entries[:4] == ["mbml_nas", "nasbench101", "nasbench201", "natsbench"]
    assert {"bananas", "evolution", "xgboost", "scikit_learn", "optuna"} <= set(entries)
    assert len(set(entries)) == len(entries)


@pytest.mark.slow
def test_what_is_loaded_and_was_used_is_cited(mbml):
    loaded = ["mbml_nas", "nasbench101", "nasbench201", "cifar"]
    assert entries_of(mbml("info", "--cite").stdout) == loaded
    mbml("search", VIEW, "--strategy", "evolution", "--budget", 5)
    mbml("evaluate", VIEW, "--predictor", "lasso", "--train-size", 20)
    assert entries_of(mbml("info", "--cite").stdout) == [*loaded, "scikit_learn", "evolution"]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [20, 80, 300])
def test_no_width_of_a_terminal_cuts_a_value(loaded, columns):
    sql = "select arch_key, valid_accuracy from meta_nasbench201_cifar100_200epochs limit 2"
    shown = run_in_terminal(["query", sql, "--warehouse", str(loaded)], columns=columns)
    assert re.search(
        r"\|avg_pool_3x3~0\|\+\|nor_conv_1x1~0\|skip_connect~1\|\+\S+ +0\.5\r\n", shown
    )


@pytest.mark.slow
def test_no_color_means_none(loaded):
    arguments = ["views", "--warehouse", str(loaded)]
    assert "\x1b[" in run_in_terminal(arguments)
    assert "\x1b[" not in run_in_terminal(arguments, NO_COLOR="1")


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell):
    environment = os.environ | {
        "_MBML_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "mbml ver",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "mbml ver",
        "COMP_CWORD": "1",
    }
    code = "import sys; sys.argv = ['mbml']; from mbml.cli.app import app; app(prog_name='mbml')"
    program = [sys.executable, "-c", code]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert "verify" in done.stdout, done.stderr
