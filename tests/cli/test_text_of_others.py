"""Names and texts of others: what a terminal or a browser would obey is spelled out everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tables import nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.cli.diagnostics import complain
from mbml.predictors.model_file import write_model
from mbml.reports.content import Drawing, Figure, Paragraph, Section, Table
from mbml.reports.files import writing
from mbml.reports.page import render
from mbml.text import message, printable

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

#: Clears a terminal, turns the direction of writing, ends a line, is never seen, is C1.
EVIL = "a\x1b[2J\u202eb\u2066c\nd\u200be\x9bf\u2028g\x7f"
SPELLED = r"a\x1b[2J\u202eb\u2066c\nd\u200be\x9bf\u2028g\x7f"
MBML = [sys.executable, "-c", "from mbml.cli.app import main; main()"]


def is_clean(text):
    return all(one.isprintable() or one == "\n" for one in text)


def invoke(*arguments, codes=(0,)):
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code in codes, done.stderr or done.stdout
    assert is_clean(done.stderr)
    return done


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A warehouse with a surrogate of an evil name, its folder the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MBML_WAREHOUSE", "w.duckdb")
    Path("in").mkdir()
    nasbench201_rows(6).write_parquet(f"in/surrogate {EVIL}.parquet")
    done = invoke("ingest", "table", f"in/surrogate {EVIL}.parquet")
    assert done.stdout.startswith(f"surrogate {SPELLED}.parquet: 6 records")
    assert done.stdout.count("\n") == 1
    return tmp_path


def test_a_file_of_an_evil_name_in_tables_and_data(evil):
    shown = invoke("info").stdout
    assert is_clean(shown)
    assert f"surrogate {SPELLED}.parquet" in shown
    sql = "select file_name, 'b' as \"\x1b\" from source"
    for name in ("table", "markdown", "json", "jsonl"):
        assert is_clean(invoke("query", sql, "--format", name).stdout)
    [row] = json.loads(invoke("query", sql, "--format", "json").stdout)
    assert row == {"file_name": f"surrogate {EVIL}.parquet", "\x1b": "b"}
    frame = pl.read_csv(invoke("query", sql, "--format", "csv").stdout.encode())
    assert frame["file_name"].to_list() == [f"surrogate {EVIL}.parquet"]


def test_markdown_of_a_query_holds_no_html(evil):
    sql = "select '<script>alert(1)</script> [a](b) `c`' as x"
    shown = invoke("query", sql, "--format", "markdown").stdout
    assert r"| &lt;script&gt;alert(1)&lt;/script&gt; [a\](b) \`c\` |" in shown


ERRORS = [
    ("ingest", "table", f"{EVIL}.csv"),
    ("ingest", "nasbench101", f"{EVIL}.tfrecord"),
    ("info", "--warehouse", f"{EVIL}.duckdb"),
    ("info", EVIL),
    ("query", f"select {EVIL}"),
    ("train", EVIL),
    ("train", "meta_nasbench201_cifar100_200epochs", "--predictor", EVIL),
    ("search", "meta_nasbench201_cifar100_200epochs", "--unit", EVIL),
    ("search", "meta_nasbench201_cifar100_200epochs", "--strategy", f"os:{EVIL}"),
    ("search", "meta_nasbench201_cifar100_200epochs", "--set", EVIL),
    ("predict", EVIL, "x"),
    ("models", "show", EVIL),
    ("cell", EVIL),
    ("report", "--to", f"in/surrogate {EVIL}.parquet/out"),
    (f"--{EVIL}",),
    (EVIL,),
]


@pytest.mark.parametrize("arguments", ERRORS, ids=str)
def test_no_error_passes_on_what_is_not_seen(evil, arguments):
    said = invoke(*arguments, codes=range(1, 6)).stderr
    assert r"\x1b[2J\u202eb" in said
    assert "fault of mbml" not in said


@pytest.mark.parametrize("arguments", ERRORS, ids=str)
def test_no_error_is_long(evil, arguments):
    said = invoke(*(one.replace(EVIL, "x" * 3000) for one in arguments), codes=range(1, 6)).stderr
    assert len(said) < 2000
    assert said.count("\n") < 12


def test_the_end_of_a_long_message_says_what_to_do(capsys):
    complain("x" * 10_000 + "; do this", *["line"] * 100)
    said = capsys.readouterr().err
    assert "; do this\n" in said
    assert "(10,009 characters)" in said
    assert said.endswith("... and 82 more lines\n")


def test_the_card_of_a_model(evil):
    from sklearn.linear_model import LinearRegression

    card = {"predictor": EVIL, "view": EVIL, "train_size": 3, "benchmark": "nasbench201"}
    write_model(Path("models"), "mine", LinearRegression().fit([[0], [1]], [0, 1]), card)
    shown = invoke("models", "--models", "models").stdout
    assert is_clean(shown)
    assert SPELLED in shown
    listed = json.loads(invoke("models", "--models", "models", "--json").stdout)
    assert listed[-1]["view"] == EVIL


SECTION = Section(
    name="mine",
    title=EVIL,
    blocks=(
        Paragraph(text=EVIL),
        Table(name="t", caption=EVIL, frame=pl.DataFrame({EVIL: [EVIL, "<script>x</script>"]})),
        Drawing(name="d", caption=EVIL, alt=EVIL, svg="<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ),
)


def test_a_report_spells_out_what_is_not_seen(tmp_path):
    html = render("title", printable(EVIL), [SECTION], files_folder="files", scripts="")
    assert is_clean(html.replace("\t", ""))
    for draw in writing(tmp_path, [SECTION]):
        draw()
    for ending in ("csv", "md", "tex"):
        assert is_clean((tmp_path / f"t.{ending}").read_text())
    assert "<script>" not in (tmp_path / "t.md").read_text()
    assert SPELLED in (tmp_path / "t.csv").read_text()


def test_the_data_of_a_chart(tmp_path):
    import altair as alt

    chart = alt.Chart(pl.DataFrame({"x": [1], "name": [EVIL]})).mark_bar().encode(x="x", y="name")
    figure = Figure(name="f", caption=EVIL, alt=EVIL, chart=chart)
    assert SPELLED in str(figure.specification).replace("\\\\", "\\")
    assert is_clean(json.dumps(figure.specification, ensure_ascii=False))


@pytest.mark.slow
def test_the_warning_of_surrogate_data_in_a_whole_report(evil):
    held = Path("w.duckdb").rename(f"{EVIL}.duckdb")
    page = Path(invoke("report", "--to", "out", "--warehouse", held).stdout.strip()).read_text()
    assert f"Warehouse {SPELLED}.duckdb" in page
    assert f"SURROGATE DATA: surrogate {SPELLED}.parquet holds invented numbers" in page
    for hidden in "\u202e\u2066\x1b\x9b":
        assert hidden not in page


@pytest.mark.skipif(os.name != "posix", reason="locales of POSIX")
@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=str,
)
def test_other_letters_in_a_locale_of_ascii(loaded, tmp_path, locale):
    path = tmp_path / "wäre.duckdb"
    path.write_bytes(loaded.read_bytes())
    call = [*MBML, "-q", "query", "select 'ä☃' as ü", "--format", "csv", "--warehouse", path]
    done = subprocess.run(call, capture_output=True, env=os.environ | locale, check=False)
    assert done.stderr == b""
    assert done.stdout.decode() == "ü\nä☃\n"
    call = [*MBML, "info", "--warehouse", b"caf\xe9.duckdb"]
    done = subprocess.run(call, capture_output=True, env=os.environ | locale, check=False)
    assert done.returncode == 2
    assert b"caf\\udce9.duckdb: a name here is not UTF-8; rename" in done.stderr


def test_a_message_keeps_its_lines_and_no_others():
    assert message("a\nb", "c") == "a\\nb\nc"
