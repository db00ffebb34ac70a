"""Where `mbml query` takes its statement and its parameters from."""

from __future__ import annotations

import pytest

VIEW = "meta_nasbench201_cifar100_200epochs"


def test_a_statement_comes_from_a_file(mbml, tmp_path):
    (tmp_path / "q.sql").write_text("-- one row\nselect 42 as answer;\n")
    assert mbml("query", "-f", tmp_path / "q.sql", "--format", "csv").stdout == "answer\n42\n"


def test_a_statement_comes_from_stdin(mbml):
    said = mbml("query", "-", "--format", "csv", stdin="select 42 as answer").stdout
    assert said == "answer\n42\n"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("7", "7,INTEGER"),
        ("0.1", '0.1,"DECIMAL(1,1)"'),
        ("1e3", "1000.0,DOUBLE"),
        ("true", "true,BOOLEAN"),
        ("|none~0|+|none~0|none~1|", "|none~0|+|none~0|none~1|,VARCHAR"),
        ('"7"', "7,VARCHAR"),
        ("a=b", "a=b,VARCHAR"),
        ("[1]", "[1],VARCHAR"),
        ("NaN", "NaN,VARCHAR"),
    ],
)
def test_a_parameter_has_the_type_of_what_was_typed(mbml, typed, value):
    sql = "select $x as x, typeof($x) as kind"
    said = mbml("query", sql, "-p", f"x={typed}", "--format", "csv").stdout
    assert said == f"x,kind\n{value}\n"


def test_null_is_a_value_of_a_parameter(mbml):
    said = mbml("query", "select $x is null as x", "-p", "x=null", "--format", "csv").stdout
    assert said == "x\ntrue\n"


@pytest.mark.parametrize("format_name", ["table", "record", "csv", "json", "jsonl", "markdown"])
def test_parameters_reach_every_format(mbml, format_name):
    sql = "select range + $first as found from range($count) -- ;"
    given = ("-p", "first=1000", "-p", "count=3")
    said = mbml("query", sql, *given, "--format", format_name).stdout
    assert all(number in said for number in ("1000", "1001", "1002"))
    assert "1003" not in said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ([], "give one statement"),
        (["select 1", "-f", "q.sql"], "give one statement"),
        (["-f", "none.sql"], "none.sql does not exist"),
        (["-f", "."], "is a folder"),
        (["-f", "bytes.sql"], "is not UTF-8 text"),
        (["-f", "empty.sql"], "holds no statement"),
        (["-f", "large.sql"], "holds more than a statement of 1 MiB"),
        (["select 1", "-p", "x"], "written NAME=VALUE, not 'x'"),
        (["select 1", "-p", "1=2"], "written NAME=VALUE"),
        (["select $x", "-p", "x=1", "-p", "x=2"], "the parameter x is given twice"),
        (["select $x"], "'x' of the statement has no value; it asks for $x"),
        (["select $x", "-p", "x=1", "-p", "y=1"], "'y' is not in the statement; it asks for $x"),
        (["pivot run on trial using count(*)"], "give a PIVOT its values"),
    ],
)
def test_what_is_wrong_is_named(mbml, tmp_path, monkeypatch, call, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.sql").write_text("select 1")
    (tmp_path / "bytes.sql").write_bytes(b"select '\xff'")
    (tmp_path / "empty.sql").write_text(" \n")
    (tmp_path / "large.sql").write_text(" " * (1 << 20) + "select 1")
    assert said in mbml("query", *call, expect=2).stderr
