"""Archives that are hostile, damaged or odd: refused by name, and nothing of them is left."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import resource
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from packing import COMPRESSED, tar, zipped

from mbml.errors import MbmlError, SourceError
from mbml.sources.containers import archives, unpacking
from mbml.sources.containers.unpacking import find

ROWS = b"a,b\n1,2\n" * 200


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def one_entry(data=b"", **changes):
    """A tar archive of one entry with these attributes."""
    entry = tarfile.TarInfo("a.csv")
    entry.size = len(data)
    for name, value in changes.items():
        setattr(entry, name, value)
    return entry.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512) + bytes(1024)


def header(kind, size, name="x"):
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = kind, size
    return entry.tobuf(tarfile.GNU_FORMAT)


def with_zip_entry(**changes):
    """A zip archive whose one entry has these attributes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("a.csv")
        for name, value in changes.items():
            setattr(entry, name, value)
        archive.writestr(entry, ROWS, compress_type=changes.get("compress_type"))
    return out.getvalue()


def encrypted():
    data = bytearray(zipped({"a.csv": ROWS}))
    for magic, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(magic) + place] |= 1
    return bytes(data)


def overlapping():
    """A thousand names for one entry of some megabytes of nothing."""
    plain = zipped({"a.csv": bytes(8 << 20)})
    end = plain.index(b"PK\5\6")
    start = plain.index(b"PK\1\2")
    entries = [
        plain[start:end].replace(b"a.csv", f"{number:05d}".encode()) for number in range(1000)
    ]
    directory = b"".join(entries)
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1000, 1000, len(directory), start, 0)
    return plain[:start] + directory + tail


def wrong_checksum():
    data = bytearray(zipped({"a.csv": ROWS}, method=zipfile.ZIP_STORED))
    data[data.index(b"1,2")] ^= 1
    return bytes(data)


