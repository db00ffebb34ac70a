"""`mbml query`: every DuckDB type in every format, as a reader that is not mbml's finds it."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import NamedTuple

import duckdb
import polars as pl
import pytest
from markdown_it import MarkdownIt

from mbml.cli.output import FORMATS

pytestmark = pytest.mark.slow

BIG = 2**127
LONG = "9" * 28 + "." + "9" * 10
#: A moment in the time zone of this machine.
LOCAL = datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC).astimezone()
OFFSET = LOCAL.isoformat()[19:].removesuffix(":00")


class Case(NamedTuple):
    """A value as SQL; its text in CSV, and its type in Parquet, where VARCHAR holds that text."""

    sql: str
    text: str
    parquet: str = "VARCHAR"
    json: str | None = None  # unless it is the text as a string
    shown: str | None = None  # in a table, unless it is the text with backslashes doubled
    within: str | None = None  # DuckDB's text of what Parquet holds, unless it is the text


def number(sql, text, parquet, shown=None, within=None):
    return Case(sql, text, parquet, text, shown, within)


def nested(sql, text, parquet="VARCHAR", within=None):
    return Case(sql, text, parquet, text, None, within)


CASES = (
    Case("true", "true", "BOOLEAN", "true"),
    number("(-128)::tinyint", "-128", "TINYINT"),
    number("(-32768)::smallint", "-32768", "SMALLINT"),
    number("2147483647", "2147483647", "INTEGER"),
    number("-9223372036854775808", "-9223372036854775808", "BIGINT"),
    number("255::utinyint", "255", "UTINYINT"),
    number("65535::usmallint", "65535", "USMALLINT"),
    number("4294967295::uinteger", "4294967295", "UINTEGER"),
    number("18446744073709551615::ubigint", "18446744073709551615", "UBIGINT"),
    number(f"(-{'9' * 38})::hugeint", f"-{'9' * 38}", "DECIMAL(38,0)"),
    number(f"{'9' * 38}::uhugeint", "9" * 38, "DECIMAL(38,0)"),
    number("sum(7) over ()", "7", "DECIMAL(38,0)"),
    number(f"'-{'9' * 60}'::bignum", f"-{'9' * 60}", "VARCHAR"),
    number("0.50", "0.50", "DECIMAL(3,2)"),
    number(f"(-{LONG})::decimal(38, 10)", f"-{LONG}", "DECIMAL(38,10)"),
    number("(-0.001)::decimal(4, 4)", "-0.0010", "DECIMAL(4,4)", "-0.0010", "-.0010"),
    number("0.9435::decimal(4, 4)", "0.9435", "DECIMAL(4,4)", "0.9435", ".9435"),
    number("0.1::float", "0.10000000149011612", "FLOAT", "0.1", "0.1"),
    number("1 / 3", "0.3333333333333333", "DOUBLE", "0.333333"),
    number("5e-324::double", "5e-324", "DOUBLE", "4.94066e-324"),
    number("123456789012345680::double", "1.2345678901234568e+17", "DOUBLE", "1.23457e+17"),
    number("'-0.0'::double", "-0.0", "DOUBLE", "-0"),
    Case("'nan'::double", "NaN", "DOUBLE", '"NaN"', "nan", "nan"),
    Case("'inf'::float", "inf", "FLOAT", '"Infinity"'),
    Case("'-inf'::double", "-inf", "DOUBLE", '"-Infinity"'),
    Case("'a \"b\", c'", 'a "b", c'),
    Case("''", ""),
    Case("'-'", "-", shown="\\-"),
    Case("'_x_ *y* [z](u) <b> &amp; `c` ~~d~~ e|f\\'", "_x_ *y* [z](u) <b> &amp; `c` ~~d~~ e|f\\"),
    Case("'a' || chr(10) || chr(13) || chr(27) || chr(8238)", "a\n\r\x1b\u202e",
         shown="a\\n\\r\\x1b\\u202e"),
    Case("'\\x00\\xFFa\\x5C'::blob", "\\x00\\xFFa\\x5C", "BLOB"),
    Case("'0010'::bit", "0010"),
    Case("'a'::enum('b', 'a')", "a"),
    Case("'0189e0c6-6a2d-7c4b-8f00-0123456789ab'::uuid", "0189e0c6-6a2d-7c4b-8f00-0123456789ab"),
    Case("date '2026-11-27'", "2026-11-27", "DATE"),
    Case("date '0044-03-15 (BC)'", "0044-03-15 (BC)", "DATE"),
    Case("date '5881580-07-10'", "5881580-07-10", "DATE"),
    Case("timestamp '294247-01-10 04:00:54.775806'", "294247-01-10 04:00:54.775806", "TIMESTAMP"),
    Case("timestamp '290309-12-22 (BC) 00:00:00'", "290309-12-22 (BC) 00:00:00", "TIMESTAMP"),
    Case("'2026-11-27 01:02:03'::timestamp_s", "2026-11-27 01:02:03", "TIMESTAMP"),
    Case("'2026-11-27 01:02:03.004'::timestamp_ms", "2026-11-27 01:02:03.004", "TIMESTAMP"),
    Case("'2262-04-11 23:47:16.854775806'::timestamp_ns", "2262-04-11 23:47:16.854775806",
         "TIMESTAMP_NS"),
    Case("timestamptz '2026-11-27 01:02:03+00'", f"{LOCAL:%Y-%m-%d %H:%M:%S}{OFFSET}",
         "TIMESTAMP WITH TIME ZONE"),
    Case("time '23:59:59.999999'", "23:59:59.999999", "TIME"),
    Case("'23:59:59.999999999'::time_ns", "23:59:59.999999999", "TIME_NS"),
    Case("timetz '12:00:00+15:59:59'", "12:00:00+15:59:59"),
    Case("interval '-1 month 2 days -0.000001 s'", "-1 month 2 days -00:00:00.000001"),
    nested("[1, null]", "[1, null]", "INTEGER[]", "[1, NULL]"),
    nested("[]::varchar[]", "[]", "VARCHAR[]"),
    nested("[['nan'::double, 1e300], null]", '[["NaN", 1e+300], null]', "DOUBLE[][]",
           "[[nan, 1e+300], NULL]"),
    nested("[3, 4]::smallint[2]", "[3, 4]", "SMALLINT[]"),
    nested(f"[{BIG - 1}::hugeint]", f"[{BIG - 1}]"),
    nested("[date 'infinity']", '["infinity"]'),
    nested("{'a b\"''': 0.5::decimal(38, 30), 'n': null::integer}",
           f'{{"a b\\"\'": 0.5{"0" * 29}, "n": null}}',
           'STRUCT("a b""\'" DECIMAL(38,30), n INTEGER)',
           f"{{'a b\"\\'': 0.5{'0' * 29}, 'n': NULL}}"),
    nested("map {'k': 1::utinyint}", '{"k": 1}', "MAP(VARCHAR, UTINYINT)", "{k=1}"),
    nested(f"map {{1.5::double: [{2 * BIG - 1}::uhugeint]}}", f'{{"1.5": [{2 * BIG - 1}]}}'),
    nested("union_value(number := 7)", '{"number": 7}'),
    nested("row(1, 'x')", '[1, "x"]'),
    Case("'{\"a\": 0.12345678901234567890123, \"b\": [1,]}'::json",
         '{"a": 0.12345678901234567890123, "b": [1,]}',
         json='{"a": 0.12345678901234567890123, "b": [1]}'),
    Case("('[\"NaN, ]\", \"\", NaN,' || chr(10) || '-Infinity]')::json",
         '["NaN, ]", "", NaN,\n-Infinity]', json='["NaN, ]", "", "NaN", "-Infinity"]',
         shown='["NaN, ]", "", NaN,\\n-Infinity]'),
    Case(f"{LONG}::decimal(38, 10)::variant", LONG),
    Case("'POINT (0.1 2)'::geometry", "POINT (0.1 2)"),
)  # fmt: skip
NAMES = [f"c{place}" for place in range(len(CASES))]


@pytest.fixture
def asked(mbml):
    """Give a format of all cases: a row of values, and one in which each is NULL."""
    cells = (f"{case.sql} as {name}" for name, case in zip(NAMES, CASES, strict=True))
    nulls = ("null" for _ in CASES)
    sql = f"select {', '.join(cells)} union all select {', '.join(nulls)}"
    return lambda name: mbml("query", sql, "--format", name).stdout_bytes


def by_sql(values):
    return {case.sql: value for case, value in zip(CASES, values, strict=True)}


def expected(of):
    return {case.sql: of(case) for case in CASES}


def test_csv(asked):
    text = asked("csv").decode()
    head, values, missing = csv.reader(io.StringIO(text, newline=""))
    assert head == NAMES
    assert by_sql(values) == expected(lambda case: case.text)
    assert missing == [""] * len(CASES)
    assert text.endswith("," * (len(CASES) - 1) + "\n")
    assert ',"",' in text  # an empty text, which differs from NULL


def of_json(text):
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=pytest.fail)


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json(asked, name):
    text = asked(name).decode()
    if name == "json":
        values, missing = of_json(text)
    else:
        values, missing = map(of_json, text.splitlines())
    assert list(values) == NAMES
    assert by_sql(values.values()) == expected(
        lambda case: case.text if case.json is None else of_json(case.json)
    )
    assert set(missing.values()) == {None}


def shown(case):
    return case.text.replace("\\", "\\\\") if case.shown is None else case.shown


def test_table(asked):
    lines = asked("table").decode().splitlines()
    stop = -2
    cells = []
    for name, case in zip(NAMES, CASES, strict=True):
        start, stop = stop + 2, stop + 2 + max(len(name), len(shown(case)))
        cells.append([line[start:stop].strip() for line in lines])
    heads, values, missing = zip(*cells, strict=True)
    assert list(heads) == NAMES
    assert by_sql(values) == expected(lambda case: shown(case).strip())
    assert set(missing) == {"-"}


def test_markdown(asked):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(asked("markdown").decode())
    cells = ["".join(one.content for one in t.children) for t in tokens if t.type == "inline"]
    size = len(CASES)
    assert cells[:size] == NAMES
    assert by_sql(cells[size : 2 * size]) == expected(lambda case: shown(case).strip())
    assert cells[2 * size :] == ["-"] * size
    assert {one.type for t in tokens if t.type == "inline" for one in t.children} <= {"text"}


def test_parquet(asked, tmp_path):
    (tmp_path / "a.parquet").write_bytes(asked("parquet"))
    read = duckdb.sql(f"from '{tmp_path / 'a.parquet'}'")
    text = read.select(", ".join(f"cast({name} as varchar)" for name in NAMES))
    values, missing = text.fetchall()
    assert by_sql(map(str, read.types)) == expected(lambda case: case.parquet)
    assert by_sql(values) == expected(lambda case: case.within or case.text)
    assert set(missing) == {None}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("date 'infinity'", "column 'x' holds infinity, which a frame or Parquet cannot hold"),
        ("timestamp '-infinity'", "column 'x' holds -infinity"),
        ("timestamptz 'infinity'", "column 'x' holds infinity"),
        ("'infinity'::timestamp_s", "column 'x' holds infinity"),
        ("'infinity'::timestamp_ms", "column 'x' holds infinity"),
        ("'-infinity'::timestamp_ns", "column 'x' holds -infinity"),
        ("time '24:00:00'", "column 'x' holds 24:00:00"),
        (f"{BIG - 1}::hugeint", f"column 'x' holds {BIG - 1}, which a Parquet number cannot hold"),
        (f"{2 * BIG - 1}::uhugeint", f"column 'x' holds {2 * BIG - 1}"),
    ],
)
def test_what_parquet_cannot_hold_is_refused_there_alone(mbml, sql, said):
    call = ("query", f"select {sql} as x", "--format")
    refused = mbml(*call, "parquet", expect=2)
    assert refused.stdout == ""
    assert said in refused.stderr
    assert "cast the column to varchar" in refused.stderr
    text = mbml(*call, "csv").stdout.splitlines()[1]
    assert text == said.split(" holds ")[1].split(",")[0]
    assert mbml(*call, "json").stdout.count(text) == mbml(*call, "table").stdout.count(text) == 1


def test_names_of_columns(mbml):
    sql = """select 1 as a, 2 as "A", 3 as "x|y", 4 as "p,""q", 5 as "new\nline" """
    names = ["a", "A_1", "x|y", 'p,"q', "new\nline"]
    as_csv = mbml("query", sql, "--format", "csv").stdout
    assert next(csv.reader(io.StringIO(as_csv, newline=""))) == names
    assert json.loads(mbml("query", sql, "--format", "jsonl").stdout) == dict(
        zip(names, range(1, 6), strict=True)
    )
    assert mbml("query", sql).stdout == (
        'a  A_1  x|y  p,"q  new\\nline\n1    2    3     4          5\n'
    )
    as_parquet = io.BytesIO(mbml("query", sql, "--format", "parquet").stdout_bytes)
    assert pl.read_parquet(as_parquet).columns == names


@pytest.mark.parametrize("name", FORMATS)
def test_no_rows_and_a_thousand_columns(mbml, name):
    many = ", ".join(f"{place} as c{place}" for place in range(1000))
    none = mbml("query", f"select {many} limit 0", "--format", name).stdout_bytes
    one = mbml("query", f"select {many}", "--format", name).stdout_bytes
    if name in ("json", "jsonl"):
        assert none == {"json": b"[]\n", "jsonl": b""}[name]
        assert b'"c999": 999' in one
    elif name == "parquet":
        assert pl.read_parquet(io.BytesIO(none)).shape == (0, 1000)
        assert pl.read_parquet(io.BytesIO(one))["c999"].to_list() == [999]
    else:
        assert b"c999" in none
        assert one.count(b"999") == 2


def test_a_value_that_differs_each_time_is_read_once(mbml):
    sql = "select r, r as again from (select random() as r from range(1000))"
    rows = mbml("query", sql, "--format", "csv").stdout.splitlines()[1:]
    assert len(rows) == 1000
    assert all(len(set(row.split(","))) == 1 for row in rows)


@pytest.mark.parametrize("sql", ["select 1 as a;", "select 1 as a -- so", "select 1 as a; /* ; */"])
def test_a_statement_may_end_as_in_a_shell(mbml, sql):
    assert mbml("query", sql, "--format", "csv").stdout == "a\n1\n"


def test_floats_of_csv_and_json_are_the_shortest_that_read_back(mbml):
    sql = "select (hash(range) / 3.7e18 - 2) * pow(10.0, range % 300 - 150) as x from range(2000)"
    texts = mbml("query", sql, "--format", "csv").stdout.split()[1:]
    assert texts == [repr(float(text)) for text in texts]
    rows = mbml("query", sql, "--format", "jsonl").stdout.splitlines()
    assert rows == [f'{{"x": {text}}}' for text in texts]
