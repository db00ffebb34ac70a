"""The report's section on searches, against the library's own summary of the same runs."""

import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.reports.content import Figure, Table
from mbml.reports.material import Material
from mbml.reports.sections import searches
from mbml.searches.clock import Budget
from mbml.searches.search import search
from mbml.searches.summary import summarise_search
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"


@pytest.fixture(scope="module")
def made(new_warehouse, tmp_path_factory):
    """Path of a warehouse with two searches, and the report of each."""
    folder = tmp_path_factory.mktemp("searches")
    path = folder / "w.duckdb"
    with new_warehouse(path) as warehouse:
        load_rows(warehouse, nasbench201_rows(60), folder / "rows.parquet")
    reports = [
        search(path, VIEW, budget=Budget(budget), strategy="random", seeds=3) for budget in (20, 55)
    ]
    return path, reports


def blocks(path):
    with open_warehouse(path) as warehouse:
        [section] = searches.make(Material(warehouse))
    return {one.name: one for one in section.blocks if isinstance(one, Figure | Table)}


def test_means_and_deviations_are_those_of_the_search_itself(made):
    path, reports = made
    frame = blocks(path)["search_milestones"].frame
    for budget, report in zip((20, 55), reports, strict=True):
        rows = summarise_search(report)["milestones"]
        expected = {one["queries"]: one for one in rows}
        found = frame.filter(pl.col("search") == f"random, {budget} queries")
        assert set(expected) <= set(found["queries"])
        for row in found.iter_rows(named=True):
            if row["queries"] in expected:
                one = expected[row["queries"]]
                assert row["runs"] == 3
                for rule, pair in (
                    ("test, chosen", "chosen_test_accuracy"),
                    ("test, raw", "raw_test_accuracy"),
                    ("test, oracle", "oracle_test_accuracy"),
                    ("validation of the chosen", "chosen_valid_accuracy"),
                ):
                    values = one[pair], one[f"{pair}_std"]
                    assert (row[rule], row[f"{rule} (std)"]) == pytest.approx(values)


def test_the_end_of_a_search_is_in_the_table(made):
    frame = blocks(made[0])["search_milestones"].frame
    assert frame.filter(pl.col("search") == "random, 55 queries")["queries"].max() == 55


def test_curves_have_bands_and_name_their_rule(made):
    data = blocks(made[0])["search_curves"].specification["datasets"]
    [rows] = [rows for rows in data.values() if "rule" in rows[0]]
    assert {row["rule"] for row in rows} == set(searches.TITLES.values())
    assert all(row["low"] <= row["mean"] <= row["high"] for row in rows)


def test_every_choice_of_the_menus_has_a_figure_of_its_own(made):
    curves = blocks(made[0])["search_curves"].variants()
    first, *chosen = curves
    dataset = "nas_bench_201_cifar100_200_epochs"
    assert first == "search_curves"
    assert [name.removeprefix(f"search_curves_{dataset}_") for name in chosen] == [
        "test_chosen",
        "test_raw",
        "test_oracle",
        "validation_of_the_chosen",
    ]
    for name, rule in zip(chosen, searches.TITLES.values(), strict=True):
        assert [one["value"] for one in curves[name]["params"]][1] == rule


def test_a_choice_without_any_row_has_no_figure(made, tmp_path):
    path = tmp_path / "w.duckdb"
    path.write_bytes(made[0].read_bytes())
    with open_warehouse(path, write=True) as warehouse:
        rows = nasbench201_rows(60, dataset=pl.lit("cifar10"), valid_accuracy=None)
        load_rows(warehouse, rows, tmp_path / "others.parquet")
    view = "meta_nasbench201_cifar10_200epochs"
    search(path, view, budget=Budget(20), target="test_accuracy", seeds=1)
    curves = blocks(path)["search_curves"].variants()
    stem = "search_curves_nas_bench_201_cifar10_200_epochs"
    assert [name for name in curves if name.startswith(stem)] == [
        f"{stem}_test_chosen",
        f"{stem}_test_raw",
        f"{stem}_test_oracle",
    ]


def test_searches_that_differ_in_settings_alone_are_told_apart(made, tmp_path):
    path = tmp_path / "w.duckdb"
    path.write_bytes(made[0].read_bytes())
    for population in (5, 9):
        settings = {"population": population}
        search(path, VIEW, budget=Budget(12), strategy="evolution", settings=settings, seeds=1)
    names = blocks(path)["search_milestones"].frame["search"].unique().to_list()
    assert len(names) == 4
    assert any('"population": 9' in name for name in names)


def test_of_a_search_on_data_that_changed_the_last_runs_are_shown(made, tmp_path):
    path = tmp_path / "w.duckdb"
    path.write_bytes(made[0].read_bytes())
    with open_warehouse(path, write=True) as warehouse:
        rows = nasbench201_rows(60, test_accuracy=pl.int_range(60) / 100)
        load_rows(warehouse, rows, tmp_path / "others.parquet", replace=True)
    search(path, VIEW, budget=Budget(20), strategy="random", seeds=1)
    frame = blocks(path)["search_milestones"].frame
    assert frame.filter(pl.col("search") == "random, 20 queries")["runs"].unique().to_list() == [1]


def test_what_differs_from_a_plain_search_stands_in_its_name(made, tmp_path):
    path = tmp_path / "w.duckdb"
    path.write_bytes(made[0].read_bytes())
    with open_warehouse(path, write=True) as warehouse:
        warehouse.rows(
            "update results.search set features = 'topology', objectives = 'parameters',"
            " one_trial = true, equivalents_once = true, target = 'test_accuracy'"
        )
    names = blocks(path)["search_milestones"].frame["search"].unique().sort().to_list()
    rules = (
        "random, on topology, with small parameters, one trial, equivalents once,"
        " target test_accuracy"
    )
    assert names == [f"{rules}, 20 queries", f"{rules}, 55 queries"]


def test_without_a_search_the_command_is_named(warehouse):
    [section] = searches.make(Material(warehouse))
    assert "mbml search" in section.blocks[0].text
