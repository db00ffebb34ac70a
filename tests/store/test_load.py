"""What a load keeps, merges, replaces and refuses."""

from __future__ import annotations

import math
from dataclasses import replace

import polars as pl
import pyarrow as pa
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.errors import CheckError, MbmlError, SourceError, UsageError
from mbml.sources.batch import EPOCH_METRICS
from mbml.sources.tables.table import TableSource, open_tables
from mbml.store import ingest, load
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


class _Source:
    """A source of one run, as a plug-in may hand it over, with some of its columns replaced."""

    benchmark = "nasbench201"
    format = "own"
    release = None

    def __init__(self, path, **columns):
        nasbench201_rows(1).write_parquet(path)
        self.path, self.files, self._columns = path, (path,), columns

    def batches(self):
        [source] = open_tables(self.path)
        for batch in source.batches():
            tables = {"runs": batch.runs, "epochs": batch.epochs}
            for kind, table in tables.items():
                for name in self._columns.keys() & set(table.column_names):
                    place = table.column_names.index(name)
                    field, values = table.schema.field(name), self._columns[name]
                    as_there = field if field.type == values.type else name
                    tables[kind] = tables[kind].set_column(place, as_there, values)
            yield replace(batch, **tables)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("column", "check"),
    [
        ("latency_seconds", "latency_and_total_seconds_are_finite"),
        ("total_seconds", "latency_and_total_seconds_are_finite"),
        ("train_seconds", "seconds_are_finite"),
        ("test_accuracy", "accuracy_is_a_fraction"),
    ],
)
def test_impossible_values_of_any_source_fail_a_check(warehouse, tmp_path, column, check, value):
    source = _Source(tmp_path / "a.parquet", **{column: pa.array([value], pa.float64())})
    with pytest.raises(CheckError, match=f"check {check} failed for 1 rows"):
        load.ingest(warehouse, source)
    assert warehouse.rows("select count(*) from run") == [(0,)]


def test_a_run_of_an_architecture_that_never_came_is_not_left_out(warehouse, tmp_path):
    source = _Source(tmp_path / "a.parquet", arch=pa.array([7], pa.uint32()))
    with pytest.raises(SourceError, match="1 runs are of architectures it lacks"):
        load.ingest(warehouse, source)
    assert warehouse.rows("select count(*) from source") == [(0,)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("epoch", pa.array([199.7])),
        ("train_seconds", pa.array([7])),
        ("test_accuracy", pa.array([True])),
        ("parameters", pa.array([0.129306])),
        ("trial", pa.array(["777"])),
    ],
)
def test_a_source_of_other_types_is_refused(warehouse, tmp_path, column, values):
    said = f"column '{column}' is {values.type}, expected "
    with pytest.raises(MbmlError, match=said):
        load.ingest(warehouse, _Source(tmp_path / "a.parquet", **{column: values}))


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
    with pytest.raises(UsageError, match=r"test_accuracy is 0\.25, held 0\.4.*`replace=True`"):
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


class Failing:
    """A source that ends with an error after its first batch, or hands it over twice."""

    def __init__(self, source, error):
        self._source, self._error = source, error

    def __getattr__(self, name):
        return getattr(self._source, name)

    def batches(self):
        yield from self._source.batches()
        if self._error is not None:
            raise self._error
        yield from self._source.batches()


def settings(warehouse):
    """All of DuckDB's settings, and what is registered or temporary."""
    return warehouse.rows(
        "select name, value from duckdb_settings()"
        " union all select view_name, sql from duckdb_views() where temporary"
        " union all select table_name, sql from duckdb_tables() where temporary order by all"
    )


