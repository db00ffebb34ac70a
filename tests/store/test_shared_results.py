"""Fits and searches travel between warehouses: each with its origin, none twice, none invented."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import duckdb
import keep_warehouse
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import mbml
from mbml.cli.app import app
from mbml.errors import SourceError, UsageError
from mbml.exports import export_results
from mbml.store.shared_results import LAYOUT_KEY, LAYOUT_VERSION, ingest_results
from mbml.store.upgrade import upgrade

TABLES = ("experiment", "fit", "score", "search", "search_step")


def run(path, *statements):
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)


def read(path, query):
    with duckdb.connect(str(path), read_only=True) as con:
        # Not by fetchall: for times with a zone the lowest DuckDB wants pytz, which mbml does not.
        return con.sql(query).pl().rows()


def results(path):
    """All results of a warehouse but for its own numbers and their origins."""
    cell = "(select native_key from architecture where arch_id = {}arch_id)"
    steps = (
        "select columns(lambda name: not name like '%arch_id'"
        " and name not in ('search_id', 'origin')),"
        f" {cell.format('step.')} as cell, {cell.format('step.incumbent_')} as incumbent,"
        f" {cell.format('step.chosen_')} as chosen, seed"
        " from results.search_step as step inner join results.search using (search_id)"
    )
    fits = (
        "from results.fit inner join results.experiment using (experiment_id)"
        " inner join results.score using (fit_id)"
    )
    mine = "columns(lambda name: not name like '%_id' and name <> 'origin')"
    queries = (
        f"select {mine} {fits} order by all",
        f"select {mine} from results.search order by all",
        f"{steps} order by all",
    )
    return [read(path, query) for query in queries]


def counts(path):
    return [read(path, f"select count(*) from results.{table}")[0][0] for table in TABLES]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A warehouse with four fits, two of each predictor, and three searches; to be copied."""
    path = keep_warehouse.unpack(5, tmp_path_factory.mktemp("made") / "w.duckdb")
    upgrade(path, no_backup=True)
    return path


@pytest.fixture
def anna(made, tmp_path):
    return Path(shutil.copy(made, tmp_path / "anna.duckdb"))


@pytest.fixture
def ben(made, tmp_path):
    """A warehouse whose cells have other numbers, with one fit and one search of Anna's."""
    path = Path(shutil.copy(made, tmp_path / "ben.duckdb"))
    run(
        path,
        "update architecture set arch_id = 1000 - arch_id",
        "update results.search_step set arch_id = 1000 - arch_id,"
        " incumbent_arch_id = 1000 - incumbent_arch_id, chosen_arch_id = 1000 - chosen_arch_id",
        "update results.fit set seed = seed + 10 where fit_id > 0",
        "update results.search set seed = seed + 10 where search_id > 1",
    )
    return path


@pytest.fixture(scope="module")
def exported(made):
    return export_results(made, made.parent, origin="Anna")


@pytest.fixture
def folder(exported, tmp_path):
    """What Anna sends."""
    return Path(shutil.copytree(exported, tmp_path / "travel" / exported.name))


@pytest.fixture(scope="module")
def cleared(made, tmp_path_factory):
    path = Path(shutil.copy(made, tmp_path_factory.mktemp("cleared")))
    run(path, *(f"delete from results.{table}" for table in reversed(TABLES)))
    return path


@pytest.fixture
def nobody(cleared, tmp_path):
    """A warehouse without results."""
    return Path(shutil.copy(cleared, tmp_path / "nobody.duckdb"))


def test_results_come_back_as_they_were(anna, folder, nobody):
    report = ingest_results(nobody, folder)
    assert (report.fits, report.searches, report.origins) == (4, 3, ("Anna",))
    assert results(nobody) == results(anna)
    assert counts(nobody) == counts(anna)
    assert read(nobody, "select distinct origin from results.fit") == [("Anna",)]
    assert read(nobody, "select distinct origin from results.search") == [("Anna",)]


@pytest.mark.slow
def test_results_of_others_are_taken_as_done(folder, nobody):
    run(nobody, "create table steps (mine integer)", "create view new_fits as select 1 as mine")
    mbml.ingest(nobody, "results", str(folder.parent))
    before = counts(nobody)
    mbml.search(nobody, keep_warehouse.VIEW, strategy="random", budget=20, seeds=2)
    assert counts(nobody) == before


