"""The files of sql/: names, comments, and that each can be run by hand."""

from __future__ import annotations

import duckdb
import pytest

from mbml.datasets import JOINED_VIEWS, META_DATASETS, Role, role_of
from mbml.store.schema import own_views, sql_files, sql_folder

VIEWS = own_views()


def test_every_view_is_named_like_its_file(warehouse):
    rows = warehouse.rows("select view_name from duckdb_views() where not internal")
    held = {name for (name,) in rows}
    assert held == VIEWS
    families = tuple(path.stem for path in sql_files("30_views"))
    assert {name for name in held if not name.startswith(families)} == set()


def test_the_published_names_are_there():
    published = {f"meta_nasbench101_{epochs}epochs" for epochs in (4, 12, 36, 108)}
    for dataset in ("cifar10valid", "cifar100", "imagenet16_120"):
        published.add(f"meta_nasbench201_{dataset}")
        published |= {f"meta_nasbench201_{dataset}_{e}epochs" for e in (1, 4, 12, 36, 108, 200)}
    assert published <= VIEWS


def test_the_catalogue_lists_the_views_with_one_row_per_architecture():
    joined = ("device_", "robustness_", "everything_")
    assert set(JOINED_VIEWS) == {name for name in VIEWS if name.startswith(joined)}
    several_epochs = {f"meta_nasbench201_{d}" for d in ("cifar10valid", "cifar10", "cifar100")}
    several_epochs.add("meta_nasbench201_imagenet16_120")
    assert set(META_DATASETS) == {n for n in VIEWS if n.startswith("meta_")} - several_epochs


@pytest.mark.parametrize("kind", ["tables", "views"])
def test_every_relation_and_column_has_a_comment(warehouse, kind):
    name = kind[:-1] + "_name"
    bare = warehouse.rows(
        f"select {name} from duckdb_{kind}() where not internal and comment is null"
    )
    assert bare == []
    columns = warehouse.rows(
        "select table_name, column_name from duckdb_columns() where not internal"
        f" and comment is null and table_name in (select {name} from duckdb_{kind}())"
    )
    assert columns == []


def test_every_outcome_of_a_view_is_known_as_one(warehouse):
    columns = warehouse.rows(
        "select distinct column_name from duckdb_columns() where table_name like 'meta_%'"
        " and (column_name like '%accuracy%' or column_name like '%seconds')"
    )
    outcomes = {name for (name,) in columns} - {"latency_seconds"}
    assert {role_of(name) for name in outcomes} == {Role.OUTCOME}


def test_no_view_hands_out_decimals(warehouse):
    decimals = warehouse.rows(
        "select table_name, column_name, data_type from duckdb_columns() where not internal"
        " and table_name like 'meta_%' and (data_type like 'DECIMAL%' or data_type = 'HUGEINT')"
    )
    assert decimals == []


def test_all_files_run_as_they_are_in_plain_duckdb():
    con = duckdb.connect()
    migrations = set(sql_files("70_migrations"))  # of earlier tables: tests/store/test_upgrade.py
    for path in sorted(set(sql_folder().rglob("*.sql")) - migrations):
        con.execute(path.read_text()).fetchall()


def test_checks_and_findings_are_empty_on_an_empty_warehouse(warehouse):
    for path in sql_files("40_checks", "50_findings"):
        assert warehouse.rows(path.read_text()) == [], path.stem
