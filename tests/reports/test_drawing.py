"""What the process that draws makes of a chart, and what it does without."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mbml.reports.drawing import draw

CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"x": 0, "y": 1}, {"x": 1, "y": 2}]},
    "mark": "point",
    "encoding": {
        "x": {"field": "x", "type": "quantitative"},
        "color": {"field": "y", "type": "quantitative"},
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    for name in ("first", "second"):
        draw(folder, name, CHART, {})
    return folder


def test_a_chart_is_written_in_each_format(folder):
    heads = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}
    for ending, head in heads.items():
        assert (folder / f"first.{ending}").read_bytes().startswith(head)


def test_a_drawing_does_not_depend_on_those_before(folder):
    first = (folder / "first.svg").read_text()
    assert 'id="gradient_0"' in first
    assert "url(#gradient_0)" in first
    assert (folder / "second.svg").read_text() == first


def test_a_process_that_draws_imports_none_of_what_computes():
    code = (
        "import sys, mbml.reports.drawing\n"
        "print(*sorted({'altair', 'duckdb', 'numpy', 'polars'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
