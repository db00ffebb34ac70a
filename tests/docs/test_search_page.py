"""The code on the page about searching runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.searches.strategies.registry import NAMES
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.store import ingest
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "search.md").read_text()
OWN, LOOP = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
VIEW = "meta_nasbench101_108epochs"


def test_every_strategy_is_named():
    assert {name for name in NAMES if f"| `{name}" not in PAGE} == set()


def test_a_strategy_and_a_loop_of_ones_own(new_warehouse, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("MBML_WAREHOUSE", raising=False)
    write_nasbench101(tmp_path / "surrogate.tfrecord", draw_cells(100))
    with new_warehouse(tmp_path / "warehouse" / "mbml.duckdb") as warehouse:
        ingest(warehouse, NasBench101Source(tmp_path / "surrogate.tfrecord"))
    (tmp_path / "mine.py").write_text(OWN)
    done = CliRunner().invoke(app, ["search", VIEW, "--strategy", "mine:climb", "--budget", "5"])
    assert done.exit_code == 0, done.stderr
    exec(LOOP, {})
    answers = [float(line) for line in capsys.readouterr().out.splitlines()]
    assert len(answers) == 5
