"""Fixtures that every test may ask for."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
from pathlib import Path

import hypothesis
import pytest
from real_data import real_data_folder

from mbml.store import open_warehouse

# How long an example takes is the machine's affair: no test is timed.
hypothesis.settings.register_profile("mbml", deadline=None)
hypothesis.settings.register_profile("long", deadline=None, max_examples=6_000)
hypothesis.settings.load_profile("mbml")

# What a shell starts in the background ignores interrupts, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real measurements and genuine files; skips where absent, except in continuous integration."""
    folder = real_data_folder()
    if not folder.is_dir():
        message = f"no real measurements at {folder}; set MBML_DATA to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory):
    """Open a new warehouse: a copy of an empty one, since making each anew takes half a second."""
    empty = tmp_path_factory.mktemp("empty") / "w.duckdb"
    open_warehouse(empty, write=True).close()

    def open_new(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return open_warehouse(Path(shutil.copy(empty, path)), write=True)

    return open_new


@pytest.fixture
def warehouse(new_warehouse, tmp_path):
    """An empty warehouse, open for writing."""
    with new_warehouse(tmp_path / "test.duckdb") as opened:
        yield opened


@pytest.fixture
def importable(request, monkeypatch):
    """The test's own module under its name, by which workers import its functions.

    pytest's importlib mode gives test modules none.
    """
    monkeypatch.setenv("PYTHONPATH", str(request.path.parent))
    monkeypatch.syspath_prepend(request.path.parent)
    return importlib.import_module(request.path.stem)
