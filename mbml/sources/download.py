"""A published file, fetched: under its name only when it is whole and what was published.

What has come so far is `NAME.part`, which a later call goes on from. Beside it, `NAME.part.json`
holds what the server said of the file, so that parts of two different files are never joined.
"""

from __future__ import annotations

import json
import re
import shutil
import ssl
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from mbml._version import __version__
from mbml.errors import MbmlError, SourceError, UsageError
from mbml.sources.checksum import digest
from mbml.sources.containers.strangers import answer_in
from mbml.sources.published import PublishedFile, published_file
from mbml.text import first_line, quoted
from mbml.whole_file import as_path, is_full, make_folder

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.client import HTTPResponse
    from typing import BinaryIO

#: How often a connection may break in one call, and the seconds before the next try.
_TRIES: Final = 5
_PAUSE = 1.0
#: Seconds until a server has to send something.
_PATIENCE: Final = 30.0
_REDIRECTS: Final = 5
_REDIRECTED: Final = (301, 302, 303, 307, 308)
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_PIECE: Final = 1 << 20
#: Bytes of a page that are looked at for what it says.
_PAGE: Final = 1 << 16

#: A file on Google Drive, as links in papers and on web pages name it.
_DRIVE: Final = re.compile(
    r"https://drive\.google\.com/(?:file/d/|(?:open|uc)\?(?:[^#]*&)?id=)([\w-]+)"
)
_DRIVE_FILE: Final = "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t"
#: What pages of Google Drive say, and what to do.
_DRIVE_PAGES: Final = {
    r"quota exceeded|too many users have viewed or downloaded": (
        "Its quota of downloads is used up: try again in a day, or name a mirror with `url`."
    ),
    r"virus": (
        "Google Drive wants a person to confirm the download: open {} in a browser, save the file,"
        " and load it with mbml ingest."
    ),
    r"sign in|servicelogin": (
        "Google Drive asks to sign in: open {} in a browser, save the file, and load it with mbml"
        " ingest."
    ),
}
_NEXT: Final = (
    "Look for its new address on its authors' page (docs/originals.md), and give that as `url`."
)


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was fetched, or was there already.

    Attributes
    ----------
    path
        The file.
    bytes
        Its size.
    algorithm, digest
        `sha256` or `md5`, and what it is of the file.
    verified
        What that was compared with: `published`, `last digits` of a published one, or None where
        nobody published any.
    was_there
        The file was there before and was not fetched.
    """

    path: Path
    bytes: int
    algorithm: str
    digest: str
    verified: str | None
    was_there: bool


@dataclass(frozen=True, slots=True)
class _Marks:
    """What a server says of the file that it sends."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    bytes: int | None = None

    @property
    def validator(self) -> str | None:
        """What tells that the file is still the same; a weak ETag does not."""
        weak = self.etag is None or self.etag.startswith("W/")
        return self.last_modified if weak else self.etag


class _BrokenError(Exception):
    """The connection ended before the file did."""


class _OtherFileError(Exception):
    """The server cannot send the rest of what is here."""


def download(
    name: str,
    folder: Path | str = Path(),
    *,
    url: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    notify: Callable[[str], None] | None = None,
) -> Download:
    """Fetch a published file, and verify its size and checksum.

    Parameters
    ----------
    name
        What to fetch, a `PublishedFile.download`, such as `nasbench101`.
    folder
        Where to put it, under its published name; made if missing.
    url
        Another address than its authors', such as a mirror's.
    progress
        Called with the number of bytes that are there, and of all (0 while it is not known).
    notify
        Called with what a person may want to know on the way, such as that it starts again.

    Returns
    -------
    Download
        The file, its digest and what that was compared with.

    Raises
    ------
    UsageError
        There is no such file, the address is none of HTTP, or another process is fetching the file.
    SourceError
        What the server sends is not the published file; nothing of it is kept.
    MbmlError
        The server cannot be reached, refuses, or breaks off too often; or the disk is full. What
        has come is kept, and the next call goes on from it.
    """
    one = published_file(name)
    address = url or one.url
    check_address(address)
    target = as_path(folder) / one.name
    make_folder(target.parent)
    if target.exists():
        return _verified(target, one, was_there=True)
    part = target.with_name(f"{target.name}.part")
    with _only_one(part) as stream:
        try:
            _fetch(one, address, part, stream, progress or _silent, notify or _silent)
        except OSError as error:
            if not is_full(error):
                raise
            raise MbmlError(f"{part}: the disk is full; free some space; {_go_on(part)}") from error
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted; {_go_on(part)}") from None
        finally:
            if not part.stat().st_size:
                _forget(part)
        try:
            found = _verified(part, one, was_there=False)
        except SourceError:
            _forget(part)
            raise
        part.replace(target)
        _forget(part)
    return replace(found, path=target)


