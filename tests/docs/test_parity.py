"""docs/parity.md: what it lists is there, each of its commands and queries runs as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.reports.report import write_report
from mbml.store import open_warehouse
from mbml.store.query import query

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "parity.md").read_text()
BLOCKS = re.findall(r"```(sh|sql|python)\n(.*?)```", PAGE, flags=re.DOTALL)
LISTED = re.findall(r"^\|.*?\| (`.+?) \|", PAGE, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def folder(new_warehouse, tmp_path_factory):
    """A current folder with a warehouse of both benchmarks, and what the page's commands made."""
    folder = tmp_path_factory.mktemp("parity")
    path = folder / "warehouse" / "mbml.duckdb"
    path.parent.mkdir()
    with new_warehouse(path) as warehouse:
        accuracies = dict.fromkeys(("valid_accuracy", "test_accuracy"), pl.int_range(300) / 300)
        load_rows(warehouse, nasbench201_rows(300, **accuracies), folder / "a.parquet")
        load_rows(warehouse, nasbench101_rows(valid_accuracy=0.8), folder / "b.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MBML_WAREHOUSE", raising=False)
        for line in "".join(text for kind, text in BLOCKS if kind == "sh").splitlines():
            program, *arguments = shlex.split(line)
            assert program == "mbml"
            done = CliRunner().invoke(app, arguments)
            assert done.exit_code == 0, f"{line}: {done.stderr}"
        yield folder


def test_the_commands_leave_what_they_say(folder):
    assert {path.name for path in (folder / "meta_datasets").iterdir()} == {
        "nasbench201_cifar100_200epochs.csv",
        "nasbench101_108epochs_tabular.csv",
    }
    assert (folder / "warehouse" / "models" / "first.json").exists()


def test_each_query_answers(folder):
    queries = [text for kind, text in BLOCKS if kind == "sql"]
    assert len(queries) == PAGE.count("```sql") > 6
    for text in queries:
        assert not query(folder / "warehouse" / "mbml.duckdb", text).is_empty(), text


def test_each_piece_of_python_prints(folder, capsys):
    pieces = [text for kind, text in BLOCKS if kind == "python"]
    assert pieces
    for text in pieces:
        exec(text, {})
        assert capsys.readouterr().out


def test_its_links_lead_somewhere():
    titles = re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    anchors = {title.lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\(#(.+?)\)", PAGE)) <= anchors


@pytest.mark.slow
def test_the_report_has_the_tables_and_figures_that_it_lists(folder):
    with open_warehouse(folder / "warehouse" / "mbml.duckdb") as warehouse:
        write_report(warehouse, folder / "warehouse" / "reports")
    written = {path.stem for path in (folder / "warehouse" / "reports" / "files").iterdir()}
    names = re.findall(r"`(\w+)`", " ".join(LISTED))
    assert len(names) > 12
    for name in names:
        for benchmark in ("nasbench101", "nasbench201"):
            assert name.replace("BENCHMARK", benchmark) in written
