"""A warehouse of an earlier schema version is upgraded with all it holds, or left as it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import duckdb
import keep_warehouse
import pytest
from other_user import unprivileged
from typer.testing import CliRunner
from writers import fill, small_disk

import mbml
from mbml.cli.app import app
from mbml.errors import CheckError, LockedError, MbmlError, WarehouseError
from mbml.store import open_warehouse
from mbml.store import upgrade as upgrade_module
from mbml.store.schema import SCHEMA_VERSION, own_views
from mbml.store.upgrade import upgrade
from mbml.store.verify import verify

OLDEST = 5
VERSIONS = range(OLDEST, SCHEMA_VERSION)
VIEW = keep_warehouse.VIEW


def run(path, *statements):
    """As a user of DuckDB, without mbml."""
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)


def read(path, query):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.sql(query).fetchall()


def digest(content):
    """In place of the bytes, of which a failing assertion would print a comparison."""
    return hashlib.sha256(content).hexdigest()


def files(folder):
    return {one.name: digest(one.read_bytes()) for one in folder.iterdir() if one.is_file()}


@pytest.fixture
def old(tmp_path):
    """A warehouse of schema version 5, alone in a folder."""
    (tmp_path / "w").mkdir()
    return keep_warehouse.unpack(OLDEST, tmp_path / "w" / "old.duckdb")


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    """Upgrade a kept warehouse once; its original stays beside it."""
    folder = tmp_path_factory.mktemp("upgraded")

    @cache
    def upgraded_once(version):
        path = keep_warehouse.unpack(version, folder / f"w{version}.duckdb")
        upgrade(path)
        return path

    return upgraded_once


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """The same sources, loaded by the present mbml."""
    folder = tmp_path_factory.mktemp("fresh")
    keep_warehouse.write_sources(folder)
    for call in keep_warehouse.LOADS:
        words = [str(folder / one) if one.endswith(".parquet") else one for one in call.split()]
        done = CliRunner().invoke(app, [*words, "--warehouse", str(folder / "w.duckdb")])
        assert done.exit_code == 0, done.stderr
    return folder / "w.duckdb"


#: The oldest runs every migration; the others come with the slow tests.
each_version = pytest.mark.parametrize(
    "version",
    [pytest.param(one, marks=() if one == OLDEST else pytest.mark.slow) for one in VERSIONS],
)


@each_version
def test_every_view_is_as_if_loaded_anew(upgraded, fresh, version):
    with duckdb.connect() as con:
        con.execute(f"attach '{upgraded(version)}' as upgraded (read_only)")
        con.execute(f"attach '{fresh}' as fresh (read_only)")
        for view in sorted(own_views()):
            rows = {}
            for one in ("upgraded", "fresh"):
                con.execute(f"use {one}")
                described = con.sql(f"describe {view}").fetchall()
                rows[one] = described, con.sql(f"from {view} order by all").fetchall()
            assert rows["upgraded"] == rows["fresh"], view


@each_version
def test_tables_and_their_comments_are_those_of_a_new_warehouse(upgraded, fresh, version):
    mine = "('my_notes')"
    query = (
        "select schema_name, table_name, column_name, column_index, data_type, is_nullable,"
        " columns.comment, tables.comment from duckdb_columns() as columns"
        " inner join duckdb_tables() as tables using (database_oid, schema_name, table_name)"
        f" where table_name not in {mine} order by all"
    )
    assert read(upgraded(version), query) == read(fresh, query)
    constraints = (
        "select schema_name, table_name, constraint_text from duckdb_constraints()"
        f" where table_name not in {mine} order by all"
    )
    assert read(upgraded(version), constraints) == read(fresh, constraints)


@each_version
def test_results_are_there(upgraded, version):
    path = upgraded(version)
    before = path.with_name(f"w{version}.schema{version}.duckdb")
    for table in ("experiment", "fit", "score", "search", "search_step"):
        new = "'origin', 'condition', 'protocol', 'score', 'test_view', 'scored', 'chosen_arch_id'"
        columns = (
            f"columns(lambda name: name not in ({new})"
            " and not name like 'raw_%' and not name like '%_at')"
        )
        query = f"select {columns} from results.{table} order by all"
        assert read(path, query) == read(before, query), table
        assert read(path, query)
    assert read(path, "select distinct origin from results.fit") == [(None,)]
    assert read(path, "select distinct scored = held_out from results.fit") == [(True,)]
    assert read(path, "select distinct protocol, score, test_view from results.experiment") == [
        ("held_out", "valid_accuracy", VIEW)
    ]
    assert read(path, "select distinct condition from results.search") == [("",)]
    # What a search hands over was the architecture with the best target.
    handed = (
        "select count(*) from results.search_step where (raw_valid_accuracy, raw_test_accuracy,"
        " chosen_arch_id) is distinct from (chosen_valid_accuracy, chosen_test_accuracy,"
        " incumbent_arch_id)"
    )
    assert read(path, handed) == [(0,)]


@pytest.mark.slow
@each_version
def test_results_are_taken_as_done(upgraded, version):
    path = upgraded(version)
    ids = "select list(fit_id order by fit_id), max(finished_at)::text from results.fit"
    done = read(path, ids)
    grid = mbml.Grid(
        views=(VIEW,),
        predictors=("linear_regression", "decision_tree"),
        train_sizes=(20,),
        seeds=(0, 1),
    )
    mbml.evaluate(path, grid)
    assert read(path, ids) == done
    mbml.search(path, VIEW, strategy="random", budget=20, seeds=2)
    assert read(path, "select count(*) from results.search") == [(3,)]


@each_version
def test_what_a_user_made_is_there(upgraded, version):
    path = upgraded(version)
    assert read(path, "from my_datasets") == [
        ("cifar10", 108, 12),
        ("cifar10-valid", 12, 100),
        ("cifar10-valid", 200, 100),
        ("cifar100", 200, 100),
    ]
    assert read(path, "from my_benchmarks order by 1") == [
        ("nasbench101", 3, 3),
        ("nasbench201", 300, 5),
    ]
    assert read(path, "from mine.bests") == read(path, "select count(*) from my_best")
    assert read(path, "select my_half(4), note from my_notes") == [(2, "look again")]
    [(comment, meaning)] = read(
        path,
        "select views.comment, columns.comment from duckdb_views() as views, duckdb_columns() as"
        " columns where view_name = 'my_datasets' and table_name = 'my_datasets'"
        " and column_name = 'runs'",
    )
    assert (comment, meaning) == ("Mine", "My meaning")
    assert not any(one.failed for one in verify(path))


COMMANDS = (
    "info",
    "ingest table nasbench101_surrogate.parquet",
    "views",
    "query from\tsource",
    "verify",
    f"evaluate {VIEW}",
    f"search {VIEW}",
    "export measurement --to out",
    "report",
)


@pytest.mark.parametrize(
    "call", [*COMMANDS[:2], *(pytest.param(one, marks=pytest.mark.slow) for one in COMMANDS[2:])]
)
def test_each_command_names_the_upgrade(old, fresh, monkeypatch, call):
    monkeypatch.chdir(fresh.parent)
    words = [one.replace("\t", " ") for one in call.split(" ")]
    before = files(old.parent)
    done = CliRunner().invoke(app, [*words, "--warehouse", str(old)])
    assert done.exit_code == 3
    told = f"schema version 5 is older than this mbml's {SCHEMA_VERSION}; upgrade it"
    told += f" (mbml upgrade --warehouse {old})"
    assert done.stderr == f"error: {old}: {told}\n"
    assert files(old.parent) == before


@pytest.mark.slow
def test_the_doctor_names_the_upgrade(old):
    done = CliRunner().invoke(app, ["doctor", "--json", "--warehouse", str(old)])
    assert f'"next_step": "mbml upgrade --warehouse {old}"' in done.stdout


@pytest.mark.slow
def test_the_command_and_what_it_says(old):
    before = files(old.parent)
    call = ["upgrade", "--warehouse", str(old)]
    tried = CliRunner().invoke(app, [*call, "--check"])
    versions = f"from schema version 5 to {SCHEMA_VERSION}, all checks passed"
    assert tried.stdout.startswith(f"{old}: can be upgraded {versions}\n- Names of benchmarks")
    assert tried.stdout.endswith("Nothing was changed\n")
    assert files(old.parent) == before
    done = CliRunner().invoke(app, call)
    assert done.stdout.startswith(f"{old}: upgraded {versions}\n- ")
    assert done.stdout.endswith(f"The original is {old.with_name('old.schema5.duckdb')}\n")
    again = CliRunner().invoke(app, call)
    assert again.stdout == f"{old}: schema version {SCHEMA_VERSION}, nothing to upgrade\n"
    assert (tried.exit_code, done.exit_code, again.exit_code) == (0, 0, 0)


@pytest.mark.slow
def test_links_modes_and_names_of_other_files_stay(old, tmp_path):
    original = digest(old.read_bytes())
    old.chmod(0o640)
    link = tmp_path / "link.duckdb"
    link.symlink_to(old)
    old.with_name("old.schema5.duckdb").write_text("mine")
    assert upgrade(link).backup == old.with_name("old.schema5-2.duckdb")
    kept = files(old.parent)
    assert kept.keys() == {"old.duckdb", "old.schema5.duckdb", "old.schema5-2.duckdb"}
    assert kept["old.schema5.duckdb"] == digest(b"mine")
    assert kept["old.schema5-2.duckdb"] == original
    assert link.is_symlink()
    assert old.stat().st_mode & 0o777 == 0o640
    mbml.open(link).close()


LATE = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("insert into my_notes values (9, 'late')")
os.kill(os.getpid(), 9)
"""