def check_address(url: str) -> None:
    """Check that an address is one of HTTP, without a password in it.

    Raises
    ------
    UsageError
        It is not.
    """
    try:
        parts = urlsplit(url)
        has_secret = parts.username is not None or parts.password is not None
        is_web = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        is_web = has_secret = False
    if has_secret:
        raise UsageError("an address with a user name or a password in it is not used; remove it")
    if not is_web or not re.fullmatch(r"[!-~]+", url):
        raise UsageError(f"{quoted(url)} is not an address that begins with https:// or http://")


def _fetch(
    one: PublishedFile,
    address: str,
    part: Path,
    stream: BinaryIO,
    progress: Callable[[int, int], None],
    notify: Callable[[str], None],
) -> None:
    """Append to a part until it is whole, over several connections if need be."""
    for tries_left in reversed(range(_TRIES)):
        try:
            _receive(one, address, part, stream, progress)
        except _OtherFileError as error:
            notify(f"note: {error}; the download starts again")
            stream.truncate(0)
            _marks_of(part).unlink(missing_ok=True)
        except _BrokenError as error:
            if not tries_left:
                raise MbmlError(f"{address}: {error}; {_go_on(part)}") from error
            time.sleep(_PAUSE)
        else:
            return
    raise MbmlError(f"{address}: the server sends another file each time; try again later")


def _receive(
    one: PublishedFile,
    address: str,
    part: Path,
    stream: BinaryIO,
    progress: Callable[[int, int], None],
) -> None:
    """Append what one connection sends.

    Raises
    ------
    _BrokenError
        It ended early.
    _OtherFileError
        It does not go on from what is here.
    """
    have = stream.seek(0, 2)
    before = _marks_before(one, address, part) if have else None
    with _answer(address, _headers(have, before)) as response:
        total = _total(response, have)
        if before and response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            if total == have:
                return
            raise _OtherFileError("the server's file is shorter than what is here")
        _refuse_failure(response, address)
        now = _Marks(address, response.headers["ETag"], response.headers["Last-Modified"], total)
        if before:
            _check_same(before, now, response)
        _check_announced(one, address, part, response, total, have)
        if not before:
            _write_marks(part, now)
        expected = total or one.size
        most = expected or one.sizes.stop - 1
        progress(have, expected or 0)
        for piece in _pieces(response):
            if not have:
                _refuse_page(response, address, piece)
            have += len(piece)
            if have > most:
                stream.truncate(0)
                raise SourceError(address, "", f"sends more than {most:,} bytes", _NEXT)
            _write(stream, piece)
            progress(have, expected or 0)
    if expected is not None and have < expected:
        raise _BrokenError(f"the connection ended after {have:,} of {expected:,} bytes")


def _marks_before(one: PublishedFile, address: str, part: Path) -> _Marks:
    """Return what the server said of the file that a part is of."""
    before = _read_marks(part)
    if before is None or before.url != address:
        raise _OtherFileError(f"{part.name} is not known to be of this address")
    if not before.validator and not one.sha256 and not one.md5:
        raise _OtherFileError("nothing tells whether the server still has the same file")
    return before


