"""Hostile files: each is refused with a `SourceError`, and nothing of it is imported or run."""

from __future__ import annotations

import sys
import time

import pytest
from hostile import CODE, CORPUS

from mbml.errors import SourceError
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import load

#: Harmless as values, refused only for what they are not: a release of a benchmark.
VALUES = {"exponential memo bomb", "quadratic memo bomb"}

_SEEN: list[str] = []
_WATCHED = (
    "import",
    "exec",
    "compile",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "pickle.find_class",
)
_WATCHING: list[bool] = []

"".encode("cp437")  # zipfile imports this codec at its first name that is not UTF-8


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _WATCHING and event in _WATCHED:
        _SEEN.append(f"{event} {arguments!r:.200}")


sys.addaudithook(_watch)


@pytest.fixture
def tripwire(tmp_path, monkeypatch):
    """Fails the test if a module was imported or code was run while it was held."""
    (tmp_path / "tripwire.py").write_text("open('TRIPPED', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)
    _SEEN.clear()
    yield lambda on: _WATCHING.append(True) if on else _WATCHING.clear()
    _WATCHING.clear()
    assert _SEEN == []
    assert set(sys.modules) == modules
    assert not (tmp_path / "TRIPPED").exists()


def test_the_tripwire_trips(tmp_path):
    _SEEN.clear()
    _WATCHING.append(True)
    exec("pass")
    _WATCHING.clear()
    assert [one.split()[0] for one in _SEEN] == ["compile", "exec"]
    _SEEN.clear()


def test_the_corpus_is_large():
    assert len(CORPUS) >= 40


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_a_hostile_file_is_refused_and_runs_nothing(name, tmp_path, tripwire):
    path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
    path.write_bytes(CORPUS[name])
    start = time.process_time()
    tripwire(on=True)
    for layouts in (None, Layouts()):
        if name not in VALUES:
            with pytest.raises(SourceError, match=r"096897\.pth"):
                load(path, layouts=layouts)
    with pytest.raises(SourceError, match=r"096897\.pth"):
        list(NasBench201Source(path).batches())
    with pytest.raises(SourceError, match=r"096897\.pth"):
        list(NatsBenchSource(path).batches())
    tripwire(on=False)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("name", sorted(one for one in CODE if one.startswith("global ")))
def test_the_refusal_names_the_global_and_its_place(name, tmp_path):
    path = tmp_path / "file.pkl"
    path.write_bytes(CORPUS[name])
    with pytest.raises(
        SourceError, match=r"byte 2: it names '\w+'\.'\w+', which this format never"
    ):
        load(path)
