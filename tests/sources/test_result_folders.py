"""Folders of single cells: what stands beside them, and what they must not be."""

from __future__ import annotations

import bz2
import pickle
from collections import OrderedDict

import pytest
from nas_records import OTHER, TEXT, arch, legacy, release, run
from oracle import expected_runs, found_runs

from mbml.errors import SourceError, UsageError
from mbml.sources import natsbench
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
    "index of another": ({"000001": {"12": arch(run())}}, "arch_index: expected 1, got 0"),
    "string of another": (
        {"000001": {"12": arch(run(), index=1)}},
        "architecture 1: it is .*, where meta_archs has",
    ),
    "beyond meta_archs": ({"000009": {"12": arch(run(), index=9)}}, "meta_archs has only 2"),
    "schedule of the size space": (
        {"000000": {"90": arch(run(epochs=90))}},
        "'90': this space has no such schedule",
    ),
    "no record": ({"000000": {}}, "expected one record in a dict, and nothing else"),
    "a list of records": (
        {"000000": [{"12": arch(run())}]},
        "expected one record in a dict, and nothing else",
    ),
    "two files of one index": (
        {"000000": {"12": arch(run())}, "0": {"12": arch(run())}},
        "architecture 0: it comes in two files",
    ),
    "no files": ({}, "holds no files NNNNNN.pickle.pbz2"),
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


@pytest.mark.parametrize(
    ("group", "told", "taken", "batches"), [(24, 3, 1, 1), (1, 3, 3, 2), (1, None, None, 2)]
)
def test_files_of_nats_bench_are_read_by_workers_in_groups(
    tmp_path, monkeypatch, group, told, taken, batches
):
    asked = []

    def here(function, items, *, workers):
        asked.append(workers)
        yield from map(function, items)

    assert natsbench._GROUP == 24
    monkeypatch.setattr(natsbench, "_GROUP", group)
    monkeypatch.setattr(natsbench, "map_in_workers", here)
    folder = nats_folder(
        tmp_path,
        {
            "000000": {"12": arch(run())},
            "000001": {"12": arch(run(text=OTHER), index=1, text=OTHER)},
        },
    )
    (folder / "notes.txt").write_text("else")
    source = NatsBenchSource(folder, workers=told)
    assert (source.format, source.benchmark, source.release) == (
        "natsbench_folder",
        "nasbench201",
        None,
    )
    names = ["meta.pickle.pbz2", "000000.pickle.pbz2", "000001.pickle.pbz2"]
    assert [one.name for one in source.files] == names
    found = list(source.batches())
    assert asked == [taken]
    sizes = [one.stat().st_size for one in source.files]
    ends = [sum(sizes[:2]), sum(sizes)] if batches == 2 else [sum(sizes)]
    assert [batch.bytes_done for batch in found] == ends
    assert [name for batch in found for name in batch.runs.column("run").to_pylist()] == [0, 1]
    assert source.release == "NATS-tss-v1.0"


def test_a_file_of_nats_bench_says_what_it_is(tmp_path):
    path = tmp_path / "all.pickle.pbz2"
    record = {"12": arch(run())}
    path.write_bytes(bz2.compress(pickle.dumps(release({0: record}), 4)))
    source = NatsBenchSource(path)
    assert (source.format, source.benchmark, source.files) == (
        "natsbench_pickle",
        "nasbench201",
        (path,),
    )
    assert source.release is None
    assert found_runs(source.batches()) == {0: expected_runs(record)}
    assert source.release == "NATS-tss-v1.0"


def test_a_folder_says_how_many_bytes_are_done_and_what_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("mbml.sources.nasbench201.tables._ROWS", 12)
    for index, text in enumerate((TEXT, OTHER)):
        data = legacy({"less": arch(run(text=text), index=index, text=text)})
        (tmp_path / f"{index:06d}-SIMPLE.pth").write_bytes(data)
    source = NasBench201Source(tmp_path)
    sizes = [one.stat().st_size for one in source.files]
    assert [batch.bytes_done for batch in source.batches()] == [sizes[0], sum(sizes)]
    assert source.format == "torch_folder"
    assert NasBench201Source(source.files[0]).format == "torch_pickle"
    assert (source.benchmark, source.release) == ("nasbench201", None)


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
