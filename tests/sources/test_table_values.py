"""Values of tables and proxies, by type and column: kept exactly, or refused with their place."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from tables import nasbench201_rows

from mbml.errors import SourceError
from mbml.sources.tables.proxies import read_proxies
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench201
from mbml.store import ingest

RUN_COLUMNS = ("trial", "schedule_epochs", "parameters", "flops", "latency_seconds")
RUN_COLUMNS += ("total_seconds", "seconds_are_measured")
WHOLE_16 = "a whole number from 0 to 65,535"
WHOLE_32 = "a whole number from 0 to 4,294,967,295"
WHOLE_63 = "a whole number from 0 to 9,223,372,036,854,775,807"
FRACTION = "a fraction in [0, 1]"
SECONDS = "finite seconds, 0 or more"
MILLIONS = (
    "expected {}, got {}. The column seems to be in millions: multiply it by 1,000,000 and round"
)
PERCENT = f"expected {FRACTION}, got 93.66. The column seems to be in percent: divide it by 100."
DIGITS = "A double cannot hold all its digits: round it to 15 of them."
DAY = dt.datetime(1970, 1, 1)  # noqa: DTZ001


def write(path, name, values):
    """A table of as many rows as values, which stand in one of its columns."""
    rows = nasbench201_rows(len(values)).drop(name, strict=False)
    if path.suffix == ".csv":
        rows.with_columns(pl.Series(name, values, pl.String)).write_csv(path)
    else:
        parquet.write_table(rows.to_arrow().append_column(name, values), path)
    return path


def value_of(path, name):
    """The value that the reader hands over for the first row of a table."""
    [source] = open_tables(path)
    [batch] = source.batches()
    return (batch.runs if name in RUN_COLUMNS else batch.epochs)[name][0].as_py()


def column(values, kind):
    halves = kind == pa.float16()
    # PyArrow 22 takes halves from NumPy alone.
    return pa.array(np.array(values, np.float16) if halves else values, kind)


KEPT = [
    ("epoch", column([200.0], pa.float64()), 200),
    ("epoch", column([200.0], pa.float32()), 200),
    ("epoch", column([200.0], pa.float16()), 200),
    ("epoch", column([Decimal("200.00")], pa.decimal128(9, 2)), 200),
    ("epoch", column([200], pa.int64()), 200),
    ("epoch", column(["200"], pa.string()), 200),
    ("epoch", column([200], pa.int16()).dictionary_encode(), 200),
    ("schedule_epochs", column([200.0], pa.float64()), 200),
    ("trial", column([777.0], pa.float64()), 777),
    ("trial", column([-0.0], pa.float64()), 0),
    ("trial", column([777.0], pa.float16()), 777),
    ("trial", column([Decimal(777)], pa.decimal128(38, 0)), 777),
    ("trial", column([777], pa.uint64()), 777),
    ("trial", column(["777.0"], pa.string()).dictionary_encode(), 777),
    ("trial", column([b"777"], pa.binary()), 777),
    ("parameters", column([Decimal(4294967295)], pa.decimal128(38, 0)), 4294967295),
    ("parameters", column([129306.0], pa.float64()), 129306),
    ("parameters", column([None], pa.null()), None),
    ("parameters", column([None], pa.date32()), None),
    ("flops", column([2**63 - 1], pa.uint64()), 2**63 - 1),
    ("flops", column([2.0**62], pa.float64()), 2**62),
    ("flops", column([Decimal(2**63 - 1)], pa.decimal128(38, 0)), 2**63 - 1),
    ("test_accuracy", column([0.1], pa.float32()), 0.10000000149011612),
    ("test_accuracy", column([Decimal("0.9366")], pa.decimal128(38, 4)), 0.9366),
    ("test_accuracy", column([1], pa.int8()), 1.0),
    ("test_accuracy", column([0.5], pa.float16()), 0.5),
    ("train_loss", column([math.inf], pa.float64()), math.inf),
    ("train_seconds", column([2**53], pa.int64()), float(2**53)),
    ("train_seconds", column([2**53 + 2], pa.uint64()), float(2**53 + 2)),
    ("latency_seconds", column([Decimal("0.01393597586")], pa.decimal128(38, 20)), 0.01393597586),
    ("total_seconds", column([0], pa.int32()), 0.0),
    ("seconds_are_measured", column([True], pa.bool_()), True),
    ("seconds_are_measured", column([1], pa.int64()), True),
    ("seconds_are_measured", column([0.0], pa.float64()), False),
    ("seconds_are_measured", column(["True"], pa.string()), True),
]  # fmt: skip

KEPT_TEXTS = [
    ("epoch", "200.0", 200),
    ("epoch", "2e2", 200),
    ("epoch", "2.000000000000000000e+02", 200),
    ("epoch", "+200", 200),
    ("flops", "9223372036854775807", 2**63 - 1),
    ("flops", "9223372036854775807.0", 2**63 - 1),
    ("flops", "9.223372036854775807e18", 2**63 - 1),
    ("parameters", "129306.000", 129306),
    ("test_accuracy", "0.1", 0.1),
    ("test_accuracy", "0.10000000000000000555", 0.1),
    ("test_accuracy", f"{0.9366:.18e}", 0.9366),
    ("test_accuracy", "1", 1.0),
    ("train_loss", "inf", math.inf),
    ("train_seconds", "1e+23", 1e23),
    ("train_seconds", "5e-324", 5e-324),
    ("train_seconds", "0.000", 0.0),
    ("seconds_are_measured", "true", True),
    ("seconds_are_measured", "True", True),
    ("seconds_are_measured", "FALSE", False),
    ("seconds_are_measured", "1", True),
    ("seconds_are_measured", "0.0", False),
]

REFUSED = [
    ("epoch", column([199.7], pa.float64()), f"expected {WHOLE_16}, got 199.7"),
    ("epoch", column([math.nan], pa.float64()), f"expected {WHOLE_16}, got nan. Leave a value"),
    ("epoch", column([math.inf], pa.float64()), f"expected {WHOLE_16}, got inf"),
    ("epoch", column([-1], pa.int8()), f"expected {WHOLE_16}, got -1"),
    ("epoch", column([70_000], pa.int32()), f"expected {WHOLE_16}, got 70000"),
    ("epoch", column([70_000.0], pa.float64()), f"expected {WHOLE_16}, got 70000.0"),
    ("epoch", column([True], pa.bool_()), f"expected {WHOLE_16}, got True (Boolean)"),
    ("epoch", column([DAY], pa.timestamp("ns")), "got 1970-01-01 00:00:00.000000000 (Datetime)"),
    ("epoch", column([DAY.date()], pa.date32()), "got 1970-01-01 (Date)"),
    ("epoch", column([dt.time(3)], pa.time64("us")), "got 03:00:00 (Time)"),
    ("epoch", column([dt.timedelta(1)], pa.duration("us")), "got 1 day, 0:00:00 (Duration)"),
    ("epoch", column([2**62], pa.timestamp("us")), f"got {2**62} us (Datetime)"),
    ("epoch", column([2**62], pa.timestamp("us", "Europe/Berlin")), f"got {2**62} us (Datetime)"),
    ("epoch", column([2**62], pa.duration("ms")), f"got {2**62} ms (Duration)"),
    ("epoch", column([2**31 - 1], pa.date32()), f"got {2**31 - 1} days (Date)"),
    ("epoch", column([[2**31 - 1]], pa.list_(pa.date32())), f"got [{2**31 - 1}] (List)"),
    ("epoch", column([[200]], pa.list_(pa.int64())), "got [200] (List)"),
    ("epoch", column([{"a": 1}], pa.struct({"a": pa.int8()})), "got {'a': 1} (Struct)"),
    ("epoch", column([Decimal("199.5")], pa.decimal128(9, 1)), f"expected {WHOLE_16}, got 199.5"),
    ("epoch", column([b"\xff"], pa.binary()), f"expected {WHOLE_16}, got b'\\xff'"),
    ("schedule_epochs", column([199.7], pa.float64()), f"expected {WHOLE_16}, got 199.7"),
    ("trial", column([777.9], pa.float32()), f"expected {WHOLE_16}, got 777.9000244140625"),
    ("trial", column([-1.0], pa.float64()), f"expected {WHOLE_16}, got -1.0"),
    ("arch_index", column([0.5], pa.float64()), f"expected {WHOLE_32}, got 0.5"),
    ("parameters", column([0.129306], pa.float64()), MILLIONS.format(WHOLE_32, 0.129306)),
    ("parameters", column([2**32], pa.int64()), f"expected {WHOLE_32}, got 4294967296"),
    ("parameters", column([Decimal(2**32)], pa.decimal128(38, 0)), f"expected {WHOLE_32}, got"),
    ("flops", column([15.64737], pa.float64()), MILLIONS.format(WHOLE_63, 15.64737)),
    ("flops", column([2.0**64], pa.float64()), f"expected {WHOLE_63}, got 1.8446744073709552e+19"),
    ("flops", column([2**63], pa.uint64()), f"expected {WHOLE_63}, got {2**63}"),
    ("test_accuracy", column([True], pa.bool_()), f"expected {FRACTION}, got True (Boolean)"),
    ("test_accuracy", column([93.66], pa.float64()), PERCENT),
    ("test_accuracy", column([math.nan], pa.float64()), f"expected {FRACTION}, got nan. Leave"),
    ("test_accuracy", column([-0.1], pa.float64()), f"expected {FRACTION}, got -0.1"),
    ("test_accuracy", column([DAY], pa.timestamp("us")), "(Datetime)"),
    ("test_accuracy", column(["high"], pa.string()), f"expected {FRACTION}, got 'high'"),
    ("test_accuracy", column(["x" * 900], pa.string()), "got '" + "x" * 60 + "'..."),
    ("test_accuracy", column([Decimal("0.12345678901234567890")], pa.decimal128(38, 20)), DIGITS),
    ("train_loss", column([-1.0], pa.float64()), "expected a loss, 0 or more, got -1.0"),
    ("train_loss", column([-math.inf], pa.float64()), "expected a loss, 0 or more, got -inf"),
    ("train_seconds", column([-1.0], pa.float64()), f"expected {SECONDS}, got -1.0"),
    ("train_seconds", column([math.inf], pa.float64()), f"expected {SECONDS}, got inf"),
    ("train_seconds", column([2**53 + 1], pa.int64()), f"got 9007199254740993. {DIGITS}"),
    ("train_seconds", column([2**64 - 1], pa.uint64()), DIGITS),
    ("train_seconds", column([2**63 - 1], pa.int64()), DIGITS),
    ("latency_seconds", column([-3.0], pa.float64()), f"expected {SECONDS}, got -3.0"),
    ("latency_seconds", column([math.nan], pa.float64()), f"expected {SECONDS}, got nan. Leave"),
    ("latency_seconds", column([math.inf], pa.float64()), f"expected {SECONDS}, got inf"),
    ("latency_seconds", column([True], pa.bool_()), f"expected {SECONDS}, got True (Boolean)"),
    ("total_seconds", column([-3.0], pa.float64()), f"expected {SECONDS}, got -3.0"),
    ("total_seconds", column([math.nan], pa.float64()), f"expected {SECONDS}, got nan. Leave"),
    ("total_seconds", column([math.inf], pa.float64()), f"expected {SECONDS}, got inf"),
    ("seconds_are_measured", column([0.7], pa.float64()), "expected true, false, 1 or 0, got 0.7"),
    ("seconds_are_measured", column([2], pa.int64()), "expected true, false, 1 or 0, got 2"),
    ("seconds_are_measured", column([-1], pa.int64()), "expected true, false, 1 or 0, got -1"),
    ("seconds_are_measured", column([DAY.date()], pa.date32()), "got 1970-01-01 (Date)"),
    ("dataset", column([7], pa.int64()), "expected text, got 7"),
    ("dataset", column([b"\xff"], pa.binary()), "expected text, got b'\\xff'"),
    ("dataset", column(["svhn"], pa.string()), "ImageNet16-120, got 'svhn'"),
    ("adjacency", column([100], pa.int64()), "expected text, got 100"),
]  # fmt: skip

REFUSED_TEXTS = [
    ("epoch", "199.7", f"expected {WHOLE_16}, got '199.7'"),
    ("epoch", "199.99999999999999999999", f"expected {WHOLE_16}, got '199.99999999999999999999'"),
    ("epoch", "2e-2", f"expected {WHOLE_16}, got '2e-2'"),
    ("epoch", "1e999999", f"expected {WHOLE_16}, got '1e999999'"),
    ("epoch", "1e9999999999", f"expected {WHOLE_16}, got '1e9999999999'"),
    ("epoch", "70000", f"expected {WHOLE_16}, got '70000'"),
    ("epoch", "-1", f"expected {WHOLE_16}, got '-1'"),
    ("epoch", "2_00", f"expected {WHOLE_16}, got '2_00'"),
    ("epoch", " 200", f"expected {WHOLE_16}, got ' 200'"),
    ("epoch", "True", f"expected {WHOLE_16}, got 'True'"),
    ("epoch", "1970-01-01", f"expected {WHOLE_16}, got '1970-01-01'"),
    ("parameters", "0.129306", "got '0.129306'. The column seems to be in millions"),
    ("parameters", "nan", f"expected {WHOLE_32}, got 'nan'. Leave a value"),
    ("flops", "18446744073709551616", f"expected {WHOLE_63}, got '18446744073709551616'"),
    ("test_accuracy", "93.66", "got '93.66'. The column seems to be in percent"),
    ("test_accuracy", "True", f"expected {FRACTION}, got 'True'"),
    ("test_accuracy", "NULL", "got 'NULL'. Leave a value that was not measured empty."),
    ("test_accuracy", "0.12345678901234567890", DIGITS),
    ("train_loss", "1e400", "expected a loss, 0 or more, got '1e400'"),
    ("train_seconds", "1e-400", "got '1e-400'. A double cannot hold all its digits"),
    ("train_seconds", "9007199254740993", DIGITS),
    ("train_seconds", "inf", f"expected {SECONDS}, got 'inf'"),
    ("latency_seconds", "-3.0", f"expected {SECONDS}, got '-3.0'"),
    ("seconds_are_measured", "yes", "expected true, false, 1 or 0, got 'yes'"),
    ("seconds_are_measured", "0.5", "expected true, false, 1 or 0, got '0.5'"),
]


def named(one):
    return str(one.type) if isinstance(one, pa.Array) else str(one)[:40]


@pytest.mark.parametrize(("name", "values", "expected"), KEPT, ids=named)
def test_a_value_of_parquet_that_fits_is_kept_exactly(tmp_path, name, values, expected):
    found = value_of(write(tmp_path / "a.parquet", name, values), name)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(("name", "text", "expected"), KEPT_TEXTS)
def test_a_value_of_csv_that_fits_is_kept_exactly(tmp_path, name, text, expected):
    found = value_of(write(tmp_path / "a.csv", name, [text]), name)
    assert (type(found), found) == (type(expected), expected)


def test_a_loss_that_is_not_a_number_is_kept(tmp_path):
    for path in (
        write(tmp_path / "a.parquet", "valid_loss", column([math.nan], pa.float32())),
        write(tmp_path / "a.csv", "valid_loss", ["NaN"]),
    ):
        assert math.isnan(value_of(path, "valid_loss"))


@pytest.mark.parametrize(("name", "values", "said"), REFUSED, ids=named)
def test_a_value_of_parquet_that_does_not_fit_is_refused(tmp_path, name, values, said):
    path = write(tmp_path / "a.parquet", name, values)
    with pytest.raises(SourceError) as refused:
        value_of(path, name)
    assert str(refused.value).startswith(f"{path}, row 1, column '{name}': ")
    assert said in str(refused.value)


@pytest.mark.parametrize(("name", "text", "said"), REFUSED_TEXTS)
def test_a_value_of_csv_that_does_not_fit_is_refused(tmp_path, name, text, said):
    path = write(tmp_path / "a.csv", name, [text])
    with pytest.raises(SourceError) as refused:
        value_of(path, name)
    assert str(refused.value).startswith(f"{path}, row 1, column '{name}': ")
    assert said in str(refused.value)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["trial", "epoch", "parameters", "latency_seconds"])
def test_the_row_of_a_refused_value_is_named(tmp_path, name, suffix):
    texts = ["7", "7.0", None if name in {"parameters", "latency_seconds"} else "7", "-7.5", "x"]
    values = texts if suffix == "csv" else column(texts, pa.string())
    path = write(tmp_path / f"a.{suffix}", name, values)
    with pytest.raises(SourceError, match=rf"row 4, column '{name}': expected .*, got '-7.5'"):
        value_of(path, name)


def test_one_schedule_written_in_several_ways_is_one(tmp_path):
    path = write(tmp_path / "a.csv", "schedule_epochs", ["200", "200.0", "2e2"])
    [source] = open_tables(path)
    [batch] = source.batches()
    assert batch.runs["schedule_epochs"].to_pylist() == [200] * 3


@pytest.mark.parametrize(
    "texts",
    [
        column(["cifar100"], pa.string()).dictionary_encode(),
        column([b"cifar100"], pa.binary()),
        column(["cifar100"], pa.large_string()),
    ],
    ids=named,
)
def test_text_of_any_type_is_text(tmp_path, texts):
    path = write(tmp_path / "a.parquet", "dataset", texts)
    [source] = open_tables(path)
    [batch] = source.batches()
    assert batch.runs["dataset"].to_pylist() == ["cifar100"]
    cells = nasbench201_rows(3).with_columns(pl.col("arch_str").cast(pl.Categorical))
    cells.write_parquet(tmp_path / "b.parquet")
    assert len(list(open_tables(tmp_path / "b.parquet"))) == 1


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("epoch=199.7", f"column 'epoch': expected {WHOLE_16}, got '199.7'"),
        ("epoch=2020-01-01", f"column 'epoch': expected {WHOLE_16}, got '2020-01-01'"),
        ("epoch=true", f"column 'epoch': expected {WHOLE_16}, got 'true'"),
        ("schedule_epochs=nan", f"column 'schedule_epochs': expected {WHOLE_16}, got 'nan'"),
        ("trial=777.5", f"column 'trial': expected {WHOLE_16}, got '777.5'"),
        ("trial=-1", f"column 'trial': expected {WHOLE_16}, got '-1'"),
        ("trial=__HIVE_DEFAULT_PARTITION__", f"column 'trial': expected {WHOLE_16}, got no value"),
        ("flops=9007199254740993.5", f"column 'flops': expected {WHOLE_63}, got '90"),
        ("total_seconds=9007199254740993", DIGITS),
    ],
)
def test_the_name_of_a_hive_folder_is_a_value_like_others(tmp_path, folder, said):
    name = folder.partition("=")[0]
    for one in (folder, f"{name}=200"):
        (tmp_path / one).mkdir()
        rows = nasbench201_rows(1, trial=len(one)).drop(name, strict=False)
        rows.write_parquet(tmp_path / one / "a.parquet")
    with pytest.raises(SourceError) as refused:
        [list(source.batches()) for source in open_tables(tmp_path)]
    assert said in str(refused.value)


def test_a_folder_that_names_another_value_than_its_file_is_refused(tmp_path):
    for value, epoch in (("200.0", 200), ("100", 200)):
        (tmp_path / f"epoch={value}").mkdir()
        rows = nasbench201_rows(1, epoch=epoch, trial=int(value[0]))
        rows.write_parquet(tmp_path / f"epoch={value}" / "a.parquet")
    said = "row 1, column 'epoch': expected 100 as in the name of the folder, got 200"
    with pytest.raises(SourceError, match=said):
        open_tables(tmp_path)


@pytest.mark.parametrize("value", ["200.0", "2e2", "0200"])
def test_a_whole_number_as_the_name_of_a_hive_folder(tmp_path, value):
    (tmp_path / f"schedule_epochs={value}").mkdir()
    rows = nasbench201_rows(1).drop("schedule_epochs")
    rows.write_parquet(tmp_path / f"schedule_epochs={value}" / "a.parquet")
    assert value_of(tmp_path, "schedule_epochs") == 200


@pytest.mark.parametrize(
    ("name", "values"),
    [("parameters", [1000, None, 1001]), ("latency_seconds", [0.5, 0.25, None])],
)
def test_rows_of_one_training_that_disagree_are_refused(tmp_path, name, values):
    rows = pl.concat([nasbench201_rows(1, epoch=epoch) for epoch in (1, 2, 3)])
    rows.with_columns(pl.Series(name, values)).write_parquet(tmp_path / "a.parquet")
    row = 1 + next(place for place, one in enumerate(values) if one not in (None, values[0]))
    with pytest.raises(SourceError, match=rf"row {row}, column '{name}': .* differs from"):
        value_of(tmp_path / "a.parquet", name)


@pytest.mark.parametrize("name", ["arch_str", "benchmark"])
def test_a_row_without_its_cell_or_benchmark_is_refused(tmp_path, name):
    rows = nasbench201_rows(2, benchmark="nasbench201")
    rows = rows.with_columns(pl.when(pl.int_range(2) == 0).then(pl.col(name)).alias(name))
    rows.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=rf"row 2, column '{name}': expected .*, got no value"):
        value_of(tmp_path / "a.parquet", "epoch")


TYPES = {
    "int": (st.integers(-(2**63), 2**63 - 1), pa.int64()),
    "unsigned": (st.integers(0, 2**64 - 1), pa.uint64()),
    "double": (st.floats(), pa.float64()),
    "single": (st.floats(width=32), pa.float32()),
    "half": (st.floats(width=16), pa.float16()),
    "decimal": (st.decimals(-(10**9), 10**9, places=20), pa.decimal128(38, 20)),
    "large decimal": (st.integers(0, 10**37).map(Decimal), pa.decimal128(38, 0)),
    "text": (st.floats().map(repr) | st.integers(0, 2**70).map(str), pa.string()),
}
COLUMNS = ("parameters", "flops", "latency_seconds", "train_loss", "test_accuracy")


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=40)
@given(data=st.data())
def test_whatever_is_kept_is_what_was_written(tmp_path_factory, kind, data):
    values, dtype = TYPES[kind]
    name, written = data.draw(st.sampled_from(COLUMNS)), data.draw(values)
    path = tmp_path_factory.getbasetemp() / f"{kind}.parquet"
    try:
        found = value_of(write(path, name, column([written], dtype)), name)
    except SourceError as refused:
        assert f"row 1, column '{name}': expected " in str(refused)  # noqa: PT017
        return
    if math.isnan(found):
        assert name == "train_loss"
        assert math.isnan(float(written))
    else:
        assert Decimal(written) in {Decimal(found), Decimal(repr(found))}


def test_what_is_kept_comes_back_from_the_warehouse(warehouse, tmp_path):
    texts = ["0.1", "5e-324", "1.7976931348623157e308", "9007199254740992", "0.30000000000000004"]
    path = write(tmp_path / "a.csv", "latency_seconds", texts)
    for source in open_tables(path):
        ingest(warehouse, source)
    found = warehouse.rows("select latency_seconds from run order by arch_id")
    assert [value for (value,) in found] == [float(text) for text in texts]


PROXIES = [
    (column([True], pa.bool_()), "got True (Boolean)"),
    (column([DAY], pa.timestamp("us")), "got 1970-01-01 00:00:00.000000 (Datetime)"),
    (column([dt.timedelta(1)], pa.duration("us")), "(Duration)"),
    (column(["high"], pa.string()), "got 'high'"),
    (column([2**53 + 1], pa.int64()), "got 9007199254740993. A double cannot hold all its digits"),
    (column([2**64 - 1], pa.uint64()), DIGITS),
    (column([Decimal(2**53 + 1)], pa.decimal128(38, 0)), DIGITS),
    (column([Decimal("1.12345678901234567890")], pa.decimal128(38, 20)), DIGITS),
    (column([math.nan], pa.float64()), "got nan. Leave a value that was not measured empty."),
    (column([-math.inf], pa.float32()), "got -inf"),
    (column([[1.0]], pa.list_(pa.float64())), "got [1.0] (List)"),
]


@pytest.mark.parametrize(("values", "said"), PROXIES, ids=named)
def test_a_proxy_that_is_no_finite_double_is_refused(tmp_path, values, said):
    cells = column(nasbench201.official_order()[:2], pa.string())
    values = pa.concat_arrays([pa.nulls(1, values.type), values])
    parquet.write_table(pa.table({"arch_str": cells, "row": values}), tmp_path / "p.parquet")
    with pytest.raises(SourceError) as refused:
        read_proxies(tmp_path / "p.parquet", dataset="cifar10")
    assert "row 2, column 'row': expected a finite number, got " in str(refused.value)
    assert said in str(refused.value)


def test_proxies_of_any_number_type_are_kept_exactly(tmp_path):
    table = pa.table(
        {
            "arch_str": column(nasbench201.official_order()[:1], pa.string()).dictionary_encode(),
            "a": column([-(2**53)], pa.int64()),
            "b": column([Decimal("-0.1")], pa.decimal128(9, 1)),
            "c": column([0.1], pa.float32()),
            "d": column(["1e-3"], pa.string()),
        }
    )
    parquet.write_table(table, tmp_path / "p.parquet")
    found = read_proxies(tmp_path / "p.parquet", dataset="cifar10").values
    assert found["value"].to_list() == [-(2.0**53), -0.1, 0.10000000149011612, 0.001]
