"""All benchmarks of time and memory, one after the other, as one table in Markdown.

    python benchmarks/table.py [--shares 0.1 0.33 1] [--folder FOLDER]

A share of 1 is the published size and takes ten minutes on two cores, its files ten more, and 15 GB
of disk. Each benchmark runs in a process of its own. The times it column is the seconds divided by
those of what stands beside, which ran in the same minute. Nothing else should run meanwhile.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from row import Row, main

from mbml.workers import available_cores

BENCHMARKS = (
    "ingest_nasbench101",
    "ingest_nasbench201",
    "views",
    "features",
    "blend",
    "guided",
    "startup",
)


def rows(share, folder):
    """Run each benchmark at one share."""
    for name in BENCHMARKS:
        script = Path(__file__).with_name(f"{name}.py")
        command = [sys.executable, script, "--shares", str(share), "--folder", folder, "--json"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        yield from (Row(**json.loads(line)) for line in done.stdout.splitlines())


if __name__ == "__main__":
    day = datetime.now(UTC).date().isoformat()
    print(f"{day}, {available_cores()} cores, {platform.machine()}, {platform.python_version()}\n")
    main(rows, __doc__)