@pytest.mark.slow
def test_what_lay_in_the_log_is_in_both_files(old, monkeypatch):
    """Also where the file system has no links, so that the original is copied."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    subprocess.run([sys.executable, "-c", LATE, str(old)], check=False)
    assert old.with_name("old.duckdb.wal").exists()
    backup = upgrade(old).backup
    assert files(old.parent).keys() == {"old.duckdb", backup.name}
    for path in (old, backup):
        assert (9, "late") in read(path, "from my_notes")


@pytest.mark.slow
def test_what_a_killed_upgrade_left_is_removed(old):
    copy = old.with_name(".old.duckdb.upgrade")
    copy.write_text("half of it")
    copy.with_name(f"{copy.name}.wal").write_text("a log")
    copy.with_name(f"{copy.name}.tmp").mkdir()
    os.link(old, old.with_name("old.schema5.duckdb"))  # killed just before the replacement
    original = digest(old.read_bytes())
    assert digest(upgrade(old).backup.read_bytes()) == original
    assert {one.name for one in old.parent.iterdir()} == {"old.duckdb", "old.schema5.duckdb"}


def test_a_view_that_breaks_is_kept_and_told(old):
    run(
        old,
        "create view my_codes as select enum_code(dataset) as code from run",
        "create view my_typed as select dataset::dataset_name as dataset from run",
        "create table my_gone (x integer); create view my_broken as select x from my_gone",
        "drop table my_gone",
    )
    call = ["upgrade", "--no-backup", "--json", "--warehouse", str(old)]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    assert list(report["unreadable_views"]) == ["my_codes"]
    assert (report["changed"], report["backup"]) == (True, None)
    told = "note: view my_codes is kept, but cannot be read after the upgrade (Binder Error: "
    assert done.stderr.startswith(told)
    assert files(old.parent).keys() == {"old.duckdb"}
    assert read(old, "select count(*) from my_typed") == [(312,)]
    [(text,)] = read(old, "select sql from duckdb_views() where view_name = 'my_codes'")
    assert "enum_code" in text


@pytest.mark.slow
def test_a_warehouse_without_a_record_of_what_mbml_made(old):
    """As of the first releases with schema version 5."""
    run(old, "drop table mbml_definition")
    upgrade(old)
    assert read(old, "select count(*) > 60 from mbml_definition") == [(True,)]
    assert read(old, "from mine.bests") == read(old, "select count(*) from my_best")


@pytest.mark.slow
def test_an_index_of_the_user_stays(old):
    run(old, "create index my_index on run (dataset)", "create index of_fits on results.fit (seed)")
    upgrade(old)
    indexes = "select index_name, sql from duckdb_indexes() order by 1"
    assert [name for name, _ in read(old, indexes)] == ["my_index", "of_fits"]
    assert read(old, "select count(*) from run where dataset = 'cifar100'") == [(100,)]


def refused(path, kind, match, **options):
    """Nothing is changed, and the message names the warehouse itself."""
    before = files(path.parent)
    with pytest.raises(kind, match=match) as error:
        upgrade(path, **options)
    assert str(error.value).startswith(f"{path}: ")
    assert files(path.parent) == before


@pytest.mark.parametrize(
    ("change", "kind", "match"),
    [
        ("update warehouse set schema_version = 4", WarehouseError, "cannot be upgraded; ingest"),
        ("update warehouse set schema_version = 99", WarehouseError, "newer .* upgrade mbml"),
        ("drop table warehouse", WarehouseError, "not a warehouse of mbml"),
        ("drop table proxy", WarehouseError, "cannot be upgraded, nothing was changed"),
        pytest.param(
            "alter table run drop column trial",
            WarehouseError,
            "cannot be upgraded, nothing was changed",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "drop table proxy; create view proxy as select 1 as x",
            WarehouseError,
            "cannot be upgraded, nothing",
            marks=pytest.mark.slow,
        ),
        ("create macro abs(x) as 1", WarehouseError, "macros have the names of some: macro abs"),
        (
            "create macro added_operations(x) as table select 7 as mine",
            WarehouseError,
            "table macro added_operations; rename or drop",
        ),
        (
            "alter table source rename to kept; create table source as from kept",
            WarehouseError,
            "table source",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_upgraded_is_left_as_it_is(old, change, kind, match):
    run(old, change)
    refused(old, kind, match)


@pytest.mark.slow
def test_a_copy_that_breaks_a_check_takes_no_place(old):
    run(old, "update epoch_metric set test_accuracy = 2")
    before = files(old.parent)
    with pytest.raises(CheckError, match="accuracy_is_a_fraction"):
        upgrade(old)
    assert files(old.parent) == before


HOLD = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_has_it_open(old):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(old)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        try:
            refused(old, LockedError, rf"locked by process {holder.pid}")
        finally:
            holder.stdin.close()


@pytest.mark.slow
def test_no_other_process_writes_meanwhile(old, monkeypatch):
    """Also at the last moment before the replacement, after the file was read."""
    code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    tried = []

    def try_to_write(*arguments):
        call = [sys.executable, "-c", code, old]
        tried.append(subprocess.run(call, capture_output=True, check=False))
        with pytest.raises(WarehouseError, match="this process has the file open"):
            open_warehouse(old, write=True)
        return take_place(*arguments)

    take_place = upgrade_module._take_place
    monkeypatch.setattr(upgrade_module, "_take_place", try_to_write)
    upgrade(old)
    assert b"Could not set lock" in tried[0].stderr


def test_this_process_has_it_open(upgraded, tmp_path):
    path = Path(shutil.copy(upgraded(OLDEST), tmp_path / "w.duckdb"))
    with mbml.open(path), pytest.raises(WarehouseError, match="this process has it open; close"):
        upgrade(path)


def test_another_process_was_quicker(old, upgraded, monkeypatch):
    """The file under the name is another one since its version was read."""
    quicker = upgraded(OLDEST)
    monkeypatch.setattr(upgrade_module, "_copy", lambda _, copy, __: shutil.copy(quicker, copy))
    refused(old, LockedError, "another process has just upgraded it; try again")


def test_too_little_space_is_told_beforehand(old, monkeypatch):
    usage = shutil.disk_usage(old)._replace(free=old.stat().st_size)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    refused(old, MbmlError, r"needs 16 MB of free space in its folder, which has 8 MB; free some")


@pytest.mark.slow
def test_an_interrupt_leaves_it_as_it_was(old, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    before = files(old.parent)
    monkeypatch.setattr(upgrade_module, "run_checks", interrupt)
    with pytest.raises(KeyboardInterrupt):
        upgrade(old)
    assert files(old.parent) == before


def test_a_folder_that_cannot_be_written(old):
    old.chmod(0o666)
    before = files(old.parent)
    old.parent.chmod(0o555)
    try:
        told = "nothing was changed: Permission denied"
        with unprivileged(old.parent, old), pytest.raises(WarehouseError, match=told):
            upgrade(old)
    finally:
        old.parent.chmod(0o755)
    assert files(old.parent) == before


MBML = [sys.executable, "-c", "from mbml.cli.app import main; main()"]


@pytest.mark.slow
def test_two_upgrades_at_once(old):
    call = [*MBML, "upgrade", "--warehouse", str(old)]
    both = [subprocess.Popen(call, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = {one.communicate()[1]: one.returncode for one in both}
    assert 0 in said.values()
    refusals = [words for words, code in said.items() if code]
    assert all("locked by process" in one or "has just upgraded" in one for one in refusals)
    assert files(old.parent).keys() == {"old.duckdb", "old.schema5.duckdb"}
    mbml.open(old).close()


@pytest.mark.slow
def test_an_interrupted_process(old):
    before = files(old.parent)
    call = [*MBML, "upgrade", "--warehouse", str(old)]
    with subprocess.Popen(call, stderr=subprocess.PIPE, text=True) as process:
        while not old.with_name(".old.duckdb.upgrade.wal").exists():
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert said == "interrupted; what was not finished is not kept\n"
    assert files(old.parent) == before


@pytest.mark.slow
def test_a_disk_that_fills_up(old, tmp_path, monkeypatch):
    with small_disk(tmp_path / "disk"):
        path = Path(shutil.copy(old, tmp_path / "disk"))
        fill(path.parent, leave=path.stat().st_size + (1 << 18))
        before = files(path.parent)
        monkeypatch.setattr(upgrade_module, "_ROOM", 0)
        with pytest.raises(MbmlError, match="the disk is full; free some space and try again"):
            upgrade(path)
        assert files(path.parent) == before


def test_names_beside_the_warehouse_that_are_taken(old):
    link = old.with_name("old.schema5.duckdb")
    link.symlink_to("nowhere.duckdb")
    copy = old.with_name(".old.duckdb.upgrade")
    copy.mkdir()
    with pytest.raises(WarehouseError, match=r"\.old\.duckdb\.upgrade: is in the way"):
        upgrade(old)
    copy.rmdir()
    assert upgrade_module._backup(old, OLDEST) == old.with_name("old.schema5-2.duckdb")