REFUSED = {
    "tar: leads out": (tar({"../a.csv": ROWS}), "'../a.csv': its name leads out of the archive"),
    "tar: absolute": (tar({"/etc/a.csv": ROWS}), "'/etc/a.csv': its name leads out"),
    "tar: the same name twice": (tar({"a": ROWS})[:2560] + tar({"a": ROWS}), "stands twice"),
    "tar: a file as folder": (tar({"a": ROWS, "a/b": ROWS}), "'a/b': its name stands twice"),
    "tar: too deep": (tar({"a/" * 20 + "b": ROWS}), "its name is too long"),
    "tar: long name": (tar({"a" * 2000: ROWS}), "its name is too long"),
    "tar: link": (one_entry(type=tarfile.SYMTYPE, linkname="/etc/passwd"), "'a.csv': it is a link"),
    "tar: hard link": (one_entry(type=tarfile.LNKTYPE, linkname="x"), "'a.csv': it is a link"),
    "tar: device": (one_entry(type=tarfile.CHRTYPE), "a device or a file with holes"),
    "tar: pipe": (one_entry(type=tarfile.FIFOTYPE), "a device or a file with holes"),
    "tar: larger than allowed": (header(tarfile.REGTYPE, 1 << 40), "over 68,719,476,736"),
    "tar: larger than it is": (header(tarfile.REGTYPE, 1 << 20), "unexpected end of data"),
    "tar: cut after a file": (tar({"a": ROWS, "b": ROWS})[:2560], "damaged or cut short"),
    "tar: cut in a file": (tar({"a": ROWS})[:2300], "the tar archive is damaged (unexpected end"),
    "tar: damaged header": (
        tar({"a": ROWS}, form=tarfile.USTAR_FORMAT)[:2560] + b"x" * 7680,
        "damaged or cut short",
    ),
    "tar: long names of long names": (
        header(b"L", 1 << 30) + bytes(4096),
        "the tar archive is damaged",
    ),
    "tar: a chain of headers": (
        b"".join(header(b"L", 2) + b"ab".ljust(512, b"\0") for _ in range(3000)),
        "the tar archive is damaged",
    ),
    "tar: a header of headers": (
        header(b"x", 2 << 20) + b"9 a=bcde\n" * 200_000,
        "the tar archive is damaged (headers of more than a megabyte)",
    ),
    "zip: leads out": (zipped({"../a.csv": ROWS}), "its name leads out of the archive"),
    "zip: leads out on Windows": (zipped({"..\\a.csv": ROWS}), "leads out of the archive"),
    "tar: two archives": (tar({"a": ROWS}) + tar({"b": ROWS}), "bytes are left after the end"),
    "tar: a zeroed header": (
        tar({"a": ROWS})[:2560] + bytes(512) + tar({"b": ROWS})[512:],
        "bytes are left after the end of the tar archive",
    ),
    "tar.gz: two archives": (
        gzip.compress(tar({"a": ROWS})) + gzip.compress(tar({"b": ROWS})),
        "bytes are left after the end",
    ),
    "tar: a name of 300 bytes": (tar({"a" * 300: ROWS}), "its name is too long"),
    "zip: two archives": (
        zipped({"a": ROWS}) + zipped({"b": ROWS}),
        "bytes stand before the first file of the zip archive",
    ),
    "zip: empty": (zipped({}), "is an empty zip archive"),
    "zip: no name": (with_zip_entry(filename="", orig_filename=""), "its name leads out"),
    "zip: encrypted": (encrypted(), "'a.csv': it is encrypted"),
    "zip: link": (
        with_zip_entry(external_attr=(stat.S_IFLNK | 0o777) << 16),
        "'a.csv': it is a link",
    ),
    "zip: bzip2": (
        zipped({"a.csv": ROWS}, method=zipfile.ZIP_BZIP2),
        "another method than deflate",
    ),
    "zip: wrong checksum": (wrong_checksum(), "'a.csv': it is damaged (Bad CRC-32"),
    "zip: overlapping": (overlapping(), "it is damaged (File name in directory"),
    "zip: bomb": (zipped({"a.csv": bytes(40 << 20)}), "over 64 times its size. It may be a bomb"),
    "gz: bomb": (gzip.compress(bytes(40 << 20)), "over 64 times its size. It may be a bomb"),
    "bz2: bomb": (bz2.compress(bytes(40 << 20)), "over 64 times its size. It may be a bomb"),
    "xz: bomb": (lzma.compress(bytes(40 << 20)), "over 64 times its size. It may be a bomb"),
    "zst: bomb": (COMPRESSED["zst"](bytes(40 << 20)), "over 64 times its size. It may be a bomb"),
    "tar.gz: bomb": (
        gzip.compress(tar({"a.csv": bytes(40 << 20)})),
        "over 64 times its size. It may be a bomb",
    ),
    "xz: much memory": (
        lzma.compress(ROWS, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]),
        "the xz stream is damaged (Memory usage limit",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_or_damaged_archive_is_refused(tmp_path, temporary, name):
    data, message = REFUSED[name]
    path = tmp_path / "file"
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError) as caught:
        find(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}")
    assert str(temporary) not in str(caught.value)
    assert list(temporary.iterdir()) == []
    assert sorted(tmp_path.iterdir()) == [path, temporary]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_sparse_file_is_refused(tmp_path):
    """A gigabyte that no byte stands for."""
    entry = tarfile.TarInfo("a.csv")
    entry.size = 512
    entry.pax_headers = {"GNU.sparse.size": f"{1 << 30}", "GNU.sparse.map": "0,512"}
    (tmp_path / "file").write_bytes(entry.tobuf(tarfile.PAX_FORMAT) + ROWS[:512] + bytes(1024))
    with pytest.raises(SourceError, match="a file with holes"):
        find(tmp_path / "file")


def test_so_many_files_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    for name, pack in (("tar", tar), ("zip", zipped)):
        for count, fits in ((3, True), (4, False)):
            path = tmp_path / f"{name}{count}"
            path.write_bytes(pack({f"{number}.csv": ROWS for number in range(count)}))
            if fits:
                assert len(list(find(path).path.iterdir())) == 3
            else:
                with pytest.raises(SourceError, match="it holds more than 3 files"):
                    find(path)


def test_so_many_layers_and_no_more(tmp_path, temporary):
    data = ROWS
    for layers in range(7):
        (tmp_path / "file").write_bytes(data)
        if layers <= 5:
            assert find(tmp_path / "file").path.read_bytes() == ROWS
        else:
            with pytest.raises(SourceError, match="packed more than 5 times over"):
                find(tmp_path / "file")
        data = gzip.compress(data)
    assert list(temporary.iterdir()) == []


