"""One version and one licence, wherever they are written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.version import Version

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
VERSION = Version(PROJECT["version"])


def test_the_citation_is_of_this_version():
    lines = (CHECKOUT / "CITATION.cff").read_text().splitlines()
    assert f"version: {VERSION}" in lines
    assert f"license: {PROJECT['license']}" in lines


def test_the_changelog_begins_with_this_version():
    text = (CHECKOUT / "CHANGELOG.md").read_text()
    title = re.search(r"^## (\S+) \((.+)\)$", text, flags=re.MULTILINE)
    assert title[1] == VERSION.base_version
    assert (title[2] == "unreleased") == VERSION.is_devrelease
    assert VERSION.is_devrelease or re.fullmatch(r"\d{4}-\d\d-\d\d", title[2])
