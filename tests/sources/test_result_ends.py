"""How files of results end: whichever way the records are read, what follows them is checked."""

from __future__ import annotations

import bz2

import pytest
from nas_records import OTHER, arch, bare, legacy, release, run, torch_zip
from oracle import found_runs

from mbml.errors import SourceError
from mbml.sources.nasbench201 import source as nasbench201
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.pickles.chunks import chunks

NAMES = [
    f"|{a}~0|+|{b}~0|none~1|+|none~0|none~1|none~2|"
    for a in ("none", "skip_connect", "nor_conv_1x1")
    for b in ("nor_conv_3x3", "avg_pool_3x3")
]
COUNT = len(NAMES)
#: By way of reading: the source, its options, how its files are written, and a schedule.
WAYS = {
    "in order": (NasBench201Source, {"workers": 1}, legacy, "less"),
    "in chunks": (NasBench201Source, {"workers": 2}, legacy, "less"),
    "in chunks of an archive": (NasBench201Source, {"workers": 2}, torch_zip, "less"),
    "no chunks can be told": (NasBench201Source, {"workers": 2}, bare, "less"),
    "compressed": (
        NasBench201Source,
        {"workers": 2},
        lambda one: bz2.compress(legacy(one)),
        "less",
    ),
    "NATS-Bench": (NatsBenchSource, {}, lambda one: bz2.compress(bare(one)), "12"),
}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """A way of reading; small files are cut as well, and read in this process."""
    monkeypatch.setattr(nasbench201, "_LARGE", 0)
    monkeypatch.setattr(nasbench201, "_HEAD_RECORDS", 2)
    monkeypatch.setattr(nasbench201, "chunks", lambda *a: chunks(*a, size=4000))

    def in_this_process(work, items, *, workers):
        del workers
        yield from map(work, items)

    monkeypatch.setattr(nasbench201, "map_in_workers", in_this_process)
    nasbench201._head.cache_clear()
    yield WAYS[request.param]
    nasbench201._head.cache_clear()


def results(schedule, **changes):
    records = {
        index: {schedule: arch(run(text=text), index=index, text=text)}
        for index, text in enumerate(NAMES)
    }
    return release(records, names=NAMES, **changes)


def read(way, path, top, more=b""):
    source, options, write, _ = way
    path.write_bytes(write(top) + more)
    return list(source(path, **options).batches())


def test_every_record_is_read(way, tmp_path):
    found = found_runs(read(way, tmp_path / "file", results(way[3])))
    assert sorted(found) == list(range(COUNT))


FAULTS = {
    "an index too few": ({"evaluated_indexes": list(range(COUNT - 1))}, "does not list the 6"),
    "an index too many": ({"evaluated_indexes": list(range(COUNT + 1))}, "does not list the 6"),
    "an index twice": ({"evaluated_indexes": [*range(COUNT), 0]}, "does not list the 6"),
    "another total": ({"total_archs": COUNT + 1}, "total_archs: it is 7, where meta_archs has 6"),
    "something else": ({"more": 1}, "it holds something else than meta_archs"),
    "another name": ({"meta_archs": [*NAMES[:-1], OTHER]}, "architecture 5: it is .*, where meta"),
    "a name too few": (
        {"meta_archs": NAMES[:-1], "total_archs": COUNT - 1},
        "architecture 5: meta_archs has only 5",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_contradicts_the_records_is_refused(way, tmp_path, name):
    changes, message = FAULTS[name]
    with pytest.raises(SourceError, match=message):
        read(way, tmp_path / "file", results(way[3], **changes))


def test_bytes_after_the_end_are_refused(way, tmp_path):
    with pytest.raises(SourceError):
        read(way, tmp_path / "file", results(way[3]), b"more")


def test_a_release_without_records_is_refused(way, tmp_path):
    with pytest.raises(SourceError, match="it holds no architecture"):
        read(way, tmp_path / "file", release({}, names=NAMES))
