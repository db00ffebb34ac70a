"""Files as people have them: packed, in folders within folders, under any name."""

from __future__ import annotations

import bz2
import gzip
import json
import pickle

import duckdb
import pytest
from nas_records import (
    OTHER,
    TEXT,
    arch,
    bare,
    legacy,
    release,
    run,
    slow_bytes,
    slow_record,
    torch_zip,
)
from packing import PACKED, tar, zipped
from records import payload, write
from tables import nasbench201_rows

from mbml import ingest
from mbml.sources.registry import open_sources
from mbml.spaces import nasbench201

NAMES = list(nasbench201.official_order())


@pytest.fixture
def mbml(mbml, tmp_path):
    mbml.warehouse = tmp_path / "w.duckdb"
    return mbml


def a_record_file(folder):
    return write(folder / "records.tfrecord", [payload()]).read_bytes()


def a_release(folder):
    return legacy(release({0: {"less": arch(run(text=NAMES[0]), text=NAMES[0])}}, names=NAMES))


def a_nats_release(folder):
    record = {"12": arch(run(text=NAMES[0]), text=NAMES[0])}
    return bz2.compress(bare(release({0: record}, names=NAMES)))


def a_table(folder):
    return nasbench201_rows(2).write_csv().encode()


def a_parquet_table(folder):
    nasbench201_rows(2).write_parquet(folder / "rows.parquet")
    return (folder / "rows.parquet").read_bytes()


FILES = {
    "nasbench101": ("x.tfrecord", a_record_file),
    "nasbench201": ("x.pth", a_release),
    "natsbench": ("x.pickle.pbz2", a_nats_release),
    "table": ("x.csv", a_table),
    "parquet": ("x.parquet", a_parquet_table),
}
FAST = (("nasbench201", "zip"), ("table", "gz"), ("table", "zst"))
CASES = [
    (kind, pack) if (kind, pack) in FAST else pytest.param(kind, pack, marks=pytest.mark.slow)
    for kind in FILES
    for pack in PACKED
]


def loaded(mbml, path, *kind):
    """Load a file, and return what the command says of the source."""
    [source] = json.loads(mbml("ingest", *kind, path, "--json").stdout)
    return source


