"""What a user makes in a warehouse stays, and a name that mbml needs is refused to it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import duckdb
import pytest
from tables import load_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.errors import UsageError, WarehouseError
from mbml.exports import export
from mbml.store import open_warehouse, schema
from mbml.store.contents import describe, views
from mbml.store.objects import Objects, created_by
from mbml.store.verify import verify

VIEW = "meta_nasbench201_cifar100_200epochs"
MINE = """
    create table my_cells (arch_id integer);
    insert into my_cells values (7);
    create view my_best as
    select arch_key, test_accuracy, 1 as my_rank
    from meta_nasbench201_cifar100_200epochs where arch_index < 3;
    comment on column my_best.arch_key is 'My meaning';
    create macro my_half(x) as x / 2;
    create macro my_rows(n) as table select unnest(range(n)) as row_number;
    create type my_kind as enum ('good', 'bad');
    create schema mine;
    create view mine.measurement as select 5 as five;
    create view mine."odd ""name"" here" as select my_half(8) as half, 'good'::my_kind as kind;
    create view results.mine as select 6 as six;
"""
#: One for each kind of object and clash: what a user makes, and how the message names it.
TAKEN = {
    "a table for a view": ("drop view {0}; create table {0} (x integer)", "table {0}"),
    "another view": ("create or replace view {0} as select 42 as answer", "view {0}"),
    "another spelling": ("drop view {0}; create view {1} as select 42 as answer", "view {1}"),
    "a macro": ("create or replace macro whole_mean(a, b) as 42", "macro whole_mean"),
    "a table macro": (
        "create or replace macro cell_summary(a) as table select a as answer",
        "table macro cell_summary",
    ),
}


@pytest.fixture(scope="module")
def six_cells(new_warehouse, tmp_path_factory):
    """A warehouse with six cells, to be copied."""
    folder = tmp_path_factory.mktemp("six_cells")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(), folder / "a.parquet")
    return folder / "w.duckdb"


@pytest.fixture
def path(six_cells, tmp_path):
    """A warehouse of this test's own."""
    return Path(shutil.copy(six_cells, tmp_path / "w.duckdb"))


def run(path, *statements):
    """As a user of DuckDB, without mbml."""
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)


def read(path, query):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.sql(query).fetchall()


def catalog(path):
    """All that stands in the file's catalog, and the mark of its definitions."""
    names = (
        "select 'view', schema_name, view_name, sql, comment from duckdb_views() where not internal"
        " union all select 'table', schema_name, table_name, sql, comment from duckdb_tables()"
        " union all select 'macro', schema_name, function_name, macro_definition, comment"
        " from duckdb_functions() where not internal order by all"
    )
    of_itself = "select * replace (created_at::text as created_at) from warehouse"
    return read(path, names), read(path, of_itself)


OUTDATED = "update warehouse set definitions_sha256 = 'old'"


def test_the_record_is_of_all_that_a_new_warehouse_holds(warehouse):
    files = (path for part in ("10", "20", "30") for path in schema.sql_folder().glob(f"{part}_*"))
    created = created_by(file for folder in files for file in folder.rglob("*.sql"))
    assert created == set(Objects(warehouse.con, created)._comments)  # the reading of the SQL files
    kinds = warehouse.rows("select kind, name from mbml_definition")
    assert set(kinds) == {one for one in created if one.kind in ("view", "macro", "table macro")}
    bare = warehouse.rows(
        "select function_name from duckdb_functions() where not internal and comment is null"
    )
    assert bare == []


@pytest.mark.parametrize("write", [False, True])
def test_what_a_user_made_survives_new_definitions(path, write):
    run(path, MINE, f"drop view {VIEW}", OUTDATED)
    open_warehouse(path, write=write).close()
    assert read(path, "select count(*) from my_best") == [(3,)]
    assert read(path, "select my_half(4), (select sum(row_number) from my_rows(3))") == [(2, 3)]
    assert read(path, "from my_cells") == [(7,)]
    assert read(path, 'from mine."odd ""name"" here"') == [(4, "good")]
    assert read(path, "select five, six from mine.measurement, results.mine") == [(5, 6)]
    assert read(path, f"select count(*) from {VIEW}") == [(6,)]
    meanings = "select comment from duckdb_columns() where table_name = 'my_best' order by all"
    assert read(path, meanings) == [("My meaning",), (None,), (None,)]
    [(applied,)] = read(path, "select definitions_sha256 from warehouse")
    assert applied == schema.definitions_sha256()


def test_what_mbml_made_and_no_longer_has_is_dropped(path):
    run(
        path,
        "create view of_yesterday as select 1 as x",
        "comment on view of_yesterday is 'By an earlier release'",
        "create macro macro_of_yesterday() as table select 1 as x",
        "comment on macro table macro_of_yesterday is 'By an earlier release'",
        "create view reused as select 2 as x",
        "insert into mbml_definition by name select kind, name, definitions_sha256 from warehouse,"
        " (values ('view', 'of_yesterday'), ('view', 'reused'), ('view', 'gone'),"
        " ('table macro', 'macro_of_yesterday')) as made(kind, name)",
        OUTDATED,
    )
    open_warehouse(path).close()
    for query in ("from of_yesterday", "from macro_of_yesterday()"):
        with pytest.raises(duckdb.CatalogException):
            read(path, query)
    assert read(path, "from reused") == [(2,)]  # made anew under the name, by someone else
    assert read(path, "select count(*) from mbml_definition where name like '%yesterday'") == [(0,)]


