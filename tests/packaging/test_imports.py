"""What importing, asking for help and predicting a cell cost."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tables import load_rows, nasbench201_rows

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
SLOW = {"sklearn", "xgboost", "scipy", "polars", "duckdb", "pyarrow", "numpy"}


def loaded_by(*arguments):
    code = (
        "import sys; from mbml.cli.app import main; sys.argv[0] = 'mbml'\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_help_imports_nothing_slow():
    assert loaded_by("--help").isdisjoint(SLOW)


def test_predict_imports_what_its_model_needs_alone():
    loaded = loaded_by("predict", "pretrained:nasbench201-cifar100", CELL)
    others = {"sklearn", "skops", "xgboost", "joblib", "duckdb", "pyarrow", "pandas", "rich"}
    assert loaded.isdisjoint(others)


def test_a_guided_search_imports_no_library_of_estimators(new_warehouse, tmp_path):
    view = "meta_nasbench201_cifar100_200epochs"
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(20), tmp_path / "a.parquet")
    guided = ("search", view, "--strategy", "guided", "--budget", "15")
    loaded = loaded_by(*guided, "--warehouse", str(warehouse.path))
    assert loaded >= {"scipy"}
    assert loaded.isdisjoint({"sklearn", "xgboost", "pandas"})


@pytest.mark.parametrize(
    "arguments", [("query", "select count(*) from run"), ("info",), ("views", "--all")]
)
def test_what_is_asked_at_the_prompt_imports_duckdb_alone(new_warehouse, tmp_path, arguments):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(1), tmp_path / "a.parquet")
    loaded = loaded_by(*arguments, "--warehouse", str(warehouse.path))
    assert loaded & SLOW == {"duckdb"}