#: How a load fails: its rows, what ends their source (... for nothing), and the error.
CELLS = nasbench201_rows(9, dataset="cifar10")
FAILURES = {
    "while the source is read": (CELLS, SourceError("file", "record 3", "damaged"), SourceError),
    "at an interrupt": (CELLS, KeyboardInterrupt(), KeyboardInterrupt),
    "by runs out of order": (CELLS, None, MbmlError),
    "by values that differ": (nasbench201_rows(test_accuracy=0.25), ..., UsageError),
    "by a check": (pl.concat([CELLS, CELLS.with_columns(trial=777)]), ..., CheckError),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_load_that_fails_leaves_the_settings_as_they_were(warehouse, tmp_path, failure):
    rows, error, expected = FAILURES[failure]
    before = settings(warehouse)
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    assert settings(warehouse) == before
    rows.write_parquet(tmp_path / "b.parquet")
    [source] = open_tables(tmp_path / "b.parquet")
    with pytest.raises(expected):
        ingest(warehouse, source if error is ... else Failing(source, error))
    assert settings(warehouse) == before
    load_rows(warehouse, CELLS, tmp_path / "c.parquet")
    assert settings(warehouse) == before
    assert warehouse.rows("select count(*) from cell_metric") == [(15,)]


RUN_VALUES = {
    "parameters": (1000, 1001),
    "flops": (5000, 5001),
    "latency_seconds": (0.25, 0.25 + 1e-8),
    "total_seconds": (90.5, 90.5 + 1e-8),
    "seconds_are_measured": (True, False),
}


@pytest.mark.parametrize("column", [*EPOCH_METRICS, *RUN_VALUES])
def test_a_difference_in_any_column_is_refused(warehouse, tmp_path, column):
    held, other = RUN_VALUES.get(column, (0.5, 0.5 + 1e-8))
    load_rows(warehouse, nasbench201_rows(**{column: held}), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match=f"{column} is .*, held .*; load it with"):
        load_rows(warehouse, nasbench201_rows(**{column: other}), tmp_path / "b.parquet")


def test_of_values_that_differ_by_rounding_the_held_one_stays(warehouse, tmp_path):
    held = nasbench201_rows(test_accuracy=0.5, total_seconds=90.5)
    load_rows(warehouse, held, tmp_path / "a.parquet")
    # With a value that is not held yet in both rows, so that both are written to.
    other = nasbench201_rows(
        test_accuracy=0.5 + 5e-10,
        train_accuracy=0.75,
        total_seconds=90.5 + 5e-10,
        latency_seconds=0.25,
    )
    load_rows(warehouse, other, tmp_path / "b.parquet")
    columns = "test_accuracy, train_accuracy, total_seconds, latency_seconds"
    rows = warehouse.rows(f"select distinct {columns} from measurement")
    assert rows == [(0.5, 0.75, 90.5, 0.25)]


@pytest.mark.parametrize("column", [*EPOCH_METRICS, *RUN_VALUES])
def test_a_missing_value_is_filled_in_any_column(warehouse, tmp_path, column):
    value, _ = RUN_VALUES.get(column, (0.375, None))
    other = "train_loss" if column != "train_loss" else "valid_loss"
    bare = nasbench201_rows().select(
        pl.exclude("parameters", "valid_accuracy", "test_accuracy"), pl.lit(0.5).alias(other)
    )
    load_rows(warehouse, bare, tmp_path / "a.parquet")
    load_rows(warehouse, bare.with_columns(pl.lit(value).alias(column)), tmp_path / "b.parquet")
    assert warehouse.rows(f"select distinct {column} from measurement") == [(value,)]
    assert warehouse.rows("select count(*) from run") == [(6,)]


def test_replace_loads_the_same_file_again(warehouse, tmp_path):
    first = nasbench201_rows(test_accuracy=0.5)
    load_rows(warehouse, first, tmp_path / "a.parquet")
    second = nasbench201_rows(test_accuracy=0.25)
    load_rows(warehouse, second, tmp_path / "b.parquet", replace=True)
    [report] = load_rows(warehouse, first, tmp_path / "a.parquet", replace=True)
    assert not report.already_loaded
    assert warehouse.rows(f"select distinct test_accuracy from {VIEW}") == [(0.5,)]


def test_the_benchmarks_of_one_file_are_loaded_each(warehouse, tmp_path):
    both = pl.concat(
        [nasbench201_rows(3), nasbench101_rows().drop("trial").with_columns(trial=1)],
        how="diagonal_relaxed",
    )
    path = tmp_path / "both.parquet"
    reports = load_rows(warehouse, both, path)
    assert [one.already_loaded for one in reports] == [False, False]
    assert {one.benchmark for one in open_tables(path)} == {"nasbench101", "nasbench201"}
    assert warehouse.rows("select count(*) from run") == [(7,)]
    again = load_rows(warehouse, both, path)
    assert [one.already_loaded for one in again] == [True, True]


class _Changed(TableSource):
    """A table that is written anew, as long as before, when its last row has been read."""

    def batches(self):
        yield from super().batches()
        data = self.path.read_bytes()
        self.path.unlink()
        self.path.write_bytes(data)


def test_a_file_that_is_put_in_place_of_itself_is_refused(warehouse, tmp_path):
    path = tmp_path / "a.parquet"
    nasbench201_rows().write_parquet(path)
    [source] = open_tables(path)
    source.__class__ = _Changed
    with pytest.raises(SourceError, match="was changed while it was read"):
        ingest(warehouse, source)
    assert warehouse.rows("select count(*) from run") == [(0,)]
