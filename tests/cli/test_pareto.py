"""`mbml pareto`: fronts told by hand, what is left out, every form of output, what is refused."""

from __future__ import annotations

import json

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

import mbml as api

VIEW = "meta_nasbench201_cifar100_200epochs"
#: By arch_id: seconds, joules and accuracy of `devices`.
ROWS = [
    (0, 1.0, 5.0, 0.5),
    (1, 2.0, 4.0, 0.7),
    (2, 2.0, 4.0, 0.7),  # equal to 1
    (3, 3.0, 1.0, 0.7),  # dominated by 1 unless joules count
    (4, 4.0, 9.0, 0.9),
    (5, 5.0, 9.0, 0.6),  # dominated
    (6, None, 0.0, 1.0),
    (7, float("inf"), 0.0, 1.0),
]


@pytest.fixture(scope="module")
def loaded(loaded):
    with duckdb.connect(str(loaded)) as con:
        con.execute("create table plain (arch_id uinteger, lat double, joules double, acc double)")
        con.executemany("insert into plain values (?, ?, ?, ?)", ROWS)
        con.execute("create view devices as select *, 'x' as word, arch_id = 4 as big from plain")
        con.execute("comment on column devices.lat is 'Seconds on a phone'")
        con.execute("create view none_left as from plain where false")
        con.execute("create schema mine")
        con.execute("create table mine.apart as select 1 as a, 2 as b, interval 1 day as lasts")
        con.execute(
            'create view "odd.name" as select lat::decimal(38, 3) as lat, acc::decimal(9, 2) as acc'
            " from plain, range(1000) where isfinite(lat)"
        )
    return loaded


CALL = ("pareto", "devices", "--minimise", "lat", "--maximise", "acc")


def test_the_front_has_equal_rows_and_is_best_first(mbml):
    told = mbml.json(*CALL)
    assert [row["arch_id"] for row in told["front"]] == [0, 1, 2, 4]
    assert (told["distinct"], told["rows_compared"], told["rows_without_value"]) == (3, 6, 2)
    # Of the box 1 to 5 s, 0.5 to 0.9: what 2 s with 0.7 and 4 s with 0.9 dominate.
    assert told["hypervolume"] == pytest.approx((3 * 0.2 + 1 * 0.2) / (4 * 0.4))
    seconds, accuracy = told["objectives"]
    assert (seconds["worst"], seconds["best"], accuracy["worst"], accuracy["best"]) == (
        (5.0, 1.0, 0.5, 0.9)
    )


def test_a_further_objective_keeps_what_is_best_in_it(mbml):
    told = mbml.json(*CALL, "--minimise", "joules")
    assert [row["arch_id"] for row in told["front"]] == [0, 1, 2, 3, 4]
    assert (
        told["front"]
        == mbml.json("pareto", "devices", "--minimise", "lat,joules", "--maximise", "acc")["front"]
    )


def test_a_condition_restricts_what_is_compared_and_tells_of_null(mbml):
    told = mbml.json(*CALL, "--where", "LAT < 4")
    assert [row["arch_id"] for row in told["front"]] == [0, 1, 2]
    assert (told["rows_not_satisfied"], told["rows_undecided"]) == (3, 1)
    assert told["objectives"][0]["worst"] == 3.0
    said = mbml(*CALL, "--where", "LAT < 4").stdout
    assert "where LAT < 4: false for 3 rows, NULL for 1" in said


def test_the_text_tells_directions_meanings_and_what_is_left_out(mbml):
    said = mbml(*CALL).stdout
    assert "4 of 6 rows compared, 3 of them distinct" in said
    assert "minimise lat, 5 to 1: Seconds on a phone" in said
    assert "left out: 2 rows without a number in an objective" in said
    assert "hypervolume 0.5000" in said
    assert "┤" in said
    assert "oracle" not in said


def test_outcomes_may_be_objectives_and_their_front_is_called_an_oracle(mbml):
    said = mbml("pareto", VIEW, "--minimise", "parameters", "--maximise", "test_accuracy").stdout
    assert "oracle: test_accuracy is an outcome" in said
    assert "rows: NAS-Bench-201 cells trained on CIFAR-100" in said
    assert "mean over trials" in said
    assert said.count("~0|+|") == 1  # of 60 cells with the same parameters, the most accurate


