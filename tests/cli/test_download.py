"""`mbml download` against servers that break off, move, lie, refuse and change their files."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from odd_server import chunked, file, moved, page, serving, write_certificate
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.sources import download as downloads
from mbml.sources import published
from mbml.sources.published import PublishedFile
from mbml.store import open_warehouse
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

CONTENT = bytes(range(256)) * 1000
SIZE = len(CONTENT)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
OTHER = CONTENT[::-1]


def of(content=CONTENT, **told):
    """What is published of a file: all, unless said otherwise."""
    told = {"sizes": range(len(content), len(content) + 1)} | told
    if not {"sha256", "md5"} & told.keys():
        told["sha256"] = hashlib.sha256(content).hexdigest()
    return PublishedFile("a.bin", **told, download="one", source="nasbench101", url="http://x.test")


UNKNOWN = {"sizes": range(1, 1 << 20), "sha256": None}


@pytest.fixture
def get(tmp_path, monkeypatch):
    """Run `mbml download` of a published file, and return what it prints."""
    monkeypatch.setattr(downloads, "_PAUSE", 0)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def run(url, *options, one=None, expect=0):
        monkeypatch.setattr(published, "PUBLISHED_FILES", (one or of(),))
        call = ["download", "one", "--to", f"{tmp_path / 'to'}", "--url", url, *options]
        result = CliRunner().invoke(app, call, env={"MBML_WAREHOUSE": f"{tmp_path / 'w.duckdb'}"})
        assert result.exit_code == expect, result.stderr or result.stdout
        if expect:
            assert result.stderr.splitlines()[-1].startswith(("error: ", "interrupted"))
            assert "Traceback" not in result.stderr
            assert result.stdout == ""
        return result

    run.folder = tmp_path / "to"
    return run


@pytest.fixture
def names(get):
    return lambda: sorted(path.name for path in get.folder.iterdir())


def asked(server):
    return [request.headers.get("Range") for request in server.asked]


def broken_off(get, at=1000, **options):
    """Leave the first bytes of the file as a part."""
    get.folder.mkdir()
    (get.folder / "a.bin.part").write_bytes(CONTENT[:at])
    told = {"url": None, "etag": '"one"', "last_modified": None, "bytes": SIZE} | options
    (get.folder / "a.bin.part.json").write_text(json.dumps(told))


def test_a_file_is_fetched_and_verified(get, names):
    with serving(file(CONTENT)) as server:
        said = get(server.url)
    assert (get.folder / "a.bin").read_bytes() == CONTENT
    assert names() == ["a.bin"]
    path = get.folder / "a.bin"
    assert said.stdout == (
        f"{path}: {SIZE:,} bytes, SHA-256 {SHA256}, as published\n"
        f"load it with: mbml ingest nasbench101 {path}\n"
    )
    assert said.stderr == ""


def test_what_was_fetched_as_json(get):
    with serving(file(CONTENT)) as server:
        told = json.loads(get(server.url, "--json", one=of(md5=MD5[-6:])).stdout)
    assert told == {
        "path": f"{get.folder / 'a.bin'}",
        "bytes": SIZE,
        "algorithm": "md5",
        "digest": MD5,
        "verified": "last digits",
        "was_there": False,
    }


def test_a_file_without_a_published_checksum_says_so(get):
    with serving(file(CONTENT)) as server:
        said = get(server.url, one=of(**UNKNOWN))
    assert f"SHA-256 {SHA256}, nothing is published to compare it with" in said.stdout


def test_without_a_name_files_are_listed_and_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    told = json.loads(CliRunner().invoke(app, ["download", "--json"]).stdout)
    assert [one["name"] for one in told][:3] == [
        "nasbench101",
        "nasbench101-108epochs",
        "nasbench201",
    ]
    assert "NATS-sss-v1_0-50262-simple.tar" in CliRunner().invoke(app, ["download"]).stdout


def test_an_unknown_name(tmp_path):
    said = CliRunner().invoke(app, ["download", "nasbench102", "--to", f"{tmp_path}"])
    assert said.exit_code == 2
    assert "unknown download 'nasbench102'; did you mean 'nasbench101'" in said.stderr


def test_a_connection_that_breaks_is_taken_up_again(get, names):
    with serving(file(CONTENT, stop=1000), file(CONTENT, stop=5000), file(CONTENT)) as server:
        get(server.url)
        assert asked(server) == [None, "bytes=1000-", "bytes=5000-"]
        assert server.asked[1].headers["If-Range"] == '"one"'
    assert (get.folder / "a.bin").read_bytes() == CONTENT
    assert names() == ["a.bin"]


def test_a_connection_that_breaks_too_often_leaves_a_part_to_go_on_from(get, names):
    with serving(file(CONTENT, stop=1000), page(b"", length=10), file(CONTENT)) as server:
        server.answers = [file(CONTENT, stop=1000)]
        said = get(server.url, expect=1)
        assert f"the connection ended after 1,000 of {SIZE:,} bytes" in said.stderr
        assert f"{get.folder / 'a.bin.part'} keeps 1,000 bytes; run the same com" in said.stderr
        assert names() == ["a.bin.part", "a.bin.part.json"]
        server.answers = [file(CONTENT)]
        get(server.url)
        assert asked(server)[-1] == "bytes=1000-"
    assert (get.folder / "a.bin").read_bytes() == CONTENT
    assert names() == ["a.bin"]


def test_a_server_that_falls_silent(get, monkeypatch):
    monkeypatch.setattr(downloads, "_PATIENCE", 0.1)

    def silent(request):
        file(CONTENT, stop=100_000)(request)
        time.sleep(0.5)

    with serving(silent, file(CONTENT)) as server:
        get(server.url)
        assert asked(server) == [None, "bytes=100000-"]
    assert (get.folder / "a.bin").read_bytes() == CONTENT


def test_a_server_that_is_not_there(get, names):
    with serving(file(CONTENT)) as server:
        url = server.url
    get(f"http://{'a' * 64}.test/x", expect=1)
    said = get(url, expect=1)
    assert "the server cannot be reached" in said.stderr
    assert "nothing was fetched; run the same command again" in said.stderr
    assert names() == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (file(CONTENT, ranges=False), "it sends only whole files"),
        (file(CONTENT, etag='"two"'), "the server's file has changed"),
        (file(CONTENT, etag='"two"', if_range=False), "the server's file has changed"),
        (file(CONTENT[:500]), "the server's file is shorter than what is here"),
        (page(b"", 206, Content_Range="bytes 0-9/10"), "does not send the range"),
        (page(b"", 206), "does not send the range"),
    ],
    ids=["ranges ignored", "changed", "changed and told by ETag", "shorter", "other", "none"],
)
def test_a_part_that_does_not_go_on_starts_again_and_that_is_told(get, answer, reason):
    with serving(answer, file(CONTENT)) as server:
        broken_off(get, url=server.url)
        said = get(server.url)
        assert asked(server)[0] == "bytes=1000-"
    assert (get.folder / "a.bin").read_bytes() == CONTENT
    assert reason in said.stderr
    assert said.stderr.endswith("the download starts again\n")


@pytest.mark.parametrize(
    "told",
    [
        *({"url": "http://other.test"}, {"etag": 'W/"one"'}, {"no": 1}),
        *({"etag": 3}, {"etag": "x\r\nHost: y"}, {"etag": "\u202e"}),
    ],
    ids=range(6),
)
def test_a_part_of_unknown_origin_starts_again(get, told):
    with serving(file(CONTENT)) as server:
        broken_off(get, **{"url": server.url, **told})
        said = get(server.url, one=of(**UNKNOWN))
        assert asked(server) == [None]
    assert (get.folder / "a.bin").read_bytes() == CONTENT
    assert "the download starts again" in said.stderr


def test_a_whole_part_is_only_verified(get):
    with serving(file(CONTENT)) as server:
        broken_off(get, at=SIZE, url=server.url)
        get(server.url)
        assert len(server.asked) == 1
    assert (get.folder / "a.bin").read_bytes() == CONTENT


def test_a_file_that_changes_each_time(get):
    tags = [file(CONTENT, stop=10, etag=f'"{number}"') for number in range(5)]
    with serving(*tags) as server:
        broken_off(get, url=server.url)
        assert "another file each time" in get(server.url, expect=1).stderr


def test_redirects_are_followed(get):
    with serving(moved("/there"), file(CONTENT)) as server:
        get(server.url)
        assert [request.path for request in server.asked] == ["/file", "/there"]


@pytest.mark.parametrize(
    ("to", "code", "reason"),
    [
        ("/file", 1, "redirects more than 5 times"),
        ("file:///etc/hostname", 1, "is not an address that begins with https:// or http://"),
        ("ftp://127.0.0.1/x", 1, "is not an address that begins with"),
        ("http://[::1/x", 1, "which is no address"),
        ("http://me:secret@127.0.0.1/x", 1, "a user name or a password in it"),
    ],
)
def test_redirects_that_are_not_followed(get, names, to, code, reason):
    with serving(moved(to)) as server:
        said = get(server.url, expect=code)
        assert len(server.asked) <= 6
    assert reason in said.stderr
    assert "secret" not in said.stderr
    assert names() == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


def test_a_certificate_is_verified(get, certificate):
    with serving(file(CONTENT), certificate=certificate) as server:
        said = get(server.url, expect=1)
        assert server.asked == []
    assert "the server's certificate is not valid (self-signed certificate)" in said.stderr


def test_no_redirect_leaves_https(get, names, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}")
    with serving(file(CONTENT)) as plain:
        with serving(moved(plain.url), certificate=certificate) as server:
            said = get(server.url, expect=1)
        assert plain.asked == []
        assert "which is not encrypted" in said.stderr
        assert names() == []
        with serving(moved("/there"), file(CONTENT), certificate=certificate) as server:
            get(server.url)
    assert (get.folder / "a.bin").read_bytes() == CONTENT


QUOTA = b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head></html>"
CONFIRM = b"<html><head><title>Google Drive - Virus scan warning</title></head><form></form></html>"
SIGN_IN = b"<!doctype html><html><title>Sign in - Google Accounts</title></html>"
PAGES = [
    (QUOTA, 200, "'Google Drive - Quota exceeded'", "try again in a day"),
    (QUOTA, 403, "'Google Drive - Quota exceeded'", "try again in a day"),
    (CONFIRM, 200, "'Google Drive - Virus scan warning'", "wants a person to confirm"),
    (SIGN_IN, 200, "'Sign in - Google Accounts'", "asks to sign in"),
    (b"<html><title>\x1b[2JMoved</title></html>", 200, "a web page", "its new address"),
    (b'{"error": {"message": "no such object"}}', 200, "'no such object'", "its new address"),
]


@pytest.mark.parametrize(("body", "status", "what", "to_do"), PAGES, ids=range(len(PAGES)))
@pytest.mark.parametrize("one", [of(), of(**UNKNOWN)], ids=["known", "unknown"])
def test_a_page_in_place_of_the_file_is_named(get, names, body, status, what, to_do, one):
    with serving(page(body, status, Content_Type="text/html")) as server:
        said = get(server.url, one=one, expect=5)
    assert what in said.stderr
    assert to_do in said.stderr
    assert "\x1b" not in said.stderr
    assert names() == []


def test_a_page_does_not_cost_what_has_come(get, names):
    with serving(page(QUOTA), file(CONTENT)) as server:
        broken_off(get, url=server.url)
        assert "try again in a day" in get(server.url, expect=5).stderr
        assert names() == ["a.bin.part", "a.bin.part.json"]
        get(server.url)
        assert asked(server) == ["bytes=1000-"] * 2


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (404, {}, "there is no such file any more (HTTP status 404); Look for its new address"),
        (403, {}, "the server does not give the file (HTTP status 403)"),
        (500, {}, "the server failed (HTTP status 500); try again later"),
        (503, {"Retry_After": "120"}, "the server is busy (HTTP status 503); try again in 120 s"),
        (429, {}, "the server is busy (HTTP status 429); try again later"),
        (418, {}, "(HTTP status 418)"),
    ],
)
def test_a_server_that_refuses(get, names, status, headers, said):
    with serving(page(b"no", status, **headers)) as server:
        assert said in get(server.url, expect=1).stderr
        assert len(server.asked) == 1
    assert names() == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (file(CONTENT + b"x"), f"announces {SIZE + 1:,} bytes; a.bin has {SIZE:,}"),
        (file(CONTENT[:-1]), f"announces {SIZE - 1:,} bytes; a.bin has {SIZE:,}"),
        (chunked(CONTENT, b"x"), f"sends more than {SIZE:,} bytes"),
        (file(CONTENT, Content_Encoding="gzip"), "is sent with the encoding 'gzip'"),
        (file(OTHER), f"has the SHA-256 {hashlib.sha256(OTHER).hexdigest()}; that of the publish"),
        (chunked(OTHER), "has the SHA-256"),
    ],
    ids=["longer", "shorter", "chunks", "gzip", "other", "other in chunks"],
)
def test_what_is_not_the_published_file_is_refused_and_not_kept(get, names, answer, said):
    with serving(answer) as server:
        assert said in get(server.url, expect=5).stderr
    assert names() == []


@pytest.mark.parametrize("one", [of(md5=MD5[::-1]), of(md5="0123ab")], ids=["md5", "digits"])
def test_another_md5_is_refused(get, names, one):
    with serving(file(CONTENT)) as server:
        assert (
            f"has the MD5 {MD5}; that of the published" in get(server.url, one=one, expect=5).stderr
        )
    assert names() == []


def test_more_than_any_file_of_unknown_size(get, names):
    with serving(chunked(CONTENT)) as server:
        said = get(server.url, one=of(sizes=range(1, 1001), sha256=None), expect=5)
    assert "sends more than 1,000 bytes" in said.stderr
    assert names() == []


@pytest.mark.parametrize("told", [{}, UNKNOWN], ids=["known", "unknown"])
def test_chunks_that_break_off(get, told):
    with serving(chunked(CONTENT[:1000], end=b"ff\r\nx"), file(CONTENT, etag=None)) as server:
        get(server.url, one=of(**told))
    assert (get.folder / "a.bin").read_bytes() == CONTENT


def test_a_file_of_unknown_length_may_be_cut_short(get, names):
    answer = page(CONTENT, length=-1)
    with serving(answer) as server:
        said = get(server.url, one=of(**UNKNOWN), expect=1)
        assert "the server does not say how long the file is" in said.stderr
        assert names() == []
        get(server.url)
    assert (get.folder / "a.bin").read_bytes() == CONTENT


def test_a_file_that_is_there_is_verified_and_not_fetched(get):
    get.folder.mkdir()
    (get.folder / "a.bin").write_bytes(CONTENT)
    assert "is there already" in get("http://127.0.0.1:9/x").stdout
    (get.folder / "a.bin").write_bytes(OTHER)
    assert "Move it away, then download it again" in get("http://127.0.0.1:9/x", expect=5).stderr
    assert (get.folder / "a.bin").read_bytes() == OTHER


def test_a_disk_that_is_too_small(get, names, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 3, 7))
    with serving(file(CONTENT)) as server:
        said = get(server.url, expect=1)
    assert f"a.bin needs {SIZE:,} more bytes, 7 are free" in said.stderr
    assert names() == []


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 1, "the disk is full; free some space"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=["full disk", "interrupt"],
)
def test_what_has_come_stays_for_the_same_command(get, names, monkeypatch, fault, code, said):
    write = downloads._write

    def fail(stream, piece):
        if stream.tell():
            raise fault
        write(stream, piece)

    with serving(file(CONTENT)) as server:
        with monkeypatch.context() as patch:
            patch.setattr(downloads, "_write", fail)
            told = get(server.url, expect=code).stderr
        assert said in told
        assert "a.bin.part keeps 65,536 bytes; run the same command again to go on" in told
        assert names() == ["a.bin.part", "a.bin.part.json"]
        get(server.url)
        assert asked(server) == [None, "bytes=65536-"]
    assert (get.folder / "a.bin").read_bytes() == CONTENT


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_a_command_that_is_killed_or_interrupted_goes_on_later(get, names, kind):
    def slow(request):
        file(CONTENT, stop=100_000)(request)
        time.sleep(30)

    code = (
        "import sys; from mbml.sources import published; from mbml.cli.app import app\n"
        "published.PUBLISHED_FILES = (published.PublishedFile('a.bin',"
        f" range({SIZE}, {SIZE + 1}), sha256='{SHA256}', download='one', source='nasbench101'),)\n"
        "app()"
    )
    part = get.folder / "a.bin.part"
    with serving(slow, file(CONTENT)) as server:
        call = [sys.executable, "-c", code, "download", "one", "--to", f"{get.folder}"]
        started = subprocess.Popen([*call, "--url", server.url], stderr=subprocess.PIPE, text=True)
        while not part.exists() or part.stat().st_size < 100_000:
            time.sleep(0.02)
        started.send_signal(kind)
        said = started.communicate(timeout=30)[1]
        if kind == signal.SIGINT:
            assert started.returncode == 130
            assert said.startswith(f"interrupted; {part} keeps 100,000 bytes; run the same")
        assert names() == ["a.bin.part", "a.bin.part.json"]
        get(server.url)
        assert asked(server) == [None, "bytes=100000-"]
    assert (get.folder / "a.bin").read_bytes() == CONTENT


def test_two_processes_do_not_write_one_part(get):
    get.folder.mkdir()
    with serving(file(CONTENT)) as server, (get.folder / "a.bin.part").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another process is downloading it" in get(server.url, expect=2).stderr
        assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/hostname", "ftp://x.test/y", "x.test/y", "https://", "https://[::1/x"),
        *("https://x.test/a b", "https://x.test/\r\nHost: y", "https://x.test:99999/y", " "),
    ],
)
def test_what_is_no_address_of_the_web(get, url):
    said = get(url, expect=2)
    assert "is not an address that begins with https:// or http://" in said.stderr


def test_a_password_is_not_shown(get):
    assert "secret" not in get("https://me:secret@x.test/y", expect=2).stderr


@pytest.mark.parametrize(
    "link",
    [
        "https://drive.google.com/file/d/16Y0-_x/view",
        "https://drive.google.com/open?id=16Y0-_x",
        "https://drive.google.com/uc?export=download&id=16Y0-_x",
    ],
)
def test_a_link_to_google_drive_is_asked_for_the_file(get, monkeypatch, link):
    seen = []

    def ask(_, request, timeout):
        seen.append(request.full_url)
        raise OSError("no network")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", ask)
    get(link, expect=1)
    assert set(seen) == {
        "https://drive.usercontent.google.com/download?id=16Y0-_x&export=download&confirm=t"
    }


def test_a_file_is_loaded_afterwards(get, new_warehouse, tmp_path):
    new_warehouse(tmp_path / "w.duckdb").close()
    write_nasbench101(tmp_path / "surrogate.tfrecord", draw_cells(5))
    content = (tmp_path / "surrogate.tfrecord").read_bytes()
    with serving(file(content)) as server:
        said = get(server.url, "--ingest", one=of(content))
        again = json.loads(get(server.url, "--ingest", "--json", one=of(content)).stdout)
    assert "5 new architectures" in said.stdout
    assert again["was_there"]
    assert again["ingested"][0]["already_loaded"]
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        assert warehouse.rows("select count(*) from architecture") == [(5,)]
