"""Tables for people: they fit the terminal, and what they leave out is said."""

from __future__ import annotations

import os
import re

import pytest
from terminal import run

from mbml.cli.layout import table

VIEW = "meta_nasbench201_cifar100_200epochs"
WIDE = ", ".join(f"'{name * 12}' as column_{name}" for name in "abcdefghij")


def shown(width, *arguments, warehouse):
    """Return the lines that a terminal of this width shows."""
    env = os.environ | {"COLUMNS": str(width), "NO_COLOR": "1"}
    code, text, said = run("stdout", *arguments, "--warehouse", warehouse, env=env)
    assert code == 0, said
    return text.replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_columns_that_do_not_fit_are_left_out_of_the_middle(loaded, width):
    head, row, *told = shown(width, "query", f"select {WIDE}", warehouse=loaded)
    names = head.split()
    room = (width - 3 + 2) // 14  # each column has 12 characters, and two between
    assert names.index("…") == (room + 1) // 2
    assert len(names) == room + 1
    assert row.split() == ["…" if name == "…" else name[-1] * 12 for name in names]
    left = [f"column_{name}" for name in "abcdefghij" if f"column_{name}" not in names]
    said = " ".join(told)
    assert said.startswith(f"… {len(left)} columns left out (--format record shows all): ")
    assert said.endswith(": " + ", ".join(left))
    assert max(map(len, [head, row, *told])) <= width


def test_the_widest_text_is_wrapped_at_words(loaded):
    sentence = "Top-1 accuracy on validation and test images together, a fraction: mean over trials"
    lines = shown(60, "query", f"select 1 as n, '{sentence}' as meaning", warehouse=loaded)
    assert max(map(len, lines)) <= 60
    assert len(lines) == 3
    assert " ".join(line[3:] for line in lines[1:]) == sentence


def test_a_pipe_has_no_width(mbml):
    head, row = mbml("query", f"select {WIDE}").stdout.splitlines()
    assert "…" not in head
    assert len(row.split()) == 10


def test_wide_characters_count_twice():
    lines = list(table(["名前", "b"], [False, True], [["架架架架", "1"]], width=20))
    assert lines == ["名前      b\n", "架架架架  1\n"]


def test_of_many_rows_the_first_and_the_last_are_shown(mbml):
    lines = mbml("query", "select range as n from range(1000) order by n").stdout.splitlines()
    assert [int(line) for line in lines[1:21]] == list(range(20))
    assert lines[21] == "… 960 of 1,000 rows left out (--rows 0 shows all)"
    assert [int(line) for line in lines[22:]] == list(range(980, 1000))


@pytest.mark.parametrize(
    ("rows", "first", "last"), [(1, [0], []), (2, [0], [2]), (3, [0, 1, 2], [])]
)
def test_rows_sets_how_many(mbml, rows, first, last):
    said = mbml("query", "select range as n from range(3)", "--rows", rows).stdout
    numbers = [int(line) for line in said.splitlines()[1:] if re.fullmatch(r" *\d", line)]
    assert numbers == first + last
    assert ("left out" in said) == (rows < 3)


def test_zero_rows_shows_all(mbml):
    said = mbml("query", "select range as n from range(1000)", "--rows", 0).stdout
    assert len(said.splitlines()) == 1001


def test_both_ends_are_of_one_run(mbml):
    """A statement is run once: a number drawn at random is the same wherever it is shown."""
    sql = "with r as (select random() as x) select x, range from range(500), r"
    rows = [line.split() for line in mbml("query", sql).stdout.splitlines()[1:]]
    assert len({row[0] for row in rows if len(row) == 2}) == 1


@pytest.mark.slow
def test_what_a_command_tells_is_whole_down_the_page_where_it_does_not_fit(loaded):
    call = ("evaluate", VIEW, "--predictor", "dummy", "--train-size", 20)
    lines = shown(80, *call, warehouse=loaded)
    told = dict(line.split(maxsplit=1) for line in lines if line.startswith("  "))
    assert {"predictor", "features", "mae", "r2", "fit_seconds"} <= told.keys()
    assert not any("left out" in line for line in lines)


def test_rows_that_need_too_many_temporary_files_are_refused(mbml, monkeypatch):
    monkeypatch.setattr("mbml.store.query._MEMORY", "60MB")
    monkeypatch.setattr("mbml.store.query._SPILL", "60MB")
    sql = "select range as n, 'row ' || range as text from range(100000000)"
    said = mbml("query", sql, expect=2).stderr
    assert "the query needs more than 60MB of temporary files for its rows; ask for fewer" in said


def test_a_record_shows_every_column_of_a_row(mbml):
    said = mbml(
        "query",
        "select 1 as a, 'two words' as longer union all select null, ''",
        "--format",
        "record",
    )
    assert said.stdout == (
        "row 1\n  a       1\n  longer  two words\nrow 2\n  a       -\n  longer  \n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    "call",
    [
        ("views",),
        ("describe", "meta_nasbench201_cifar100_200epochs"),
        ("query", "select * from meta_nasbench201_cifar100_200epochs"),
        ("evaluate", "meta_nasbench201_cifar100_200epochs", "--predictor", "dummy"),
        ("info",),
        ("models",),
    ],
    ids=lambda one: one[0],
)
def test_no_table_is_wider_than_the_terminal(loaded, call, width):
    size = ("--train-size", 20) if call[0] == "evaluate" else ()
    where = () if call[0] == "models" else ("--warehouse", loaded)
    env = os.environ | {"COLUMNS": str(width), "NO_COLOR": "1"}
    code, text, said = run("stdout", *call, *size, *where, env=env)
    assert code == 0, said
    lines = text.replace("\r\n", "\n").splitlines()
    # Sentences of prose are the terminal's to wrap, and a checksum beside its name cannot be cut.
    wide = [line for line in lines if len(line) > width and "  " in line]
    assert [line for line in wide if max(map(len, line.split())) < 64] == []
