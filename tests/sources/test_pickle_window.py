"""The window over the bytes of a pickle, where each byte of it stands in the file, and chunks."""

from __future__ import annotations

import pickle
import random
from itertools import pairwise
from pathlib import Path

import pytest
from nas_records import arch, legacy, release, run
from pickle_machines import Bytes

from mbml.sources.nasbench201.files import open_records
from mbml.sources.nasbench201.source import RECORD_KEYS
from mbml.sources.pickles.chunks import Chunk, boundary_pattern, chunks
from mbml.sources.pickles.machine import Machine
from mbml.sources.pickles.values import PickleFaultError
from mbml.sources.pickles.window import MARGIN, Window

NOISE = random.Random(0).randbytes(5 * MARGIN)
PIECES = pytest.mark.parametrize("piece", [1000, MARGIN, 1 << 20])


@PIECES
def test_a_refilled_window_has_the_margin_ahead_or_all_there_is(piece):
    window = Window(Bytes(NOISE, piece), 100)
    seen = 0
    while not window.at_end:
        assert window.position >= window.soft_end
        window.refill()
        assert window.offset == 100 + seen
        assert window.data == NOISE[seen : seen + len(window.data)]
        if window.at_end:
            assert seen + len(window.data) == len(NOISE)
            assert window.soft_end > len(window.data)
        else:
            assert len(window.data) >= MARGIN
            # At the last place before the soft end, the margin is just ahead.
            assert len(window.data) - (window.soft_end - 1) == MARGIN
            window.position = window.soft_end
            seen += window.position
    assert window.place(7) == 100 + seen + 7


@PIECES
def test_a_window_is_extended_to_as_many_bytes_as_are_asked_for(piece):
    window = Window(Bytes(NOISE, piece), 0)
    window.refill()
    window.position = 10
    window.extend(3 * MARGIN)
    assert len(window.data) >= 3 * MARGIN
    assert window.data == NOISE[: len(window.data)]
    assert (window.position, window.offset) == (10, 10)
    window.extend(len(NOISE))
    assert window.data == NOISE
    with pytest.raises(PickleFaultError, match="the pickle is cut short"):
        window.extend(len(NOISE) + 1)


def test_what_was_not_read_is_given_back():
    window = Window(Bytes(NOISE, 70_000), 5)
    window.refill()
    window.position = 1234
    rest, stream, offset = window.leave()
    assert rest + stream.read(10**9) == NOISE[1234 : 1234 + len(rest) + 70_000]
    assert offset == 5 + 1234


def test_bytes_that_are_left_are_noticed_in_the_window_and_behind_it():
    window = Window(Bytes(b"abc"), 0)
    assert window.unread()
    window = Window(Bytes(b"abc"), 0)
    window.refill()
    assert window.unread()
    window.position = 3
    assert not window.unread()
    assert not Window(Bytes(b""), 0).unread()


def test_another_stream_goes_on_as_if_its_bytes_came_next():
    window = Window(Bytes(b"abc"), 0)
    window.refill()
    window.feed(Bytes(b"def"), 50)
    assert (window.data, window.position, window.at_end, window.soft_end) == (b"", 0, False, 0)
    window.refill()
    assert (window.data, window.offset) == (b"def", 50)


def framed(*sizes):
    """Frames of noise, and the same bytes without the heads of all but the first."""
    parts, at = [], 0
    for size in sizes:
        parts.append(NOISE[at : at + size])
        at += size
    heads = [b"\x95" + size.to_bytes(8, "little") for size in sizes]
    whole = b"".join(head + part for head, part in zip(heads, parts, strict=True))
    return whole, b"".join(parts)


def test_heads_of_frames_are_cut_out_and_every_byte_keeps_its_place():
    sizes = (50, 70, 1, 90)
    whole, joined = framed(*sizes)
    window = Window(Bytes(whole + b"."), 1000)
    window.refill()
    window.position = 9
    window.join_frames(sizes[0])
    assert window.data == whole[:9] + joined + b"."
    at, expected = 0, []
    for size in sizes:
        at += 9
        expected += range(1000 + at, 1000 + at + size)
        at += size
    assert [window.place(9 + place) for place in range(len(joined))] == expected
    assert window.place(9 + len(joined)) == 1000 + len(whole)
    assert window.offset == 1009
    # Once a window: it copies the window.
    window.position = 9
    window.join_frames(10)
    assert window.data == whole[:9] + joined + b"."
    # What was cut out still counts when the window moves on.
    window.position = 9 + 55
    window.refill()
    assert window.offset == 1000 + 9 + 50 + 9 + 5
    assert window.data == joined[55:] + b"."


@pytest.mark.parametrize("size", [49, 51, 10**9])
def test_a_frame_that_does_not_end_where_another_begins_is_left_alone(size):
    whole, _ = framed(50, 70)
    window = Window(Bytes(whole), 0)
    window.refill()
    window.position = 9
    window.join_frames(size)
    assert window.data == whole
    assert window.place(100) == 100


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_fault_behind_many_frames_names_the_byte_of_the_file(protocol):
    tree = [{f"x-valid@{e}": e / 3 for e in range(200)} for _ in range(300)]
    data = pickle.dumps(tree, protocol)
    machine = Machine(Bytes(data), Path("file.pkl"))
    list(machine.records())
    assert machine.offset == len(data)


def chunked(tmp_path, size, count=20):
    texts = ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
    text = texts[0]
    records = {
        index: {
            schedule: arch(run(epochs=epochs, text=text), index=index, text=text)
            for schedule, epochs in (("full", 200), ("less", 12))
        }
        for index in range(count)
    }
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(release(records, names=texts * count)))
    opened = open_records(path, RECORD_KEYS)
    found = opened.records()
    first = [next(found) for _ in range(3)]
    pattern = boundary_pattern(opened.machine, RECORD_KEYS)
    begin = opened.machine.offset
    made = list(chunks(path, begin, path.stat().st_size, pattern, size))
    ends = [record.end for record in [*first, *found]]
    opened.close()
    return path, begin, made, ends


@pytest.mark.parametrize("size", [1, 5000, 50_000, 10**9])
def test_chunks_follow_one_another_and_end_between_records(tmp_path, size):
    path, begin, made, ends = chunked(tmp_path, size=size)
    assert made[0].start == begin
    assert made[0].first_memo == -1
    assert made[-1].stop is None
    for one, two in pairwise(made):
        assert one.stop == two.start
        assert one.stop in ends
        assert two.first_memo > 0
        assert one.stop - one.start >= size
    assert len(made) == {1: len(ends) - 3, 10**9: 1}.get(size, len(made))
    memos = [one.first_memo for one in made]
    assert memos == sorted(memos)
    data = path.read_bytes()
    for one in made[1:]:
        # The number of the record, its dictionary, and the index that this is put under.
        put = b"}r" + one.first_memo.to_bytes(4, "little") + b"("
        assert put in data[one.start : one.start + 20]


def test_no_boundary_is_looked_for_where_indexes_are_not_written(tmp_path):
    records = {0: {"less": arch(run())}}
    for protocol, found in ((2, True), (4, False)):
        path = tmp_path / f"{protocol}.pth"
        path.write_bytes(legacy(release(records), protocol))
        opened = open_records(path, RECORD_KEYS)
        next(opened.records())
        assert (boundary_pattern(opened.machine, RECORD_KEYS) is not None) == found
        assert boundary_pattern(opened.machine, frozenset({"other"})) is None
        opened.close()
    assert Chunk(1, None, -1) == Chunk(start=1, stop=None, first_memo=-1)
