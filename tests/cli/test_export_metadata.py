"""What Parquet files of mbml say inside: where numbers come from, whether they are invented."""

from __future__ import annotations

import io
import json
import shutil

import polars as pl
import pyarrow.parquet as pq
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml import __version__
from mbml.errors import MbmlError
from mbml.exports import export, export_tables
from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse
from mbml.store.contents import contents, describe

VIEW = "meta_nasbench201_cifar100_200epochs"


def metadata(file):
    """The texts under mbml's keys."""
    held = pq.read_metadata(file).metadata
    return {key.decode(): text.decode() for key, text in held.items() if key.startswith(b"mbml.")}


def comments(file):
    return {
        one.name: one.metadata[b"comment"].decode()
        for one in pq.read_schema(file)
        if one.metadata and b"comment" in one.metadata
    }


def test_a_view_tells_where_its_numbers_come_from(mbml, loaded, tmp_path):
    mbml("export", VIEW, "--to", tmp_path)
    held = metadata(tmp_path / f"{VIEW}.parquet")
    [source] = json.loads(held.pop("mbml.sources"))
    assert held == {
        "mbml.version": __version__,
        "mbml.surrogate": "false",
        "mbml.relation": VIEW,
        "mbml.benchmark": "nasbench201",
        "mbml.dataset": "cifar100",
        "mbml.schedule_epochs": "200",
        "mbml.epoch": "200",
    }
    loaded_from = contents(loaded).sources.row(0, named=True)
    assert source == {name: loaded_from[name] for name in source}
    assert set(source) > {"file_name", "sha256", "is_surrogate"}


@pytest.mark.parametrize("options", [(), ("--one-file",)], ids=["folders", "file"])
def test_each_column_has_its_meaning(mbml, loaded, tmp_path, options):
    mbml("export", "measurement", "--to", tmp_path, *options)
    said = dict(describe(loaded, "measurement").select("column", "meaning").iter_rows())
    files = [path for path in tmp_path.rglob("*.parquet") if path.is_file()]
    assert len(files) == (1 if options else 2)
    for file in files:
        held = comments(file)
        assert held == {name: said[name] for name in pq.read_schema(file).names}
        assert metadata(file)["mbml.surrogate"] == "true"


def test_tables_say_the_same(loaded, tmp_path):
    folder = export_tables(loaded, tmp_path)
    files = sorted(path for path in folder.rglob("*.parquet") if path.is_file())
    assert {metadata(one)["mbml.relation"] for one in files} >= {"run", "source", "cell_metric"}
    for file in files:
        held = metadata(file)
        assert (held["mbml.surrogate"], held["mbml.version"]) == ("true", __version__)
        assert len(json.loads(held["mbml.sources"])) == 2
    said = describe(loaded, "run").drop_nulls("meaning")
    assert comments(folder / "run.parquet") == dict(said.select("column", "meaning").iter_rows())


def test_the_result_of_a_query_says_so_too(mbml, new_warehouse, tmp_path):
    call = ("query", f"select arch_key, test_accuracy from {VIEW}", "--format", "parquet")
    assert metadata(io.BytesIO(mbml(*call).stdout_bytes)) == {
        "mbml.version": __version__,
        "mbml.surrogate": "true",
    }
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(3), tmp_path / "measured.parquet")
    measured = mbml(*call, "--warehouse", tmp_path / "w.duckdb").stdout_bytes
    assert metadata(io.BytesIO(measured))["mbml.surrogate"] == "false"
    assert pl.read_parquet(io.BytesIO(measured)).height == 3


@pytest.mark.parametrize(("cell", "said"), [("0", "false"), ("0100:input,output", "true")])
def test_so_does_a_curve(mbml, cell, said):
    written = mbml("curve", cell, "--format", "parquet").stdout_bytes
    assert metadata(io.BytesIO(written))["mbml.surrogate"] == said


