"""What the comments of columns promise is what the views hold."""

from __future__ import annotations

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows


@pytest.fixture
def meanings(warehouse):
    """The comment of each column, by view and column."""
    rows = warehouse.rows(
        "select table_name, column_name, comment from duckdb_columns()"
        " where table_name in (select view_name from duckdb_views() where not internal)"
    )
    return {(view, column): text for view, column, text in rows}


def trials(rows: pl.DataFrame, *numbers: int, **columns: object) -> pl.DataFrame:
    """Give each row once for each trial, with a value of each column for each trial."""
    parts = [
        rows.with_columns(
            trial=pl.lit(number),
            **{name: pl.lit(values[place]) for name, values in columns.items()},
        )
        for place, number in enumerate(numbers)
    ]
    return pl.concat(parts)


def test_only_summaries_speak_of_means_and_deviations(warehouse, tmp_path, meanings):
    rows = trials(nasbench201_rows(1), 777, 888, valid_accuracy=[0.5, 0.7])
    load_rows(warehouse, rows, tmp_path / "a.parquet")
    single = "select valid_accuracy from measurement order by 1"
    assert warehouse.rows(single) == [(0.5,), (0.7,)]
    mean = "select valid_accuracy from meta_nasbench201_cifar100_200epochs"
    assert warehouse.rows(mean) == [(pytest.approx(0.6),)]
    for (view, column), text in meanings.items():
        if view == "measurement":
            assert not any(word in text for word in ("mean", "over trials", "disagree")), column
        elif "_eps_" in column:
            assert "under the attack" in text, (view, column)
        elif column.endswith(("_accuracy", "train_seconds")):
            assert "mean over" in text or "NULL in the published files" in text, (view, column)
        elif column.endswith("_std"):
            assert "deviation" in text or "NULL in the published files" in text, (view, column)


def test_parameters_on_which_trials_disagree(warehouse, tmp_path, meanings):
    view = "meta_nasbench201_cifar100_200epochs"
    with_888 = trials(nasbench201_rows(1), 777, 888, 999, parameters=[1, 2, 3])
    without = trials(nasbench201_rows(2)[1:], 999, 777, parameters=[3, 1])
    load_rows(warehouse, pl.concat([with_888, without]), tmp_path / "a.parquet")
    load_rows(
        warehouse, trials(nasbench101_rows(), 2, 1, parameters=[8, 7]), tmp_path / "b.parquet"
    )
    held = f"select parameters from {view} order by arch_index"
    assert warehouse.rows(held) == [(2,), (1,)]
    assert meanings[view, "parameters"].endswith("those of trial 888, or else of the first trial")
    in_101 = "select distinct parameters from meta_nasbench101_108epochs"
    assert warehouse.rows(in_101) == [(7,)]
    assert meanings["meta_nasbench101_108epochs", "parameters"].endswith("those of the first trial")
    assert not [key for key, text in meanings.items() if "nasbench101" in key[0] and "888" in text]


def test_a_learning_curve_holds_the_epochs_that_are_loaded(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(2, epoch=12), tmp_path / "a.parquet")
    held = "select distinct epoch from learning_curve_nasbench201_cifar100"
    assert warehouse.rows(held) == [(12,)]
    comments = warehouse.rows(
        "select comment from duckdb_views()"
        " where view_name like 'learning_curve%' or view_name = 'measurement'"
    )
    assert len(comments) == 9
    for (text,) in comments:
        assert "after each epoch that is loaded" in text
        assert "every epoch" not in text


def test_cifar10_has_no_validation_set(meanings):
    for (view, column), text in meanings.items():
        if column in {"valid_accuracy", "valid_accuracy_std"}:
            of_halves = ("cifar100", "cifar10valid", "everything")
            alone = "cifar10" in view and not any(name in view for name in of_halves)
            assert ("without a validation set" in text) == alone, view


def test_every_meaning_is_that_of_some_column(warehouse):
    unused = warehouse.rows(
        "select view_pattern, column_name from view_column as said"
        " where meaning not in (select comment from duckdb_columns() as held"
        " where held.column_name = said.column_name and held.table_name glob said.view_pattern)"
    )
    assert unused == []
