"""Bytes in bounded pieces: slices of files, decompressed ones, and what is no such stream."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import zlib

import pyarrow as pa
import pytest

from mbml.errors import SourceError
from mbml.sources.containers import byte_streams
from mbml.sources.containers.byte_streams import (
    FREE_BYTES,
    MAX_RATIO,
    PIECE,
    Decompressed,
    FileSlice,
    compression_of,
)

NOISE = random.Random(0).randbytes(3000)
PACK = {
    "bz2": bz2.compress,
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}
KINDS = tuple(PACK)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(NOISE)
    return file


def pieces_of(stream, size):
    found = []
    while piece := stream.read(size):
        found.append(piece)
    assert stream.read(size) == b""
    return found


@pytest.mark.parametrize(
    ("start", "stop"), [(0, None), (10, None), (10, 900), (0, 0), (3000, None)]
)
@pytest.mark.parametrize("size", [1, 256, 10_000])
def test_a_slice_gives_its_bytes_in_pieces_that_are_not_larger(path, start, stop, size):
    with FileSlice(path, start, stop) as stream:
        found = pieces_of(stream, size)
        assert b"".join(found) == NOISE[start:stop]
        assert all(len(piece) <= size for piece in found)
        assert stream.position == start + sum(map(len, found))


def test_a_file_that_is_open_already_is_read_and_stays_open(path):
    descriptor = os.open(path, os.O_RDONLY)
    stream = FileSlice(path.with_name("another"), 5, 9, descriptor)
    assert stream.read(100) == NOISE[5:9]
    stream.close()
    assert os.fstat(descriptor).st_size == 3000
    os.close(descriptor)


@pytest.mark.parametrize("descriptor", [0, 7])
def test_a_slice_closes_its_file_once(path, monkeypatch, descriptor):
    """Another file may have the number by then; 0 is a number like any other."""
    closed = []
    monkeypatch.setattr(byte_streams.os, "open", lambda *_: descriptor)
    monkeypatch.setattr(byte_streams.os, "close", closed.append)
    with FileSlice(path, 0, 1) as stream:
        assert closed == []
    stream.close()
    stream.close()
    assert closed == [descriptor]


def test_a_file_that_is_not_there_or_shrinks_is_told(path):
    with pytest.raises(SourceError, match="nothing: it cannot be opened: No such file"):
        FileSlice(path.with_name("nothing"))
    stream = FileSlice(path)
    assert len(stream.read(2000)) == 2000
    os.truncate(path, 2000)
    with pytest.raises(SourceError, match="byte 2000: the file became shorter"):
        stream.read(10)
    stream.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 700, 100_000])
def test_members_one_after_the_other_are_one_stream(tmp_path, kind, size):
    parts = [NOISE[:1000], b"", NOISE[1000:], NOISE[:7]]
    (tmp_path / "f").write_bytes(b"".join(map(PACK[kind], parts)))
    stream = Decompressed(tmp_path / "f", kind)
    found = pieces_of(stream, size)
    stream.close()
    assert b"".join(found) == b"".join(parts)
    assert all(len(piece) <= size for piece in found)


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_many_pieces_are_read_whole(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(byte_streams, "PIECE", 100)
    (tmp_path / "f").write_bytes(PACK[kind](NOISE) * 2)
    assert b"".join(pieces_of(Decompressed(tmp_path / "f", kind), 333)) == NOISE * 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.2, 0.99])
def test_a_stream_that_is_cut_short_or_damaged_is_told(tmp_path, kind, kept):
    packed = PACK[kind](NOISE)
    (tmp_path / "f").write_bytes(packed[: int(len(packed) * kept)])
    with pytest.raises(
        SourceError, match=f"the {kind} stream is cut short. Download the file again"
    ):
        pieces_of(Decompressed(tmp_path / "f", kind), 1000)
    (tmp_path / "f").write_bytes(packed + b"and more than a head")
    with pytest.raises(SourceError, match=rf"byte \d+: the {kind} stream is damaged \("):
        pieces_of(Decompressed(tmp_path / "f", kind), 1000)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_may_grow_by_so_much_and_no_more(tmp_path, kind, monkeypatch):
    """Sixteen megabytes are free; beyond, sixty-four bytes for each that was read."""
    assert (FREE_BYTES, MAX_RATIO, PIECE) == (16 << 20, 64, 1 << 20)
    packed = PACK[kind](bytes(10_000))
    (tmp_path / "f").write_bytes(packed)
    ratio = 10_000 / len(packed)
    for free, most, fits in (
        (10_000, 1, True),
        (9_999, 1, False),
        (0, int(ratio), False),
        (0, int(ratio) + 1, True),
    ):
        monkeypatch.setattr(byte_streams, "FREE_BYTES", free)
        monkeypatch.setattr(byte_streams, "MAX_RATIO", most)
        stream = Decompressed(tmp_path / "f", kind)
        if fits:
            assert sum(map(len, pieces_of(stream, 1000))) == 10_000
        else:
            with pytest.raises(SourceError, match=f"over {most} times its size. It may be a bomb"):
                pieces_of(stream, 1000)
        stream.close()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (bz2.compress(b"x"), "bz2"),
        (gzip.compress(b"x"), "gzip"),
        (zlib.compress(b"x"), None),
        (b"BZ", None),
        (b"\x1f", None),
        (b"", None),
    ],
    ids=("bz2", "gzip", "zlib", "half a bz2 head", "half a gzip head", "nothing"),
)
def test_a_compressed_file_is_told_by_its_first_bytes(head, kind):
    assert compression_of(head) == kind
