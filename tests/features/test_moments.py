"""Means and deviations over whole spaces, as shipped."""

from __future__ import annotations

import numpy as np
import pytest
from write_moments import computed

from mbml.features.topology.moments import TOPOLOGIES, stored


@pytest.mark.slow
@pytest.mark.parametrize("space", ["nasbench101", "nasbench201", "natsbench_sss"])
def test_shipped_moments_are_those_of_the_enumerated_space(space):
    topology = TOPOLOGIES[space]
    for shipped, found in zip(stored(topology), computed(topology), strict=True):
        np.testing.assert_allclose(shipped, found, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("space", TOPOLOGIES)
def test_groups_have_the_moments_of_their_columns(space):
    topology = TOPOLOGIES[space]
    whole = stored(topology)
    parts = [stored(topology, [group]) for group in topology.groups]
    for place, all_of_them in enumerate(whole):
        np.testing.assert_array_equal(np.concatenate([part[place] for part in parts]), all_of_them)


def test_a_known_mean():
    topology = TOPOLOGIES["natsbench_sss"]
    names = [column.name for column in topology.columns()]
    means, deviations = stored(topology)
    assert means[names.index("width_1")] == 36
    assert deviations[names.index("width_1")] == pytest.approx(np.arange(8, 72, 8).std())