def test_every_format_has_the_rows_alone_on_stdout(mbml):
    done = mbml(*CALL, "--columns", "word", "--format", "csv")
    assert done.stdout == (
        "arch_id,lat,acc,word\n0,1.0,0.5,x\n1,2.0,0.7,x\n2,2.0,0.7,x\n4,4.0,0.9,x\n"
    )
    assert "hypervolume 0.5000" in done.stderr


def test_a_file_of_the_front_says_what_it_is(mbml, tmp_path):
    path = tmp_path / "front.parquet"
    done = mbml(*CALL, "--where", "lat < 9", "--to", path)
    assert "front written to" in done.stderr
    assert pl.read_parquet(path)["arch_id"].to_list() == [0, 1, 2, 4]
    held = pq.read_metadata(path).metadata
    assert held[b"mbml.relation"] == b"devices"
    assert json.loads(held[b"mbml.pareto"]) == {
        "objectives": {"lat": "minimise", "acc": "maximise"},
        "where": "lat < 9",
        "hypervolume": pytest.approx(0.5),
    }


def test_a_picture_shows_the_front_over_all_rows(mbml, tmp_path):
    path = tmp_path / "front.svg"
    mbml(*CALL, "--to", path)
    drawn = path.read_text()
    assert drawn.startswith("<svg")
    assert drawn.count("#d55e00") >= 3
    assert "SURROGATE DATA" in drawn


def test_a_front_of_thousands_of_equal_rows_of_decimals_is_drawn(mbml, tmp_path):
    call = ("pareto", "odd.name", "--minimise", "lat", "--maximise", "acc", "--to")
    said = mbml(*call, tmp_path / "front.svg").stderr
    assert "4,000 of 6,000 rows compared, 3 of them distinct" in said
    assert (tmp_path / "front.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("name", ["apart", "mine.apart"])
def test_a_table_of_another_schema_has_a_front(mbml, name):
    told = mbml.json("pareto", name, "--minimise", "a", "--columns", "lasts")
    assert told["front"] == [{"a": 1, "lasts": "1 day"}]


def test_one_objective_has_its_best_rows(mbml):
    told = mbml.json("pareto", "plain", "--minimise", "joules")
    assert [row["arch_id"] for row in told["front"]] == [6, 7]
    assert told["hypervolume"] == 1


def test_python_has_the_front_as_a_frame(loaded):
    front = api.pareto(loaded, "devices", minimise="lat", maximise=["acc"], columns="big")
    assert front.rows.rows() == [
        (0, 1.0, 0.5, False),
        (1, 2.0, 0.7, False),
        (2, 2.0, 0.7, False),
        (4, 4.0, 0.9, True),
    ]
    assert "hypervolume 0.5000" in front._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("devices",), "a front needs objectives"),
        (("device", "--minimise", "lat"), "did you mean 'devices'"),
        (("devices", "--minimise", "lap"), "did you mean 'lat'"),
        (("devices", "--minimise", "lat", "--maximise", "LAT"), "lat is named twice"),
        (("devices", "--minimise", "arch_id"), "it is a key, which names the row"),
        (("devices", "--minimise", "word"), "word holds String, not numbers"),
        (("apart", "--minimise", "lasts"), "lasts holds String, not numbers"),
        (("devices", "--minimise", "lat", "--columns", "no"), "unknown column of devices 'no'"),
        (("devices", "--minimise", "lat", "--where", "lat < 0"), "no row satisfies lat < 0"),
        (("devices", "--minimise", "lat", "--where", "lot < 0"), "did you mean 'lat'"),
        (("none_left", "--minimise", "lat"), "none_left has no rows"),
        ((VIEW, "--minimise", "flops"), "none of 60 rows has a number in flops"),
        (("devices", "--minimise", "lat", "--to", "a.gif"), "ends in .svg, .png or .pdf"),
        (("devices", "--minimise", "lat", "--to", "a.svg"), "a picture needs two objectives"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else None,
)
def test_what_cannot_be_a_front_is_told(mbml, arguments, said):
    assert said in mbml("pareto", *arguments, expect=2).stderr
