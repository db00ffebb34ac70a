"""The README's main job, in the shell, in Python and in SQL, run as it stands on a small file."""

from __future__ import annotations

import ast
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.predictors.models import list_models
from mbml.store import open_warehouse
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MAIN_JOB = README.partition("## The main job")[2].partition("\n## ")[0]
BLOCKS = dict(re.findall(r"```(sh|python|sql)\n(.*?)```", MAIN_JOB, flags=re.DOTALL))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with a record file under the name that the README uses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MBML_WAREHOUSE", raising=False)
    write_nasbench101(tmp_path / "surrogate", draw_cells(300))
    (tmp_path / "surrogate").rename(tmp_path / "nasbench_full.tfrecord")
    return tmp_path


def test_the_five_lines_of_shell(folder):
    lines = BLOCKS["sh"].strip().splitlines()
    assert len(lines) == 5
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "mbml"
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, f"{line}: {done.stderr}"
    assert (folder / "warehouse" / "mbml.duckdb").exists()


@pytest.mark.slow
def test_the_same_in_python_and_sql(folder, capsys):
    exec(BLOCKS["python"], {})
    scores = ast.literal_eval(capsys.readouterr().out)
    [line] = [one for one in BLOCKS["sh"].splitlines() if one.startswith("mbml train")]
    done = CliRunner().invoke(app, [*shlex.split(line)[1:], "--json"])
    told = json.loads(done.stdout)
    assert scores == {name: told[name] for name in scores}
    assert scores["kendall_tau"] > 0
    with open_warehouse(folder / "warehouse" / "mbml.duckdb") as warehouse:
        assert sum(row[1] for row in warehouse.rows(BLOCKS["sql"])) == 300


@pytest.mark.slow
def test_the_models_that_ship(tmp_path, monkeypatch, capsys):
    """What README says to try without any file, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    [console] = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
    for line in console.replace("\\\n", "").replace("$ ", "").splitlines():
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, f"{line}: {done.stderr}"
        assert "accuracy" in done.stdout
    [code] = [
        one
        for one in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
        if "load_model" in one
    ]
    exec(code, {})
    assert "arch_key" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("card", list_models(Path("nowhere")), ids=lambda card: card["name"])
def test_the_scores_of_the_shipped_models_are_those_of_their_cards(card):
    name = card["name"]
    for page in ("README.md", "docs/predictors.md"):
        text = (ROOT / page).read_text()
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[-2:] == [f"{card['kendall_tau']:.3f}", f"{card['interval_coverage']:.3f}"]
        assert ("*test*" in cells[1]) == (card["target"] == "test_accuracy")
    assert card["interval_coverage"] == pytest.approx(0.9, abs=0.02)
