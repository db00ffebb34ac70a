"""Runs `mbml` on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

MBML = [sys.executable, "-c", "from mbml.cli.app import main; main()"]


def run(terminal, *arguments, env=None):
    """Run mbml with one stream on a terminal: its exit code, what was shown, the other stream."""
    ours, theirs = pty.openpty()
    other = {"stdout": "stderr", "stderr": "stdout"}[terminal]
    call = [*MBML, *map(str, arguments)]
    streams = {terminal: theirs, other: subprocess.PIPE}
    with subprocess.Popen(call, **streams, text=True, env=env) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(ours, 65_536):
                shown += piece
        os.close(ours)
        said = getattr(process, other).read()
    return process.returncode, shown.decode(), said
