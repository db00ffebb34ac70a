"""Plug-ins that fail, or give what they should not: each is named, the others go on, exit 1."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from bad_plugins import FEATURES, HANGS, PREDICTORS, SECTIONS, SOURCES, STRATEGIES
from tables import load_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.errors import SourceError
from mbml.plugins import PluginError, guard, installed
from mbml.store import open_warehouse

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

VIEW = "meta_nasbench201_cifar100_200epochs"


@pytest.fixture(scope="module")
def loaded(new_warehouse, tmp_path_factory):
    path = tmp_path_factory.mktemp("loaded") / "w.duckdb"
    with new_warehouse(path) as warehouse:
        load_rows(warehouse, nasbench201_rows(60), path.with_name("surrogate.parquet"))
    return path


@pytest.fixture
def folder(loaded, tmp_path, monkeypatch):
    """The current folder, on Python's path, with a warehouse."""
    shutil.copy(loaded, tmp_path / "w.duckdb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("MBML_WAREHOUSE", str(tmp_path / "w.duckdb"))
    installed.cache_clear()
    yield tmp_path
    installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith("mbml_")]:
        del sys.modules[name]


def install(folder, group, names, code):
    """Install a package of plug-ins, each an attribute of its module."""
    info = folder / "mbml-bad-2.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mbml-bad\nVersion: 2.0\n")
    entries = "".join(f"{name} = mbml_bad:{name}\n" for name in names)
    (info / "entry_points.txt").write_text(f"[{group}]\n{entries}")
    (folder / "mbml_bad.py").write_text(code)


def mbml(*arguments, expect=0):
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == expect, done.stderr or done.stdout
    assert "Traceback" not in done.stderr
    assert "fault of mbml" not in done.stderr
    return done


def stored_predictors():
    with open_warehouse(Path("w.duckdb")) as warehouse:
        return {name for (name,) in warehouse.rows("select predictor from results.fit")}


ALL = [
    "raise_exit",
    "raise_interrupt",
    "raise_odd",
    "raise_mute",
    "raise_base",
    "one",
    "zero_d",
    "longer",
    "column",
    "nan",
    "inf",
    "words",
    "objects",
    "complex",
    "none",
    "bool",
    "masked",
]
BAD = [*ALL, *(f"p_{name}" for name in ALL), "make_fails", "prepare_junk"]
#: scikit-learn makes a vector of it before mbml sees it.
MENDED = {"column"}


def test_each_bad_predictor_is_named_and_the_good_ones_are_stored(folder):
    install(folder, "mbml.predictors", [*BAD, "good"], PREDICTORS)
    bad = [name for name in BAD if name not in MENDED]
    chosen = [word for name in (*bad, "good", "dummy") for word in ("--predictor", name)]
    done = mbml("evaluate", VIEW, "--train-size", 20, "--seed", 0, *chosen, expect=1)
    assert done.stdout == ""
    assert stored_predictors() == {"good", "dummy"}
    for name in bad:
        [told] = [
            one for one in done.stderr.splitlines() if one.startswith(f"failed: {VIEW}, {name},")
        ]
        assert f"predictor '{name}' of package mbml-bad 2.0 failed in" in told
    assert f"error: {len(bad)} of {len(bad) + 2} fits failed, the others are stored" in done.stderr


@pytest.mark.slow
def test_in_worker_processes_too(folder):
    install(folder, "mbml.predictors", [*BAD, "good"], PREDICTORS)
    bad = ["raise_exit", "raise_interrupt", "raise_odd", "raise_mute", "one", "nan"]
    chosen = [word for name in (*bad, "good") for word in ("--predictor", name)]
    done = mbml("evaluate", VIEW, "--train-size", 20, *chosen, "--jobs", 2, expect=1)
    assert stored_predictors() == {"good"}
    for name in bad:
        assert (
            f"{name}: 1 failed, the first: {VIEW}, {name}, N=20, seed 0: predictor" in done.stderr
        )


