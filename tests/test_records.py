"""The records of benchmarks name what is there, and one that contradicts itself is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mbml.benchmarks import BENCHMARKS, VIEW_COLUMNS, benchmark
from mbml.errors import UsageError
from mbml.features.topology.columns import Topology
from mbml.frames import view_columns
from mbml.spaces.registry import SPACES

SSS = BENCHMARKS["natsbench_sss"]
[FIRST, *_] = SSS.meta_datasets


@pytest.mark.parametrize("known", BENCHMARKS.values(), ids=list(BENCHMARKS))
def test_what_a_record_names_is_there(known, warehouse):
    assert known.load(known.space) is SPACES[known.name]
    assert isinstance(known.load(known.topology), Topology)
    assert all(callable(known.load(one)) for one in known.sources.values())
    for view in known.meta_datasets:
        held = view_columns(warehouse, view.name)
        assert {*VIEW_COLUMNS, view.order_by} <= set(held)


def test_a_name_that_none_has():
    with pytest.raises(UsageError, match="did you mean 'nasbench201'"):
        benchmark("nasbench21")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "sss"}, "is of natsbench_sss, cifar10-valid"),
        ({"datasets": ("cifar10",)}, "is of natsbench_sss, cifar10-valid"),
        ({"meta_datasets": (replace(FIRST, name="a b"),)}, "'a b' is no identifier"),
        ({"meta_datasets": (replace(FIRST, order_by="1"),)}, "'1' is no identifier"),
        ({"meta_datasets": (replace(FIRST, validation_view="x"),)}, "no such view: x"),
        ({"space": "mbml.spaces.registry"}, "is not of the form module:object"),
        ({"sources": {"natsbench": "a:b:c"}}, "is not of the form module:object"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changes, problem):
    with pytest.raises(ValueError, match=problem):
        replace(SSS, **changes)
