"""Reads a corpus of hostile files in a process that watches itself; run by tests.

    python tests/helpers/hostile_reader.py MODULE FUNCTION

`FUNCTION()` of a module gives files by name. For each a line of JSON: how each reader ended, the
longest message, processor seconds, memory, and what was imported, run, opened for writing or
connected. A file that takes `LONGEST` seconds of processor time ends the process.
"""

from __future__ import annotations

import bz2
import gzip
import importlib
import json
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from fuzz import peak_kb
from nas_records import bare, legacy, small_release, torch_zip

from mbml.errors import SourceError
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import load

LONGEST = 20
ADDRESSES = 6 << 30
NAME = "NAS-Bench-201-v1_1-096897.pth"
WATCHED = (
    "import", "exec", "compile", "code.", "cpython.run", "ctypes.", "fcntl.", "ftplib.", "http.",
    "imaplib.", "marshal.", "nntplib.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn",
    "os.startfile", "os.system", "os.kill", "os.putenv", "os.remove", "os.rename", "os.rmdir",
    "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink", "pickle.find_class", "poplib.",
    "pty.spawn", "shutil.", "signal.", "smtplib.", "socket.", "sqlite3.", "subprocess.Popen",
    "syslog.", "telnetlib.", "urllib.", "webbrowser.", "winreg.",
)  # fmt: skip

_seen: list[str] = []
_watching: list[bool] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    if event == "open":
        path, _, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR) and str(path) != tempfile.gettempdir():
            _seen.append(f"open {path}")
    elif event.startswith(WATCHED):
        _seen.append(f"{event} {arguments!r:.200}")


def traps():
    """What a reader must never do, as functions in the place of files."""
    return {
        "import": lambda: __import__("tripwire"),
        "process": lambda: subprocess.run(["true"], check=True),
        "socket": lambda: socket.socket().close(),
        "code": lambda: eval("1"),
        "file": lambda: Path("written").write_text(""),
        "unpickling": lambda: pickle.loads(b"ccollections\nOrderedDict\n."),
    }


def readers(path: Path):
    """The readers of pickles, by name."""
    return {
        "load": lambda: load(path),
        "load by layouts": lambda: load(path, layouts=Layouts()),
        "nasbench201": lambda: list(NasBench201Source(path, workers=1).batches()),
        "natsbench": lambda: list(NatsBenchSource(path, workers=1).batches()),
    }


def read(path: Path, data) -> tuple[dict[str, str], str]:
    """How each reader of some bytes ended, and the longest message without the file's name."""
    endings, longest = {}, ""
    if callable(data):
        data()
        return dict.fromkeys(readers(path), "read"), ""
    for name, reader in readers(path).items():
        try:
            reader()
            endings[name] = "read"
        except SourceError as error:
            endings[name] = "refused"
            longest = max(longest, str(error).replace(str(path), ""), key=len)
        except Exception as error:  # noqa: BLE001 (told to the test)
            endings[name] = f"{type(error).__name__}: {error!s:.200}"
    return endings, longest


def main(module: str, function: str) -> None:
    """Read the files and print what was seen."""
    files = getattr(importlib.import_module(module), function)()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("tripwire.py").write_text("open('TRIPPED', 'w').close()\n")
        sys.path.insert(0, folder)
        path = Path(folder, NAME)
        # All that the readers need is imported by files that are read.
        good = legacy(small_release())
        for data in (good, torch_zip(small_release()), bz2.compress(bare({})), gzip.compress(good)):
            path.write_bytes(data)
            read(path, data)
        "".encode("cp437")  # zipfile's codec for names that are not UTF-8
        with suppress(UnicodeDecodeError):
            b"\\ud".decode("raw-unicode-escape")
        sys.addaudithook(_watch)
        for name, data in files.items():
            path.write_bytes(b"" if callable(data) else data)
            print(json.dumps({"name": name}), flush=True)
            _seen.clear()
            before = peak_kb(reset=True)
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            start = time.process_time()
            _watching.append(True)
            endings, longest = read(path, data)
            _watching.clear()
            found = {
                "endings": endings,
                "message": longest,
                "seconds": time.process_time() - start,
                "megabytes": (peak_kb() - before) / 1024,
                "seen": _seen[:3],
                "tripped": Path("TRIPPED").exists(),
            }
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
