"""Tables with other names, units and keys: what the options make of them, and what is offered."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import nasbench101_rows, nasbench201_rows

from mbml.errors import SourceError, UsageError
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.table import open_tables
from mbml.sources.tables.values import SECONDS, converted
from mbml.spaces import nasbench101, nasbench201

SAME = {"dataset": "cifar100", "schedule_epochs": 200, "trial": 0, "epoch": 200}
TUPLES = ["(4, 0, 3, 1, 4, 3)", "(2, 2, 0, 4, 2, 0)"]
TUPLE_CELLS = [
    "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
]


def read(path, **options):
    [source] = open_tables(path, column_options(**options))
    [batch] = source.batches()
    return batch


def written(path, text):
    path.write_text(text)
    return path


def test_columns_are_renamed_ignored_and_filled_in(tmp_path):
    cells = nasbench201.official_order()[:2]
    path = written(
        tmp_path / "a.csv", f"file id,arch str,acc\n0,{cells[0]},0.5\n1,{cells[1]},0.25\n"
    )
    batch = read(
        path,
        rename={"arch str": "arch_str", "acc": "test_accuracy"},
        ignore="file id",
        constants=SAME,
    )
    assert batch.epochs["test_accuracy"].to_pylist() == [0.5, 0.25]
    assert batch.runs["dataset"].to_pylist() == ["cifar100"] * 2
    assert batch.epochs["epoch"].to_pylist() == [200, 200]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_percent_moves_the_point_of_the_decimal_that_is_written(tmp_path, suffix):
    given = ["90.19", "29.099999999999998", "81.98266665690103", "100", "0", "7e1", None]
    rows = nasbench201_rows(len(given)).drop("test_accuracy")
    if suffix == "csv":
        rows.with_columns(p=pl.Series(given)).write_csv(tmp_path / "a.csv")
    else:
        rows.with_columns(p=pl.Series(given).cast(pl.Float64)).write_parquet(tmp_path / "a.parquet")
    batch = read(tmp_path / f"a.{suffix}", rename={"p": "test_accuracy"}, percent=["p"])
    expected = [None if one is None else float(Decimal(one).scaleb(-2)) for one in given]
    assert batch.epochs["test_accuracy"].to_pylist() == expected
    assert expected[0] == 0.9019


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100.01", "got '100.01'"),
        ("-1", "got '-1'"),
        ("high", "got 'high'"),
        ("nan", "got 'nan'. Leave a value that was not measured empty"),
        ("1" * 40, "got '1111"),
        ("90,19", "got '90,19'. Write decimals with a point"),
    ],
)
def test_percent_that_is_none_is_refused_with_its_place(tmp_path, text, said):
    rows = nasbench201_rows(2).with_columns(test_accuracy=pl.Series(["5", text]))
    rows.write_csv(tmp_path / "a.csv")
    with pytest.raises(SourceError) as refused:
        read(tmp_path / "a.csv", percent="test_accuracy")
    assert (
        f"row 2, column 'test_accuracy': expected a number of percent in [0, 100], {said}"
        in str(refused.value)
    )


@given(
    st.decimals(0, 100, allow_nan=False, allow_infinity=False), st.sampled_from(["0.01", "3600"])
)
def test_a_scaled_text_is_the_double_nearest_to_the_exact_product(number, factor):
    kind = SECONDS.times(Decimal(factor))
    text = f"{number:.14g}"
    found = converted(pl.Series([text]), kind).to_list()
    assert found == [float(Fraction(text) * Fraction(factor))]


@pytest.mark.parametrize("kind", [pl.String, pl.Float64])
def test_a_scaled_count_is_whole_or_refused(tmp_path, kind):
    path = tmp_path / "a.parquet"
    given = pl.Series(["0.129306", "1.5", "0.6346345"]).cast(kind)
    nasbench201_rows(2).with_columns(parameters=given.head(2)).write_parquet(path)
    assert read(path, scale={"parameters": "1e6"}).runs["parameters"].to_pylist() == [
        129306,
        1500000,
    ]
    nasbench201_rows(3).with_columns(parameters=given).write_parquet(path)
    with pytest.raises(SourceError, match=r"row 3, column 'parameters': .*multiplied by 1000000"):
        read(path, scale={"parameters": 1e6})
    with pytest.raises(SourceError, match="row 1, column 'parameters': "):
        read(path, scale={"parameters": 1e12})


def test_a_scaled_time_is_the_nearest_double(tmp_path):
    path = tmp_path / "a.csv"
    nasbench201_rows(1, latency_seconds="14.7").write_csv(path)
    batch = read(path, scale={"latency_seconds": "0.001"})
    assert batch.runs["latency_seconds"].to_pylist() == [0.0147]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("index", [1, 0], pl.Int64),
        ("index", [1.0, 0.0], pl.Float64),
        ("whatever", TUPLES, pl.String),
        ("list", [[4, 0, 3, 1, 4, 3], [2, 2, 0, 4, 2, 0]], pl.List(pl.Int64)),
    ],
    ids=["index", "double", "text", "list"],
)
def test_any_column_may_be_the_key(tmp_path, name, values, kind):
    path = tmp_path / "a.parquet"
    rows = nasbench201_rows(2).drop("arch_str").with_columns(pl.Series(name, values, kind))
    rows.write_parquet(path)
    keys = read(path, key=name).architectures["native_key"].to_pylist()
    expected = nasbench201.official_order()[:2] if name == "index" else TUPLE_CELLS
    assert set(keys) == set(expected)


@pytest.mark.parametrize("name", ["net", "arch", "arch_index"])
def test_a_column_with_a_common_name_is_the_key_by_itself(tmp_path, name):
    texts = TUPLES if name != "arch_index" else ["17", "12.0"]
    rows = nasbench201_rows(2).drop("arch_str").with_columns(pl.Series(name, texts))
    rows.write_csv(tmp_path / "a.csv")
    found = read(tmp_path / "a.csv").architectures["native_index"].to_pylist()
    assert len(found) == 2
    if name == "arch_index":
        assert found == [12, 17]


@pytest.mark.parametrize(
    ("space", "given", "key"),
    [
        ("natsbench_sss", "1", "8:8:8:8:16"),
        ("natsbench_sss", "8:16:24:32:64", "8:16:24:32:64"),
        ("nasbench201", "(4, 0, 3, 1, 4, 3)", TUPLE_CELLS[0]),
        ("nasbench101", "(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1)", None),
        ("nasbench101", "010001000:input,maxpool3x3,output", None),
    ],
    ids=str,
)
def test_a_constant_names_the_space_of_a_key(tmp_path, space, given, key):
    path = tmp_path / "a.csv"
    nasbench201_rows(1, dataset="cifar10").drop("arch_str").with_columns(
        cell=pl.lit(given)
    ).write_csv(path)
    [source] = open_tables(path, column_options(key="cell", constants={"benchmark": space}))
    assert source.benchmark == space
    [batch] = source.batches()
    key = key or nasbench101.cell("010001000", "input,maxpool3x3,output").graph_id
    assert batch.architectures["native_key"].to_pylist() == [key]


def test_one_cell_in_two_spellings_is_one_architecture(tmp_path):
    text = nasbench201.official_order()[3]
    rows = nasbench201_rows(2, trial=pl.Series([1, 2])).with_columns(
        arch_str=pl.Series(["3", text])
    )
    rows.write_csv(tmp_path / "a.csv")
    assert read_all(tmp_path / "a.csv") == [text]


def read_all(path):
    [source] = open_tables(path)
    return [
        key for batch in source.batches() for key in batch.architectures["native_key"].to_pylist()
    ]


def test_a_module_hash_alone_tells_the_cell(tmp_path):
    rows = nasbench101_rows()
    hashes = [
        nasbench101.cell(*one).graph_id for one in rows.select("adjacency", "operations").rows()
    ]
    rows = rows.drop("adjacency", "operations").with_columns(module_hash=pl.Series(hashes))
    rows.write_csv(tmp_path / "a.csv")
    batch = read(tmp_path / "a.csv")
    assert sorted(batch.architectures["native_key"].to_pylist()) == sorted(hashes)
    assert "011001000" in batch.architectures["adjacency"].to_pylist()


def test_an_index_beyond_the_space_is_refused_with_its_row(tmp_path):
    nasbench201_rows(2).with_columns(arch_str=pl.Series(["0", "15625"])).write_csv(
        tmp_path / "a.csv"
    )
    with pytest.raises(SourceError, match=r"row 2: .*0 to 15,624"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "got"), [("", "''"), ("conv_3x3", "'conv_3x3'"), (None, "no value")]
)
def test_a_text_that_is_no_cell_is_told_the_forms(tmp_path, text, got):
    nasbench201_rows(1, arch_str=pl.lit(text, pl.String)).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError) as refused:
        read(tmp_path / "a.parquet")
    said = str(refused.value)
    assert "row 1, column 'arch_str': expected an architecture: |op~0|" in said
    assert said.endswith(f"got {got}.")


def test_unknown_columns_are_offered_as_options_all_at_once(tmp_path):
    path = written(
        tmp_path / "a.csv", "file id,arch str,validation accuracy,accuracy\n0,|none~0|,0.5,0.5\n"
    )
    with pytest.raises(SourceError) as refused:
        read(path)
    said = str(refused.value)
    assert "columns 'file id', 'arch str', 'validation accuracy', 'accuracy': are not known" in said
    assert "`rename='arch str=arch_str'` `rename='validation accuracy=valid_accuracy'`" in said
    assert "`rename=accuracy=valid_accuracy` or `rename=accuracy=test_accuracy`" in said
    assert "To leave out: `ignore='file id'`." in said
    assert "lacks dataset, schedule_epochs, trial, epoch too" in said
    assert "`constants=dataset=VALUE` `constants=schedule_epochs=VALUE`" in said


def test_of_thousands_of_unknown_columns_some_are_named(tmp_path):
    path = written(tmp_path / "a.csv", ",".join(f"c{one}" for one in range(8_000)) + "\n")
    with pytest.raises(SourceError, match="'c18', 'c19' and 7,980 more: are not known"):
        read(path)


def test_a_key_is_offered(tmp_path):
    path = written(tmp_path / "a.csv", "index,test_accuracy\n0,0.5\n")
    with pytest.raises(SourceError, match="If 'index' tells the cell: `key=index`"):
        read(path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rename": {"valid_acuracy": "test_loss"}}, "a.csv: unknown column 'valid_acuracy'; did"),
        ({"percent": "valid_acuracy"}, "unknown column 'valid_acuracy'; did you mean"),
        ({"scale": {"dataset": 2}}, "'dataset' is not a measurement"),
        ({"scale": {"seconds_are_measured": 2}}, "only columns of numbers can be scaled"),
        ({"scale": {"flops": "many"}}, "expected a number from 1e-18 to 1e18"),
        ({"scale": {"flops": "nan"}}, "expected a number from 1e-18 to 1e18"),
        ({"key": "cell"}, "unknown column 'cell'"),
        ({"key": "dataset"}, "the column 'arch_str' tells the cell too"),
        ({"ignore": "cell"}, "unknown column 'cell'"),
        ({"constants": {"trial": 7}}, "has a column 'trial' of its own"),
        ({"rename": {"a": "flops", "b": "flops"}}, "gives the name 'flops' to two columns"),
        ({"rename": {"test_accuracy": "valid_accuracy"}}, "two columns would be called 'valid_acc"),
        ({"rename": {"trial": "epoch"}, "ignore": "trial"}, "`ignore=trial` leaves out a column"),
        ({"key": "arch_str", "ignore": "arch_str"}, "`ignore=arch_str` leaves out a column"),
        ({"percent": "flops", "scale": {"flops": 2}}, "'flops' is in `percent` or `scale` twice"),
        ({"rename": "a=b"}, "`rename`: expected a dictionary"),
    ],
    ids=str,
)
def test_an_option_that_does_not_fit_is_refused(tmp_path, options, said):
    rows = nasbench201_rows(2).with_columns(seconds_are_measured=True, flops=5)
    rows.write_csv(tmp_path / "a.csv")
    with pytest.raises(UsageError) as refused:
        read(tmp_path / "a.csv", **options)
    assert said in str(refused.value)


def test_the_spelling_of_views_is_a_data_set(tmp_path):
    nasbench201_rows(2, dataset=pl.Series(["cifar10valid", "cifar10-valid"])).write_csv(
        tmp_path / "a.csv"
    )
    batch = read(tmp_path / "a.csv")
    assert batch.runs["dataset"].to_pylist() == ["cifar10-valid"] * 2
