"""Pipes, sockets, devices and links in the place of a folder's files: told, not waited for."""

import os
import socket

import polars as pl
import pytest

#: The reader of a folder, and a file that it takes from there.
FOLDERS = {
    "table": "epoch=200/part-0.parquet",
    "nasbench201": "000001-FULL.pth",
    "natsbench": "000001.pickle.pbz2",
}


def pipe(path):
    os.mkfifo(path)
    return "is not a regular file"


def end_of_a_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    return "is not a regular file"


def device(path):
    path.symlink_to("/dev/zero")
    return "is not a regular file"


def link_to_nothing(path):
    path.symlink_to("nothing")
    return "does not exist"


def link_to_itself(path):
    path.symlink_to(path.name)
    return "cannot be read"


@pytest.mark.parametrize("make", [pipe, end_of_a_socket, device, link_to_nothing, link_to_itself])
@pytest.mark.parametrize("reader", FOLDERS)
def test_what_is_no_file_in_a_folder_is_named(mbml, tmp_path, monkeypatch, reader, make):
    monkeypatch.chdir(tmp_path)  # the name of a socket has at most 107 bytes
    path = tmp_path / FOLDERS[reader]
    path.parent.mkdir(exist_ok=True)
    problem = make(path.relative_to(tmp_path))
    refused = mbml("ingest", reader, tmp_path, expect=5 if make is link_to_itself else 2)
    assert f"{path}" in refused.stderr.replace("\n", "")
    assert problem in refused.stderr


def write_part(path, trial):
    path.parent.mkdir(parents=True, exist_ok=True)
    cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    row = {"arch_str": cell, "dataset": "cifar10", "schedule_epochs": 200, "trial": trial}
    pl.DataFrame([row | {"epoch": 200, "test_accuracy": 0.5}]).write_parquet(path)


def test_a_folder_named_as_a_file_is_a_folder(mbml, tmp_path):
    """Spark writes `name.parquet/part-….parquet`."""
    for trial in (777, 888):
        write_part(tmp_path / "all" / f"{trial}.parquet" / "part-0.parquet", trial)
    loaded = mbml("ingest", "table", tmp_path / "all", "--warehouse", tmp_path / "w.duckdb")
    assert "2 records" in loaded.stdout


def test_a_linked_folder_is_read(mbml, tmp_path):
    write_part(tmp_path / "elsewhere" / "part-0.parquet", 888)
    write_part(tmp_path / "all" / "part-0.parquet", 777)
    (tmp_path / "all" / "linked").symlink_to(tmp_path / "elsewhere")
    loaded = mbml("ingest", "table", tmp_path / "all", "--warehouse", tmp_path / "w.duckdb")
    assert "2 records" in loaded.stdout


def test_a_link_that_leads_back_is_refused(mbml, tmp_path):
    write_part(tmp_path / "part-0.parquet", 777)
    (tmp_path / "again").symlink_to(tmp_path)
    assert "read already" in mbml("ingest", "table", tmp_path, expect=2).stderr


def test_a_damaged_file_among_others_is_named(mbml, tmp_path):
    for trial in (777, 888, 999):
        write_part(tmp_path / f"{trial}.parquet", trial)
    bad = tmp_path / "888.parquet"
    bad.write_bytes(bad.read_bytes()[:-20])
    assert "888.parquet" in mbml("ingest", "table", tmp_path, expect=5).stderr


def test_files_of_other_columns_are_named(mbml, tmp_path):
    write_part(tmp_path / "a.parquet", 777)
    pl.read_parquet(tmp_path / "a.parquet").drop("test_accuracy").write_parquet(
        tmp_path / "b.parquet"
    )
    refused = mbml("ingest", "table", tmp_path, expect=5).stderr
    assert "b.parquet: and a.parquet do not have the same columns (test_accuracy)." in refused


def test_the_root_is_no_table(mbml):
    refused = mbml("ingest", "table", "/", expect=2)
    assert "name the folder" in refused.stderr


def test_a_subfolder_that_cannot_be_read_is_not_left_out(mbml, tmp_path, monkeypatch):
    write_part(tmp_path / "part-0.parquet", 777)
    scan = os.scandir

    def forbidden(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(os, "scandir", forbidden)
    refused = mbml("ingest", "table", tmp_path, expect=5)
    assert "closed" in refused.stderr
    assert "Permission denied" in refused.stderr
