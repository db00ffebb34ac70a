"""What a load keeps, merges, replaces and refuses."""

from __future__ import annotations

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.errors import CheckError, UsageError
from mbml.store import load
from mbml.store.schema import sql_files

VIEW = "meta_nasbench201_cifar100_200epochs"


def test_a_summary_has_no_trials_and_no_deviation(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    rows = warehouse.rows(
        f"select arch_index, valid_accuracy, valid_accuracy_std, trials from {VIEW} order by 1"
    )
    assert rows == [(index, 0.5 + index / 200, None, None) for index in range(6)]


def test_trials_are_averaged_with_their_population_deviation(warehouse, tmp_path):
    trials = pl.concat(
        [
            nasbench201_rows(trial=777, valid_accuracy=0.2),
            nasbench201_rows(trial=888, valid_accuracy=0.4),
        ]
    )
    load_rows(warehouse, trials, tmp_path / "a.parquet")
    rows = warehouse.rows(f"select distinct valid_accuracy, valid_accuracy_std, trials from {VIEW}")
    assert rows == [(pytest.approx(0.3), pytest.approx(0.1), 2)]


def test_one_trial_deviates_by_nothing(warehouse, tmp_path):
    load_rows(warehouse, nasbench101_rows(), tmp_path / "a.parquet")
    rows = warehouse.rows(
        "select distinct test_accuracy_std, trials from meta_nasbench101_108epochs"
    )
    assert rows == [(0.0, 1)]


def test_what_a_file_lacks_is_null(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows().drop("test_accuracy"), tmp_path / "a.parquet")
    assert warehouse.rows(f"select distinct test_accuracy, flops from {VIEW}") == [(None, None)]


def test_parameters_that_differ_between_trials_are_those_of_trial_888(warehouse, tmp_path):
    trials = [nasbench201_rows(1, trial=t, parameters=p) for t, p in ((777, 5), (888, 7), (999, 9))]
    load_rows(warehouse, pl.concat(trials), tmp_path / "a.parquet")
    assert warehouse.rows(f"select parameters from {VIEW}") == [(7,)]
    [finding] = [
        path for path in sql_files("50_findings") if path.stem.startswith("parameters_differ")
    ]
    assert len(warehouse.rows(finding.read_text())) == 1


def test_the_same_file_again_is_no_work(warehouse, tmp_path):
    [first] = load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    [again] = load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    assert (first.already_loaded, again.already_loaded) == (False, True)
    assert again.source_id == first.source_id
    assert warehouse.rows("select count(*) from source") == [(1,)]


def test_a_source_may_add_epochs_and_columns(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    more = pl.concat(
        [
            nasbench201_rows(train_accuracy=0.9, test_accuracy=None),
            nasbench201_rows(train_accuracy=0.1, test_accuracy=None, epoch=4, valid_accuracy=0.2),
        ],
        how="vertical_relaxed",
    )
    load_rows(warehouse, more, tmp_path / "b.parquet")
    assert warehouse.rows("select count(*) from run") == [(6,)]
    rows = warehouse.rows(f"select train_accuracy, test_accuracy from {VIEW} where arch_index = 2")
    assert rows == [(0.9, pytest.approx(0.41))]
    rows = warehouse.rows(
        "select count(*), min(valid_accuracy) from meta_nasbench201_cifar100_4epochs"
    )
    assert rows == [(6, 0.2)]


def test_a_value_that_differs_is_refused_and_named(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    other = nasbench201_rows(test_accuracy=pl.lit(0.25))
    with pytest.raises(UsageError, match=r"test_accuracy is 0\.25, held 0\.4.*--replace"):
        load_rows(warehouse, other, tmp_path / "b.parquet")
    assert warehouse.rows("select count(*) from source") == [(1,)]
    assert warehouse.rows(f"select min(test_accuracy) from {VIEW}") == [(0.4,)]


def test_values_that_differ_by_rounding_are_the_same(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    other = nasbench201_rows().with_columns(pl.col("test_accuracy") + 1e-10)
    load_rows(warehouse, other, tmp_path / "b.parquet")
    assert warehouse.rows("select count(*) from run") == [(6,)]


@pytest.mark.parametrize(("held", "brought"), [(0, 777), (777, 0)])
def test_trials_and_summaries_do_not_mix(warehouse, tmp_path, held, brought):
    load_rows(warehouse, nasbench201_rows(trial=held), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="where the warehouse holds"):
        load_rows(warehouse, nasbench201_rows(trial=brought), tmp_path / "b.parquet")
    load_rows(warehouse, nasbench201_rows(trial=brought), tmp_path / "b.parquet", replace=True)
    assert warehouse.rows("select distinct trial from run") == [(brought,)]


def test_a_mix_inside_one_source_fails_the_checks(warehouse, tmp_path):
    mixed = pl.concat([nasbench201_rows(trial=0), nasbench201_rows(trial=777)])
    with pytest.raises(CheckError, match="trials_of_one_kind"):
        load_rows(warehouse, mixed, tmp_path / "a.parquet")
    assert warehouse.rows("select count(*) from run") == [(0,)]
    assert warehouse.rows("select count(*) from architecture") == [(0,)]


def test_replace_keeps_the_ids_of_architectures(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    ids = warehouse.rows("select native_key, arch_id from architecture order by all")
    other = nasbench201_rows(3, test_accuracy=0.25)
    load_rows(warehouse, other, tmp_path / "b.parquet", replace=True)
    assert warehouse.rows("select native_key, arch_id from architecture order by all") == ids
    assert warehouse.rows(f"select arch_index, test_accuracy from {VIEW} order by 1 limit 4") == [
        (0, 0.25),
        (1, 0.25),
        (2, 0.25),
        (3, pytest.approx(0.415)),
    ]


def test_two_benchmarks_live_side_by_side(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    load_rows(warehouse, nasbench101_rows(), tmp_path / "b.parquet")
    counts = warehouse.rows(
        f"select (select count(*) from {VIEW}), (select count(*) from meta_nasbench101_108epochs)"
    )
    assert counts == [(6, 4)]


def test_a_failure_in_the_middle_leaves_nothing(warehouse, tmp_path, monkeypatch):
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(load, "run_checks", fail)
    with pytest.raises(KeyboardInterrupt):
        load_rows(warehouse, nasbench101_rows(), tmp_path / "b.parquet")
    assert warehouse.rows("select count(*) from source") == [(1,)]
    assert warehouse.rows("select count(*) from cell_metric") == [(6,)]
    assert warehouse.rows("select count(*) from op") == [(36,)]
