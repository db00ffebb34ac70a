"""The table of docs/result-types.md, each of its examples in each format."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.errors import UsageError
from mbml.store.query import query

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "result-types.md").read_text()
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "`" in line
]
TYPES = {
    name for (name,) in duckdb.sql("select distinct logical_type from duckdb_types()").fetchall()
} | {"JSON"}
# Times with a zone are printed in that of the machine.
IN_UTC = not datetime.now().astimezone().utcoffset()
HELD = [row for row in ROWS if row[0] in TYPES and (IN_UTC or "ZONE" not in row[0])]


@pytest.fixture(scope="module")
def empty(new_warehouse, tmp_path_factory):
    path = tmp_path_factory.mktemp("types") / "w.duckdb"
    new_warehouse(path).close()
    return path


def printed(path, rows, name):
    """Return what a format prints of the examples, each of which is a column."""
    sql = f"select {', '.join(example for _, example, *_ in rows)}"
    call = ["query", sql, "--warehouse", str(path), "--format", name]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.stderr
    return done


def test_every_type_of_duckdb_is_there():
    assert TYPES - {row[0] for row in ROWS} == set()


def test_text(empty):
    _, values = csv.reader(io.StringIO(printed(empty, HELD, "csv").stdout))
    assert values == [text for _, _, text, *_ in HELD]


def seen(row):
    kind, _, text, *_ = row
    return (
        f"{float(text):.6g}" if kind in ("FLOAT", "DOUBLE") else text.replace("\\", "\\\\") or "-"
    )


def test_what_people_see(empty):
    line = printed(empty, HELD, "table").stdout.splitlines()[1]
    assert [seen(row) in line for row in HELD] == [True] * len(HELD)
    marked = [seen(row).replace("\\", "\\\\").replace("`", "\\`") for row in HELD]
    cells = printed(empty, HELD, "markdown").stdout.splitlines()[-1]
    assert cells == f"| {' | '.join(marked)} |"


def test_json(empty):
    expected = [as_json for _, _, _, as_json, *_ in HELD]
    line = printed(empty, HELD, "jsonl").stdout
    assert [text in line for text in expected] == [True] * len(HELD)
    for name, [values] in (
        ("jsonl", [json.loads(line)]),
        ("json", json.loads(printed(empty, HELD, "json").stdout)),
    ):
        assert list(values.values()) == [json.loads(text) for text in expected], name


def test_parquet(empty, tmp_path):
    written = [row for row in HELD if row[4] != "refused"]
    (tmp_path / "a.parquet").write_bytes(printed(empty, written, "parquet").stdout_bytes)
    types = duckdb.sql(f"from '{tmp_path / 'a.parquet'}'").types
    assert [str(kind).strip('"') for kind in types] == [row[4] for row in written]


def test_polars(empty):
    held = [row for row in HELD if row[5] != "refused"]
    frame = query(empty, f"select {', '.join(example for _, example, *_ in held)}")
    assert list(map(in_words, frame.dtypes)) == [row[5] for row in held]


@pytest.mark.parametrize("row", [row for row in HELD if "refused" in row], ids=lambda row: row[1])
def test_refused(empty, row):
    sql = f"select {row[1]} as x"
    call = ["query", sql, "--warehouse", str(empty), "--format", "parquet"]
    assert CliRunner().invoke(app, call).exit_code == 2
    if row[5] == "refused":
        with pytest.raises(UsageError, match=f"column 'x' holds {row[2]}"):
            query(empty, sql)


def in_words(kind):
    match kind:
        case pl.Datetime():
            return f"Datetime({kind.time_unit}{', UTC' if kind.time_zone else ''})"
        case pl.Decimal():
            return f"Decimal({kind.precision}, {kind.scale})"
        case pl.Array():
            return f"Array({kind.inner}, {kind.size})"
        case pl.Struct():
            return f"Struct({', '.join(str(field.dtype) for field in kind.fields)})"
    # Polars 1 has no type of its own for a map.
    as_map = r"List\(Struct\(\{'key': (\w+), 'value': (\w+)\}\)\)"
    return re.sub(as_map, r"Map(\1, \2)", str(kind))
