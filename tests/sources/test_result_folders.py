"""Folders of single cells: what stands beside them, and what they must not be."""

from __future__ import annotations

import bz2
import pickle
from collections import OrderedDict

import pytest
from nas_records import OTHER, TEXT, arch, legacy, release, run
from sources.oracle import expected_runs, found_runs

from mbml.errors import SourceError, UsageError
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource


def nats_folder(tmp_path, records, names=(TEXT, OTHER)):
    folder = tmp_path / "NATS-simple"
    folder.mkdir()
    meta = release({}, names=names, arch2infos=None, evaluated_indexes=set())
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    for name, record in records.items():
        (folder / f"{name}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(record, 4)))
    return folder


FOLDERS = {
    "index of another": ({"000001": {"12": arch(run())}}, "arch_index: it is 0, not 1"),
    "string of another": (
        {"000001": {"12": arch(run(), index=1)}},
        "architecture 1: it is .*, where meta_archs has",
    ),
    "beyond meta_archs": ({"000009": {"12": arch(run(), index=9)}}, "meta_archs has only 2"),
    "schedule of the size space": (
        {"000000": {"90": arch(run(epochs=90))}},
        "'90': this space has no such schedule",
    ),
    "no record": ({"000000": {}}, "it holds 0 records, not one alone"),
    "a list of records": ({"000000": [{"12": arch(run())}]}, "not one alone"),
    "two files of one index": (
        {"000000": {"12": arch(run())}, "0": {"12": arch(run())}},
        "architecture 0: it comes in two files",
    ),
    "no files": ({}, "does not hold meta.pickle.pbz2 and files"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_cannot_be_is_refused(tmp_path, name):
    records, message = FOLDERS[name]
    folder = nats_folder(tmp_path, records)
    with pytest.raises(SourceError, match=message):
        list(NatsBenchSource(folder).batches())


def test_unpadded_names_are_read(tmp_path):
    record = OrderedDict({"12": arch(run())})
    folder = nats_folder(tmp_path, {"0": record})
    assert found_runs(NatsBenchSource(folder).batches()) == {0: expected_runs(record)}


def test_a_folder_of_neither_space_is_refused(tmp_path):
    folder = nats_folder(tmp_path, {"0": {"12": arch(run())}}, names=["what"])
    with pytest.raises(SourceError, match="neither space"):
        NatsBenchSource(folder)


def test_simple_is_read_where_full_stands_beside_it(tmp_path):
    (tmp_path / "000000-FULL.pth").write_bytes(b"with weights")
    (tmp_path / "000000-SIMPLE.pth").write_bytes(legacy({"less": arch(run())}))
    (tmp_path / "notes.txt").write_text("else")
    source = NasBench201Source(tmp_path)
    assert [one.name for one in source.files] == ["000000-SIMPLE.pth"]
    (batch,) = source.batches()
    assert batch.records == 1


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match="holds no NNNNNN-FULL"):
        NasBench201Source(tmp_path)


@pytest.mark.parametrize("source", [NasBench201Source, NatsBenchSource])
def test_a_path_that_names_nothing_is_a_usage_error(tmp_path, source):
    with pytest.raises(UsageError, match="does not exist"):
        source(tmp_path / "none.pth")


@pytest.mark.parametrize("source", [NasBench201Source, NatsBenchSource])
def test_an_empty_file_is_refused_before_it_is_read(tmp_path, source):
    path = tmp_path / "empty.pth"
    path.touch()
    with pytest.raises(SourceError, match="is empty"):
        source(path)
