"""A warehouse on disk and a way to run commands on it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app


@pytest.fixture(scope="session")
def sixty_cells(new_warehouse, tmp_path_factory):
    """A warehouse with 60 cells of NAS-Bench-201 and four of NAS-Bench-101, to be copied."""
    folder = tmp_path_factory.mktemp("sixty_cells")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(60), folder / "nasbench201.parquet")
        load_rows(warehouse, nasbench101_rows(), folder / "nasbench101_surrogate.parquet")
    return folder / "w.duckdb"


@pytest.fixture(scope="module")
def loaded(sixty_cells, tmp_path_factory):
    """The warehouse of one test file."""
    return Path(shutil.copy(sixty_cells, tmp_path_factory.mktemp("loaded") / "w.duckdb"))


class Run:
    """Runs `mbml` in this process, with the streams kept apart."""

    def __init__(self, warehouse):
        self.warehouse = warehouse

    def __call__(self, *arguments, expect=0, stdin=None):
        environment = {"MBML_WAREHOUSE": str(self.warehouse)}
        given = [str(one) for one in arguments]
        result = CliRunner().invoke(app, given, env=environment, input=stdin)
        assert result.exit_code == expect, result.stderr or result.stdout
        assert "Traceback" not in result.stderr
        return result

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json").stdout)


@pytest.fixture
def mbml(loaded):
    return Run(loaded)