@pytest.mark.slow
def test_two_people_in_one_warehouse(anna, ben, nobody, folder, tmp_path):
    before = results(ben)
    report = ingest_results(ben, folder)
    assert (report.fits, report.held_fits, report.differing_fits) == (3, 1, 0)
    assert (report.searches, report.held_searches, report.differing_searches) == (2, 1, 0)
    assert counts(ben)[:1] == [1]
    of_ben = read(ben, "select origin, count(*) from results.fit group by 1 order by 1")
    assert of_ben == [("Anna", 3), (None, 4)]
    pairs = zip(before, results(anna), strict=True)
    both = [sorted({*mine, *theirs}, key=str) for mine, theirs in pairs]
    assert [sorted(held, key=str) for held in results(ben)] == both
    # Back to Anna: of Ben come his own, and hers are not taken for his.
    back = export_results(ben, tmp_path / "back", origin="Ben")
    report = ingest_results(anna, back)
    assert (report.fits, report.held_fits, report.origins) == (3, 4, ("Ben",))
    assert results(anna) == results(ben)
    # To a third person, with the origins of both.
    assert ingest_results(nobody, back).origins == ("Anna", "Ben")


@pytest.mark.slow
def test_once_more_brings_nothing(folder, ben):
    ingest_results(ben, folder)
    before = results(ben)
    again = ingest_results(ben, folder)
    assert (again.fits, again.searches, again.origins) == (0, 0, ())
    assert (again.held_fits, again.held_searches) == (4, 3)
    assert results(ben) == before


@pytest.mark.slow
def test_an_origin_names_the_file_and_when_it_was_made(anna, nobody, tmp_path):
    [(made_at,)] = read(
        anna, "select (created_at at time zone 'UTC')::timestamp(0)::text from warehouse"
    )
    ingest_results(nobody, export_results(anna, tmp_path / "travel"))
    [(origin,)] = read(nobody, "select distinct origin from results.fit")
    assert origin.startswith(f"anna.duckdb, made {made_at[:16]}")


@pytest.mark.slow
def test_a_result_that_came_out_otherwise_is_told_and_not_replaced(folder, ben):
    run(ben, "update results.score set value = 0.25 where fit_id = 0 and metric = 'mae'")
    run(ben, "update results.search_step set value = 0.25 where search_id = 1 and step = 2")
    done = CliRunner().invoke(app, ["ingest", "results", str(folder), "--warehouse", str(ben)])
    assert done.exit_code == 0
    told = "1 fits and 1 searches differ from those of this warehouse, which were kept"
    assert told in done.stderr
    kept = read(ben, "select value from results.score where fit_id = 0 and metric = 'mae'")
    assert kept == [(0.25,)]


def test_searches_of_cells_that_are_not_held_are_left_out_and_told(made, folder, nobody):
    [(key, searches)] = read(
        made,
        "select native_key, count(distinct search_id) from results.search_step"
        " inner join architecture using (arch_id) group by 1 order by 2, 1 limit 1",
    )
    run(nobody, f"delete from architecture where native_key = '{key}'")
    done = CliRunner().invoke(app, ["ingest", "results", str(folder), "--warehouse", str(nobody)])
    assert done.exit_code == 0
    assert f"note: {searches} searches were left out" in done.stderr
    assert f"lacks 1 of their cells, such as nasbench201 {key}; load" in done.stderr
    assert counts(nobody)[1] == 4
    assert counts(nobody)[3] == 3 - searches


def rewritten(path, change):
    """Write a file anew with some change of its table, and the marks that it had."""
    held = pq.read_metadata(path).metadata
    marks = {key: text for key, text in held.items() if key.startswith(b"mbml.")}
    pq.write_table(change(pq.read_table(path)).replace_schema_metadata(marks), path)


def with_value(column, value):
    """Put a value into the second row of a column."""

    def change(table):
        values = table[column].to_pylist()
        values[1] = value(values[1]) if callable(value) else value
        place = table.schema.get_field_index(column)
        field = table.schema.field(column).with_nullable(True)  # noqa: FBT003
        return table.set_column(place, field, pa.array(values, field.type))

    return change


def latin(table):
    """A text that is not UTF-8, as no writer of Arrow makes it."""
    field = table.schema.field("origin")
    wrong = pa.array([b"\xff"] * len(table)).view(pa.string())
    return table.set_column(table.schema.get_field_index("origin"), field, wrong)


