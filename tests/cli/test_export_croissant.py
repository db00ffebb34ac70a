"""What `croissant.json` describes, read by MLCommons' own package in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.exports import export_dataset
from mbml.store import open_warehouse

pytestmark = pytest.mark.slow

VIEW = "meta_nasbench201_cifar100_200epochs"
#: The newest of the day on which this was written; pandas reads Parquet by pyarrow.
PACKAGES = ("mlcroissant==1.1.1", "pyarrow")
READ = """
import json, sys
import mlcroissant

data = mlcroissant.Dataset(sys.argv[1])
issues = data.metadata.ctx.issues
def plain(value):
    return value.decode() if isinstance(value, bytes) else str(value)
rows = {
    one.id: [dict(record) for record in data.records(record_set=one.id)]
    for one in data.metadata.record_sets
}
about = {"license": data.metadata.license, "description": data.metadata.description}
told = {"errors": list(issues.errors), "warnings": list(issues.warnings), "rows": rows, **about}
json.dump(told, sys.stdout, default=plain)
"""


def as_written(value):
    """What JSON has no word for, as the package gives it: a date is midnight."""
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, datetime) else f"{value} 00:00:00"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python that has the package; skips where it cannot be fetched, but not in CI."""
    folder = tmp_path_factory.mktemp("croissant")
    venv.create(folder, with_pip=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    done = subprocess.run(
        [folder / "bin" / "python", *install, *PACKAGES],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"{PACKAGES[0]} cannot be fetched: {done.stderr.strip().splitlines()[-1]}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder / "bin" / "python"


def test_every_value_is_that_of_the_view(python, new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        accuracy = pl.int_range(2100) / 7001
        rows = nasbench201_rows(2100, valid_accuracy=accuracy, test_accuracy=1 - accuracy / 3)
        load_rows(warehouse, rows, tmp_path / "a.parquet")
        load_rows(warehouse, nasbench101_rows(), tmp_path / "surrogate.parquet")
        warehouse.con.execute(
            "create view mine as select arch_index, valid_accuracy, arch_index % 2 = 0 as even,"
            " [arch_index, 1] as many, date '2020-02-29' + arch_index as day,"
            " timestamp '2020-02-29 01:02:03.5' as moment, '€' || arch_index as text,"
            " 3 as \"a b/c'd\", {'a': 1, 'b': 'x'} as both, [['x']] as nested,"
            f" if(arch_index = 1, 0.5, null) as rare from {VIEW} order by arch_index limit 7"
        )
    views = ["measurement", VIEW, "mine"]
    folder = export_dataset(tmp_path / "w.duckdb", views, tmp_path, rows_per_file=2048)
    done = subprocess.run(
        [python, "-c", READ, folder / "croissant.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["errors"] == []
    recommended = {one.rpartition('Property "https://schema.org/')[2] for one in told["warnings"]}
    assert {one.partition('"')[0] for one in recommended} <= {"datePublished", "version"}
    assert told["license"] == ["https://spdx.org/licenses/MIT", "unknown"]
    assert told["description"].startswith("SURROGATE DATA")
    described = json.loads((folder / "croissant.json").read_text())
    names = {
        one["@id"]: one["name"] for records in described["recordSet"] for one in records["field"]
    }
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        for view in views:
            columns = pl.exclude("both", "nested")  # Croissant has no types for these.
            expected = warehouse.frame(f"from {view}").select(columns).rows(named=True)
            read = [
                {names[name]: value for name, value in row.items()} for row in told["rows"][view]
            ]
            key = "arch_str" if view == "measurement" else "arch_index"
            ordered = [sorted(some, key=lambda row: str(row[key])) for some in (read, expected)]
            assert ordered[0] == json.loads(json.dumps(ordered[1], default=as_written)), view
