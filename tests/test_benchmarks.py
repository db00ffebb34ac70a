"""The benchmarks start: a name that moved in the package breaks none of them unseen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
HELPERS = {"process_tree", "real_tables", "record_floor", "result_peers", "row"}
BENCHMARKS = sorted(path.name for path in FOLDER.glob("*.py") if path.stem not in HELPERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark_starts(name):
    done = subprocess.run(
        [sys.executable, FOLDER / name, "--help"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage" in done.stdout
