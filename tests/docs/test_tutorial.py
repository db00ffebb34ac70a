"""The commands of docs/tutorial.md in order, and docs/notebook.py from first to last."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mbml.cli.app import app

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.slow
def test_the_tutorial(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MBML_WAREHOUSE", raising=False)
    blocks = re.findall(r"```console\n(.*?)```", (DOCS / "tutorial.md").read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 12
    said = {}
    for line in lines:
        prompt, program, *arguments = shlex.split(line)
        assert (prompt, program) == ("$", "mbml")
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, f"{line}: {done.stderr}"
        said[line] = done.stdout
    assert "random_forest" in said[next(line for line in lines if "results.score" in line)]
    assert "SURROGATE DATA" in said[next(line for line in lines if "guided" in line)]
    assert (tmp_path / said["$ mbml report"].strip()).exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of marimo's own libraries
def test_the_notebook():
    notebook = runpy.run_path(str(DOCS / "notebook.py"))["app"]
    _, defined = notebook.run()
    dummy, *forests = defined["scores"]["kendall_tau"].to_list()
    assert min(forests) > 0.2, (dummy, forests)
    last = defined["means"].filter(queries=30)
    assert set(last["strategy"]) == {"random", "guided"}
    assert last["chosen"].null_count() == 0
