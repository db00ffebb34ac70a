"""`mbml plot`: what it draws in the terminal, and the files that it writes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mbml.cli.text_charts import bars, dots
from mbml.reports.pictures import histogram, scatter

VIEW = "meta_nasbench201_cifar100_200epochs"


def test_dots_stand_where_their_values_are():
    x, y = np.array([0.0, 10.0, 10.0]), np.array([0.0, 0.0, 1.0])
    lines = dots(x, y, width=4, height=2, labels=("", "up"))
    assert lines[0] == "up"
    assert [line.partition("┤")[2] for line in lines[1:3]] == ["⠀⠀⠀⠈", "⡀⠀⠀⢀"]
    assert [line.partition("┤")[0].strip() for line in lines[1:3]] == ["1", "0"]
    assert lines[4].split() == ["0", "10"]


def test_bars_are_as_high_as_their_counts():
    lines = bars([0, 4, 8, 16], ends=(0.5, 1.5), height=2, label="x")
    assert [line.partition("┤")[2] for line in lines[1:3]] == ["   █", " ▄██"]
    assert lines[1].startswith("16 ┤")


def test_one_value_is_drawn():
    one = np.array([3.0])
    assert "⡀" in dots(one, one, width=4, height=2, labels=("x", "y"))[2]


@pytest.mark.parametrize("columns", [("parameters", "test_accuracy"), ("test_accuracy",)])
def test_a_view_is_drawn_in_the_terminal(mbml, columns):
    said = mbml("plot", VIEW, *columns).stdout
    assert all(name in said for name in columns)
    assert "┤" in said


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_a_picture_is_written(mbml, tmp_path, ending, start):
    path = tmp_path / f"a.{ending}"
    mbml("plot", VIEW, "parameters", "test_accuracy", "--to", path)
    assert path.read_bytes().startswith(start)


def test_a_picture_of_surrogates_says_so(mbml, tmp_path):
    mbml("plot", "meta_nasbench101_108epochs", "test_accuracy", "--to", tmp_path / "a.svg")
    assert "SURROGATE DATA" in (tmp_path / "a.svg").read_text()


def test_many_points_become_fields_that_count_every_row():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a.b": rng.normal(size=6000), "c": rng.normal(size=6000)})
    fields = scatter(frame, "a.b", "c").to_dict()
    [rows] = fields["datasets"].values()
    assert sum(one["count"] for one in rows) == 6000
    points = scatter(frame[:100], "a.b", "c").to_dict()
    assert points["encoding"]["x"]["field"] == "a\\.b"


def test_a_histogram_counts_every_row():
    values = np.random.default_rng(0).normal(size=6000)
    [bins] = histogram(pl.DataFrame({"x": values}), "x").to_dict()["datasets"].values()
    assert sum(one["rows"] for one in bins) == 6000
    assert bins[0]["low"] == pytest.approx(values.min(), abs=0.02)
    assert bins[-1]["high"] == pytest.approx(values.max(), abs=0.02)


def test_the_curve_of_a_cell_as_table_and_picture(mbml, tmp_path):
    rows = mbml.json("curve", 0, "--dataset", "cifar100")
    assert [(one["schedule_epochs"], one["epoch"]) for one in rows] == [(200, 200)]
    mbml("curve", 0, "--to", tmp_path / "a.svg")
    assert "SURROGATE" not in (tmp_path / "a.svg").read_text()
    key = mbml.json(
        "query",
        "select module_hash as key from measurement where benchmark = 'nasbench101' limit 1",
    )[0]["key"]
    mbml("curve", key, "--to", tmp_path / "b.svg")
    assert "SURROGATE DATA" in (tmp_path / "b.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("300",), "holds no training of"),
        (("0", "--dataset", "cifar10"), "holds no training of"),
        (("0", "--dataset", "cifar11"), "unknown data set of nasbench201"),
        (("0", "--to", "a.gif"), "a picture ends in"),
    ],
)
def test_a_curve_that_is_not_there_is_named(mbml, arguments, said):
    assert said in mbml("curve", *arguments, expect=2).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((VIEW, "flopz"), "unknown column of"),
        ((VIEW, "arch_key"), "holds String, not numbers"),
        ((VIEW, "flops"), "has no row with a number in flops"),
        (("nothing", "x"), "unknown view 'nothing'"),
        ((VIEW, "test_accuracy", "--to", "a.gif"), "a picture ends in .svg, .png or .pdf"),
    ],
)
def test_what_cannot_be_drawn_is_named(mbml, arguments, said):
    assert said in mbml("plot", *arguments, expect=2).stderr
