"""Published files are recognised by checksum, whatever their name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tables import load_rows, nasbench201_rows

from mbml.sources import published
from mbml.sources.checksum import checksum
from mbml.sources.published import PUBLISHED, PublishedFile

CONTENT = b"as published"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
ORIGINALS = Path(__file__).resolve().parents[2] / "docs" / "originals.md"


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "renamed.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"sha256": SHA256}, "original"),
        ({"md5": MD5}, "original"),
        ({"md5": MD5[-6:]}, "original"),
        ({"sha256": SHA256[::-1]}, None),
        ({"md5": MD5[::-1]}, None),
        ({"sha256": SHA256, "sizes": range(13, 14)}, None),
        ({}, None),
    ],
)
def test_a_file_is_told_by_its_checksum(copy, monkeypatch, told, found):
    one = PublishedFile("original", **{"sizes": range(10, 13), **told})
    monkeypatch.setattr(published, "PUBLISHED", (one,))
    assert checksum([copy]) == (SHA256, len(CONTENT), found)


def test_no_file_of_a_folder_is_the_published_one(copy, monkeypatch):
    one = PublishedFile("original", range(12, 13), sha256=SHA256)
    monkeypatch.setattr(published, "PUBLISHED", (one,))
    assert checksum([copy, copy]).published is None


def test_a_loaded_source_names_the_published_file(warehouse, tmp_path, monkeypatch):
    path = tmp_path / "mine.parquet"
    nasbench201_rows().write_parquet(path)
    mark = checksum([path])
    one = PublishedFile("theirs.parquet", range(mark.bytes, mark.bytes + 1), sha256=mark.sha256)
    monkeypatch.setattr(published, "PUBLISHED", (one,))
    load_rows(warehouse, nasbench201_rows(), path)
    told = "select file_name, published_file from source"
    assert warehouse.rows(told) == [("mine.parquet", "theirs.parquet")]


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.name)
def test_what_is_told_is_whole_and_documented(one):
    text = ORIGINALS.read_text()
    assert f"`{one.name}`" in text
    assert one.sha256 is None or len(one.sha256) == len(SHA256)
    told = one.sha256 or one.md5
    assert f"`{told}`" in text
    if len(one.sizes) == 1:
        assert f"{one.sizes.start:,}" in text
