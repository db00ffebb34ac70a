"""`mbml info`, `views`, `describe`, `query`."""

from __future__ import annotations

import io
import json

import duckdb
import polars as pl
import pytest

SQL = (
    "select arch_index, valid_accuracy, test_accuracy from meta_nasbench201_cifar100_200epochs"
    " order by arch_index limit 2"
)


def test_info_names_sources_and_says_that_some_are_surrogate(mbml):
    told = mbml("info").stdout
    assert "nasbench201.parquet" in told
    assert "SURROGATE DATA" in told
    held = mbml.json("info")
    assert held["surrogate"] is True
    assert [one["is_surrogate"] for one in held["sources"]] == [False, True]
    assert held["rows"]["architecture"] == 64


def test_views_are_listed_with_their_rows(mbml):
    rows = {one["view"]: one["rows"] for one in mbml.json("views", "--all")}
    assert rows["meta_nasbench201_cifar100_200epochs"] == 60
    assert rows["meta_nasbench101_108epochs"] == 4
    assert rows["meta_nasbench101_4epochs"] == 0


@pytest.mark.slow
def test_views_without_rows_are_left_out_and_counted(mbml):
    every, listed = (mbml.json("views", *flags) for flags in (["--all"], []))
    assert listed == [one for one in every if one["rows"] != 0]
    empty = len(every) - len(listed)
    assert 0 < empty < len(every)
    assert f"\n{empty} views have no rows" in mbml("views").stdout
    assert "have no rows" not in mbml("views", "--all").stdout


def test_views_stand_under_their_benchmark_and_yours_at_the_end(mbml, loaded):
    with duckdb.connect(str(loaded)) as con:
        con.execute("create view my_nasbench101_best as select 1 as x")
    try:
        lines = mbml("views").stdout.splitlines()
        every = {one["view"]: one for one in mbml.json("views")}
    finally:
        with duckdb.connect(str(loaded)) as con:
            con.execute("drop view my_nasbench101_best")
    titles = [line for place, line in enumerate(lines) if place and not lines[place - 1]]
    assert titles[:4] == ["nasbench101", "nasbench201", "all benchmarks", "yours"]
    assert lines.index("yours") < next(n for n, line in enumerate(lines) if line[:3] == "my_")
    assert every["my_nasbench101_best"]["benchmark"] is None
    assert every["meta_nasbench101_108epochs"]["benchmark"] == "nasbench101"
    assert every["operation_graph"]["benchmark"] is None


def test_views_are_listed_by_a_part_of_their_names_in_the_order_of_their_epochs(mbml):
    listed = [one["view"] for one in mbml.json("views", "meta_nasbench101", "--all")]
    parts = [f"meta_nasbench101_1shot1_s{number}_108epochs" for number in (1, 2, 3)]
    whole = [f"meta_nasbench101_{epochs}epochs" for epochs in (4, 12, 36, 108)]
    assert listed == [*parts, *whole]
    assert "no view has 'imagenet1k' in its name" in mbml("views", "imagenet1k", expect=2).stderr


def test_describe_writes_every_format(mbml):
    told = mbml("describe", "meta_nasbench101_108epochs", "--format", "markdown").stdout
    assert "| column | type | role | meaning |" in told


def test_describe_tells_type_role_and_meaning(mbml):
    columns = {
        one["column"]: one for one in mbml.json("describe", "meta_nasbench201_cifar100_200epochs")
    }
    assert columns["parameters"]["role"] == "feature"
    assert columns["valid_accuracy"]["role"] == "outcome"
    assert columns["arch_key"]["role"] == "key"
    assert columns["valid_accuracy"]["type"] == "DOUBLE"
    assert "fraction" in columns["valid_accuracy"]["meaning"]


def test_describe_knows_tables_too(mbml):
    assert "trial" in mbml("describe", "run").stdout
    fit = mbml("describe", "results.fit").stdout
    assert "fit_id" in fit
    assert fit == mbml("describe", "fit").stdout


def test_describe_suggests_a_close_name(mbml):
    result = mbml("describe", "meta_nasbench101_108epoch", expect=2)
    assert "did you mean 'meta_nasbench101_108epochs'" in result.stderr


FORMATS = {
    "table": "arch_index  valid_accuracy  test_accuracy\n"
    "         0             0.5            0.4\n"
    "         1           0.505          0.405\n",
    "csv": "arch_index,valid_accuracy,test_accuracy\n0,0.5,0.4\n1,0.505,0.405\n",
    "jsonl": '{"arch_index": 0, "valid_accuracy": 0.5, "test_accuracy": 0.4}\n'
    '{"arch_index": 1, "valid_accuracy": 0.505, "test_accuracy": 0.405}\n',
    "markdown": "| arch_index | valid_accuracy | test_accuracy |\n| --: | --: | --: |\n"
    "| 0 | 0.5 | 0.4 |\n| 1 | 0.505 | 0.405 |\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_of_text(mbml, name):
    assert mbml("query", SQL, "--format", name).stdout == FORMATS[name]


def test_json_is_one_list(mbml):
    rows = json.loads(mbml("query", SQL, "--format", "json").stdout)
    assert rows[1] == {"arch_index": 1, "valid_accuracy": 0.505, "test_accuracy": 0.405}


def test_parquet_is_bytes_on_stdout(mbml):
    frame = pl.read_parquet(io.BytesIO(mbml("query", SQL, "--format", "parquet").stdout_bytes))
    assert frame.rows() == [(0, 0.5, 0.4), (1, 0.505, 0.405)]


def test_missing_values_are_null_and_not_zero(mbml):
    sql = "select trials, null::double as x, 'nan'::double as y from meta_nasbench101_108epochs"
    assert mbml.json("query", sql)[0] == {"trials": 1, "x": None, "y": "NaN"}


def test_an_unknown_format_names_close_ones(mbml):
    assert "did you mean 'json'" in mbml("query", SQL, "--format", "jason", expect=2).stderr


@pytest.mark.parametrize("sql", ["selec 1", "delete from run", "select * from 'x.csv'"])
def test_bad_sql_is_a_usage_error(mbml, sql):
    result = mbml("query", sql, expect=2)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")


def test_a_missing_warehouse_is_exit_3(mbml, tmp_path):
    result = mbml("info", "--warehouse", tmp_path / "none.duckdb", expect=3)
    assert "load a source into it first (mbml ingest)" in result.stderr


def test_a_file_that_is_no_warehouse_is_exit_3(mbml, tmp_path):
    (tmp_path / "a.duckdb").write_text("text " * 5000)
    assert (
        "not a DuckDB file" in mbml("views", "--warehouse", tmp_path / "a.duckdb", expect=3).stderr
    )


def test_an_interrupt_that_duckdb_words_in_its_own_way_is_exit_130(mbml, monkeypatch):
    def stop(*_, **__):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr("mbml.store.query.open_answer", stop)
    said = mbml("query", "select 1", expect=130).stderr
    assert said == "interrupted; what was not finished is not kept\n"


@pytest.mark.parametrize(
    "command", [("query", "select 1 as x"), ("views",), ("describe", "meta_nasbench101_4epochs")]
)
def test_invented_numbers_are_told_on_stderr(mbml, command):
    told = mbml(*command)
    assert "SURROGATE DATA" in told.stderr
    assert "SURROGATE" not in told.stdout
    assert mbml("-q", *command).stderr == ""
