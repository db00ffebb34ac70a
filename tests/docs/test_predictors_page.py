"""The page on predictors: every published figure has its protocol beside it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "predictors.md").read_text()
PUBLISHED = PAGE.partition("## Published, each under its own protocol")[2].partition("\n## ")[0]
METHODS = ("PINAT", "HyperNAS", "NN-Former", "NAR-Former", "GATES", "TNASP", "Neural Predictor")


def rows(text):
    """The cells of each row of the tables in a text, headings included."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_published_row_names_a_protocol_that_is_described():
    described = {row[0][0]: row for row in rows(PUBLISHED) if re.match(r"[A-D]( |$)", row[0])}
    assert set(described) == set("ABCD")
    for row in described.values():
        assert len(row) == 5
        assert all(row)
    methods = [row for row in rows(PUBLISHED) if row[0].startswith(METHODS)]
    assert len(methods) == 11
    assert {row[-1] for row in methods} == set(described)


def test_no_published_figure_stands_in_our_tables():
    ours = PAGE.partition("## Published, each")[0]
    assert not [name for name in METHODS if name in ours]


def test_the_readme_quotes_the_page():
    readme = (ROOT / "README.md").read_text().partition("\n## ")[0]
    figures = set(re.findall(r"0\.\d{3}", readme))
    assert figures
    assert {one for one in figures if one not in PAGE} == set()
    assert "other protocols" in readme