@pytest.mark.parametrize(
    ("clash", "write"),
    [
        pytest.param(clash, write, marks=[pytest.mark.slow] if write or "another" in clash else [])
        for clash in TAKEN
        for write in (False, True)
    ],
)
def test_a_name_that_mbml_needs_is_refused_before_anything_changes(path, clash, write):
    made, named = (text.format(VIEW, VIEW.upper()) for text in TAKEN[clash])
    run(path, MINE, made, "drop view measurement", OUTDATED)
    before = catalog(path)
    with pytest.raises(WarehouseError, match=rf"w\.duckdb: .* {named}; rename or drop"):
        open_warehouse(path, write=write)
    done = CliRunner().invoke(app, ["views", "--warehouse", str(path)])
    assert (done.exit_code, done.stdout) == (3, "")
    assert catalog(path) == before
    drop = f"drop {named.replace('table macro', 'macro table')}"
    run(path, drop)
    with open_warehouse(path, write=write) as warehouse:
        assert warehouse.rows(f"select count(*) from {VIEW}, measurement") == [(36,)]


def test_a_replaced_view_is_noticed_without_new_definitions_and_made_again(path):
    run(path, f"create or replace view {VIEW} as select 1.0 as test_accuracy")
    with pytest.raises(WarehouseError, match=f"view {VIEW}; rename or drop"):
        open_warehouse(path)
    run(path, f"alter view {VIEW} rename to my_cells")
    with open_warehouse(path) as warehouse:
        assert warehouse.rows(f"select count(*) from {VIEW}") == [(6,)]
        assert warehouse.rows("from my_cells") == [(1,)]


def test_a_file_from_before_the_record(path):
    """It holds mbml's views and macros under this release's names, some without a comment."""
    bare = "comment on macro deviation is null"
    run(path, MINE, "drop table mbml_definition", bare, "drop view measurement", OUTDATED)
    with open_warehouse(path) as warehouse:
        assert warehouse.rows("select count(*) from measurement") == [(6,)]
        assert warehouse.rows("select count(*) from my_best, my_cells") == [(3,)]
        assert warehouse.rows("select count(*) > 80 from mbml_definition") == [(True,)]
    run(path, "drop table mbml_definition", "create view mbml_definition as select 1 as x")
    with pytest.raises(WarehouseError, match="view mbml_definition; rename or drop"):
        open_warehouse(path)


def test_a_release_without_the_record_may_come_between(path):
    """It puts its own definitions and their mark in force, and leaves the record as it was."""
    bare = "create or replace macro deviation(a, b) as 0"
    run(path, MINE, bare, f"update warehouse set definitions_sha256 = '{'0a' * 32}'")
    with open_warehouse(path) as warehouse:
        assert warehouse.rows("select deviation(x, 1) from range(3) as numbers(x)") != [(0,)]
        assert warehouse.rows("select count(*) from my_best") == [(3,)]


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("create schema results", "schema results"),
        ("create schema Results", "schema Results"),
        ("create view run as select 1 as x", "view run"),
        ("create view Measurement as select 1 as x", "view Measurement"),
        ("create macro whole_mean(a) as 1", "macro whole_mean"),
    ],
)
def test_a_database_without_tables_becomes_a_warehouse_unless_a_name_is_taken(
    tmp_path, made, named
):
    path = tmp_path / "w.duckdb"
    run(path, made, "create view my_own as select 1 as x")
    with pytest.raises(WarehouseError, match=f"{named}; rename or drop"):
        open_warehouse(path, write=True)
    assert read(path, "select count(*) from duckdb_tables() where not internal") == [(0,)]
    run(path, f"drop {named}")
    with open_warehouse(path, write=True) as warehouse:
        assert warehouse.rows("from my_own") == [(1,)]


@pytest.mark.parametrize("write", [False, True])
def test_a_table_of_the_name_warehouse_makes_no_warehouse(tmp_path, write):
    path = tmp_path / "w.duckdb"
    run(path, "create table warehouse (goods text)")
    with pytest.raises(WarehouseError, match="not a warehouse of mbml"):
        open_warehouse(path, write=write)


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    "macro", ["avg(x) as max(x)", "SUM(x) as 1", "count(x) as 1", "range(n) as table select n"]
)
def test_a_macro_with_the_name_of_a_function_is_refused(path, macro, write):
    name = macro.partition("(")[0]
    run(path, f"create macro {macro}")
    with pytest.raises(WarehouseError, match=f"macro {name}; drop them with DuckDB"):
        open_warehouse(path, write=write)
    run(path, "drop macro " + ("table " if "table" in macro else "") + name)
    open_warehouse(path, write=write).close()


