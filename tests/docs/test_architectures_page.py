"""The spellings of docs/architectures.md, as they stand: those of a space are one architecture."""

from __future__ import annotations

import doctest
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mbml.cli.app import app

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "architectures.md").read_text()
FLAGS = re.DOTALL | re.MULTILINE
SECTIONS = {
    title: re.findall(r"^\$ (.*)$", text, flags=re.MULTILINE)
    for title, text in re.findall(
        r"^## (.+?)$(.*?)(?=^## |\Z)", PAGE, flags=re.DOTALL | re.MULTILINE
    )
}
SPELLED = {title: lines for title, lines in SECTIONS.items() if lines}


def test_every_space_has_its_spellings():
    assert [len(lines) for lines in SPELLED.values()] == [9, 6, 3]


@pytest.mark.slow
@pytest.mark.parametrize("title", SPELLED)
def test_the_spellings_of_a_space_are_the_same_architecture(title, tmp_path):
    found = set()
    for line in SPELLED[title]:
        _, *arguments = shlex.split(line)
        call = [*arguments, "--warehouse", f"{tmp_path / 'nowhere.duckdb'}", "--json"]
        done = CliRunner().invoke(app, call)
        assert done.exit_code == 0, f"{line}: {done.stderr}"
        found.add(json.loads(done.stdout)["arch"])
    assert len(found) == 1


def test_the_python_examples():
    code = "".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
    examples = doctest.DocTestParser().get_doctest(code, {}, "architectures.md", None, 0)
    assert doctest.DocTestRunner().run(examples).failed == 0