def twice(table):
    return pa.concat_tables([table, table])


def another_number(column):
    """Rows once more, under numbers of their own."""
    return lambda table: pa.concat_tables(
        [
            table,
            table.set_column(
                table.schema.get_field_index(column),
                table.schema.field(column),
                pc.cast(pc.add(table[column], 100), pa.uint32()),
            ),
        ]
    )


FAULTS = {
    "a null": ("fits", with_value("predictor", None), "row 2, column 'predictor': expected a val"),
    "no number": ("fits", with_value("fit_seconds", float("nan")), "expected a finite number"),
    "infinite": ("searches", with_value("seconds", float("inf")), "expected a finite number"),
    "negative": ("fits", with_value("search_seconds", -1.0), "expected a time of at least 0, got"),
    "digest": ("fits", with_value("data_sha256", "abc"), "expected a SHA-256, got 'abc'"),
    "text": ("fits", with_value("parameters", "{"), "expected a JSON object, got '{'"),
    "a list": ("searches", with_value("settings", "[1]"), "expected a JSON object"),
    "deep": ("fits", with_value("warnings", "[" * 100_000), "expected a JSON object"),
    "a fit twice": ("fits", another_number("fit_id"), "row 5: is the same as an earlier row"),
    "a number twice": ("searches", twice, "repeats the search_id of an earlier row"),
    "a score twice": ("scores", twice, "repeats a metric of the same fit_id"),
    "a score of none": ("scores", another_number("fit_id"), "belongs to no row of fits.parquet"),
    "a score": ("scores", with_value("value", float("inf")), "row 2, column 'value': expected"),
    "a metric": ("scores", with_value("metric", None), "column 'metric'"),
    "a step": ("steps", with_value("step", 4_000_000_000), "steps that are not numbered from 1"),
    "no cell": ("steps", with_value("cell", None), "column 'cell': expected a value"),
    "no value": ("steps", with_value("value", None), "column 'value': expected a value"),
    "type": (
        "fits",
        lambda held: held.set_column(
            held.schema.get_field_index("seed"), "seed", pc.cast(held["seed"], pa.string())
        ),
        "column 'seed': expected UINTEGER, got VARCHAR",
    ),
    "lacks": ("fits", lambda held: held.drop_columns(["seed"]), "got no such column"),
    "more": (
        "searches",
        lambda held: held.append_column("more", held["seed"]),
        "column 'more': expected no such column, got UINTEGER",
    ),
    "no scores": ("scores", lambda held: held[:0], "row 1: is a fit whose score"),
    "no mae": (
        "scores",
        lambda held: held.filter(pc.not_equal(held["metric"], "mae")),
        "is a fit whose score 'mae' is not in scores.parquet",
    ),
    "no steps": ("steps", lambda held: held[:0], "row 1: is a search that has no step"),
    "budget": ("searches", with_value("budget", -5.0), "expected more than 0, got"),
    "unit": ("searches", with_value("unit", "days"), "expected one of queries, epochs, seconds"),
    "spent": ("steps", with_value("spent_queries", 1e6), "expected at most the budget of"),
    "origin": ("fits", with_value("origin", " "), "column 'origin': expected a name"),
    "never": (
        "fits",
        lambda held: held.set_column(
            held.schema.get_field_index("finished_at"),
            held.schema.field("finished_at"),
            pa.array([2**63 - 1] * len(held), pa.int64()).cast(held["finished_at"].type),
        ),
        "expected a finite time",
    ),
    "no UTF-8": ("fits", latin, "cannot be read: "),
}
#: Tried by every run of the tests, the others by the slow ones.
FAST = ("no mae", "no steps", "spent", "a null", "no number", "a fit twice", "a step", "type")


@pytest.mark.parametrize(
    "fault",
    [one if one in FAST else pytest.param(one, marks=pytest.mark.slow) for one in FAULTS],
)
def test_a_fault_is_told_with_its_place_and_nothing_is_loaded(folder, nobody, fault):
    name, change, told = FAULTS[fault]
    rewritten(folder / f"{name}.parquet", change)
    with pytest.raises(SourceError) as error:
        ingest_results(nobody, folder)
    assert str(error.value).startswith(f"{folder}/")
    assert f"{name}.parquet" in str(error.value)
    assert told in str(error.value)
    assert counts(nobody) == [0] * len(TABLES)


