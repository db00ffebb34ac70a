"""Surrogate files: the bytes Python's pickler would write, read by the readers as by anyone."""

from __future__ import annotations

import bz2
import io
import pickle
import pickletools
import warnings
from collections import Counter

import pytest
from oracle import expected_runs, found_runs

from mbml.errors import UsageError
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.spaces import nasbench201
from mbml.surrogate.nasbench201 import TRIALS, _seeds_by_index, write_nasbench201
from mbml.surrogate.natsbench import write_natsbench

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow


def unpickled(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dtypes hold integers for booleans, as the genuine do
        return pickle.loads(data)


@pytest.fixture(scope="module")
def pth(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "surrogate.pth"
    write_nasbench201(path, cells=12, seed=3)
    return path


@pytest.fixture(scope="module", params=["topology", "size"])
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / f"surrogate-{request.param}"
    write_natsbench(path, space=request.param, cells=12, seed=3, workers=1)
    return path


def legacy_parts(path):
    data = io.BytesIO(path.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = [pickle.load(data) for _ in range(5)]
    assert data.read() == b""
    return parts


def test_the_file_has_the_five_pickles_of_torch(pth):
    magic, protocol, system, top, storages = legacy_parts(pth)
    assert magic == 0x1950A86A20F9469CFC6C
    assert protocol == 1001
    assert system["little_endian"] is True
    assert storages == []
    assert list(top) == ["meta_archs", "total_archs", "arch2infos", "evaluated_indexes"]
    assert top["meta_archs"] == list(nasbench201.official_order())
    assert top["evaluated_indexes"] == list(range(12))


def test_python_and_the_reader_agree_on_the_file(pth):
    top = legacy_parts(pth)[3]
    source = NasBench201Source(pth)
    expected = {index: expected_runs(record) for index, record in top["arch2infos"].items()}
    assert found_runs(source.batches()) == expected
    assert source.release == "v1.1"


def test_python_and_the_reader_agree_on_the_folder(folder):
    source = NatsBenchSource(folder)
    expected = {
        index: expected_runs(unpickled(bz2.decompress(file.read_bytes())))
        for index, file in enumerate(sorted(folder.glob("0*")))
    }
    assert found_runs(source.batches()) == expected
    assert len(expected) == 12


def test_the_same_seed_gives_the_same_bytes(tmp_path, pth, folder):
    again = tmp_path / "surrogate.pth"
    write_nasbench201(again, cells=12, seed=3)
    assert again.read_bytes() == pth.read_bytes()
    other = tmp_path / "surrogate_other.pth"
    write_nasbench201(other, cells=12, seed=4)
    assert other.read_bytes() != pth.read_bytes()
    twin = tmp_path / "surrogate-twin"
    write_natsbench(twin, space=folder.name.removeprefix("surrogate-"), cells=12, seed=3, workers=2)
    for file in folder.iterdir():
        assert (twin / file.name).read_bytes() == file.read_bytes()


def test_a_cell_does_not_depend_on_how_many_are_written(tmp_path, pth):
    path = tmp_path / "surrogate.pth"
    write_nasbench201(path, cells=5, seed=3)
    few = found_runs(NasBench201Source(path).batches())
    many = found_runs(NasBench201Source(pth).batches())
    assert few == {index: many[index] for index in range(5)}


def test_the_opcodes_are_those_of_the_release(pth):
    head = b"".join(pickle.dumps(one, 2) for one in legacy_parts(pth)[:3])
    data = pth.read_bytes().removeprefix(head)
    assert len(data) + len(head) == pth.stat().st_size
    found = {code.name for code, _, _ in pickletools.genops(data)}
    # All of the release's but BINGET: the 15,625 strings come first and take the short indexes.
    assert found == {
        *("PROTO", "GLOBAL", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "MARK", "SETITEMS"),
        *("APPEND", "APPENDS", "BINUNICODE", "BINFLOAT", "BININT", "BININT1", "BININT2"),
        *("TUPLE", "TUPLE2", "TUPLE3", "NONE", "NEWTRUE", "REDUCE", "BUILD", "BINPUT"),
        *("LONG_BINPUT", "LONG_BINGET", "STOP"),
    }


@pytest.mark.realdata
def test_a_folder_file_has_the_opcodes_of_a_genuine_one(tmp_path, real_data):
    path = tmp_path / "surrogate"
    write_natsbench(path, cells=40, workers=1)
    genuine = real_data / "natsbench" / "NATS-tss-v1_0-3ffb9-simple" / "000000.pickle.pbz2"
    same_seeds = [file for file in sorted(path.glob("0*")) if _count(file)["SETITEMS"] == 148]
    assert same_seeds
    found, expected = _count(same_seeds[0]), _count(genuine)
    # Genuine runs share some names of splits, which here are written anew.
    loose = {"BINGET", "LONG_BINGET", "BININT1", "BININT2", "FRAME", "SHORT_BINUNICODE", "MEMOIZE"}
    assert {k: n for k, n in found.items() if k not in loose} == {
        k: n for k, n in expected.items() if k not in loose
    }
    for name in loose:
        assert abs(found[name] - expected[name]) <= 40


def _count(file):
    data = bz2.decompress(file.read_bytes())
    return Counter(code.name for code, _, _ in pickletools.genops(data))


def test_seeds_are_dealt_as_in_the_release():
    dealt = Counter(_seeds_by_index(0))
    assert dealt == {seeds: count for count, seeds in TRIALS}
    assert sum(dealt.values()) == 15_625
    assert sum(len(seeds) * count for seeds, count in dealt.items()) == 36_986


@pytest.mark.slow
def test_some_cells_disagree_on_their_parameters(tmp_path):
    path = tmp_path / "surrogate.pth"
    write_nasbench201(path, cells=300)
    odd = 0
    for record in found_runs(NasBench201Source(path).batches()).values():
        counts = {}
        for (dataset, _, _), (run, _) in record.items():
            counts.setdefault(dataset, set()).add((run["parameters"], run["flops"]))
        odd += any(len(found) > 1 for found in counts.values())
    assert 1 <= odd <= 9


def test_numbers_are_plausible(pth):
    (batch,) = NasBench201Source(pth).batches()
    accuracy = batch.epochs.column("train_accuracy").drop_null().to_pylist()
    assert 0 <= min(accuracy) < max(accuracy) <= 1
    assert max(accuracy) > 0.5
    assert batch.epochs.column("train_loss").null_count == 0
    assert set(batch.runs.column("seconds_are_measured").to_pylist()) == {False}


@pytest.mark.parametrize("write", [write_nasbench201, write_natsbench])
def test_a_name_without_surrogate_is_refused(tmp_path, write):
    with pytest.raises(UsageError, match="name must contain 'surrogate'"):
        write(tmp_path / "NAS-Bench-201-v1_1-096897.pth", cells=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_nasbench201, write_natsbench])
def test_nothing_is_overwritten(tmp_path, write):
    path = tmp_path / "surrogate"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        write(path, cells=1)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("cells", [0, -1, 40_000])
@pytest.mark.parametrize("write", [write_nasbench201, write_natsbench])
def test_an_impossible_size_is_refused(tmp_path, write, cells):
    with pytest.raises(UsageError, match="can be written"):
        write(tmp_path / "surrogate", cells=cells)


def test_an_unknown_space_is_refused(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'topology'"):
        write_natsbench(tmp_path / "surrogate", space="topologie")


def test_progress_counts_cells(tmp_path):
    seen = []
    write_nasbench201(tmp_path / "surrogate.pth", cells=3, progress=seen.append)
    assert seen == [1, 2, 3]
    write_natsbench(tmp_path / "surrogate", cells=20, workers=1, progress=seen.append)
    assert seen[3:] == [16, 20]
