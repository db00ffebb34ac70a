"""Any file as a warehouse: exit code 3 and what to do, no network, never a fault of mbml."""

from __future__ import annotations

import os
import random
import shutil
import socket
import struct

import duckdb
import pytest
from tables import load_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.errors import LockedError, UsageError, WarehouseError
from mbml.store import open_warehouse
from mbml.store.schema import SHAPE_SHA256, shape, shape_sha256

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

COMMANDS = (
    ("info",),
    ("views",),
    ("verify",),
    ("query", "select count(*), max(hash(m)) from measurement as m"),
    ("query", "from meta_nasbench201_cifar100_200epochs", "--format", "csv"),
    ("export", "measurement", "--to", "exported"),
)
VERSION = struct.Struct("<Q")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a warehouse with some cells."""
    path = tmp_path_factory.mktemp("whole") / "w.duckdb"
    with open_warehouse(path, write=True) as warehouse:
        load_rows(warehouse, nasbench201_rows(100), path.with_name("rows.parquet"))
    return path.read_bytes()


@pytest.fixture
def path(whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.duckdb"
    path.write_bytes(whole)
    return path


def told(path, command):
    """What a command says of a file; it may also do its work, where that is not what is damaged."""
    shutil.rmtree("exported", ignore_errors=True)
    done = CliRunner().invoke(app, [*command, "--warehouse", str(path)])
    assert done.exit_code in (0, 3), done.stderr
    assert "fault of mbml" not in done.stderr
    assert "locked" not in done.stderr
    assert done.stderr.count("\n") <= 1
    return done.stderr


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_flipped_bit_is_told_as_damage(path, whole, count):
    chance = random.Random(5)
    # Headers, and other places.
    places = [*chance.sample(range(12_288), 2), *chance.sample(range(12_288, len(whole)), count)]
    said = []
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        said += [told(path, command) for command in COMMANDS[:5]]
    found = [one for one in said if one]
    assert len(found) >= len(places)
    assert all(": damaged (Corrupt database file: " in one for one in found)
    assert all("put a copy of it in its place, or load the sources" in one for one in found)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_was_cut(path, whole, share):
    path.write_bytes(whole[: int(len(whole) * share)])
    for command in COMMANDS:
        assert ": damaged (" in told(path, command)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"SQLite format 3\0", " (an SQLite database)"),
        (b"PAR1", " (a Parquet file)"),
        (b"PK\x03\x04", " (a zip archive)"),
        (b"version https://git-lfs.github.com/spec/v1\n", " (a Git LFS pointer"),
        (b"<!DOCTYPE html>", " (a web page"),
        (b"plain text", ""),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_another_file_is_named_for_what_it_is(tmp_path, start, kind, write):
    path = tmp_path / "w.duckdb"
    content = start + bytes(9000)
    path.write_bytes(content)
    with pytest.raises(WarehouseError) as refused:
        open_warehouse(path, write=write)
    assert f"{path}: not a DuckDB file{kind}" in str(refused.value)
    assert path.read_bytes() == content


def test_no_file_makes_duckdb_fetch_or_load_code(tmp_path):
    with open_warehouse(tmp_path / "w.duckdb", write=True) as warehouse:
        settings = warehouse.rows(
            "select current_setting('autoinstall_known_extensions'),"
            " current_setting('autoload_known_extensions')"
        )
    assert settings == [(False, False)]


def checksum(block):
    """DuckDB's, of a header."""
    total = 5381
    for (word,) in VERSION.iter_unpack(block):
        total ^= word * 0xBF58476D1CE4E5B9 & 0xFFFF_FFFF_FFFF_FFFF
    return total


def test_a_format_of_the_future(path, whole):
    header = bytearray(whole[:4096])
    assert VERSION.unpack_from(header) == (checksum(header[8:]),)
    VERSION.pack_into(header, 12, 999)
    VERSION.pack_into(header, 0, checksum(header[8:]))
    path.write_bytes(header + whole[4096:])
    for command in COMMANDS:
        assert "; upgrade duckdb, or choose another" in told(path, command)


@pytest.mark.parametrize(
    ("sql", "lack"),
    [
        ("drop table run", "it lacks table run;"),
        ("drop table proxy", "it lacks table proxy;"),
        ("alter table run drop column trial", "it lacks column trial of table run (USMALLINT)"),
        (
            (
                "create table mine as select * replace (epoch::text as epoch) from epoch_metric;"
                "drop table epoch_metric; alter table mine rename to epoch_metric"
            ),
            "column epoch of table epoch_metric (USMALLINT)",
        ),
        ("delete from warehouse", "does not tell one"),
        ("insert into warehouse from warehouse", "does not tell one"),
    ],
)
def test_tables_that_only_look_like_ours(path, sql, lack):
    with duckdb.connect(str(path)) as con:
        con.execute(sql)
    for command in COMMANDS:
        assert lack in told(path, command)
    with pytest.raises(WarehouseError, match=r"w\.duckdb"):
        open_warehouse(path, write=True)


def test_a_macro_that_is_gone_is_named_and_put_back(path):
    with duckdb.connect(str(path)) as con:
        con.execute("drop macro table nasbench201_meta_dataset")
    assert "its macro nasbench201_meta_dataset is gone" in told(path, ("verify",))
    open_warehouse(path, write=True).close()
    assert told(path, ("verify",)) == ""


def test_the_shape_of_the_tables_is_recorded(warehouse):
    """Where this fails, a table has changed: raise `SCHEMA_VERSION` and record the new shape."""
    with warehouse.reading() as con:
        assert shape_sha256(shape(con)) == SHAPE_SHA256


def test_what_is_no_file_is_not_waited_for(tmp_path):
    pipe, end = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(end))
        for place in (pipe, end, "/dev/zero"):
            for write in (False, True):
                with pytest.raises(UsageError, match="no regular file"):
                    open_warehouse(tmp_path / place, write=write)


def test_only_a_lock_is_waited_for(tmp_path):
    """A folder's or a file's name, or DuckDB's own words, may hold `lock` as well."""
    path = tmp_path / "block" / "locked.duckdb"
    path.parent.mkdir()
    path.write_bytes(bytes(20_000))
    with pytest.raises(WarehouseError) as refused:
        open_warehouse(path)
    assert not isinstance(refused.value, LockedError)
