"""Conditions on one row: what they may say, and that they see nothing else."""

from __future__ import annotations

import polars as pl
import pytest

from mbml.errors import UsageError
from mbml.frames import columns_of_condition, restricted

ROWS = pl.DataFrame({"a": [1, None, 3], "Name": ["x", "y", "z"]})


@pytest.mark.parametrize(
    ("condition", "kept", "undecided"),
    [
        ("", [1, None, 3], 0),
        ("A < 2", [1], 1),
        ("a < 2 or name = 'y' -- said aside", [1, None], 0),
        ("a is null", [None], 0),
        ("a between 2 and 4 and not name like 'x%'", [3], 1),
        ("case when a in (1, 3) then sqrt(a) < 1.5 else false end", [1], 0),
        ("a::double / 2 > 1", [3], 1),
        ("1 < 2", [1, None, 3], 0),
    ],
    ids=lambda one: one if isinstance(one, str) else None,
)
def test_rows_stay_where_it_is_true(condition, kept, undecided):
    found = restricted(ROWS, condition)
    assert found.rows["a"].to_list() == kept
    assert found.undecided == undecided
    assert found.not_satisfied == 3 - len(kept) - undecided


def test_the_columns_that_it_names():
    assert columns_of_condition('b < 2 and (a + b) > abs("odd name")') == ["b", "a", "odd name"]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("a in (select 1)", "it has a subquery"),
        ("exists (from duckdb_tables())", "it has a subquery"),
        ("sum(a) > 1", "sum is no function that a condition may call"),
        ("row_number() over () < 2", "it has a window"),
        ("random() < 0.5", "random is no function"),
        ("getvariable('x') = 1", "getvariable is no function"),
        ("read_text('/etc/passwd') is null", "read_text is no function"),
        ("nothing_like_it(a) < 2", "nothing_like_it is no function"),
        ("columns(*) > 1", "it has a star"),
        ("view.a < 1", "the plain name of a column, not view.a"),
        ("a < ?", "it has a parameter"),
        ("#1 < 2", "it has a positional reference"),
        ("true) or (true", "syntax error"),
        ("true, true", "it is more than one expression"),
        ("true from (values (true))", "it is more than one expression"),
        ("true where false", "it is more than one expression"),
        ("distinct true", "it is more than one expression"),
        ("true; select true", "it is more than one expression"),
        ("true; drop table x", "Only SELECT statements"),
        (" ", "expected an SQL condition"),
        ("a <", "syntax error"),
        ("(" * 3000 + "a" + ")" * 3000, "expected an SQL condition"),
        ("b < 1", 'column "b" not found'),
        ("rowid < 1", 'column "rowid" not found'),
        ("a + 1", "its values are BIGINT, not true or false"),
        ("name::int < 1", "Could not convert"),
    ],
    ids=lambda one: one[:40],
)
def test_what_is_no_condition_on_one_row_is_refused(condition, said):
    with pytest.raises(UsageError) as refused:
        restricted(ROWS, condition)
    assert said in str(refused.value)
