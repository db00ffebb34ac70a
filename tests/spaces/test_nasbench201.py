"""NAS-Bench-201 cells: reading, checking, classes, costs, the official order."""

from __future__ import annotations

import re

import polars as pl
import pytest
from genuine import meta_archs, network_costs
from hypothesis import given
from hypothesis import strategies as st

from mbml.errors import CellError, UsageError
from mbml.spaces import nasbench201

FIRST = (
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
    "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
)
operations = st.lists(st.sampled_from(nasbench201.OPERATIONS), min_size=6, max_size=6)


def test_the_official_order_starts_with_cell_0_and_holds_every_cell_once():
    order = nasbench201.official_order()
    assert order[0] == FIRST
    assert len(set(order)) == len(order) == nasbench201.SIZE == 15_625
    assert [nasbench201.index_of(text) for text in order[::1000]] == list(range(0, 15_625, 1000))


def test_operations_stand_in_the_order_of_the_string():
    cell = nasbench201.parse(FIRST)
    assert cell.operations == (
        "avg_pool_3x3",
        "nor_conv_1x1",
        "skip_connect",
        "nor_conv_1x1",
        "skip_connect",
        "skip_connect",
    )
    assert (cell.nodes, cell.edges) == (4, 6)
    assert cell.format() == FIRST


def test_classes_of_the_whole_space():
    every = [nasbench201.parse(text) for text in nasbench201.official_order()]
    assert len({cell.graph_id for cell in every}) == 6_466
    assert len({cell.functional_id for cell in every}) == 4_930
    assert len({cell.pruned() for cell in every}) == 9_445
    assert min(cell.flops for cell in every) == 7_783_050
    assert max(cell.flops for cell in every) == 220_119_690


def test_costs_depend_on_the_data_set():
    cell = nasbench201.from_operations(["nor_conv_3x3"] * 6)
    assert cell.parameters == cell.parameters_on("cifar10") == cell.parameters_on("cifar10-valid")
    assert cell.parameters_on("cifar100") - cell.parameters == 90 * 65
    assert cell.parameters_on("ImageNet16-120") - cell.parameters == 110 * 65
    with pytest.raises(UsageError, match="unknown dataset 'cifar-10'; did you mean 'cifar10'"):
        cell.flops_on("cifar-10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty text where an architecture string"),
        ("|none~0|", "does not have the form"),
        (FIRST.replace("+", "|", 1), "does not have the form"),
        (FIRST + "|", "does not have the form"),
        ("x" + FIRST, "does not have the form"),
        (FIRST.replace("~1", "~0"), "does not have the form"),
        (FIRST.replace("~2", "~\N{SUPERSCRIPT TWO}"), "does not have the form"),
        (
            FIRST.replace("nor_conv_1x1", "conv_1x1"),
            "unknown operation 'conv_1x1'; did you mean 'nor_conv_1x1'",
        ),
        (FIRST.replace("nor_conv_1x1", ""), "unknown operation ''"),
    ],
)
def test_bad_text_gets_one_clear_message(text, message):
    with pytest.raises(CellError, match=re.escape(message)):
        nasbench201.parse(text)


def test_a_huge_text_is_not_echoed():
    with pytest.raises(CellError) as caught:
        nasbench201.parse("|none~0|" * 1_250_000)
    assert len(str(caught.value)) < 300


def test_a_wrong_number_of_operations_is_refused():
    with pytest.raises(CellError, match="5 operations; a cell has 6"):
        nasbench201.from_operations(["none"] * 5)


@given(operations)
def test_format_and_parse_are_inverse(names):
    cell = nasbench201.from_operations(names)
    assert nasbench201.parse(cell.format()) == cell


@given(operations)
def test_pruning_is_idempotent_and_keeps_the_function(names):
    pruned = nasbench201.from_operations(names).pruned()
    assert pruned.pruned() == pruned
    assert pruned.functional_id == nasbench201.from_operations(names).functional_id


@pytest.mark.realdata
def test_the_official_order_is_that_of_the_genuine_file(real_data):
    assert list(nasbench201.official_order()) == meta_archs(real_data, "NATS-tss-v1_0-3ffb9-simple")


@pytest.mark.realdata
@pytest.mark.parametrize("index", [0, 11])
def test_costs_of_the_genuine_files(real_data, index):
    cell = nasbench201.parse(nasbench201.official_order()[index])
    found = network_costs(real_data, "NATS-tss-v1_0-3ffb9-simple", index)
    assert {dataset for dataset, _, _ in found} == set(nasbench201.network.IMAGES)
    for dataset, flops, parameters in found:
        assert cell.flops_on(dataset) / 1e6 == pytest.approx(flops, abs=1e-9)
        assert cell.parameters_on(dataset) / 1e6 == pytest.approx(parameters, abs=1e-9)


@pytest.mark.realdata
@pytest.mark.slow
def test_every_real_cell_has_its_parameters_and_index(real_data):
    table = pl.read_parquet(real_data / "nasbench201" / "measurements.parquet")
    assert table.height == 93_750
    every = [nasbench201.parse(text) for text in nasbench201.official_order()]
    for (dataset, _), part in table.sort("arch_index").group_by(
        "dataset", "schedule_epochs", maintain_order=True
    ):
        assert part["arch_str"].to_list() == list(nasbench201.official_order())
        assert part["parameters"].to_list() == [cell.parameters_on(dataset) for cell in every]