@pytest.mark.parametrize("words", [("describe", VIEW), ("views",)], ids=["describe", "views"])
def test_so_do_lists_of_a_warehouse(mbml, words):
    written = mbml(*words, "--format", "parquet").stdout_bytes
    assert metadata(io.BytesIO(written))["mbml.surrogate"] == "true"


@pytest.mark.parametrize("options", [(), ("--one-file",)], ids=["folders", "file"])
@pytest.mark.parametrize("name", ["surrogate", "measured"])
def test_what_is_invented_stays_so_under_any_name(new_warehouse, mbml, tmp_path, name, options):
    with new_warehouse(tmp_path / "a.duckdb") as first:
        load_rows(first, nasbench201_rows(3), tmp_path / f"{name}.parquet")
    call = ("export", "measurement", "--to", tmp_path / "to", *options)
    made = mbml(*call, "--warehouse", tmp_path / "a.duckdb").stdout.strip()
    renamed = tmp_path / ("plain.parquet" if options else "plain")
    shutil.move(made, renamed)
    with new_warehouse(tmp_path / "b.duckdb") as second:
        [source] = open_tables(renamed)
        assert ingest(second, source).is_surrogate == (name == "surrogate")


@pytest.mark.parametrize("name", ["surrogate", "measured"])
def test_proxies_of_a_query_stay_invented_too(new_warehouse, mbml, tmp_path, name):
    with new_warehouse(tmp_path / "a.duckdb") as first:
        load_rows(first, nasbench201_rows(3), tmp_path / f"{name}.parquet")
    query = f"select arch_key as arch_str, arch_index as zen from {VIEW}"
    at = ("--warehouse", tmp_path / "a.duckdb")
    written = mbml("query", query, "--format", "parquet", *at).stdout_bytes
    (tmp_path / "zen.parquet").write_bytes(written)
    call = ("ingest", "proxies", tmp_path / "zen.parquet", "--dataset", "cifar100", *at)
    assert mbml.json(*call)["is_surrogate"] == (name == "surrogate")


def test_a_view_of_the_user_keeps_its_types_and_comments(new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench101_rows(), tmp_path / "it's measured.parquet")
        warehouse.con.execute(
            'create view mine as select 1::decimal(9, 2) as "it\'s", [1, 2] as many,'
            " {'a': 1, 'b': 'x'} as both, 'a'::enum('a', 'b') as kind, date '2020-02-29' as day,"
            " timestamptz '2020-02-29 01:02:03+00' as moment, 7::utinyint as small, null as none,"
            " 18014398509481985::hugeint as large"
        )
        warehouse.con.execute("comment on column mine.day is 'it''s a \"day\",\n€'")
    export(tmp_path / "w.duckdb", "mine", tmp_path)
    file = tmp_path / "mine.parquet"
    assert comments(file) == {"day": 'it\'s a "day",\n€'}
    assert json.loads(metadata(file)["mbml.sources"])[0]["file_name"] == "it's measured.parquet"
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        expected = warehouse.frame("select * replace (large::decimal(38) as large) from mine")
        assert expected["large"].to_list() == [2**54 + 1]
    # Not by Polars: 1.34 reads lists and structs of such a file as nulls.
    read = pl.from_arrow(pq.read_table(file))
    assert read.drop("kind").rows() == expected.drop("kind").rows()
    assert read["kind"].cast(pl.String).to_list() == ["a"]


def test_a_damaged_footer_is_told_by_the_reader(mbml, tmp_path):
    file = tmp_path / "t.parquet"
    nasbench201_rows(3).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-20] + b"\xff" * 12 + file.read_bytes()[-8:])
    at = ("--warehouse", tmp_path / "w.duckdb")
    assert "t.parquet" in mbml("ingest", "table", file, *at, expect=5).stderr


def test_a_number_that_parquet_cannot_hold_is_refused(new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        warehouse.con.execute(f"create view mine as select {10**38}::hugeint as large")
    with pytest.raises(MbmlError, match=f"column 'large' holds {10**38}"):
        export(tmp_path / "w.duckdb", "mine", tmp_path / "to")
    assert list((tmp_path / "to").iterdir()) == []
