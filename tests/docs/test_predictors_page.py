"""The page on predictors: every published figure has its protocol beside it."""

from __future__ import annotations

import re
from pathlib import Path

from mbml.predictors.protocols import PROTOCOLS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "predictors.md").read_text()
PUBLISHED = PAGE.partition("## Published, each under its own protocol")[2].partition("\n## ")[0]
PROTOCOL_TABLE = PAGE.partition("## Protocols")[2].partition("\n## ")[0]
OURS = PAGE.partition("## Ours under each protocol")[2].partition("\n## ")[0]
METHODS = ("PINAT", "HyperNAS", "NN-Former", "NAR-Former", "GATES", "TNASP", "Neural Predictor")


def rows(text):
    """The cells of each row of the tables in a text, headings included."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_protocol_is_described_as_its_record_has_it():
    described = {row[0].strip("`"): row for row in rows(PROTOCOL_TABLE)[1:]}
    assert set(described) == {*PROTOCOLS, "not known"}
    for name, record in PROTOCOLS.items():
        _, labels, learned, scored, which = described[name]
        assert labels.startswith(f"{record.selection_labels:,}")
        assert record.learned in learned
        assert all(f"`{one}`" in scored for one in record.scored)
        assert ("training cells included" in which) == record.all_rows
        if record.trials is not None:
            assert f"reached {record.trials.learned_from}" in learned
            assert f"reached {record.trials.scored_from}" in scored
        for fewest in record.fewest_vertices.values():
            assert f"at least {fewest} vertices" in learned


def test_every_published_row_names_a_protocol():
    methods = [row for row in rows(PUBLISHED) if row[0].startswith(METHODS)]
    assert len(methods) == 11
    assert {row[-1].strip("`") for row in methods} == {"pinat", "nnformer", "not known"}


def test_every_row_of_ours_beside_the_published_names_its_protocol():
    figures = [row for row in rows(OURS) if re.search(r"0\.\d{3}", "".join(row[3:]))]
    assert len(figures) >= 12
    for row in figures:
        assert row[0].strip("`") in PROTOCOLS
        assert row[1].strip("`") in ("test_accuracy", "valid_accuracy", "not known")


def test_no_published_figure_stands_in_our_tables():
    ours = PAGE.partition("## Protocols")[0]
    assert not [name for name in METHODS if name in ours]


def test_the_readme_quotes_the_page():
    readme = (ROOT / "README.md").read_text().partition("\n## ")[0]
    figures = set(re.findall(r"0\.\d{3}", readme))
    assert figures
    assert {one for one in figures if one not in PAGE} == set()
    assert "other protocols" in readme
