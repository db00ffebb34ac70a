"""Tables of devices and of attacks: units, what is not supported, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from mbml.errors import SourceError, UsageError
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.measurements import read_devices, read_robustness
from mbml.spaces import nasbench201

NETS = ["(4, 3, 3, 0, 0, 0)", "(2, 2, 0, 4, 2, 0)"]
CELLS = nasbench201.official_order()
#: A division by 1,000, and a product with 0.001, round some of these to other doubles.
MILLISECONDS = [5.807418537139893, 24.226614330768584, 1.06264, 1.4389883610001561, 0.0]


def devices(path, cells=5, **columns):
    frame = pl.DataFrame({"arch_index": range(cells)}).with_columns(
        **{
            name: pl.Series(value) if isinstance(value, list) else pl.lit(value)
            for name, value in columns.items()
        }
    )
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def attacks(path, **columns):
    frame = pl.DataFrame({"net": NETS} | columns)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_milliseconds_and_millijoules_are_shifted_as_decimals(tmp_path, suffix):
    path = devices(tmp_path / f"a.{suffix}", a_latency=MILLISECONDS, a_energy=MILLISECONDS[::-1])
    values = read_devices(path, dataset="cifar10").values
    exact = [float(Decimal(repr(one)).scaleb(-3)) for one in MILLISECONDS]
    assert exact != [one / 1000 for one in MILLISECONDS]
    assert exact != [one * 0.001 for one in MILLISECONDS]
    assert values["latency_seconds"].to_list() == exact
    assert values["energy_joules"].to_list() == exact[::-1]
    assert exact[:2] == [0.005807418537139893, 0.024226614330768584]
    assert values["native_key"].to_list() == list(CELLS[:5])


def test_minus_one_is_not_supported_and_null_was_not_measured(tmp_path):
    given = [-1.0, None, 2.0, -1.0, 1.0]
    path = devices(tmp_path / "a.parquet", edgetpu_latency=given)
    read = read_devices(path, dataset="cifar10")
    assert read.values["latency_seconds"].to_list() == [None, 0.002, None, 0.001]
    assert read.values["native_key"].to_list() == [CELLS[0], CELLS[2], CELLS[3], CELLS[4]]
    assert "2 values of edgetpu_latency are -1: not supported, kept as NULL" in read.notes
    assert (read.format, read.benchmark, read.cells) == ("hw_nas_bench", "nasbench201", 4)


def test_a_batch_size_stands_in_the_name_of_the_column(tmp_path):
    path = devices(
        tmp_path / "a.csv",
        cells=1,
        titan_rtx_batch_32_latency=1.5,
        titan_rtx_latency=0.5,
        titan_rtx_energy_joules=0.25,
        eyeriss_arithmetic_intensity=6.25,
    )
    read = read_devices(path, dataset="imagenet16_120")
    assert read.values.drop("native_key").rows() == [
        ("ImageNet16-120", "titan_rtx", 32, 0.0015, None, None),
        ("ImageNet16-120", "titan_rtx", None, 0.0005, 0.25, None),
        ("ImageNet16-120", "eyeriss", None, None, None, 6.25),
    ]


def test_every_data_set_of_a_table_is_read_or_the_one_asked_for(tmp_path):
    rows = pl.DataFrame({"net": NETS * 2, "fpga_latency": [1, 2, 3, 4]}).with_columns(
        dataset=pl.Series(["cifar10"] * 2 + ["cifar100"] * 2)
    )
    rows.write_parquet(tmp_path / "a.parquet")
    read = read_devices(tmp_path / "a.parquet")
    assert read.values["dataset"].to_list() == rows["dataset"].to_list()
    assert read.values["latency_seconds"].to_list() == [0.001, 0.002, 0.003, 0.004]
    one = read_devices(tmp_path / "a.parquet", dataset="cifar100").values
    assert one["latency_seconds"].to_list() == [0.003, 0.004]
    with pytest.raises(SourceError, match=r"no rows of ImageNet16-120; its data sets are cifar10,"):
        read_devices(tmp_path / "a.parquet", dataset="ImageNet16-120")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-2.0, "row 3, column 'x_latency': expected milliseconds, 0 or more, or -1 .*got -2.0"),
        (float("nan"), "row 3, column 'x_latency': .* got nan"),
        (float("inf"), "row 3, column 'x_latency': .* got inf"),
    ],
    ids=["-2", "nan", "inf"],
)
def test_a_value_that_is_no_latency_is_refused_with_its_place(tmp_path, value, said):
    path = devices(tmp_path / "a.parquet", x_latency=[1.0, 2.0, value, 4.0, 5.0])
    with pytest.raises(SourceError, match=said):
        read_devices(path, dataset="cifar10")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x_latency": "fast"}, "row 1, column 'x_latency': expected milliseconds.* got 'fast'"),
        ({"x_latency": True}, r"row 1, column 'x_latency': .* got True \(Boolean\)"),
        ({"zen": 1.5}, "column 'zen': is not known: expected DEVICE_latency.*`ignore=zen`"),
        ({}, "has no column of a device"),
        ({"x_latency": 1, "x_latency_seconds": 1}, "measures the same as the column 'x_latency'"),
        (
            {"x_latency": 1, "dataset": "cifar10-valid"},
            "row 1, column 'dataset': expected one of cifar10, cifar100, ImageNet16-120, got",
        ),
    ],
    ids=["text", "truth", "unknown", "none", "twice", "dataset"],
)
def test_a_faulty_table_of_devices_is_refused(tmp_path, columns, said):
    dataset = None if "dataset" in columns else "cifar10"
    with pytest.raises(SourceError, match=said):
        read_devices(devices(tmp_path / "a.parquet", **columns), dataset=dataset)


def test_a_cell_that_is_told_twice_must_be_one_and_stand_once(tmp_path):
    path = tmp_path / "a.csv"
    rows = pl.DataFrame({"net": NETS, "arch_index": [0, 1], "x_latency": [1, 2]})
    rows.write_csv(path)
    assert read_devices(path, dataset="cifar10").values["native_key"].to_list() == list(CELLS[:2])
    rows.with_columns(arch_index=pl.Series([0, 2])).write_csv(path)
    with pytest.raises(SourceError, match="row 2, column 'arch_index': '2' is another cell"):
        read_devices(path, dataset="cifar10")
    pl.concat([rows, rows]).write_csv(path)
    with pytest.raises(SourceError, match="row 3: is the cell of another row"):
        read_devices(path, dataset="cifar10")


@pytest.mark.parametrize("read", [read_devices, read_robustness], ids=["devices", "robustness"])
def test_the_data_set_is_asked_for_and_never_guessed(tmp_path, read):
    path = tmp_path / "cifar10.csv"
    pl.DataFrame({"net": NETS, "x_latency": [1, 2], "val_accs": 1}).write_csv(path)
    with pytest.raises(UsageError, match=r"no data set of its images; .* one of cifar10, cifar100"):
        read(path)
    with pytest.raises(UsageError, match="unknown dataset 'cifar11'; did you mean 'cifar10"):
        read(path, dataset="cifar11")
    with pytest.raises(UsageError, match="`percent` is for tables of measurements; units of"):
        read(path, dataset="cifar10", options=column_options(percent="x_latency"))


def test_columns_of_other_names_are_renamed_or_left_out(tmp_path):
    path = devices(tmp_path / "my_surrogate.csv", cells=2, Phone=[1.5, 2.5], remark="x")
    options = column_options(rename={"Phone": "phone_latency"}, ignore="remark")
    read = read_devices(path, dataset="cifar10", options=options)
    assert read.values["latency_seconds"].to_list() == [0.0015, 0.0025]
    assert (read.format, read.is_surrogate) == ("devices", True)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_accuracies_under_attack_are_fractions_by_attack_norm_and_epsilon(tmp_path, suffix):
    path = attacks(
        tmp_path / f"a.{suffix}",
        **{
            "val_accs": [84.99, 90.52],
            "aa_apgd-ce@Linf_eps-0.1": [29.099999999999998, 66.60000000000001],
            "fgsm@L2_eps-255.0": [9.9, None],
        },
    )
    read = read_robustness(path, dataset="cifar10")
    assert read.values.drop("native_key").rows() == [
        ("cifar10", "aa_apgd_ce", "Linf", 0.1, 0.29099999999999998),
        ("cifar10", "aa_apgd_ce", "Linf", 0.1, 0.66600000000000010),
        ("cifar10", "fgsm", "L2", 255.0, 0.099),
    ]
    left_out, converted = read.notes
    assert left_out.startswith("val_accs is left out: it is the test accuracy of trial 888")
    assert converted == "accuracies in percent are stored as fractions"
    alone = read_robustness(path, dataset="cifar10", options=column_options(ignore="val_accs"))
    assert alone.values.equals(read.values)
    assert alone.notes == (converted,)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"pgd@Linf_eps-1.0": [50.0, 100.1]}, "row 2, column 'pgd@Linf_eps-1.0': .*got 100.1"),
        ({"pgd@Linf_eps-1.0": [-1.0, 50.0]}, "row 1, column 'pgd@Linf_eps-1.0': .*got -1.0"),
        ({"pgd@Linf_eps-1.0": [float("nan"), 1.0]}, "row 1, .*got nan"),
        (
            {"pgd@Linf_eps-1.0": [0.5, 0.25], "x@L2_eps-1": [1.0, 0]},
            "percent or fractions: .* is 1.0",
        ),
        ({"pgd@Linf_eps-1.0": [1, 2], "zen": [1, 2]}, "'zen': is not known: expected ATTACK@NORM"),
        ({"pgd@L1_eps-1.0": [1, 2]}, "is not known: expected ATTACK@NORM"),
        ({}, "has no column of an attack"),
        ({"a-b@L2_eps-1": [1, 2], "a_b@L2_eps-1.0": [1, 2]}, "same attack as the column 'a-b@L2"),
    ],
    ids=["over 100", "negative", "nan", "fractions", "unknown", "norm", "none", "twice"],
)
def test_a_faulty_table_of_attacks_is_refused(tmp_path, columns, said):
    with pytest.raises(SourceError, match=said):
        read_robustness(attacks(tmp_path / "a.parquet", **columns), dataset="cifar10")


def test_accuracies_of_at_most_1_are_taken_as_the_user_says(tmp_path):
    path = attacks(tmp_path / "a.csv", **{"pgd@L2_eps-8": [0.1, 0.0], "own@L2_eps-1": [0.0, 0.0]})

    def read(**scale):
        options = column_options(scale=scale)
        return read_robustness(path, dataset="cifar10", options=options).values["accuracy"]

    said = "percent or fractions: the largest is 0.1 .*row 1, column 'pgd@L2_eps-8'.*=0.01.*=1"
    with pytest.raises(SourceError, match=said):
        read()
    assert read(**{"pgd@L2_eps-8": "0.01"}).to_list() == [0.001, 0, 0, 0]
    assert read(**{"pgd@L2_eps-8": "1"}).to_list() == [0.1, 0, 0, 0]
    with pytest.raises(UsageError, match="'net' is not an accuracy under attack"):
        read(net="1")


def test_a_file_without_a_value_is_refused(tmp_path):
    with pytest.raises(SourceError, match="holds no value"):
        read_devices(devices(tmp_path / "a.csv", cells=2, x_latency=None), dataset="cifar10")
    path = attacks(tmp_path / "b.csv", **{"pgd@L2_eps-8": [None, None]})
    with pytest.raises(SourceError, match="holds no value"):
        read_robustness(path, dataset="cifar10")


def test_a_value_that_the_conversion_would_lose_is_refused(tmp_path):
    for name, value in (("a.parquet", 5e-324), ("b.csv", "1e-400"), ("c.csv", 1e-306)):
        path = devices(tmp_path / name, cells=1, x_latency=value)
        said = rf"row 1, column 'x_latency': .* got '?{value}'?. .*0.001 is too small for a double"
        with pytest.raises(SourceError, match=said):
            read_devices(path, dataset="cifar10")
    path = devices(tmp_path / "d.csv", cells=1, x_latency_seconds=5e-324)
    assert read_devices(path, dataset="cifar10").values["latency_seconds"].to_list() == [5e-324]


def test_a_batch_size_is_from_1_to_65535(tmp_path):
    for size in ("0", "65536", "9" * 5_000):
        path = devices(tmp_path / "a.csv", cells=1, **{f"bar_batch_{size}_latency": 1})
        with pytest.raises(SourceError, match=rf"column 'bar_batch_{size}_.*from 1 to 65,535"):
            read_devices(path, dataset="cifar10")
    path = devices(tmp_path / "b.csv", cells=1, bar_batch_65535_latency=1)
    assert read_devices(path, dataset="cifar10").values["batch_size"].to_list() == [65_535]
