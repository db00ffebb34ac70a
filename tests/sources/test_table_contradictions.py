"""What a table, its cells and the options say of it must agree, or it is refused."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tables import NASBENCH101_CELLS, nasbench101_rows, nasbench201_rows

from mbml.errors import SourceError, UsageError
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.proxies import read_proxies
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench201

NETS = ["(4, 0, 3, 1, 4, 3)", "(2, 2, 0, 4, 2, 0)"]
ATTACKS = pl.DataFrame({"net": NETS, "val_accs": [84.99, 90.52], "fgsm@Linf_eps-0.1": [84.7, 89.4]})
NASLIB = {"snip": 1.25, "fisher": 2, "jacov": 3, "flops": 15.5, "val_accuracy": 88.24}


def read(path, **options):
    [source] = open_tables(path, column_options(**options))
    [batch] = source.batches()
    return batch


def naslib(path, **values):
    cells = dict.fromkeys(NETS, NASLIB | values)
    path.write_text(json.dumps({"nasbench201": {"cifar10": cells}}))
    return path


@pytest.mark.parametrize("kind", [pl.Float64, pl.String, pl.Categorical])
def test_fractions_cannot_be_in_percent(tmp_path, kind):
    path = tmp_path / "a.parquet"
    for given, refused in (([0.9, None], True), ([0.9, 90.0], False), ([0.0, 0.0], False)):
        accuracy = pl.Series(given).cast(pl.String).cast(kind)
        rows = nasbench201_rows(2, test_accuracy=accuracy)
        rows.write_parquet(path)
        if refused:
            with pytest.raises(SourceError, match=r"'test_accuracy': .*fractions already.*is 0\.9"):
                read(path, percent="test_accuracy")
            assert read(path, scale={"test_accuracy": 0.01}).epochs["test_accuracy"][0].as_py() == (
                0.009
            )
        else:
            assert read(path, percent="test_accuracy").records == 2


def test_fractions_in_one_data_set_of_several_are_looked_at_with_all(tmp_path):
    path = tmp_path / "a.csv"
    dataset = pl.Series(["cifar10", "cifar100"])
    nasbench201_rows(2, dataset=dataset, test_accuracy=pl.Series([0.83, 90])).write_csv(path)
    [source] = open_tables(path, column_options(percent="test_accuracy"))
    assert [one.epochs["test_accuracy"][0].as_py() for one in source.batches()] == [0.0083, 0.9]


def test_fractions_in_a_layout_of_percent_are_refused(tmp_path):
    path = naslib(tmp_path / "zc.json", val_accuracy=0.8824)
    with pytest.raises(
        SourceError, match=r"seems to hold fractions already: .* was this one changed"
    ):
        open_tables(path)


@pytest.mark.parametrize("name", ["latency_seconds", "parameters", "train_loss"])
def test_an_accuracy_alone_can_be_in_percent(tmp_path, name):
    nasbench201_rows(2).with_columns(pl.lit(5).alias(name)).write_csv(tmp_path / "a.csv")
    with pytest.raises(UsageError, match=f"'{name}' is no accuracy"):
        open_tables(tmp_path / "a.csv", column_options(percent=[name]))


@pytest.mark.parametrize(
    "options",
    [
        {"scale": {"val_accs": 0.5}},
        {"percent": "fgsm@Linf_eps-0.1"},
        {"scale": {"fgsm@Linf_eps-0.1": 0.01}},
        {"rename": {"fgsm@Linf_eps-0.1": "valid_accuracy"}},
        {"constants": {"test_accuracy": 0.5}},
    ],
    ids=str,
)
def test_units_and_names_of_a_layout_cannot_be_contradicted(tmp_path, options):
    ATTACKS.write_csv(tmp_path / "a.csv")
    options["constants"] = {"dataset": "cifar10-valid"} | options.get("constants", {})
    with pytest.raises(
        UsageError, match=r"trial 888 after 200 epochs, in percent; .* contradicts that"
    ):
        open_tables(tmp_path / "a.csv", column_options(**options))


@pytest.mark.parametrize(
    "options",
    [
        {"scale": {"val_accuracy": 0.5}},
        {"scale": {"flops": 1e6}},
        {"rename": {"snip": "test_accuracy"}},
        {"rename": {"snip": "trial"}},
    ],
    ids=str,
)
def test_what_is_left_out_of_naslibs_layout_has_no_unit(tmp_path, options):
    path = naslib(tmp_path / "zc.json")
    with pytest.raises(UsageError, match="contradicts that"):
        open_tables(path, column_options(**options))
    assert open_tables(path, column_options(percent="val_accuracy"))


@pytest.mark.parametrize(
    "name",
    [
        *("accuracy", "acc", "val-acc", "test_accuracy_200", "final_test_acc", "TestAcc", "error"),
        *("valid_accuracy_12epochs", "test_top1", "testtop1", "top-5", "valacc", "TEST_ACC"),
        *("x_test_accuracy", "trainLoss", "val_error_rate", "err"),
    ],
)
def test_an_outcome_by_any_name_cannot_become_a_proxy(tmp_path, name):
    rows = nasbench201_rows(2).select("arch_str", pl.lit(0.5).alias(name), zen=pl.lit(1.0))
    rows.write_csv(tmp_path / "a.csv")
    with pytest.raises(SourceError, match=rf"column '{name}': is an outcome.*`ignore={name}`"):
        read_proxies(tmp_path / "a.csv", dataset="cifar10")
    with pytest.raises(SourceError, match=rf"column '{name}': is an outcome"):
        read_proxies(
            tmp_path / "a.csv", dataset="cifar10", options=column_options(rename={name: "own"})
        )


def test_proxies_and_costs_of_others_are_no_outcomes(tmp_path):
    names = ["epe_nas", "fisher", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params"]
    names += ["plain", "snip", "synflow", "zen", "flops", "topology_5"]
    devices = ["edgegpu_latency", "pixel3_energy", "eyeriss_arithmetic_intensity"]
    columns = (pl.lit(1.5).alias(name) for name in [*names, *devices])
    nasbench201_rows(2).select("arch_str", *columns).write_csv(tmp_path / "a.csv")
    with pytest.raises(SourceError, match=r"on devices, not proxies.*mbml ingest devices"):
        read_proxies(tmp_path / "a.csv", dataset="cifar10")
    alone = column_options(ignore=devices)
    read = read_proxies(tmp_path / "a.csv", dataset="cifar10", options=alone)
    assert sorted(read.values["name"].unique()) == sorted(names)


CELL = nasbench201.official_order()[284]
BITS, OPERATIONS = NASBENCH101_CELLS[1]
TEXT = f"{BITS}:{OPERATIONS}"
OTHER_BITS, OTHER_OPERATIONS = NASBENCH101_CELLS[2]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"arch_str": TEXT, "adjacency": OTHER_BITS, "operations": OTHER_OPERATIONS}, "another"),
        ({"arch_str": TEXT, "adjacency": BITS}, "column 'operations': expected text beside"),
        ({"arch_str": TEXT, "module_hash": "0" * 32}, "the hash of the cell, got '000"),
        ({"arch_str": TEXT, "arch_index": 7}, "column 'arch_index': '?7'? tells no cell"),
        ({"arch_str": CELL, "module_hash": "junk"}, "column 'module_hash': 'junk' tells no cell"),
        ({"arch_str": CELL, "adjacency": BITS, "operations": OPERATIONS}, "'adjacency': '010"),
        ({"arch_str": CELL, "arch_index": 7}, "expected 284"),
        ({"arch_str": "8:8:8:8:8", "operations": OPERATIONS}, "column 'operations': 'input,"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_row_that_tells_two_cells_is_refused(tmp_path, row, said, suffix):
    rows = nasbench201_rows(1, dataset="cifar10").drop("arch_str").with_columns(**row_of(row))
    getattr(rows, f"write_{suffix}")(tmp_path / f"a.{suffix}")
    with pytest.raises(SourceError, match=r"row 1\b.*" + said):
        read(tmp_path / f"a.{suffix}")


def row_of(values):
    return {name: pl.lit(value) for name, value in values.items()}


def test_a_cell_may_be_told_twice_alike(tmp_path):
    rows = nasbench101_rows().with_columns(arch_str=pl.format("{}:{}", "adjacency", "operations"))
    rows.write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").architectures.num_rows == 4


CELLS = {
    "nested null": ([[0, 0, None, 1, 0, 3, 1]], None),
    "null at the end": ([[4, 0, 3, 1, 4, None]], None),
    "numbers": ([[4, 0, 3, 1, 4, 3]], "nasbench201"),
    "operations": ([["none"] * 6], "nasbench201"),
    "matrix": ([[[0] * 4, [2, 0, 0, 0], [2, 2, 0, 0], [2, 2, 2, 0]]], "nasbench201"),
    "floats": ([[4.0, 0.0, 3.0, 1.0, 4.0, 3.0]], "nasbench201"),
    "widths": ([[8, 16, 24, 32, 64]], "natsbench_sss"),
    "text of widths": (["[8, 16, 24, 32, 64]"], "natsbench_sss"),
    "text of an array": (["array([4, 0, 3, 1, 4, 3])"], "nasbench201"),
    "tuple of NAS-Bench-101": (["(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1)"], "nasbench101"),
    "list of NAS-Bench-101": ([[0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1]], "nasbench101"),
    "pair": (["([[0, 1], [0, 0]], ['input', 'output'])"], "nasbench101"),
    "text of a float": (["284.0"], "nasbench201"),
    "float": ([284.0], "nasbench201"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_column_of_cells_may_have_any_spelling_but_a_null_inside(tmp_path, name):
    cells, benchmark = CELLS[name]
    rows = nasbench201_rows(1, dataset="cifar10").drop("arch_str")
    rows.with_columns(net=pl.Series(cells)).write_parquet(tmp_path / "a.parquet")
    if benchmark is None:
        with pytest.raises(SourceError, match=r"row 1: .*None"):
            read(tmp_path / "a.parquet", key="net")
    else:
        [source] = open_tables(tmp_path / "a.parquet", column_options(key="net"))
        [batch] = source.batches()
        assert source.benchmark == benchmark
        assert batch.architectures.num_rows == 1


def test_a_list_beside_the_cell_of_a_proxy_is_compared(tmp_path):
    path = tmp_path / "a.parquet"
    rows = pl.DataFrame({"arch_str": NETS, "net": [[4, 0, 3, 1, 4, 3], [2, 2, 0, 4, 2, 0]]})
    rows.with_columns(zen=1.5).write_parquet(path)
    assert read_proxies(path, dataset="cifar10").cells == 2
    rows.with_columns(pl.col("net").reverse(), zen=1.5).write_parquet(path)
    with pytest.raises(
        SourceError, match=r"row 1, column 'net': .* is another cell than the row's"
    ):
        read_proxies(path, dataset="cifar10")


@pytest.mark.parametrize(
    "options",
    [
        {"percent": None, "ignore": None},
        {"percent": 5},
        {"ignore": [5]},
        {"key": 5},
        {"constants": {"number of the row": 1}},
        {"constants": {"depth": 1}},
    ],
    ids=str,
)
def test_options_of_other_types_and_unknown_constants_are_refused(tmp_path, options):
    nasbench201_rows(2).write_csv(tmp_path / "a.csv")
    if options.get("percent", 0) is None:
        assert read(tmp_path / "a.csv", **options).records == 2
    else:
        with pytest.raises(UsageError, match=r"expected|unknown column"):
            read(tmp_path / "a.csv", **options)


@pytest.mark.parametrize("options", [{"key": "val_accuracy"}, {"rename": {"val_accuracy": "x"}}])
def test_the_accuracy_of_naslib_is_no_key_and_no_proxy_by_another_name(tmp_path, options):
    path = naslib(tmp_path / "zc.json")
    with pytest.raises(SourceError, match="'val_accuracy': is an outcome of training"):
        read_proxies(path, dataset="cifar10", options=column_options(**options))
