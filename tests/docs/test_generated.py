"""Generated pages are in step with what they are generated from."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = runpy.run_path(str(DOCS / "generate.py"))["PAGES"]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_in_step(name):
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("block", (DOCS / "cli.md").read_text().split("\n## mbml ")[1:])
def test_every_command_has_an_example_and_a_twin_in_python(block):
    assert "Example: mbml " in block
    assert "In Python: " in block
