"""What importing and asking for help costs."""

from __future__ import annotations

import subprocess
import sys

SLOW = ("sklearn", "xgboost", "scipy", "polars", "duckdb", "pyarrow", "numpy")


def test_help_imports_nothing_slow():
    code = (
        "import sys; from mbml.cli.app import main; sys.argv = ['mbml', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint(SLOW)