def marked(path, layout):
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata(layout), path)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-99]), "be read", id="cut"),
        pytest.param(Path.unlink, "lacks some of fits.parquet, scores.parquet", id="missing"),
        *(
            pytest.param(damage, told, id=name, marks=pytest.mark.slow)
            for name, damage, told in (
                ("csv", lambda path: path.write_text("a,b\n1,2\n"), "cannot be read"),
                ("empty", lambda path: path.write_bytes(b""), "is empty"),
                ("foreign", partial(marked, layout={}), "is not a file of results that mbml"),
                ("later", partial(marked, layout={LAYOUT_KEY: "9"}), "has layout 9, and this"),
                (
                    "mixed",
                    partial(marked, layout={LAYOUT_KEY: str(LAYOUT_VERSION)}),
                    "files of different exports",
                ),
            )
        ),
    ],
)
def test_a_damaged_or_foreign_folder(folder, nobody, damage, told):
    damage(folder / "searches.parquet")
    done = CliRunner().invoke(app, ["ingest", "results", str(folder), "--warehouse", str(nobody)])
    assert done.exit_code == 5
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert counts(nobody) == [0] * len(TABLES)


@pytest.mark.slow
def test_damage_within_a_page(folder, nobody):
    path = folder / "fits.parquet"
    whole = path.read_bytes()
    for place in range(8, len(whole), len(whole) // 6):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            ingest_results(nobody, folder)
        except SourceError:
            assert counts(nobody) == [0] * len(TABLES)
        else:
            run(nobody, *(f"delete from results.{table}" for table in reversed(TABLES)))


@pytest.mark.slow
def test_the_commands(anna, nobody, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = ["export", "results", "--to", "out", "--origin", "Anna", "--warehouse", str(anna)]
    done = CliRunner().invoke(app, call)
    assert done.stdout == "out/results_surrogate\n"
    again = CliRunner().invoke(app, call)
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    call = ["ingest", "results", "out", "--warehouse", str(nobody)]
    done = CliRunner().invoke(app, call)
    assert done.stdout == (
        f"out: 4 new fits and 3 new searches of Anna into {nobody}; 0 fits and 0 searches were"
        " held already\n"
    )
    done = CliRunner().invoke(app, [*call, "--json"])
    assert json.loads(done.stdout)["held_fits"] == 4


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("export results measurement --to out", "results are written alone"),
        ("export results --to out --format csv", "results are written alone"),
        ("export measurement --to out --origin me", "--origin is for `mbml export results`"),
        ("export results --to out", "holds no fits and no searches yet"),
        ("ingest results nowhere", "nowhere: no such folder"),
    ],
)
def test_what_cannot_be_done_is_told(nobody, tmp_path, monkeypatch, call, told):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [*call.split(), "--warehouse", str(nobody)])
    assert done.exit_code == 2
    assert told in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_origin_is_refused(anna, tmp_path):
    with pytest.raises(UsageError, match="`origin` is empty"):
        export_results(anna, tmp_path / "out", origin=" ")
    with pytest.raises(UsageError, match="expected `origin` as text, got 3"):
        export_results(anna, tmp_path / "out", origin=3)


def test_a_kind_alone_is_refused(tmp_path):
    with pytest.raises(UsageError, match="beside the kind 'results'"):
        mbml.ingest(tmp_path / "w.duckdb", "results", None)


def test_invented_results_stay_marked_where_they_travel(folder, nobody, tmp_path):
    run(nobody, "update source set is_surrogate = false")
    assert ingest_results(nobody, folder).is_surrogate
    out = export_results(nobody, tmp_path / "on")
    assert out.name == "results_surrogate"
    assert pq.read_metadata(out / "fits.parquet").metadata[b"mbml.surrogate"] == b"true"
    view = mbml.export(nobody, keep_warehouse.VIEW, tmp_path)
    assert "surrogate" not in view.name


@pytest.mark.slow
def test_a_new_warehouse_is_told(folder, tmp_path):
    call = ["ingest", "results", str(folder), "--warehouse", str(tmp_path / "new.duckdb")]
    done = CliRunner().invoke(app, call)
    assert "new.duckdb is a new warehouse" in done.stderr
    assert "SURROGATE DATA" in done.stderr
