"""Addresses in place of local paths: S3 takes exports, and nothing makes a folder named `s3:`."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pyarrow import fs
from writers import INTO_FOLDER, INTO_WAREHOUSE, VIEW, arguments, write_inputs

from mbml.errors import MbmlError, UsageError
from mbml.exports import export, export_published, export_tables
from mbml.store import open_warehouse

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

BUCKET = "s3://bucket"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "of_each_kind"
    write_inputs(folder)
    return folder


@pytest.mark.parametrize(
    ("scheme", "name"),
    [*(("gs", name) for name in INTO_FOLDER), *((s, "export") for s in ("file", "https", "az"))],
)
def test_no_other_address_is_written_to(mbml, loaded, inputs, tmp_path, monkeypatch, scheme, name):
    monkeypatch.chdir(tmp_path)
    words = arguments(name, inputs=inputs, out=f"{scheme}://b", warehouse=loaded)
    refused = mbml(*words, expect=2)
    assert refused.stderr.startswith(f"error: {scheme}://b")
    assert "s3://" in refused.stderr
    assert (refused.stdout, list(tmp_path.iterdir())) == ("", [])


@pytest.mark.parametrize("name", [name for name in INTO_FOLDER if "export" not in name])
def test_only_exports_go_to_s3(mbml, loaded, inputs, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    words = arguments(name, inputs=inputs, out=BUCKET, warehouse=loaded)
    assert f"{BUCKET}/" in mbml(*words, expect=2).stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*INTO_WAREHOUSE, "info"])
def test_a_warehouse_is_a_local_file(mbml, inputs, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    address = f"{BUCKET}/w.duckdb"
    if name == "info":
        words = ["info", "--warehouse", address]
    else:
        words = arguments(name, inputs=inputs, out=tmp_path, warehouse=address)
    assert f"{address}: expected a local path" in mbml(*words, expect=2).stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "folder",
    ["s3://", "s3:///x", "s3://b//x", "s3://b/../x", "S3://b/x", "s3a://b", Path("s3://b/x")],
)
def test_an_address_that_is_none(loaded, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    with open_warehouse(loaded) as warehouse, pytest.raises(UsageError, match="s3://BUCKET/FOLDER"):
        export(warehouse, VIEW, folder)
    assert list(tmp_path.iterdir()) == []


class Refusing(BaseHTTPRequestHandler):
    """A server that answers every request with one status."""

    status = 403

    def do_HEAD(self):
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST = do_HEAD  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def credentials(monkeypatch):
    """Keys that a test's own server takes; nothing of the machine's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return monkeypatch


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (403, "check the credentials"),
        (301, "set AWS_REGION to the region of the bucket"),
        (None, "check the network, and AWS_ENDPOINT_URL"),
    ],
)
def test_a_server_that_refuses(mbml, tmp_path, credentials, status, step):
    with HTTPServer(("127.0.0.1", 0), type("Server", (Refusing,), {"status": status})) as server:
        credentials.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        if status is None:
            server.server_close()  # nobody listens any more
        else:
            thread.start()
        refused = mbml("export", VIEW, "--to", f"{BUCKET}/x", expect=1)
        if status is not None:
            server.shutdown()
            thread.join()
    assert refused.stderr.startswith(f"error: {BUCKET}/x/{VIEW}.parquet: cannot be written: ")
    assert step in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def server():
    """A server of S3 in this process; skips where it is not installed, except in CI."""
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        message = "exports to S3 are tested on moto's server: install moto[s3] and flask-cors"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(server, credentials):
    """An empty bucket named `bucket`, as pyarrow sees it."""
    credentials.setenv("AWS_ENDPOINT_URL", server)
    store = fs.S3FileSystem(
        endpoint_override=server, allow_bucket_creation=True, allow_bucket_deletion=True
    )
    store.create_dir("bucket")
    yield store
    store.delete_dir("bucket")


def keys(bucket):
    found = bucket.get_file_info(fs.FileSelector("bucket", recursive=True))
    return {one.path for one in found if one.type == fs.FileType.File}


def test_a_view_goes_to_s3_as_it_goes_to_disk(mbml, bucket, tmp_path):
    target = f"bucket/a folder/{VIEW}.parquet"
    assert mbml("export", VIEW, "--to", f"{BUCKET}/a folder/").stdout == f"s3://{target}\n"
    mbml("export", VIEW, "--to", tmp_path)
    with bucket.open_input_file(target) as file:
        assert_frame_equal(pl.read_parquet(file), pl.read_parquet(tmp_path / f"{VIEW}.parquet"))
    assert keys(bucket) == {target}
    made = mbml.json("export", VIEW, "--to", BUCKET, "--layout", "published")
    assert made == [{"view": VIEW, "path": f"{BUCKET}/nasbench201_cifar100_200epochs.csv"}]
    before = keys(bucket)
    told = mbml("export", VIEW, "--to", f"{BUCKET}/hub", "--layout", "dataset").stdout
    assert told == f"{BUCKET}/hub/dataset\n"
    files = ("README.md", "croissant.json", f"data/{VIEW}-00000-of-00001.parquet")
    assert keys(bucket) - before == {f"bucket/hub/dataset/{one}" for one in files}
    assert not Path("s3:").exists()