def _headers(have: int, before: _Marks | None) -> dict[str, str]:
    headers = {
        "User-Agent": f"mbml/{__version__}",
        # The bytes of the file itself, which its checksum is of.
        "Accept-Encoding": "identity",
    }
    if before:
        headers["Range"] = f"bytes={have}-"
        if before.validator:
            headers["If-Range"] = before.validator
    return headers


def _answer(address: str, headers: dict[str, str]) -> HTTPResponse:
    """Ask for a file, and for where it was moved to; certificates are verified."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    drive = _DRIVE.match(address)
    asked = _DRIVE_FILE.format(drive[1]) if drive else address
    for _ in range(_REDIRECTS + 1):
        request = urllib.request.Request(asked, headers=headers)  # noqa: S310 (checked)
        try:
            response: HTTPResponse = opener.open(request, timeout=_PATIENCE)
        except (OSError, HTTPException, UnicodeError) as error:
            raise _unreachable(asked, error) from error
        if response.status not in _REDIRECTED:
            return response
        response.close()
        place = response.headers.get("Location", "")
        try:
            moved = urljoin(asked, place)
        except ValueError:
            raise MbmlError(
                f"{asked}: redirects to {quoted(place)}, which is no address; {_NEXT}"
            ) from None
        if asked.startswith("https:") and not moved.startswith("https:"):
            raise MbmlError(
                f"{asked}: redirects to {quoted(moved)}, which is not encrypted; {_NEXT}"
            )
        try:
            check_address(moved)
        except UsageError as error:
            raise MbmlError(f"{asked}: redirects elsewhere: {error}; {_NEXT}") from None
        asked = moved
    raise MbmlError(f"{address}: redirects more than {_REDIRECTS} times; {_NEXT}")


def _unreachable(address: str, error: Exception) -> Exception:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return MbmlError(
            f"{address}: the server's certificate is not valid ({reason.verify_message});"
            " nothing was fetched"
        )
    return _BrokenError(f"the server cannot be reached ({first_line(reason)})")


def _refuse_failure(response: HTTPResponse, address: str) -> None:
    """Raise unless a server sends a file; a page may say why it does not."""
    status = response.status
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return
    _refuse_page(response, address, status_tells=True)
    wait = response.headers.get("Retry-After", "")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        what, to_do = "there is no such file any more", _NEXT
    elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        what, to_do = "the server does not give the file", _NEXT
    elif status in _BUSY:
        what = "the server is busy"
        to_do = f"try again in {wait} s" if wait.isdecimal() else "try again later"
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        what, to_do = "the server failed", "try again later"
    else:
        what, to_do = f"the server answered {quoted(response.reason)}", _NEXT
    raise MbmlError(f"{address}: {what} (HTTP status {status}); {to_do}")


def _refuse_page(
    response: HTTPResponse, address: str, head: bytes = b"", *, status_tells: bool = False
) -> None:
    """Refuse what a server sends in place of a file; where the status tells, only known pages."""
    head = head[:_PAGE] or next(_pieces(response), b"")[:_PAGE]
    answer = answer_in(head)
    if answer is None and response.headers.get_content_type() == "text/html":
        answer = "a web page, which a server sent in place of the file"
    if answer is None:
        return
    text = head.decode("utf-8", "replace")
    for words, to_do in _DRIVE_PAGES.items():
        if re.search(words, text, re.IGNORECASE):
            raise SourceError(address, "", f"is {answer}", to_do.format(address))
    if not status_tells:
        raise SourceError(address, "", f"is {answer}", _NEXT)


def _total(response: HTTPResponse, have: int) -> int | None:
    """Return how many bytes the whole file has, as the server announces it."""
    if response.status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        said = response.headers.get("Content-Range", "")
        found = re.fullmatch(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18})", said.strip())
        if found is None or (found[1] is not None and int(found[1]) != have):
            raise _OtherFileError("the server does not send the range that it was asked for")
        return int(found[2])
    length = response.headers.get("Content-Length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _check_same(before: _Marks, now: _Marks, response: HTTPResponse) -> None:
    """Check that a server sends the rest of the file that it sent before."""
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        _refuse_page(response, now.url)
        raise _OtherFileError("the server's file has changed, or it sends only whole files")
    pairs = (
        (before.etag, now.etag),
        (before.last_modified, now.last_modified),
        (before.bytes, now.bytes),
    )
    if any(old != new for old, new in pairs if old is not None and new is not None):
        raise _OtherFileError("the server's file has changed")


def _check_announced(
    one: PublishedFile,
    address: str,
    part: Path,
    response: HTTPResponse,
    total: int | None,
    have: int,
) -> None:
    """Refuse a file of another size before it comes, and one that does not fit on the disk."""
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise SourceError(address, "", f"is sent with the encoding {quoted(encoding)}", _NEXT)
    if total is not None and total not in one.sizes:
        _refuse_page(response, address)
        raise SourceError(
            address, "", f"announces {total:,} bytes; {one.name} has {_sizes(one)}", _NEXT
        )
    if total is None and one.size is None and one.md5 is None and not response.chunked:
        raise MbmlError(f"{address}: the server does not say how long the file is; {_NEXT}")
    missing = (total or one.size or have) - have
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise MbmlError(
            f"{part.parent}: {one.name} needs {missing:,} more bytes, {free:,} are free; free some"
            " space, or choose another folder"
        )


def _sizes(one: PublishedFile) -> str:
    if one.size is not None:
        return f"{one.size:,}"
    return f"{one.sizes.start:,} to {one.sizes.stop - 1:,}"


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    """Yield what comes as it comes; at first as much as tells a page from a file."""
    try:
        piece = response.read(_PAGE)
        while piece:
            yield piece
            piece = response.read1(_PIECE)
    except (OSError, HTTPException) as error:
        raise _BrokenError(f"the connection broke ({first_line(error)})") from error


def _write(stream: BinaryIO, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[stream.write(left) :]


@contextmanager
def _only_one(part: Path) -> Iterator[BinaryIO]:
    """Open a part to append to, which one process does at a time."""
    try:
        stream = part.open("ab", buffering=0)
    except OSError as error:
        raise MbmlError(
            f"{part}: cannot be written: {error.strerror}; choose another folder"
        ) from error
    with stream:
        if sys.platform != "win32":
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    f"{part}: another process is downloading it; wait for it"
                ) from None
        yield stream


def _verified(path: Path, one: PublishedFile, *, was_there: bool) -> Download:
    """Compare a file with what is published of it; raises `SourceError` if it is another."""
    algorithm = "md5" if one.md5 and not one.sha256 else "sha256"
    published = one.sha256 or one.md5
    found, size = digest(path, algorithm)
    to_do = "Move it away, then download it again." if was_there else "Nothing of it was kept."
    if size not in one.sizes:
        problem = f"has {size:,} bytes; the published {one.name} has {_sizes(one)}"
        raise SourceError(path, "", problem, to_do)
    if published and not found.endswith(published):
        title = {"md5": "MD5", "sha256": "SHA-256"}[algorithm]
        problem = f"has the {title} {found}; that of the published {one.name} is {published}"
        raise SourceError(path, "", problem, to_do)
    verified = None
    if published:
        verified = "published" if found == published else "last digits"
    return Download(path, size, algorithm, found, verified, was_there)


def _go_on(part: Path) -> str:
    """Say what is left of a download that did not end, and how to go on."""
    size = part.stat().st_size
    kept = f"{part} keeps {size:,} bytes" if size else "nothing was fetched"
    return f"{kept}; run the same command again to go on"


def _marks_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_marks(part: Path) -> _Marks | None:
    try:
        marks = _Marks(**json.loads(_marks_of(part).read_text(encoding="utf-8")))
        # They are sent back to the server as a header.
        is_header = f"{marks.validator}".isprintable() and f"{marks.validator}".isascii()
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return marks if is_header else None


def _write_marks(part: Path, marks: _Marks) -> None:
    _marks_of(part).write_text(json.dumps(asdict(marks)), encoding="utf-8")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _marks_of(part).unlink(missing_ok=True)


def _silent(*_: object) -> None:
    """Tell nobody."""
