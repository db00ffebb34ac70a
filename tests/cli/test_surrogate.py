"""`mbml surrogate` and `mbml demo`."""

from __future__ import annotations

import json
import os
import shlex

import pytest
from typer.testing import CliRunner

from mbml.cli import demo
from mbml.cli.app import app

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

SOURCES = {"nasbench101": "a_surrogate.tfrecord", "nasbench201": "b_surrogate.pth"}


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.mark.parametrize(("benchmark", "name"), [*SOURCES.items(), ("natsbench", "c-surrogate")])
def test_what_is_written_can_be_loaded_and_is_marked(run, tmp_path, benchmark, name):
    path, warehouse = tmp_path / name, tmp_path / "w.duckdb"
    wrote = run("surrogate", benchmark, path, "--architectures", "4", "--seed", "2", "--json")
    assert wrote.exit_code == 0, wrote.stderr
    told = json.loads(wrote.stdout)
    assert told["architectures"] == 4
    assert told["is_surrogate"] is True
    loaded = run("ingest", benchmark, path, "--warehouse", warehouse, "--json")
    assert loaded.exit_code == 0, loaded.stderr
    (report,) = json.loads(loaded.stdout)
    assert report["is_surrogate"] is True
    assert report["new_architectures"] == 4


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201", "natsbench"])
def test_bad_requests_are_refused_and_leave_nothing(run, tmp_path, benchmark):
    (tmp_path / "surrogate_old").write_text("mine")
    for name, count, message in (
        ("results", "4", "name must contain 'surrogate'"),
        ("surrogate_old", "4", "exists; name another"),
        ("surrogate", "0", "from 1 to"),
        ("surrogate", "500000", "from 1 to"),
        ("no/surrogate", "4", "is no folder"),
    ):
        result = run("surrogate", benchmark, tmp_path / name, "--architectures", count)
        assert result.exit_code == 2
        assert message in result.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_link_to_a_surrogate_does_not_lend_its_name(run, tmp_path):
    (tmp_path / "results").symlink_to(tmp_path / "surrogate_old")
    options = ("--architectures", "4", "--overwrite")
    result = run("surrogate", "nasbench101", tmp_path / "results", *options)
    assert result.exit_code == 2
    assert "name must contain 'surrogate'" in result.stderr


def test_an_unknown_space_is_refused(run, tmp_path):
    result = run("surrogate", "natsbench", tmp_path / "surrogate", "--space", "sizes")
    assert result.exit_code == 2
    assert "did you mean 'size'" in result.stderr


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (
            OSError(28, os.strerror(28)),
            1,
            "surrogate: cannot be written, nothing is left of it: No",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201", "natsbench"])
def test_a_write_that_breaks_off_leaves_nothing(
    run, tmp_path, monkeypatch, benchmark, fault, code, message
):
    def breaks(*_args, **_kwargs):
        raise fault

    monkeypatch.setattr("mbml.surrogate.nasbench101.encode_tails", breaks)
    monkeypatch.setattr("mbml.surrogate.nasbench201.write_state", breaks)
    monkeypatch.setattr("mbml.surrogate.natsbench.map_in_workers", breaks)
    result = run("surrogate", benchmark, tmp_path / "surrogate", "--architectures", "4")
    assert result.exit_code == code
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201", "natsbench"])
def test_overwrite_takes_the_place_of_a_surrogate(run, tmp_path, benchmark):
    path = tmp_path / "surrogate"
    assert run("surrogate", benchmark, path, "--architectures", "3").exit_code == 0
    result = run("surrogate", benchmark, path, "--architectures", "2", "--overwrite", "--json")
    assert result.exit_code == 0, result.stderr
    files = [path] if path.is_file() else list(path.iterdir())
    assert json.loads(result.stdout)["bytes"] == sum(file.stat().st_size for file in files)
    assert len(files) == (3 if benchmark == "natsbench" else 1)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201", "natsbench"])
def test_a_folder_of_other_things_is_never_overwritten(run, tmp_path, benchmark):
    folder = tmp_path / "surrogate"
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")
    result = run("surrogate", benchmark, folder, "--architectures", "2", "--overwrite")
    assert result.exit_code == 2
    assert "remove it first" in result.stderr
    assert (folder / "thesis.tex").read_text() == "mine"


@pytest.mark.slow
def test_the_demo_runs_its_own_commands_to_the_end(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("demo")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "warehouse/demo_surrogate/reports/report.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse"]
    assert result.stdout.startswith("SURROGATE DATA")
    lines = [line for line in result.stdout.splitlines() if line.startswith("$ ")]
    assert len(lines) == len(list(demo._commands()))
    for line in lines:
        again = run(*shlex.split(line)[2:])
        assert again.exit_code == 0, f"{line}: {again.stderr}"
