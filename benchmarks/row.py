"""A row of the table of benchmarks, and the command line that all benchmarks of such rows share."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from process_tree import run

HEADINGS = (
    "| work | on | s | CPU s | MiB | compared with | its s | times it | mark | aim |\n"
    "| --- | --- | --: | --: | --: | --- | --: | --: | --: | --: |"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What was done, what it took, and what was done in the same run to compare it with.

    Attributes
    ----------
    work, on
        What was done, and on how much.
    seconds, processor_seconds, peak_bytes
        What it took; 0 where not measured. Memory is that of all processes, shared pages counted
        once.
    peer, peer_seconds
        What it is compared with; empty if nothing.
    mark, aim
        What is asked for at the published size, and what is wished for; empty at other sizes.
    """

    work: str
    on: str
    seconds: float
    processor_seconds: float = 0.0
    peak_bytes: int = 0
    peer: str = ""
    peer_seconds: float = 0.0
    mark: str = ""
    aim: str = ""

    @classmethod
    def of(cls, usage, **others):
        """Make a row of what `process_tree` measured."""
        return cls(
            seconds=usage.seconds,
            processor_seconds=usage.processor_seconds,
            peak_bytes=usage.peak_bytes,
            **others,
        )

    def __str__(self):
        cells = (
            self.work,
            self.on,
            _short(self.seconds),
            _short(self.processor_seconds),
            f"{self.peak_bytes / 2**20:,.0f}" if self.peak_bytes else "",
            self.peer,
            _short(self.peer_seconds),
            f"{self.seconds / self.peer_seconds:.2f}" if self.peer_seconds else "",
            self.mark,
            self.aim,
        )
        return "| " + " | ".join(cells) + " |"


def _short(seconds):
    """Show milliseconds where tenths of a second tell nothing."""
    if not seconds:
        return ""
    return f"{seconds:.4f}" if seconds < 1 else f"{seconds:.1f}"


def part(function, *arguments):
    """Call a benchmark's function in a process of its own; return its usage and what it counted."""
    script = Path(sys.modules[function.__module__].__file__)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        f"from {script.stem} import {function.__name__} as part; print(part(*sys.argv[2:]))"
    )
    usage, printed = run([sys.executable, "-c", code, str(script.parent), *map(str, arguments)])
    return usage, int(printed)


def mbml(*arguments):
    """Run mbml's command line; return its usage and what it printed."""
    code = "from mbml.cli.app import main; main()"
    return run([sys.executable, "-c", code, *map(str, arguments)])


def main(rows, documentation):
    """Print the rows of the shares that were asked for, as a table or as lines of JSON."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument(
        "--shares", type=float, nargs="+", default=[0.1], help="of the published size; default 0.1"
    )
    parser.add_argument("--folder", type=Path, help="keeps the surrogate files for another run")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each row")
    chosen = parser.parse_args()
    if not chosen.json:
        print(HEADINGS)
    with tempfile.TemporaryDirectory() as temporary:
        for share in chosen.shares:
            for row in rows(share, chosen.folder or Path(temporary)):
                print(json.dumps(dataclasses.asdict(row)) if chosen.json else row, flush=True)
