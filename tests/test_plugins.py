"""Plug-ins: the package of docs/plug-ins.md installed and used, and broken ones."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tables import load_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.plugins import installed
from mbml.spaces import nasbench201

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "plug-ins.md").read_text()
VIEW = "meta_nasbench201_cifar100_200epochs"


@pytest.fixture(autouse=True)
def _fresh():
    """Packages are looked through once a process; here they come and go."""
    installed.cache_clear()
    yield
    installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith("mbml_")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The folder in which the package of the page is installed."""
    source, site = tmp_path_factory.mktemp("mbml-example"), tmp_path_factory.mktemp("site")
    for name, language in (("pyproject.toml", "toml"), ("mbml_example.py", "python")):
        [text] = re.findall(rf"`{re.escape(name)}`:\n\n```{language}\n(.*?)```", PAGE, re.DOTALL)
        (source / name).write_text(text)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(source)]
    subprocess.run([*build, str(source)], check=True, capture_output=True)
    [wheel] = source.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def mbml(*arguments, expect=0):
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == expect, done.stderr or done.stdout
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder, with the file that the page loads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MBML_WAREHOUSE", raising=False)
    rows = (
        {"cell": cell, "parameters": 1000, "accuracy": 0.4 + 0.05 * cell.count("conv_3x3")}
        for cell in nasbench201.official_order()[:60]
    )
    (tmp_path / "surrogate.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return tmp_path


@pytest.fixture(scope="module")
def loaded(new_warehouse, tmp_path_factory):
    """A warehouse with 60 cells."""
    path = tmp_path_factory.mktemp("loaded") / "w.duckdb"
    with new_warehouse(path) as warehouse:
        load_rows(warehouse, nasbench201_rows(60), path.with_name("surrogate.parquet"))
    return path


@pytest.fixture
def beside(package, loaded, tmp_path, monkeypatch):
    """A folder for a package beside that of the page, and a warehouse with 60 cells."""
    monkeypatch.syspath_prepend(package)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MBML_WAREHOUSE", str(loaded))
    return tmp_path


@pytest.mark.slow
def test_the_package_of_the_page(package, folder, monkeypatch):
    monkeypatch.syspath_prepend(package)
    [console] = re.findall(r"```console\n(.*?)```", PAGE, flags=re.DOTALL)
    said = {}
    for line in console.splitlines():
        _, program, *arguments = shlex.split(line)
        assert program == "mbml"
        said[arguments[0]] = mbml(*arguments).stdout
    assert len(re.findall(r"ok +package mbml-example 1\.0\n", said["doctor"])) == 5
    assert "60 records" in said["ingest"]
    assert "nearest on skips+topology features" in said["train"]
    assert "nearest" in said["evaluate"]
    assert "smallest_first on" in said["search"]
    assert "Edges that skip" in Path(said["report"].strip()).read_text()
    assert (folder / "warehouse/reports/files" / f"skips-{VIEW}.csv").exists()
    assert "json_lines" in mbml("ingest", "--help").stdout
    assert (
        "did you mean 'smallest_first'"
        in mbml("search", VIEW, "--strategy", "smalest_first", expect=2).stderr
    )
    assert "nearest" in mbml("train", VIEW, "--predictor", "neares", expect=2).stderr


def test_what_a_source_of_a_plug_in_reads_is_loaded(package, folder, monkeypatch):
    monkeypatch.syspath_prepend(package)
    assert "60 records, 60 new architectures, 60 runs, 60 epochs" in (
        mbml("ingest", "json_lines", "surrogate.jsonl").stdout
    )


@pytest.mark.slow
def test_in_worker_processes(package, folder, monkeypatch):
    monkeypatch.syspath_prepend(package)
    mbml("ingest", "json_lines", "surrogate.jsonl")
    grid = ("evaluate", VIEW, "--predictor", "nearest", "--train-size", 20, "--seed", 0)
    monkeypatch.setenv("PYTHONPATH", str(package))
    found = json.loads(mbml(*grid, "--seed", 1, "--jobs", 2, "--json").stdout)
    assert [one["seed"] for one in found] == [0, 1]
    mbml("search", VIEW, "--strategy", "smallest_first", "--seeds", 2, "--jobs", 2)


def install(site, name, group, entry, code=""):
    """Install a package that has one plug-in, by hand."""
    info = site / f"{name}-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
    if code:
        (site / f"{entry.partition('= ')[2].partition(':')[0]}.py").write_text(code)


PREDICT = ("train", VIEW, "--predictor", "mine")
SEARCH = ("search", VIEW, "--strategy", "npenas")
OTHER_NAME = "from mbml.predictors.registry import PREDICTORS\nP = PREDICTORS['dummy']"
BROKEN = [
    ("mbml.predictors", "mine", "import absent", PREDICT, "cannot be imported: ModuleNotFound"),
    ("mbml.predictors", "mine", "Q = 1", PREDICT, "cannot be imported: AttributeError"),
    (
        "mbml.predictors",
        "mine",
        "raise SystemExit(0)",
        PREDICT,
        "cannot be imported: SystemExit: 0",
    ),
    ("mbml.predictors", "mine", "raise KeyboardInterrupt", PREDICT, "cannot be imported: Keyboard"),
    ("mbml.predictors", "mine", "P = 1", PREDICT, "is int, where an mbml.predictors.registry."),
    ("mbml.predictors", "mine", OTHER_NAME, PREDICT, "is Predictor of the name 'dummy', where"),
    ("mbml.strategies", "npenas", "", SEARCH, "mbml itself has one of that name"),
    ("mbml.features", "topology", "", ("train", VIEW, "--features", "topology"), "mbml itself has"),
    ("mbml.sources", "table", "", ("ingest", "table", "surrogate.csv"), "mbml itself has one"),
    ("mbml.report_sections", "more", "", ("report",), "cannot be imported: ModuleNotFound"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("group", "name", "code", "command", "problem"), BROKEN)
def test_a_broken_one_is_one_message(beside, group, name, code, command, problem):
    install(beside, "mbml-bad", group, f"{name} = mbml_bad:P", code)
    said = mbml(*command, expect=1).stderr
    assert said.count("\n") == 1 + (command == ("report",))
    assert f"{name!r} of package mbml-bad 2.0" in said
    assert problem in said
    assert "pip uninstall mbml-bad" in said


def test_commands_that_need_no_broken_one_work_and_doctor_tells(beside):
    install(beside, "mbml-bad", "mbml.predictors", "mine = mbml_bad:P")
    mbml("train", VIEW, "--predictor", "nearest", "--train-size", 20)
    mbml("search", VIEW, "--budget", 3)
    said = mbml("doctor", expect=1)
    assert "the first: predictor mine" in said.stderr
    assert "pip uninstall mbml-bad" in said.stdout
    assert "ok      package mbml-example 1.0" in said.stdout


def test_one_name_for_two(beside):
    install(beside, "mbml-other", "mbml.predictors", "nearest = mbml_other:P")
    said = mbml("train", VIEW, "--predictor", "nearest", expect=1).stderr
    assert "package mbml-example 1.0" in said
    assert "package mbml-other 2.0" in said
    mbml("train", VIEW, "--predictor", "dummy", "--train-size", 20)


def test_an_error_inside_one_names_its_package(beside):
    code = "def read(path):\n    return [path.nothing]"
    install(beside, "mbml-bad", "mbml.sources", "mine = mbml_bad:read", code)
    said = mbml("ingest", "mine", "surrogate.jsonl", expect=1).stderr
    assert "source 'mine' of package mbml-bad 2.0 failed: AttributeError" in said


@pytest.mark.slow
def test_two_sections_of_one_name_in_a_report(beside):
    code = (
        "from mbml.reports.content import Section\n"
        "def make(material): return [Section(name='skips', title='', blocks=())]"
    )
    install(beside, "mbml-bad", "mbml.report_sections", "more = mbml_bad:make", code)
    said = mbml("report", "--to", "reports", expect=1).stderr
    assert "package mbml-example 1.0 failed: another section of the report has the name" in said
    assert "has the name &#x27;skips&#x27;" in Path("reports/report.html").read_text()