def test_what_macs_and_windows_add_is_left_out(tmp_path):
    added = {"__MACOSX/._a.csv": b"x", ".DS_Store": b"x", "._a.csv": b"x", "Thumbs.db": b"x"}
    for name, pack in (("tar", tar), ("zip", zipped)):
        (tmp_path / name).write_bytes(pack({**added, "folder/a.csv": ROWS}))
        found = find(tmp_path / name)
        assert found.path.name == "a.csv"
        assert found.path.read_bytes() == ROWS


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 10_240, 3 << 20])
def test_tar_files_of_every_size_and_form(tmp_path, form, size):
    data = (ROWS * (size // len(ROWS) + 1))[:size]
    files = {"folder/" + "n" * 120: data, "folder/b": b"b", "folder/é": data}
    if form == tarfile.USTAR_FORMAT:
        files.pop("folder/" + "n" * 120)
    (tmp_path / "file").write_bytes(tar(files, form=form))
    found = find(tmp_path / "file")
    assert {f"folder/{one.name}": one.read_bytes() for one in found.path.iterdir()} == files


def test_zeros_after_the_end_of_gzip_and_xz_are_padding(tmp_path):
    for kind in ("gz", "xz"):
        path = tmp_path / f"rows.{kind}"
        path.write_bytes(COMPRESSED[kind](ROWS) + bytes(1024))
        assert find(path).path.read_bytes() == ROWS
        path.write_bytes(COMPRESSED[kind](ROWS) + bytes(1020) + COMPRESSED[kind](ROWS))
        assert find(path).path.read_bytes() == ROWS * 2


def test_a_disk_without_room_is_told(tmp_path, temporary, monkeypatch):
    class Usage:
        free = unpacking._SPARE_BYTES + 100

    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda _: Usage)
    for name, data in (
        ("gz", gzip.compress(ROWS)),
        ("tar", tar({"a": ROWS})),
        ("zip", zipped({"a": ROWS})),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(MbmlError, match="No space left on device") as caught:
            find(tmp_path / name)
        assert "name another folder in TMPDIR" in str(caught.value)
    assert list(temporary.iterdir()) == []


def test_labels_and_folders_of_odd_tools_are_no_files(tmp_path):
    (tmp_path / "tar").write_bytes(header(b"V", 0, "label") + tar({"a.csv": ROWS}))
    (tmp_path / "zip").write_bytes(zipped({"d\\": b"", "d\\a.csv": ROWS}))
    for name in ("tar", "zip"):
        assert find(tmp_path / name).path.read_bytes() == ROWS


def test_a_name_that_is_not_utf_8_is_written_as_one_that_is(tmp_path):
    (tmp_path / "file").write_bytes(tar({"Gr\udcf6sse.csv": ROWS}))
    assert find(tmp_path / "file").path.name == "Gr?sse.csv"


def test_a_frame_of_zstd_that_is_skipped_may_come_first(tmp_path):
    (tmp_path / "file").write_bytes(b"\x5a\x2a\x4d\x18\4\0\0\0abcd" + COMPRESSED["zst"](ROWS))
    assert find(tmp_path / "file").path.read_bytes() == ROWS


def test_an_archive_may_hold_an_array_beside_a_table(tmp_path):
    (tmp_path / "file").write_bytes(zipped({"a.csv": ROWS, "b.npy": b"x"}))
    assert len(list(find(tmp_path / "file").path.iterdir())) == 2


def test_progress_counts_files_and_bytes(tmp_path):
    said = []
    (tmp_path / "a.zip").write_bytes(zipped({"a/x": ROWS, "a/y": b"12"}))
    find(tmp_path / "a.zip", lambda *one: said.append(one))
    assert said == [(1, len(ROWS)), (2, len(ROWS) + 2)]


def test_the_zip_of_pytorch_is_no_archive(tmp_path):
    (tmp_path / "x.pth").write_bytes(zipped({"x/data.pkl": b"\x80\x02N."}))
    assert find(tmp_path / "x.pth").path == tmp_path / "x.pth"


def test_a_compressed_pickle_is_read_as_it_is(tmp_path):
    for name, pack in COMPRESSED.items():
        (tmp_path / name).write_bytes(pack(b"\x80\x04N."))
        assert find(tmp_path / name).path == tmp_path / name


def test_a_lone_folder_is_looked_into_but_a_part_of_a_table_is_not(tmp_path):
    inner = tmp_path / "outer" / "inner"
    (inner / "epoch=4").mkdir(parents=True)
    (tmp_path / "outer" / ".DS_Store").write_bytes(b"")
    (tmp_path / "deep").write_bytes(zipped({"a/b/c/d/e/f/g/h.csv": ROWS}))
    assert find(tmp_path / "deep").path.read_bytes() == ROWS
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "loop").symlink_to(tmp_path / "loop")
    assert not find(tmp_path / "loop").path.exists()
    assert find(tmp_path / "outer").path == inner
    assert Path(find(inner).path) == inner