@pytest.mark.slow
def test_exported_tables_are_opened_where_they_lie(mbml, loaded, bucket, tmp_path):
    told = mbml("export-tables", "--to", f"{BUCKET}/of/mine").stdout
    assert told == f"{BUCKET}/of/mine/tables_surrogate\n"
    mbml("export-tables", "--to", tmp_path)
    there = {key.removeprefix("bucket/of/mine/") for key in keys(bucket)}
    files = (file for file in tmp_path.rglob("*") if file.is_file())
    assert there == {str(file.relative_to(tmp_path)) for file in files}
    arrow = pytest.importorskip("fsspec.implementations.arrow")
    seen_by_duckdb = type("S3", (arrow.ArrowFSWrapper,), {"protocol": "s3"})(bucket)
    with duckdb.connect() as con, open_warehouse(loaded) as warehouse:
        con.register_filesystem(seen_by_duckdb)
        con.execute(mbml("open-parquet", told.strip()).stdout)
        for view in (VIEW, "measurement"):
            ordered = f"from {view} order by all"
            assert_frame_equal(con.sql(ordered).pl(), warehouse.frame(ordered))


def test_a_taken_name_is_kept_unless_told_otherwise(mbml, bucket):
    for what in (VIEW, "measurement"):
        call = ("export", what, "--to", BUCKET)
        mbml(*call)
        assert "exists already" in mbml(*call, expect=2).stderr
    others = (
        "bucket/measurement_surrogate/benchmark=old",
        "bucket/measurement_surrogate/old.parquet",
    )
    neighbour = "bucket/measurement_surrogate_of_mine/x"
    before = keys(bucket)
    for key in (f"{others[0]}/dataset=a/b.parquet", others[1], neighbour):
        with bucket.open_output_stream(key) as stream:
            stream.write(b"old")
    mbml("export", VIEW, "measurement", "--to", BUCKET, "--overwrite")
    assert keys(bucket) == before | {neighbour}
    assert bucket.get_file_info(others[0]).type == fs.FileType.NotFound


def test_a_bucket_that_is_not_there(mbml, bucket):
    refused = mbml("export", VIEW, "--to", "s3://another/x", expect=2)
    assert refused.stderr.endswith(": there is no bucket another; create it first\n")


@pytest.mark.parametrize(
    "error", [OSError("curlCode: 28, Timeout was reached"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("gone", [False, True])
def test_what_was_uploaded_before_a_failure_is_removed_or_named(
    loaded, bucket, monkeypatch, error, gone
):
    uploads = failing_at(3, error)
    monkeypatch.setattr(fs, "copy_files", uploads)
    if gone:  # the server, so that nothing can be removed either
        monkeypatch.setattr(fs, "S3FileSystem", Unremovable)
    kind = MbmlError if gone or isinstance(error, OSError) else KeyboardInterrupt
    with open_warehouse(loaded) as warehouse, pytest.raises(kind) as raised:
        export_tables(warehouse, f"{BUCKET}/x")
    if gone:
        assert f"could not be removed: delete {BUCKET}/x/tables_surrogate" in str(raised.value)
    else:
        assert keys(bucket) == set()
    uploads.patience = 99
    with open_warehouse(loaded) as warehouse:
        export_tables(warehouse, f"{BUCKET}/x", overwrite=gone)
    assert len(keys(bucket)) > 5


def test_what_arrived_otherwise_than_it_was_sent_is_refused(mbml, bucket, monkeypatch):
    def cut(_, key, **options):
        with options["destination_filesystem"].open_output_stream(key) as stream:
            stream.write(b"short")

    monkeypatch.setattr(fs, "copy_files", cut)
    refused = mbml("export", VIEW, "--to", BUCKET, expect=1)
    assert f"bucket/{VIEW}.parquet has 5 bytes, not " in refused.stderr
    assert keys(bucket) == set()


def test_an_earlier_export_outlives_a_failure(loaded, bucket, monkeypatch):
    with open_warehouse(loaded) as warehouse:
        made = export_published(warehouse, VIEW, BUCKET)
        export(warehouse, "measurement", BUCKET)
        before = keys(bucket)
        error = OSError("curlCode: 28, Timeout was reached")
        monkeypatch.setattr(fs, "copy_files", failing_at(1, error))
        with pytest.raises(MbmlError, match="check the network") as raised:
            export_published(warehouse, VIEW, BUCKET, overwrite=True)
        assert "may hold" not in str(raised.value)
        monkeypatch.setattr(fs, "copy_files", failing_at(2, error))
        with pytest.raises(MbmlError, match="may hold files of both exports: repeat the command"):
            export(warehouse, "measurement", BUCKET, overwrite=True)
    assert keys(bucket) == before
    assert made == f"{BUCKET}/nasbench201_cifar100_200epochs.csv"


def failing_at(count, error):
    """Uploads that fail at the so-manieth file."""
    upload = fs.copy_files

    def copy(*arguments, **options):
        copy.patience -= 1
        if not copy.patience:
            raise error
        upload(*arguments, **options)

    copy.patience = count
    return copy


class Unremovable(fs.S3FileSystem):
    """A store that takes files and removes none."""

    def delete_dir(self, path):
        raise OSError("curlCode: 28, Timeout was reached")
