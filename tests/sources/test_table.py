"""Tables of the travelling form: what is read, and how bad ones are refused."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pyarrow.parquet as pq
import pytest
from tables import nasbench101_rows, nasbench201_rows

from mbml.errors import SourceError, UsageError
from mbml.sources.tables.outside import faults_of
from mbml.sources.tables.table import open_tables


def read(path):
    [source] = open_tables(path)
    return list(source.batches())


def test_csv_parquet_and_hive_give_the_same(tmp_path):
    rows = pl.concat([nasbench101_rows(trial=t) for t in (1, 2)])
    rows.write_csv(tmp_path / "a.csv")
    rows.write_parquet(tmp_path / "a.parquet")
    parts = ["schedule_epochs", "trial"]
    pq.write_to_dataset(rows.to_arrow(), tmp_path / "hive", partition_cols=parts)
    expected = [batch.epochs.to_pylist() for batch in read(tmp_path / "a.parquet")]
    assert [batch.epochs.to_pylist() for batch in read(tmp_path / "a.csv")] == expected
    assert [batch.epochs.to_pylist() for batch in read(tmp_path / "hive")] == expected


def test_two_benchmarks_in_one_table_are_two_sources(tmp_path):
    both = pl.concat([nasbench101_rows(), nasbench201_rows()], how="diagonal_relaxed")
    both.write_parquet(tmp_path / "a.parquet")
    assert [one.benchmark for one in open_tables(tmp_path / "a.parquet")] == [
        "nasbench101",
        "nasbench201",
    ]


def test_isomorphic_cells_are_one_architecture(tmp_path):
    twins = pl.DataFrame(
        {
            "adjacency": ["0110000100010000", "0110000100010000"],
            "operations": [
                "input,conv1x1-bn-relu,maxpool3x3,output",
                "input,maxpool3x3,conv1x1-bn-relu,output",
            ],
            "dataset": "cifar10",
            "schedule_epochs": 108,
            "trial": [1, 2],
            "epoch": 108,
            "test_accuracy": [0.5, 0.6],
        }
    )
    twins.write_parquet(tmp_path / "a.parquet")
    batches = read(tmp_path / "a.parquet")
    assert sum(batch.architectures.num_rows for batch in batches) == 1
    assert {arch for batch in batches for arch in batch.runs["arch"].to_pylist()} == {0}


BAD_VALUES = [
    ({"dataset": "cifar-10"}, "row 1, column 'dataset': expected one of .*cifar10, .*'cifar-10'"),
    ({"epoch": 201}, "row 1, column 'epoch': expected an epoch of its schedule of 200, got 201"),
    ({"epoch": None}, "row 1, column 'epoch': expected .*, got no value"),
    ({"trial": None}, "row 1, column 'trial': expected .*, got no value"),
    ({"schedule_epochs": None}, "row 1, column 'schedule_epochs': expected .*, got no value"),
    ({"dataset": None}, "row 1, column 'dataset': expected .*, got no value"),
    ({"test_acuracy": 0.5}, "column 'test_acuracy': is not known. Did you mean 'test_accuracy'"),
    ({"arch_str": "|none~0|"}, "row 1"),
    ({"arch_index": 17}, r"row 1, column 'arch_index': expected 0, the index of .*, got 17"),
    ({"benchmark": "nasbench301"}, "row 1, column 'benchmark': .*'nasbench301'"),
]


@pytest.mark.parametrize(("columns", "said"), BAD_VALUES, ids=lambda one: str(one)[:40])
def test_a_bad_value_is_refused_with_its_row(tmp_path, columns, said):
    nasbench201_rows(**columns).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=said):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize("column", ["dataset", "schedule_epochs", "trial", "epoch", "arch_str"])
def test_a_needed_column_that_is_missing_is_named(tmp_path, column):
    nasbench201_rows().drop(column).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=f"lacks the column {column}"):
        read(tmp_path / "a.parquet")


def test_a_key_that_stands_twice_is_refused(tmp_path):
    pl.concat([nasbench201_rows(), nasbench201_rows(1)]).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="row 7: repeats an architecture"):
        read(tmp_path / "a.parquet")


def test_a_hash_that_is_not_its_cells_is_refused(tmp_path):
    nasbench101_rows(module_hash="0" * 32).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=r"row 1, column 'module_hash': .*, got '0{32}'"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"adjacency": ["0100", None]}, "row 2, column 'adjacency': .* got no value"),
        ({"operations": ["input,output", None]}, "row 2, column 'operations': .* no value"),
        ({"operations": ["input,output", "input,pool"]}, "row 2: .*'pool'"),
        ({"adjacency": ["0100", "0000"]}, "row 2: "),
    ],
)
def test_a_cell_that_is_none_is_refused_with_its_row(tmp_path, columns, said):
    rows = nasbench101_rows().head(1)
    rows = pl.concat([rows, rows.with_columns(trial=2)])
    rows = rows.with_columns(**{name: pl.Series(values) for name, values in columns.items()})
    rows.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=said):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1 not really", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_damaged_parquet_file_is_refused(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"is empty|cannot be read as a table"):
        open_tables(tmp_path / "a.parquet")


def test_a_truncated_parquet_file_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    nasbench201_rows().write_parquet(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SourceError, match="cannot be read as a table"):
        open_tables(path)


def test_a_page_over_which_polars_aborts_the_process_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    nasbench201_rows(12).write_parquet(path)
    # In the header of a page: the number of its values, 12 and -12 as Thrift's zigzag has them.
    path.write_bytes(path.read_bytes().replace(b"\x2c\x15\x18", b"\x2c\x15\x17", 1))
    with pytest.raises(SourceError, match="cannot be read as a table: Invalid page header"):
        open_tables(path)


def test_a_panic_of_polars_is_a_fault_of_the_file_and_says_nothing_itself(tmp_path, capfd):
    path = tmp_path / "a.parquet"
    nasbench201_rows(500).write_parquet(path)
    [source] = open_tables(path)
    os.truncate(path, 2000)
    with pytest.raises(SourceError, match="cannot be read as a table") as refused:
        list(source.batches())
    assert isinstance(refused.value.__cause__, pl.exceptions.PanicException)
    assert capfd.readouterr().err == ""


def test_what_other_threads_write_to_stderr_during_a_read_is_not_lost(tmp_path, capfd):
    with faults_of(tmp_path), ThreadPoolExecutor(1) as other:
        other.submit(os.write, 2, b"of another thread\n").result()
    assert capfd.readouterr().err == "of another thread\n"


def test_an_empty_field_of_a_csv_is_no_value(tmp_path):
    rows = nasbench201_rows(3).with_columns(seconds_are_measured=pl.Series(["true", "false", ""]))
    rows.write_csv(tmp_path / "a.csv")
    [batch] = read(tmp_path / "a.csv")
    assert batch.runs.column("seconds_are_measured").to_pylist() == [True, False, None]


def test_a_table_without_rows_is_refused(tmp_path):
    nasbench201_rows().clear().write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="holds no rows"):
        open_tables(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.parquet", "no such file"),
        (".", "a folder without Parquet"),
    ],
)
def test_a_path_that_is_no_table_is_refused(tmp_path, name, said):
    with pytest.raises(UsageError, match=said):
        open_tables(tmp_path / name)
