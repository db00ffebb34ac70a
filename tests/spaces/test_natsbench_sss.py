"""The size space: reading, checking, costs, the official order."""

from __future__ import annotations

import re

import pytest
from genuine import meta_archs, network_costs
from hypothesis import given
from hypothesis import strategies as st

from mbml.errors import CellError
from mbml.spaces import natsbench_sss

widths = st.lists(st.sampled_from(natsbench_sss.WIDTHS), min_size=5, max_size=5)


def test_ids_are_the_text():
    cell = natsbench_sss.parse("8:16:24:32:64")
    assert cell.widths == (8, 16, 24, 32, 64)
    assert cell.graph_id == cell.functional_id == cell.format() == "8:16:24:32:64"
    assert cell.pruned() == cell


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty text where five widths"),
        ("8:8:8:8", "4 widths; a network of the size space has 5"),
        ("8:8:8:8:9", "width 9 is none of the space's: 8, 16"),
        ("8:8:8:8:0", "width 0 is none of the space's"),
        ("8:8:8:8:-8", "width '-8' in '8:8:8:8:-8' is not a whole number"),
        ("8:8:8:8:8.0", "width '8.0' in '8:8:8:8:8.0' is not a whole number"),
        ("8:8:8:8:\N{SUPERSCRIPT TWO}", "is not a whole number"),
        ("8:8::8:8", "width '' in '8:8::8:8' is not a whole number"),
    ],
)
def test_bad_text_gets_one_clear_message(text, message):
    with pytest.raises(CellError, match=re.escape(message)):
        natsbench_sss.parse(text)


def test_a_huge_text_is_not_echoed():
    with pytest.raises(CellError) as caught:
        natsbench_sss.parse("8" * 10_000_000)
    assert len(str(caught.value)) < 300


@given(widths)
def test_the_index_counts_with_the_last_layer_the_fastest(values):
    text = natsbench_sss.from_widths(values).format()
    assert natsbench_sss.official_order()[natsbench_sss.index_of(text)] == text


@pytest.mark.realdata
def test_the_official_order_is_that_of_the_genuine_file(real_data):
    genuine = meta_archs(real_data, "NATS-sss-v1_0-50262-simple")
    assert list(natsbench_sss.official_order()) == genuine


@pytest.mark.realdata
@pytest.mark.parametrize("index", [0, 11])
def test_costs_of_the_genuine_files(real_data, index):
    cell = natsbench_sss.parse(natsbench_sss.official_order()[index])
    found = network_costs(real_data, "NATS-sss-v1_0-50262-simple", index)
    assert len({dataset for dataset, _, _ in found}) == 4
    for dataset, flops, parameters in found:
        assert cell.flops_on(dataset) / 1e6 == pytest.approx(flops, abs=1e-9)
        assert cell.parameters_on(dataset) / 1e6 == pytest.approx(parameters, abs=1e-9)