def test_a_database_with_a_macro_with_the_name_of_a_function_becomes_no_warehouse(tmp_path):
    path = tmp_path / "w.duckdb"
    run(path, "create macro avg(x) as max(x)")
    with pytest.raises(WarehouseError, match="macro avg; drop"):
        open_warehouse(path, write=True)
    assert read(path, "select count(*) from duckdb_tables() where not internal") == [(0,)]


def test_a_macro_with_the_name_of_a_function_in_a_schema_of_its_own_is_left_alone(path):
    run(path, "create schema mine", "create macro mine.avg(x) as max(x)")
    open_warehouse(path).close()


def test_a_file_that_may_not_be_written_is_read_with_what_it_holds(path, monkeypatch):
    run(path, MINE, OUTDATED)

    def locked(*_: object) -> None:
        raise WarehouseError("locked")

    monkeypatch.setattr("mbml.store.opening._open_for_writing", locked)
    with open_warehouse(path) as warehouse:
        assert warehouse.rows("select count(*) from my_best") == [(3,)]


def test_the_views_are_listed_with_their_maker(path):
    run(path, MINE, "create view broken as from my_cells", "drop table my_cells")
    listed = {row[0]: row[1:] for row in views(path).rows()}
    assert listed["measurement"][:2] == (6, "mbml")
    assert listed["my_best"] == (3, "user", None, None)
    assert listed["mine.measurement"] == (1, "user", None, None)
    assert listed["broken"][:2] == (None, "user")
    assert "cannot be read: the query failed: Catalog Error: Table with" in listed["broken"][-1]
    with open_warehouse(path) as warehouse:
        assert describe(warehouse, "my_best")["meaning"].to_list() == ["My meaning", None, None]
        assert describe(warehouse, "mine.measurement")["column"].to_list() == ["five"]
        assert "five" not in describe(warehouse, "measurement")["column"].to_list()
        assert [one.subject for one in verify(warehouse) if one.failed] == []
    done = CliRunner().invoke(app, ["views", "broken", "--warehouse", str(path)])
    assert done.exit_code == 0
    assert "cannot be read" in done.stdout


@pytest.mark.slow
def test_a_view_is_counted_within_the_limits_of_a_query(path, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    run(
        path,
        f"create view a_reader as from read_csv('{secret}')",
        "create view an_endless_one as select a.range from range(10000000) a, range(10000000) b"
        " where a.range * b.range = -1",
    )
    started = time.monotonic()
    listed = {row[0]: row[1:] for row in views(path, time_limit=1).rows()}
    assert time.monotonic() - started < 20
    assert listed["measurement"][:2] == (6, "mbml")
    assert listed["a_reader"][:2] == (None, "user")
    assert "disabled" in listed["a_reader"][-1]
    assert "ran for more than 1 seconds and was stopped" in listed["an_endless_one"][-1]


def test_a_load_meets_no_table_of_the_user(path, tmp_path):
    """Names that a load uses for its temporary tables."""
    names = ("incoming", "incoming_architecture", "incoming_proxy", "arch_id_of", "overlap")
    run(path, *(f"create table {name} as select 1 as mine" for name in names))
    with open_warehouse(path, write=True) as warehouse:
        rows = nasbench201_rows(9, valid_accuracy=0.25)
        load_rows(warehouse, rows, tmp_path / "b.parquet", replace=True)
        for name in names:
            assert warehouse.rows(f"from {name}") == [(1,)]
        assert warehouse.rows(f"select count(*) from {VIEW} where valid_accuracy = 0.25") == [(9,)]


def test_a_user_s_view_is_exported(path, tmp_path):
    run(
        path,
        MINE,
        "create view meta_mine as from my_best",
        'create view "select" as select 9 as nine',
        'create view "../up" as select 1 as x',
    )
    with open_warehouse(path) as warehouse:
        for name in ("my_best", "meta_mine", "select", "mine.measurement", 'mine.odd "name" here'):
            made = export(warehouse, name, tmp_path / "out")
            assert made == tmp_path / "out" / f"{name}.parquet"
        with pytest.raises(UsageError, match="no file can have this name"):
            export(warehouse, "../up", tmp_path / "out")
    assert read(path, f"from '{tmp_path}/out/select.parquet'") == [(9,)]
    assert read(path, f"from '{tmp_path}/out/mine.measurement.parquet'") == [(5,)]
    assert read(path, f"select count(*) from '{tmp_path}/out/my_best.parquet'") == [(3,)]


def test_a_user_s_view_over_invented_numbers_is_named_so(path, tmp_path):
    with open_warehouse(path, write=True) as warehouse:
        load_rows(warehouse, nasbench201_rows(9, dataset="cifar10"), tmp_path / "surrogate.parquet")
    run(path, MINE)
    with open_warehouse(path) as warehouse:
        assert export(warehouse, "my_best", tmp_path).name == "my_best_surrogate.parquet"


@pytest.mark.parametrize("name", ["duckdb_views", "pragma_database_list"])
def test_internal_views_of_duckdb_are_not_exported(path, tmp_path, name):
    command = ["export", name, "--to", str(tmp_path / "out"), "--warehouse", str(path)]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"unknown view '{name}'" in done.stderr
    assert not (tmp_path / "out").exists()
