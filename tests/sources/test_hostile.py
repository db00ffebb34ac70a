"""Hostile files: each is refused with a `SourceError`, and nothing of it is imported or run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import laughs
import pytest
import techniques
from hostile import CODE, CORPUS, VALUES

from mbml.errors import SourceError
from mbml.sources.pickles.torch_pickle import load

HELPERS = Path(__file__).resolve().parents[1] / "helpers"
READERS = {"load", "load by layouts", "nasbench201", "natsbench"}
SOURCES = {"nasbench201", "natsbench"}
#: Processor seconds of all readers together, for a small file and for one of a few megabytes.
QUICK, LONGEST = 2.0, 20.0
MOST_MEGABYTES = 400


def read_apart(module, function):
    """What `hostile_reader.py` saw of each file, in a process of its own."""
    run = subprocess.run(
        [sys.executable, HELPERS / "hostile_reader.py", module, function],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HELPERS), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    names = [one["name"] for one in lines[::2]]
    assert run.returncode == 0, f"it ended at {names[-1:]}: {run.stderr[-2000:]}"
    return dict(zip(names, lines[1::2], strict=True))


def broken_rules(found, *, seconds=QUICK, refused=READERS):
    """Which rules a file broke."""
    endings = found["endings"]
    assert set(endings) == READERS
    if any(endings[name] != "refused" for name in refused):
        yield f"it was not refused: {endings}"
    if any(ending not in {"refused", "read"} for ending in endings.values()):
        yield f"another error than of a source: {endings}"
    if found["seen"] or found["tripped"]:
        yield f"something was imported or run: {found['seen']}"
    if found["seconds"] > seconds:
        yield f"it took {found['seconds']:.1f} s"
    if found["megabytes"] > MOST_MEGABYTES:
        yield f"it took {found['megabytes']:.0f} MiB"
    message = found["message"]
    if len(message) > 400 or not message.isprintable():
        yield f"a message of {len(message)} characters: {message[:200]!a}"


def all_broken(files, **rules):
    return {name: why for name, found in files.items() if (why := [*broken_rules(found, **rules)])}


@pytest.mark.slow
def test_the_corpus_made_by_hand():
    found = read_apart("hostile", "corpus")
    assert len(found) >= 120
    values = {name: found.pop(name) for name in VALUES}
    assert all_broken(found, seconds=LONGEST) == {}
    assert all_broken(values, refused=SOURCES) == {}


@pytest.mark.slow
def test_the_techniques_of_the_scanners_corpora():
    found = read_apart("techniques", "techniques")
    print(techniques.count())
    assert len(found) > 3000
    assert all_broken(found) == {}


@pytest.mark.slow
def test_values_that_are_huge_in_every_place():
    found = read_apart("laughs", "laughs")
    assert len(found) > 700
    assert all_broken(found, refused=SOURCES) == {}


@pytest.mark.slow
def test_values_that_are_deep_in_every_place():
    found = read_apart("laughs", "deep_ones")
    assert len(found) > 100
    assert all_broken(found, seconds=LONGEST, refused=SOURCES) == {}


@pytest.mark.slow
def test_the_tripwire_trips():
    found = read_apart("hostile_reader", "traps")
    assert {name: one["seen"][0].split()[0] for name, one in found.items()} == {
        "import": "import",
        "process": "subprocess.Popen",
        "socket": "socket.__new__",
        "code": "compile",
        "file": "open",
        "unpickling": "pickle.find_class",
    }
    assert all(next(broken_rules(one)) for one in found.values())


@pytest.mark.parametrize("name", sorted(one for one in CODE if one.startswith("global ")))
def test_the_refusal_names_the_global_and_its_place(name, tmp_path):
    path = tmp_path / "file.pkl"
    path.write_bytes(CORPUS[name])
    with pytest.raises(
        SourceError, match=r"byte 2: it names '\w+'\.'\w+', which this format never"
    ):
        load(path)


def test_no_value_of_a_file_is_longer_than_a_line_in_a_message(tmp_path):
    path = tmp_path / "file.pkl"
    longest = Counter()
    for name, data in laughs.places(laughs.VALUES["text of a million"]).items():
        path.write_bytes(data)
        try:
            load(path)
        except SourceError as error:
            longest[name] = len(str(error)) - len(str(path))
    assert 60 < max(longest.values()) < 300
