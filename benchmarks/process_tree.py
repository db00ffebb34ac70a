"""Seconds, processor seconds and peak memory of this process and its children, from /proc."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

#: Ask whether a process has ended, and leave its usage to be read.
_ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT


@dataclass
class Usage:
    """What a piece of work took.

    Attributes
    ----------
    seconds, processor_seconds
        On the clock, and of all processes that ended.
    peak_bytes
        Most memory at any moment, shared pages counted once. A sample is taken every 50 ms, or as
        seldom as it takes for samples to cost a twentieth of one core: those of large processes
        take milliseconds.
    largest_bytes
        Most resident memory of any one process, as the kernel counted it; 0 if not asked.
    """

    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_bytes: int = 0
    largest_bytes: int = 0

    def __str__(self) -> str:
        return (
            f"{self.seconds:8.1f} s  {self.processor_seconds:8.1f} s CPU  "
            f"{self.peak_bytes / 2**20:8.0f} MiB"
        )


def _children(pid):
    found = [pid]
    for one in found:
        try:
            tasks = list(Path(f"/proc/{one}/task").iterdir())
            for task in tasks:
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _memory(pid):
    total, files = 0, {}
    for one in _children(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:"))
        files |= _files_in_memory(one)
    return total * 1024 + sum(files.values())


def _files_in_memory(pid):
    """Return the bytes of each file in memory; pages that are mapped as well count twice."""
    found = {}
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(file.readlink()).startswith("/memfd:"):
                    status = file.stat()
                    found[status.st_ino] = status.st_blocks * 512
    return found


def _pause(since):
    """Return how long to wait after a sample that began at a moment."""
    return max(0.05, 19 * (time.perf_counter() - since))


def _processor_seconds():
    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def run(command):
    """Run a command to its end; return its usage without this process, and what it printed."""
    usage = Usage()
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        printed = []
        reader = threading.Thread(target=lambda: printed.append(process.stdout.read()))
        reader.start()
        while True:
            ended, status, spent = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            begun = time.perf_counter()
            usage.peak_bytes = max(usage.peak_bytes, _memory(process.pid))
            # The end is not waited for longer than a fast command can tell.
            until = begun + _pause(begun)
            while time.perf_counter() < until and os.waitid(os.P_PID, process.pid, _ENDED) is None:
                time.sleep(0.02)
        usage.seconds = time.perf_counter() - started
        usage.processor_seconds = spent.ru_utime + spent.ru_stime
        usage.largest_bytes = spent.ru_maxrss * 1024
        reader.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return usage, printed[0]


@contextmanager
def measured():
    """Measure the body of a `with`; the usage is filled in at its end."""
    usage = Usage()
    stop = threading.Event()

    def watch():
        begun = time.perf_counter()
        while not stop.wait(_pause(begun)):
            begun = time.perf_counter()
            usage.peak_bytes = max(usage.peak_bytes, _memory(os.getpid()))

    watcher = threading.Thread(target=watch, daemon=True)
    started, spent = time.perf_counter(), _processor_seconds()
    watcher.start()
    try:
        yield usage
    finally:
        usage.seconds = time.perf_counter() - started
        usage.processor_seconds = _processor_seconds() - spent
        stop.set()
        watcher.join()
