"""A stream read ahead gives the same bytes and the same errors, and its thread ends with it."""

from __future__ import annotations

import bz2
import pickle
import random
import threading

import pytest

from mbml.errors import SourceError
from mbml.sources.containers.byte_streams import Decompressed
from mbml.sources.containers.read_ahead import ReadAhead
from mbml.sources.pickles.torch_pickle import load, open_torch

NOISE = random.Random(1).randbytes(6_000_000)


@pytest.fixture(scope="module")
def packed():
    value = [NOISE[place : place + 1_000_000] for place in range(0, len(NOISE), 1_000_000)]
    return bz2.compress(pickle.dumps(value, 4), 1)


@pytest.fixture
def path(packed, tmp_path):
    file = tmp_path / "large.pkl.bz2"
    file.write_bytes(packed)
    return file


def test_the_bytes_are_the_same(path):
    stream = ReadAhead(Decompressed(path, "bz2"))
    pieces = []
    while piece := stream.read(70_000):
        pieces.append(piece)
    assert b"".join(pieces) == bz2.decompress(path.read_bytes())
    assert stream.read(1) == stream.read(1) == b""
    stream.close()


def test_a_large_file_is_read_ahead_and_equal(path):
    assert b"".join(load(path)) == NOISE


def test_an_error_comes_out_where_it_stands(path):
    data = path.read_bytes()
    path.write_bytes(data[:-1000])
    with pytest.raises(SourceError, match="the bz2 stream is cut short"):
        load(path)


def test_closing_early_ends_the_thread(path):
    before = threading.active_count()
    opened = open_torch(path)
    assert threading.active_count() == before + 1
    opened.close()
    assert threading.active_count() == before
