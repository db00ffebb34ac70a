"""What importing, asking for help and predicting a cell cost."""

from __future__ import annotations

import subprocess
import sys

import pytest

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


@pytest.mark.parametrize(
    ("arguments", "slow"),
    [
        (["--help"], {"sklearn", "xgboost", "scipy", "polars", "duckdb", "pyarrow", "numpy"}),
        (
            ["predict", "pretrained:nasbench201-cifar100", CELL],
            {"sklearn", "skops", "xgboost", "joblib", "duckdb", "pyarrow", "pandas", "rich"},
        ),
    ],
    ids=["help", "predict"],
)
def test_a_command_imports_nothing_slow(arguments, slow):
    code = (
        "import sys; from mbml.cli.app import main; sys.argv[0] = 'mbml'\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint(slow)
