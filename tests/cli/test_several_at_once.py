"""Several processes at one warehouse or folder: told who holds it, or made to wait."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sklearn.linear_model import LinearRegression
from writers import INTO_FOLDER, INTO_WAREHOUSE, VIEW, arguments, content, write_inputs

from mbml.errors import UsageError
from mbml.predictors.model_file import read_model, write_model
from mbml.store import open_warehouse

pytestmark = pytest.mark.slow

MBML = [sys.executable, "-c", "from mbml.cli.app import app; app()"]
WAIT = ("evaluate", "search")
READERS = {
    "info": "info",
    "query": "query from\tsource",
    "verify": "verify",
    "train": f"train {VIEW} --train-size 20",
    **{name: INTO_FOLDER[name] for name in ("export", "export-tables", "report")},
}


def start(*call):
    return subprocess.Popen(
        [*MBML, *map(str, call)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def held(loaded, tmp_path):
    write_inputs(tmp_path / "in")
    return shutil.copy(loaded, tmp_path / "w.duckdb")


@pytest.mark.parametrize("write", [True, False], ids=["beside a writer", "beside a reader"])
@pytest.mark.parametrize("name", [one for one in INTO_WAREHOUSE if one not in WAIT])
def test_a_load_is_told_who_holds_the_warehouse(held, tmp_path, name, write):
    call = arguments(name, inputs=tmp_path / "in", out=tmp_path, warehouse=held)
    before = content(held)
    with open_warehouse(held, write=write):
        process = start(*call)
        _, said = process.communicate()
    assert process.returncode == 3
    holder = f"locked by process {os.getpid()}; wait for it to end, or stop it, and try again"
    assert said == f"error: {held}: {holder}\n"
    assert content(held) == before


@pytest.mark.parametrize("name", WAIT)
def test_a_search_or_an_evaluation_waits_its_turn(held, tmp_path, name):
    before = content(held)
    with open_warehouse(held, write=True):
        process = start(*arguments(name, inputs=tmp_path, out=tmp_path, warehouse=held))
        told = process.stderr.readline()
    assert f"locked by process {os.getpid()}" in told
    assert "waiting up to 600 s for it" in told
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert content(held) != before


@pytest.mark.parametrize("name", READERS)
def test_a_reader_beside_a_writer(held, tmp_path, name):
    call = READERS[name].format(o=tmp_path).split(" ")
    with open_warehouse(held, write=True):
        process = start(*(one.replace("\t", " ") for one in call), "--warehouse", held)
        out, said = process.communicate()
    assert process.returncode == 3
    assert out == ""
    assert f"locked by process {os.getpid()}; wait for it to end" in said
    assert said.count("\n") == 1


def test_readers_beside_readers(held):
    with open_warehouse(held):
        process = start("query", "select count(*) from source", "--json", "--warehouse", held)
        assert json.loads(process.communicate()[0]) == [{"count_star()": 2}]


def test_two_searches_at_once_lose_nothing(held):
    call = ("search", VIEW, "--budget", "5", "--seeds", "6", "--json", "--warehouse", held)
    both = [start(*call), start(*call)]
    told = [json.loads(one.communicate()[0])["runs"] for one in both]
    first, second = ([run["chosen_test_accuracy"] for run in runs] for runs in told)
    assert first == second
    with open_warehouse(held) as warehouse:
        seeds = warehouse.rows("select seed, count(*) from results.search group by all order by 1")
        steps = warehouse.rows("select count(*) from results.search_step")
    assert seeds == [(seed, 1) for seed in range(6)]
    assert steps == [(30,)]


def test_two_models_of_one_name(tmp_path):
    fitted = [LinearRegression().fit([[0.0], [1.0]], [0.0, n]) for n in range(1, 5)]

    def save(number):
        try:
            return write_model(tmp_path, "m", fitted[number - 1], {"slope": number})
        except UsageError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        saved = list(pool.map(save, range(1, 5)))
    [card] = [one for one in saved if not isinstance(one, str)]
    assert sum("there is a model 'm' already" in str(one) for one in saved) == 3
    model, told = read_model(card)
    assert model.coef_.item() == pytest.approx(told["slope"])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["m.json", "m.skops"]
