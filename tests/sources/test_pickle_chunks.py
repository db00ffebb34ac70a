"""A large file read in chunks by several processes gives what reading in order gives."""

from __future__ import annotations

import pytest
from nas_records import arch, legacy, release, run, torch_zip
from oracle import found_runs

from mbml.errors import SourceError
from mbml.sources.nasbench201 import source as nasbench201
from mbml.sources.nasbench201.files import open_records
from mbml.sources.nasbench201.source import RECORD_KEYS, NasBench201Source
from mbml.sources.pickles.chunks import Chunk, boundary_pattern, chunks

TEXTS = [
    f"|{a}~0|+|{b}~0|{c}~1|+|{a}~0|none~1|{b}~2|"
    for a in ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    for b in ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
    for c in ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
]


def some_records(count, late="999"):
    """Records of which some texts appear only far from the beginning."""
    records = {}
    for index in range(count):
        text = TEXTS[index]
        seeds = [777, int(late)] if index > count // 2 else [777]
        full = arch(*(run("cifar10", s, 200, text) for s in seeds), index=index, text=text)
        less = arch(run("cifar100", 111, 12, text), index=index, text=text)
        records[index] = {"full": full, "less": less}
    return release(records, names=TEXTS[:count])


@pytest.fixture
def in_chunks(monkeypatch):
    """Small files are read in chunks too, in this process: what workers do, without any."""
    monkeypatch.setattr(nasbench201, "_LARGE", 0)
    monkeypatch.setattr(nasbench201, "_HEAD_RECORDS", 3)
    monkeypatch.setattr(nasbench201, "chunks", lambda *a: chunks(*a, size=50_000))
    asked = []

    def in_this_process(function, items, *, workers):
        asked.append(workers)
        yield from map(function, items)

    monkeypatch.setattr(nasbench201, "map_in_workers", in_this_process)
    nasbench201._head.cache_clear()
    yield asked
    nasbench201._head.cache_clear()


def both(path, asked):
    found = found_runs(NasBench201Source(path, workers=2).batches())
    assert asked == [2]
    assert found == found_runs(NasBench201Source(path, workers=1).batches())
    assert asked == [2]
    return found


@pytest.mark.parametrize("write", [legacy, torch_zip])
def test_chunks_give_what_reading_in_order_gives(tmp_path, in_chunks, write):
    path = tmp_path / "file.pth"
    path.write_bytes(write(some_records(60)))
    assert sorted(both(path, in_chunks)) == list(range(60))


def test_ordinals_go_on_from_chunk_to_chunk(tmp_path, in_chunks):
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(some_records(40)))
    batches = list(NasBench201Source(path, workers=2).batches())
    assert len(batches) > 5
    arches = [a for batch in batches for a in batch.architectures.column("arch").to_pylist()]
    runs = [r for batch in batches for r in batch.runs.column("run").to_pylist()]
    rows = [r for batch in batches for r in batch.epochs.column("run").to_pylist()]
    assert arches == list(range(40))
    assert runs == list(range(len(runs)))
    assert sorted(set(rows)) == runs
    done = [batch.bytes_done for batch in batches]
    assert done == sorted(done)
    assert done[-1] <= path.stat().st_size


@pytest.fixture
def reads(monkeypatch):
    """Where in the file each chunk that was read began."""
    seen = []

    def counted(opened, head, chunk, *rest):
        seen.append(chunk.start)
        return original(opened, head, chunk, *rest)

    original = nasbench201._read
    monkeypatch.setattr(nasbench201, "_read", counted)
    return seen


def test_a_right_guess_is_read_once(tmp_path, in_chunks, reads):
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(some_records(60)))
    assert sorted(both(path, in_chunks)) == list(range(60))
    assert len(reads) == len(set(reads)) > 5


def test_what_a_chunk_put_into_the_memo_is_known_to_those_after_it(tmp_path, in_chunks, reads):
    """A seed that first comes in the middle is written once, and looked up from there on."""
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(some_records(60, late="888")))
    found = both(path, in_chunks)
    assert {key for runs in found.values() for key in runs if 888 in key}
    # The chunks under way when it came are read again, none of the others.
    assert len(reads) < 2 * len(set(reads)) - 1


def test_a_wrong_guess_is_read_again(tmp_path, in_chunks, monkeypatch):
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(some_records(40)))

    def wrong(*arguments):
        for chunk in chunks(*arguments, size=50_000):
            moved = None if chunk.stop is None else chunk.stop + 700
            yield Chunk(chunk.start, moved, chunk.first_memo)

    monkeypatch.setattr(nasbench201, "chunks", wrong)
    assert sorted(both(path, in_chunks)) == list(range(40))


def test_a_chunk_of_many_rows_is_read_in_parts(tmp_path, in_chunks, monkeypatch):
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(some_records(60)))
    whole = len(list(NasBench201Source(path, workers=2).batches()))
    monkeypatch.setattr(nasbench201, "_MOST_BATCHES", 0.001)
    nasbench201._head.cache_clear()
    assert len(list(NasBench201Source(path, workers=2).batches())) > whole
    in_chunks.clear()
    assert sorted(both(path, in_chunks)) == list(range(60))


def test_a_text_that_looks_like_a_boundary_is_none(tmp_path, in_chunks):
    top = some_records(40)
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(top))
    opened = open_records(path, RECORD_KEYS)
    next(opened.records())
    pattern = boundary_pattern(opened.machine, RECORD_KEYS)
    (index,) = (i for i, text in opened.machine.memo.kept.items() if text == "full")
    opened.close()
    trap = "uK\x01}r\x01\x01\x01\x01(j" + index.to_bytes(4, "little").decode("latin-1")
    assert pattern.search(trap.encode("latin-1"))
    for record in top["arch2infos"].values():
        for result in record["full"]["all_results"].values():
            result["arch_config"]["note"] = trap * 40
    path.write_bytes(legacy(top))
    assert sorted(both(path, in_chunks)) == list(range(40))


def test_a_fault_in_a_chunk_is_told_as_in_order(tmp_path, in_chunks):
    path = tmp_path / "file.pth"
    data = bytearray(legacy(some_records(60)))
    at = len(data) * 2 // 3
    at = data.index(b"Nu", at)  # the weights of some run: None, then SETITEMS
    data[at] = ord("2")
    path.write_bytes(data)
    messages = []
    for workers in (1, 2):
        with pytest.raises(SourceError) as caught:
            list(NasBench201Source(path, workers=workers).batches())
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert f"byte {at}: opcode DUP" in messages[0]


def test_a_record_that_comes_twice_in_two_chunks_is_refused(tmp_path, in_chunks):
    top = some_records(60)
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(top).replace(b"K\x3a}", b"K\x02}", 1))
    with pytest.raises(SourceError, match="architecture 2"):
        list(NasBench201Source(path, workers=2).batches())


def test_worker_processes_give_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(nasbench201, "_LARGE", 0)
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(some_records(60)))
    found = found_runs(NasBench201Source(path, workers=2).batches())
    assert found == found_runs(NasBench201Source(path, workers=1).batches())


@pytest.mark.parametrize("larger", [False, True])
def test_a_file_no_larger_than_some_megabytes_is_read_in_order(
    tmp_path, in_chunks, monkeypatch, larger
):
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(some_records(10)))
    monkeypatch.setattr(nasbench201, "_LARGE", path.stat().st_size - larger)
    assert len(list(NasBench201Source(path, workers=2).batches())) > larger
    assert in_chunks == [2] * larger