@pytest.mark.parametrize("name", ["raise_exit", "raise_odd", "one", "p_column", "nan", "p_complex"])
def test_train_names_the_package(folder, name):
    install(folder, "mbml.predictors", [name], PREDICTORS)
    said = mbml("train", VIEW, "--predictor", name, "--train-size", 20, expect=1).stderr
    assert said.startswith(f"error: predictor '{name}' of package mbml-bad 2.0 failed in ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["raise_exit", "p_one", "p_nan"])
def test_a_predictor_inside_a_strategy(folder, name):
    install(folder, "mbml.predictors", [name], PREDICTORS)
    call = ("search", VIEW, "--strategy", f"npenas:{name}", "--budget", 20)
    said = mbml(*call, expect=1).stderr
    assert f"predictor '{name}' of package mbml-bad 2.0 failed in" in said


def test_a_prediction_of_our_own_that_is_no_number_is_refused(folder, monkeypatch):
    from sklearn.svm import SVR

    monkeypatch.setattr(SVR, "predict", lambda _, x: [float("inf")] * len(x))
    chosen = ("--predictor", "svr", "--predictor", "dummy")
    said = mbml("evaluate", VIEW, "--train-size", 20, *chosen, expect=1).stderr
    assert "svr: 1 failed" in said
    assert stored_predictors() == {"dummy"}


FEATURE_NAMES = [
    "exit",
    "short",
    "nan",
    "inf",
    "words",
    "objects",
    "name",
    "rows",
    "junk",
    "parts",
    "odd",
    "argument:1",
    "cost",
    "absent",
]


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_bad_features(folder, name):
    install(folder, "mbml.features", [name.partition(":")[0]], FEATURES)
    call = ("train", VIEW, "--predictor", "dummy", "--train-size", 20, "--features", name)
    said = mbml(*call, expect=1).stderr
    plain = name.partition(":")[0]
    assert said.startswith(f"error: feature set '{plain}' of package mbml-bad 2.0 ")
    assert said.count("\n") == 1


def test_a_predictor_on_bad_features_does_not_keep_others_from_being_evaluated(folder):
    code = FEATURES.replace("exit = made", "exit_ = made") + (
        "from mbml.predictors.registry import Predictor\n"
        "from sklearn.dummy import DummyRegressor\n"
        "mine = Predictor(name='mine', meaning='m', make=lambda seed: DummyRegressor(),"
        " features='nan')\n"
    )
    install(folder, "mbml.features", ["nan"], code)
    entries = folder / "mbml-bad-2.0.dist-info" / "entry_points.txt"
    entries.write_text(entries.read_text() + "[mbml.predictors]\nmine = mbml_bad:mine\n")
    chosen = ("--predictor", "mine", "--predictor", "dummy")
    said = mbml("evaluate", VIEW, "--train-size", 20, *chosen, expect=1).stderr
    assert "mine: 1 failed" in said
    assert "feature set 'nan' of package mbml-bad 2.0 failed in of_rows: column 'c' is nan" in said
    assert stored_predictors() == {"dummy"}


STRATEGY_NAMES = [
    "exits",
    "interrupts",
    "odd",
    "half",
    "true",
    "whole",
    "epoch",
    "hashless",
    "junk",
    "number",
    "negative",
    "stays",
    "closes",
]


@pytest.mark.parametrize("name", STRATEGY_NAMES)
@pytest.mark.parametrize("own", [True, False])
def test_bad_strategies(folder, name, own):
    objects = f"S = Strategy(name='mine', meaning='m', play={name})\n"
    install(folder, "mbml.strategies", [], STRATEGIES + objects)
    entries = folder / "mbml-bad-2.0.dist-info" / "entry_points.txt"
    entries.write_text("[mbml.strategies]\nmine = mbml_bad:S\n")
    called = f"mbml_bad:{name}" if own else "mine"
    owner = f"strategy mbml_bad:{name}" if own else "strategy 'mine' of package mbml-bad 2.0"
    said = mbml("search", VIEW, "--strategy", called, "--budget", 3, expect=1).stderr
    assert said.startswith(f"error: {owner}, ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("code", ["raise SystemExit(0)", "1 / 0", "raise KeyboardInterrupt", "("])
def test_a_strategy_of_ones_own_that_cannot_be_imported(folder, code):
    (folder / "mbml_own.py").write_text(code)
    said = mbml("search", VIEW, "--strategy", "mbml_own:play", expect=1).stderr
    assert said.startswith("error: strategy mbml_own:play cannot be imported: ")


@pytest.mark.slow
def test_an_error_that_cannot_travel_names_its_strategy(folder):
    install(folder, "mbml.strategies", [], STRATEGIES)
    call = ("search", VIEW, "--strategy", "mbml_bad:odd", "--budget", 3, "--seeds", 2, "--jobs", 2)
    said = mbml(*call, expect=1).stderr
    assert "strategy mbml_bad:odd, seed" in said
    assert "failed after 1 queries: Odd: 1" in said


SOURCE_NAMES = [
    "exits",
    "nothing",
    "none",
    "junk",
    "stops",
    "interrupts",
    "words",
    "no_table",
    "columns",
    "kinds",
    "nulls",
    "count",
    "benchmark",
    "files",
    "orphans",
]


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_bad_sources(folder, name):
    install(folder, "mbml.sources", [name], SOURCES)
    (folder / "surrogate.txt").write_text("x")
    said = mbml("ingest", name, "surrogate.txt", expect=1).stderr
    assert said.startswith(f"error: source '{name}' of package mbml-bad 2.0 ")
    assert ("holds NULL" in said) == (name == "nulls")
    assert said.count("\n") == 1


def test_a_source_may_say_that_a_file_is_damaged(folder):
    install(folder, "mbml.sources", ["damaged"], SOURCES)
    (folder / "surrogate.txt").write_text("x")
    assert "file, row 3: is wrong" in mbml("ingest", "damaged", "surrogate.txt", expect=5).stderr


SECTION_NAMES = [
    "exits",
    "none",
    "words",
    "blocks",
    "frame",
    "up",
    "spread",
    "nested",
    "chart",
    "vega",
    "drawing",
    "anchor",
    "taken",
]


def test_bad_sections_are_named_and_the_others_written(folder):
    install(folder, "mbml.report_sections", [*SECTION_NAMES, "good"], SECTIONS)
    said = mbml("report", "--to", "out", expect=1).stderr
    page = (folder / "out" / "report.html").read_text()
    for name in SECTION_NAMES:
        assert f"report section '{name}' of package mbml-bad 2.0 failed" in said
        assert f"report section &#x27;{name}&#x27; of package mbml-bad 2.0 failed" in page
    assert "all is well" in page
    assert "What was loaded" in page
    assert f"without the sections of {len(SECTION_NAMES)} plug-ins" in said
    assert not (folder / "out" / "t.csv").exists()


def test_an_interrupt_by_the_user_is_none_of_the_plug_in():
    with pytest.raises(KeyboardInterrupt), guard("mine", "failed"):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), guard("mine", "failed"), suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with (
        pytest.raises(PluginError, match="mine failed: KeyboardInterrupt"),
        guard("mine", "failed"),
    ):
        raise KeyboardInterrupt
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_errors_of_ours_pass_only_where_they_are_to():
    with pytest.raises(SourceError), guard("mine", "failed", passes=(SourceError,)):
        raise SourceError("f", "", "is damaged")

    class OwnError(SourceError):
        pass

    with pytest.raises(PluginError), guard("mine", "failed", passes=(SourceError,)):
        raise OwnError("f", "", "is damaged")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["ignores", "compiled"])
def test_an_interrupt_ends_fits_that_hang(folder, how):
    install(folder, "mbml.predictors", ["mine"], HANGS.format(how=how))
    program = [sys.executable, "-c", "from mbml.cli.app import main; main()"]
    command = [*program, "evaluate", VIEW, "--predictor", "mine"]
    more = ["--train-size", "20", "--seed", "0", "--seed", "1", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, *more], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        end = time.monotonic() + 120
        while not Path("begun").exists() and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(1)
        interrupted = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - interrupted < 5
        assert process.returncode == 130, said
        assert "Traceback" not in said
        listed = ["ps", "-o", "pid=,stat=", "--sid", str(process.pid)]
        left = subprocess.run(listed, capture_output=True, text=True, check=False).stdout
        assert not [one for one in left.splitlines() if " Z" not in one], left
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def test_other_results_than_ours_are_stored_as_text(folder):
    code = (
        "import numpy as np\n"
        "from sklearn.linear_model import Ridge\n"
        "from sklearn.model_selection import GridSearchCV\n"
        "from mbml.predictors.registry import Predictor\n"
        "def make(seed):\n"
        "    return GridSearchCV(Ridge(), {'alpha': [np.float32(0.5)]}, cv=2)\n"
        "mine = Predictor(name='mine', meaning='m', make=make)\n"
    )
    install(folder, "mbml.predictors", ["mine"], code)
    call = ("evaluate", VIEW, "--predictor", "mine", "--train-size", 20, "--json")
    [fit] = json.loads(mbml(*call).stdout)
    assert fit["parameter_alpha"] == repr(np.float32(0.5))
