"""Published files are recognised by checksum, whatever their name."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from tables import load_rows, nasbench201_rows

from mbml.sources import natsbench, published
from mbml.sources.checksum import checksum
from mbml.sources.nasbench101 import source as nasbench101
from mbml.sources.published import PUBLISHED_FILES, PublishedFile

CONTENT = b"as published"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
TABLE = (Path(__file__).resolve().parents[2] / "docs" / "originals.md").read_text()


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
    monkeypatch.setattr(published, "PUBLISHED_FILES", (one,))
    assert checksum([copy]) == (SHA256, len(CONTENT), found)


def test_no_file_of_a_folder_is_the_published_one(copy, monkeypatch):
    one = PublishedFile("original", range(12, 13), sha256=SHA256)
    monkeypatch.setattr(published, "PUBLISHED_FILES", (one,))
    assert checksum([copy, copy]).published is None


def test_a_loaded_source_names_the_published_file(warehouse, tmp_path, monkeypatch):
    path = tmp_path / "mine.parquet"
    nasbench201_rows().write_parquet(path)
    mark = checksum([path])
    one = PublishedFile("theirs.parquet", range(mark.bytes, mark.bytes + 1), sha256=mark.sha256)
    monkeypatch.setattr(published, "PUBLISHED_FILES", (one,))
    load_rows(warehouse, nasbench201_rows(), path)
    told = "select file_name, published_file from source"
    assert warehouse.rows(told) == [("mine.parquet", "theirs.parquet")]


def test_the_table_of_the_docs_is_that_of_the_code():
    rows = re.findall(
        r"^\| [^|]+ \| \[`(.+?)`\]\((.+?)\) \| (.+?) \| (.+?) \| `(.+?)` \|", TABLE, re.MULTILINE
    )
    assert [(name, url, command) for name, url, _, _, command in rows] == [
        (one.name, one.url, f"mbml download {one.download}") for one in PUBLISHED_FILES
    ]
    for one, (_, _, size, digests, _) in zip(PUBLISHED_FILES, rows, strict=True):
        assert (f"{one.size:,}" in size) if one.size else not re.match(r"[\d,]{9}", size)
        told = one.sha256 or one.md5
        assert (f"`{told}`" in digests) if told else "the name's" in digests
        assert one.sha256 is None or len(one.sha256) == len(SHA256)


def test_the_published_files_are_those_that_their_authors_tell_of():
    """Sizes and digests as their authors tell them, written here a second time."""
    told = {
        "nasbench_full.tfrecord": (
            2_085_986_016,
            "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
        ),
        "nasbench_only108.tfrecord": (
            522_767_376,
            "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
        ),
        "NAS-Bench-201-v1_1-096897.pth": (5_003_180_601, "55e847143ce1f7c2d89b676f6b096897"),
    }
    exactly = {one.name: (one.size, one.sha256 or one.md5) for one in PUBLISHED_FILES if one.size}
    assert exactly == told
    [of_2019] = [one for one in PUBLISHED_FILES if one.md5 == "e61699"]
    assert of_2019.name == "NAS-Bench-201-v1_0-e61699.pth"
    # 2.2 GB, whether a GB is 10**9 bytes or 2**30, to the digit that is told.
    assert (of_2019.sizes.start, of_2019.sizes.stop) == (2_150_000_000, 2_420_000_000)
    # Of NATS-Bench nobody tells more than the names.
    others = [one for one in PUBLISHED_FILES if one.name not in told and one is not of_2019]
    assert all(one.source == "natsbench" and not (one.sha256 or one.md5) for one in others)


def test_releases_are_those_of_the_publications():
    """Ying et al. 2019 and Dong et al. 2020: 423,624 cells of three trainings of each length."""
    trainings = 423_624 * 3
    assert {
        "full": (4 * trainings, {4, 12, 36, 108}),
        "only108": (trainings, {108}),
    } == nasbench101.CONTENT
    assert {
        "nasbench201": {"12", "200"},
        "natsbench_sss": {"01", "12", "90"},
    } == natsbench.SCHEDULES_OF_SPACES
    assert natsbench.RELEASES == {
        "nasbench201": "NATS-tss-v1.0",
        "natsbench_sss": "NATS-sss-v1.0",
    }