def rows_of(path):
    with duckdb.connect(path, read_only=True) as con:
        return con.sql("from measurement order by all").fetchall()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The rows of each kind of file, loaded as it is."""
    found = {}

    def rows(kind):
        if kind not in found:
            folder = tmp_path_factory.mktemp("plain")
            name, make = FILES[kind]
            (folder / name).write_bytes(make(folder))
            ingest(folder / "w.duckdb", folder / name)
            found[kind] = rows_of(folder / "w.duckdb")
        return found[kind]

    return rows


@pytest.mark.parametrize(("kind", "pack"), CASES)
def test_any_file_in_any_packing_is_loaded_as_the_file_itself(mbml, tmp_path, plain, kind, pack):
    name, make = FILES[kind]
    path = tmp_path / f"{name}.{pack.replace(' ', '_')}"
    path.write_bytes(PACKED[pack](name, make(tmp_path)))
    assert loaded(mbml, path)["file_name"] == path.name
    assert rows_of(tmp_path / "w.duckdb") == plain(kind) != []


def test_a_packed_file_is_known_again(mbml, tmp_path):
    path = tmp_path / "rows.zip"
    path.write_bytes(zipped({"rows.csv": a_table(tmp_path)}))
    assert not loaded(mbml, path)["already_loaded"]
    assert loaded(mbml, path)["already_loaded"]


def test_nothing_is_left_of_what_was_unpacked(mbml, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    for name, data in (("a.csv.gz", gzip.compress(a_table(tmp_path))), ("b.csv.gz", b"\x1f\x8b")):
        (tmp_path / name).write_bytes(data)
    loaded(mbml, tmp_path / "a.csv.gz")
    mbml("ingest", tmp_path / "b.csv.gz", expect=5)
    assert list((tmp_path / "temporary").iterdir()) == []


def nats_files(ending=".pickle.pbz2", pack=bz2.compress):
    top = release({}, names=NAMES, arch2infos=None, evaluated_indexes=set())
    cells = {0: NAMES[0], 284: NAMES[284]}
    records = {
        f"{index:06d}": {"12": arch(run(text=text), text=text, index=index)}
        for index, text in cells.items()
    }
    return {
        f"{name}{ending}": pack(pickle.dumps(one, 4))
        for name, one in ({"meta": top} | records).items()
    }


def put(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


FOLDERS = {
    "as published": lambda top: put(top / "NATS-tss", nats_files()),
    "in a folder of its name": lambda top: put(top / "NATS-tss" / "NATS-tss", nats_files()).parent,
    "unpacked": lambda top: put(top / "NATS-tss", nats_files(".pickle", bytes)),
    "packed otherwise": lambda top: put(top / "NATS-tss", nats_files(".pickle.gz", gzip.compress)),
    "without meta": lambda top: put(
        top / "NATS-tss", {k: v for k, v in nats_files().items() if "meta" not in k}
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_nats_bench_as_people_have_it(mbml, tmp_path, name):
    source = loaded(mbml, FOLDERS[name](tmp_path))
    assert (source["benchmark"], source["records"]) == ("nasbench201", 2)
    assert source["release"] == "NATS-tss-v1.0"
    assert len(rows_of(tmp_path / "w.duckdb")) == 24


@pytest.mark.parametrize("pack", ["tar", "zip"])
def test_an_archive_of_a_folder(mbml, tmp_path, pack):
    files = {f"NATS-tss-simple/{name}": data for name, data in nats_files().items()}
    path = tmp_path / f"NATS-tss-simple.{pack}"
    path.write_bytes({"tar": tar, "zip": zipped}[pack](files))
    assert loaded(mbml, path)["records"] == 2


@pytest.mark.parametrize("name", ["000284.pickle.pbz2", "cell.pickle"])
def test_the_file_of_one_cell_alone(mbml, tmp_path, name):
    pack = bz2.compress if name.endswith("pbz2") else bytes
    path = tmp_path / name
    path.write_bytes(nats_files("", pack)["000284"])
    assert loaded(mbml, path)["records"] == 1
    mbml("ingest", "natsbench", path)


@pytest.mark.parametrize("container", [legacy, torch_zip, bare])
def test_the_file_of_one_cell_of_nas_bench_201(mbml, tmp_path, container):
    record = {"less": arch(run(text=NAMES[11]), text=NAMES[11], index=11)}
    (tmp_path / "000011-SIMPLE.pth").write_bytes(container(record))
    source = loaded(mbml, tmp_path / "000011-SIMPLE.pth")
    assert (source["records"], source["benchmark"]) == (1, "nasbench201")


def test_the_string_of_a_cell_is_held_against_its_index_where_no_list_is_there(mbml, tmp_path):
    record = {"12": arch(run(text=OTHER), text=OTHER, index=3)}
    (tmp_path / "000003.pickle").write_bytes(pickle.dumps(record, 4))
    said = mbml("ingest", tmp_path / "000003.pickle", expect=5).stderr
    assert "architecture 3: it is " in said


def test_invented_numbers_in_an_archive_stay_invented(mbml, tmp_path):
    path = tmp_path / "rows.zip"
    path.write_bytes(zipped({"a_surrogate/rows.csv": a_table(tmp_path)}))
    assert loaded(mbml, path)["is_surrogate"]
    (tmp_path / "surrogate").mkdir()
    path = tmp_path / "surrogate" / "rows.csv.gz"
    path.write_bytes(gzip.compress(a_table(tmp_path)))
    assert not loaded(mbml, path)["is_surrogate"], "the folder of a file says nothing of it"


def lone_table(top):
    (top / "surrogate_of_mine").mkdir()
    (top / "surrogate_of_mine" / "results.csv").write_bytes(
        nasbench201_rows(2).write_csv().encode()
    )
    return top / "surrogate_of_mine"


@pytest.mark.parametrize(
    "make",
    [
        lone_table,
        lambda top: put(top / "surrogate" / "inner", nats_files()).parent,
        lambda top: put(top / "a_surrogate", nats_files()) / "000284.pickle.pbz2",
    ],
    ids=["lone file", "folder in a folder", "file of a cell"],
)
def test_the_name_of_a_folder_on_the_way_says_that_numbers_are_invented(mbml, tmp_path, make):
    assert loaded(mbml, make(tmp_path))["is_surrogate"]


def test_files_that_are_left_out_of_a_folder_are_told(mbml, tmp_path):
    folder = put(tmp_path / "NATS-tss", nats_files())
    put(folder / "sub", {"000011.pickle.pbz2": b"x"})
    (folder / "notes.txt").write_text("x")
    (folder / ".DS_Store").write_text("x")
    said = mbml("ingest", folder).stderr
    assert "2 other files in the folder are left out, such as notes.txt" in said
    put(folder, {"000011.pickle.pbz2.part": b"x"})
    said = mbml("ingest", folder, "--replace", expect=5).stderr
    assert "000011.pickle.pbz2.part: its name says that the download has not ended" in said


def test_endings_of_parquet_are_of_any_case(mbml, tmp_path):
    for place, name in enumerate(("a.parquet", "b.PARQUET")):
        nasbench201_rows(2, trial=777 + place).write_parquet(tmp_path / name)
    assert loaded(mbml, tmp_path)["records"] == 4


@pytest.mark.parametrize("pack", [zipped, tar])
def test_an_archive_of_several_tables_asks_for_one(mbml, tmp_path, pack):
    path = tmp_path / "archive"
    path.write_bytes(pack({"a.csv": b"a,b\n", "b.csv": b"a,b\n"}))
    for kind in ([], ["table"]):
        said = mbml("ingest", *kind, path, expect=2).stderr
        assert "unpack it, and name one of the files in it" in said


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("pack", [bytes, bz2.compress], ids=["plain", "bz2"])
def test_pickles_of_every_protocol_are_known(tmp_path, protocol, pack):
    record = {"12": arch(run(text=NAMES[0]), text=NAMES[0])}
    (tmp_path / "x").write_bytes(pack(pickle.dumps(release({0: record}, names=NAMES), protocol)))
    [source] = open_sources(None, tmp_path / "x")
    assert source.format == "natsbench_pickle"


#: What people have in the place of a file, and what is said of it.
NO_FILES = {
    "Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1234567\n",
        (
            "is a Git LFS pointer: it stands for a file of 1,234,567 bytes that was not fetched."
            " Fetch it: git lfs pull."
        ),
    ),
    "web page": (
        b"\n<!DOCTYPE html><html><head><title>Drive - Quota exceeded</title></head></html>",
        "is a web page ('Drive - Quota exceeded'), which a server sent in place of the file",
    ),
    "XML": (
        b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        "is a server's answer in XML ('AccessDenied')",
    ),
    "JSON": (
        b'{"error": {"code": 403, "message": "Rate limit exceeded"}}',
        "is a server's error message ('Rate limit exceeded')",
    ),
    "empty": (b"", "is empty. Was the download interrupted?"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "is an HDF5 file, not a file of measurements"),
    "SQLite": (b"SQLite format 3\0" + bytes(100), "is an SQLite database"),
    "half of a Parquet file": (b"PAR1" + bytes(100), "is cut short: the end of a Parquet file"),
    "half of a tar": (
        tar({"a.csv": b"a,b\n" * 1000})[:2000],
        "file 'a.csv': it is damaged (unexpected end of data)",
    ),
    "half of a zip": (zipped({"a.csv": b"a,b\n" * 1000})[:-10], "the zip archive is cut short"),
    "half of a gz": (gzip.compress(bytes(1000))[:-10], "the gzip stream is cut short"),
}


@pytest.mark.parametrize("name", NO_FILES)
@pytest.mark.parametrize("kind", [(), ("nasbench101",)], ids=["by content", "by name"])
def test_what_is_no_file_of_measurements_is_named(mbml, tmp_path, name, kind):
    data, message = NO_FILES[name]
    (tmp_path / "file.csv").write_bytes(data)
    said = mbml("ingest", *kind, tmp_path / "file.csv", expect=5).stderr
    assert message in said
    assert "file.csv" in said
    assert not mbml.warehouse.exists()


def test_a_download_that_has_not_ended_is_told_by_its_name(mbml, tmp_path):
    path = tmp_path / "x.tfrecord.crdownload"
    path.write_bytes(a_record_file(tmp_path))
    assert "the download has not ended" in mbml("ingest", path, expect=5).stderr


@pytest.mark.parametrize("kind", ["nasbench101", "nasbench201", "natsbench", "table"])
@pytest.mark.parametrize("held", [one for one in FILES if one != "parquet"])
def test_a_file_given_to_the_wrong_kind_is_answered_with_the_right_command(
    mbml, tmp_path, kind, held
):
    name, make = FILES[held]
    path = tmp_path / name
    path.write_bytes(make(tmp_path))
    if kind == held:
        assert open_sources(kind, path)
        return
    said = mbml("ingest", kind, path, expect=2).stderr
    assert f"is of the kind {held}, not {kind}; load it with: mbml ingest {held} {path}" in said


def test_what_cannot_be_told_asks_for_its_kind(mbml, tmp_path):
    (tmp_path / "notes").write_text("nothing here")
    for path in (tmp_path / "notes", tmp_path):
        said = mbml("ingest", path, expect=2).stderr
        assert "name the kind, one of nasbench101, nasbench201, natsbench, table" in said
    said = mbml("ingest", tmp_path / "missing.tar", expect=2).stderr
    assert "missing.tar does not exist" in said


def test_the_text_of_a_cell_is_no_path(mbml):
    assert "No such command" in mbml("ingest", "nonsense", expect=2).stderr


def test_release_of_one_record_tells_its_kind_by_schedules(mbml, tmp_path):
    assert TEXT != OTHER
    for name, states, kind in (
        ("a", {"full": arch(run(epochs=200, text=NAMES[0]), text=NAMES[0])}, "nasbench201"),
        ("b", {"200": arch(run(epochs=200, text=NAMES[0]), text=NAMES[0])}, "natsbench"),
    ):
        (tmp_path / name).write_bytes(bare(release({0: states}, names=NAMES)))
        other = {"nasbench201": "natsbench", "natsbench": "nasbench201"}[kind]
        said = mbml("ingest", other, tmp_path / name, expect=2).stderr
        assert f"is of the kind {kind}" in said


def test_long_records_do_not_hide_what_a_release_is(tmp_path):
    """The keys of NASLib's records match none of them, so that reading by these has no end."""
    records = {index: {"less": slow_record(index)} for index in range(2)}
    (tmp_path / "x.pth").write_bytes(slow_bytes(release(records, names=NAMES)))
    [source] = open_sources(None, tmp_path / "x.pth")
    assert source.benchmark == "nasbench201"
