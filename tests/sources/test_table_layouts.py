"""Tables of other projects: recognised by their columns, and stored as what their values are."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tables import nasbench201_rows

from mbml.errors import SourceError, UsageError
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.proxies import read_proxies
from mbml.sources.tables.table import open_tables

NETS = ["(4, 0, 3, 1, 4, 3)", "(2, 2, 0, 4, 2, 0)"]
STRINGS = [
    "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
]
ZERO_COST = pl.DataFrame(
    {"net": NETS, "fisher": [1.5, 2.5], "snip": [1, 2], "zen": [3, 4], "synflow": [5, 6]}
)
DEVICES = pl.DataFrame(
    {"net": NETS, "edgetpu_latency": [-1.0, 2.5], "edgegpu_energy": [24.5, 30.25]}
)
ATTACKS = pl.DataFrame({"net": NETS, "val_accs": [84.99, 90.52], "fgsm@Linf_eps-0.1": [84.7, 89.4]})


def naslib(**cells):
    proxies = {"snip": 1.25, "fisher": 2, "jacov": 3, "flops": 15.5}
    values = {net: {**proxies, "val_accuracy": 88.24} for net in NETS}
    return {"nasbench201": {"cifar10": values, "cifar100": values} | cells}


def measured(path, **constants):
    [source] = open_tables(path, column_options(constants=constants))
    rows = [pl.from_arrow(one) for batch in source.batches() for one in (batch.runs, batch.epochs)]
    return rows[0::2], rows[1::2], source.notes


def test_attacks_are_no_proxies_and_the_accuracy_is_test_accuracy(tmp_path):
    path = tmp_path / "a.csv"
    ATTACKS.write_csv(path)
    [runs], [epochs], [note] = measured(path, dataset="cifar10-valid")
    assert sorted(epochs["test_accuracy"]) == [0.8499, 0.9052]
    assert epochs["valid_accuracy"].null_count() == 2
    assert runs.select("dataset", "schedule_epochs", "trial").unique().rows() == [
        ("cifar10-valid", 200, 888)
    ]
    assert "test accuracy in percent of trial 888" in note
    assert "1 other columns are left out, such as fgsm@Linf_eps-0.1" in note
    with pytest.raises(SourceError, match="outcomes of training, not proxies"):
        read_proxies(path, dataset="cifar10")


def test_the_data_set_of_a_table_of_attacks_is_offered_not_taken(tmp_path):
    ATTACKS.write_csv(tmp_path / "a.csv")
    with pytest.raises(SourceError, match=r"lacks the column dataset.*`constants=dataset=cifar10"):
        open_tables(tmp_path / "a.csv")


def test_the_accuracy_of_naslib_is_test_accuracy_of_one_trial(tmp_path):
    path = tmp_path / "zc.json"
    path.write_text(json.dumps(naslib()))
    runs, epochs, notes = measured(path)
    assert [one["dataset"].unique().to_list() for one in runs] == [["cifar10-valid"], ["cifar100"]]
    assert {one["trial"].unique().item() for one in runs} == {888}
    assert all(one["flops"].null_count() == 2 for one in runs)
    assert all(one["test_accuracy"].to_list() == [0.8824] * 2 for one in epochs)
    assert all(one["valid_accuracy"].null_count() == 2 for one in epochs)
    assert "not as validation accuracy, and cifar10 as cifar10-valid" in notes[0]


def test_an_accuracy_of_the_same_name_in_ones_own_table_is_not_taken_for_it(tmp_path):
    rows = nasbench201_rows(2).rename({"arch_str": "net", "valid_accuracy": "val_accuracy"})
    for table in (rows, rows.with_columns(snip=1, fisher=2, jacov=3)):
        table.write_csv(tmp_path / "a.csv")
        with pytest.raises(SourceError, match="Did you mean 'valid_accuracy'"):
            open_tables(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "options",
    [
        {"rename": {"val_accs": "valid_accuracy"}},
        {"constants": {"trial": 777}},
        {"constants": {"epoch": 12}},
    ],
    ids=str,
)
def test_what_is_known_of_a_layout_cannot_be_contradicted(tmp_path, options):
    ATTACKS.write_csv(tmp_path / "a.csv")
    with pytest.raises(UsageError, match=r"is the test accuracy of trial 888 .* contradicts that"):
        open_tables(tmp_path / "a.csv", column_options(**options))


def test_the_proxies_of_naslib_are_those_of_one_data_set(tmp_path):
    path = tmp_path / "zc.json"
    path.write_text(json.dumps(naslib(**{"ImageNet16-120": {NETS[0]: {"snip": 7}}})))
    read = read_proxies(path, dataset="cifar10")
    assert sorted(read.values["name"].unique()) == ["fisher", "flops", "jacov", "snip"]
    assert read.cells == 2
    assert read_proxies(path, dataset="imagenet16_120").values["value"].to_list() == [7.0]
    one = {"nasbench201": {"cifar10": {NETS[0]: {"snip": 1}}}}
    path.write_text(json.dumps(one))
    with pytest.raises(SourceError, match="no rows of cifar100; its data sets are cifar10"):
        read_proxies(path, dataset="cifar100")


def test_the_accuracy_of_another_space_in_that_layout_is_refused(tmp_path):
    cell = "(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1)"
    path = tmp_path / "zc.json"
    values = {"val_accuracy": 90, "snip": 1, "fisher": 2, "zen": 3, "jacov": 4}
    path.write_text(json.dumps({"nasbench101": {"cifar10": {cell: values}}}))
    with pytest.raises(SourceError, match=r"row 1: .* understood for NAS-Bench-201 alone"):
        open_tables(path)


def test_zero_cost_proxies_by_their_tuples(tmp_path):
    ZERO_COST.with_columns(net_str=pl.Series(STRINGS)).write_csv(tmp_path / "a.csv")
    read = read_proxies(tmp_path / "a.csv", dataset="cifar10")
    assert read.values["native_key"].unique().sort().to_list() == sorted(STRINGS)
    assert sorted(read.values["name"].unique()) == ["fisher", "snip", "synflow", "zen"]
    assert read.notes[0].startswith("a table of zero-cost proxies: flops and params")
    with pytest.raises(SourceError, match="holds no measurements: it is a table of zero-cost"):
        open_tables(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["net_str", "arch_index"])
def test_a_cell_that_is_told_twice_and_differs_is_refused(tmp_path, name):
    other = STRINGS if name == "net_str" else ["0", "1"]
    ZERO_COST.with_columns(pl.Series(name, other[::-1])).write_csv(tmp_path / "a.csv")
    with pytest.raises(SourceError, match=f"row 1, column '{name}': .* is another cell than"):
        read_proxies(tmp_path / "a.csv", dataset="cifar10")


def test_minus_one_of_another_table_is_a_value(tmp_path):
    ZERO_COST.with_columns(snip=-1).write_csv(tmp_path / "a.csv")
    assert -1.0 in read_proxies(tmp_path / "a.csv", dataset="cifar10").values["value"].to_list()


@pytest.mark.parametrize("name", ["test_accuracy", "val_accs", "val_acc", "pgd@L2_eps-0.5"])
def test_an_outcome_cannot_become_a_proxy(tmp_path, name):
    rows = nasbench201_rows(2).select("arch_str", pl.lit(0.5).alias(name), zen=pl.lit(1.0))
    rows.write_csv(tmp_path / "a.csv")
    with pytest.raises(SourceError, match=f"column '{name}': is an outcome of training"):
        read_proxies(tmp_path / "a.csv", dataset="cifar10")
    read = read_proxies(tmp_path / "a.csv", dataset="cifar10", options=column_options(ignore=name))
    assert read.values["name"].unique().to_list() == ["zen"]


def test_proxies_are_recognised_without_a_net(tmp_path):
    own = ZERO_COST.drop("net").with_columns(arch_str=pl.Series(STRINGS))
    own.write_csv(tmp_path / "a.csv")
    with pytest.raises(SourceError, match=r"a table of zero-cost proxies\. Load it with mbml"):
        open_tables(tmp_path / "a.csv")
