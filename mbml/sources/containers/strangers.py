"""What people have in the place of a file of measurements, named for what it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

_AGAIN: Final = "Download the file again."
_UNFINISHED: Final = (".part", ".partial", ".crdownload", ".download", ".aria2", ".tmp")
#: Formats that people name by mistake, by what a file begins with.
_FOREIGN: Final = {
    b"SQLite format 3\0": "an SQLite database",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive, which mbml does not unpack",
    b"Rar!": "a RAR archive, which mbml does not unpack",
    b"\x04\x22\x4d\x18": "an lz4 file, which mbml does not unpack",
    b"\x1f\x9d": "a file of compress (.Z), which mbml does not unpack",
    b"\x5d\0\0": "an .lzma file, which mbml does not unpack",
    b"PK\5\6": "an empty zip archive",
    b"ARROW1": "an Arrow IPC file",
}
_LFS: Final = b"version https://git-lfs.github.com/spec/"
_LONGEST_TITLE: Final = 80


def refuse_strangers(path: Path, head: bytes) -> None:
    """Refuse a file that is of another program, or what a server sent in its place.

    Parameters
    ----------
    path
        The file.
    head
        Its first bytes, decompressed.

    Raises
    ------
    SourceError
        It is a Git LFS pointer, a web page, a server's answer, or of another program; or its name
        says that its download has not ended.
    """
    refuse_unfinished(path)
    _refuse_foreign(path, head)
    answer = answer_in(head)
    if answer is not None:
        quota = " A quota ends within a day." if "web page" in answer else ""
        raise SourceError(path, "", f"is {answer}", f"{_AGAIN}{quota}")


def text_of(head: bytes) -> str | None:
    """Return the first bytes as text; None where they are none."""
    try:
        text = head.decode("utf-8-sig", "ignore" if len(head) > 1 else "strict")
    except UnicodeDecodeError:
        return None
    plain = sum(one.isprintable() or one in "\r\n\t" for one in text)
    return text.strip() if plain == len(text) else None


def refuse_unfinished(path: Path) -> None:
    """Refuse a file whose name says that its download has not ended; raises `SourceError`."""
    if path.name.lower().endswith(_UNFINISHED):
        problem = "its name says that the download has not ended"
        raise SourceError(path, "", problem, "Let it end, then load the file under its own name.")


def _refuse_foreign(path: Path, head: bytes) -> None:
    for magic, meaning in _FOREIGN.items():
        if head.startswith(magic):
            raise SourceError(path, "", f"is {meaning}, not a file of measurements")
    if head[8:12] == b"DUCK":
        problem = "is a DuckDB database, not a file of measurements"
        hint = "Where it is a warehouse of mbml, open it: mbml info --warehouse PATH."
        raise SourceError(path, "", problem, hint)
    if head.startswith(_LFS):
        size = re.search(rb"^size (\d+)$", head, re.MULTILINE)
        meant = f" of {int(size[1]):,} bytes" if size else ""
        problem = f"is a Git LFS pointer: it stands for a file{meant} that was not fetched"
        raise SourceError(path, "", problem, "Fetch it: git lfs pull.")


def answer_in(head: bytes) -> str | None:
    """Tell what a server sends in place of a file by its first bytes; None where it is none."""
    text = text_of(head)
    if text is None:
        return None
    start = text[:256].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<script")):
        title = re.search(r"<title[^>]*>\s*(.*?)\s*</title", text, re.IGNORECASE | re.DOTALL)
        shown = f" ({title[1][:_LONGEST_TITLE]!r})" if title else ""
        return f"a web page{shown}, which a server sent in place of the file"
    if start.startswith(("<?xml", "<error")):
        code = re.search(r"<Code>(.*?)</Code>", text)
        shown = f" ({code[1][:_LONGEST_TITLE]!r})" if code else ""
        return f"a server's answer in XML{shown}, not a file of measurements"
    if text.startswith("{") and (said := _error_in(head)) is not None:
        return f"a server's error message ({said!r}), not a file of measurements"
    return None


def _error_in(head: bytes) -> str | None:
    """Return what a small JSON object says went wrong; None where it is none."""
    try:
        answer = json.loads(head)
    except ValueError:
        return None
    for name in ("error", "errors", "message", "detail", "error_description"):
        if name in answer:
            said = answer[name]
            said = said.get("message", said) if isinstance(said, dict) else said
            return str(said)[:_LONGEST_TITLE]
    return None
