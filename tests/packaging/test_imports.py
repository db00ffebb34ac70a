"""What importing and asking for help costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("sklearn", "xgboost", "scipy", "polars", "duckdb", "pyarrow", "numpy")


def loaded_by(*arguments):
    code = (
        "import sys; from mbml.cli.app import main; sys.argv[0] = 'mbml'\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_help_imports_nothing_slow():
    assert loaded_by("--help").isdisjoint(SLOW)


@pytest.mark.parametrize(
    "arguments", [("query", "select count(*) from run"), ("info",), ("views", "--all")]
)
def test_what_is_asked_at_the_prompt_imports_duckdb_alone(warehouse, arguments):
    loaded = loaded_by(*arguments, "--warehouse", str(warehouse.path))
    assert loaded & set(SLOW) == {"duckdb"}
