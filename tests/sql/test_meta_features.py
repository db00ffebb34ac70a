"""The published meta-features, against a plain reading of their definition."""

from __future__ import annotations

from collections import Counter

import pytest


def by_definition(conv1x1s: int, conv3x3s: int) -> tuple[int, int, int, int]:
    kernels = [1] * conv1x1s + [3] * conv3x3s
    if not kernels:
        return 0, 0, 0, 0
    commonest = Counter(kernels)
    mode = min(kernel for kernel in kernels if commonest[kernel] == max(commonest.values()))
    return len(kernels), min(kernels), max(kernels), mode


@pytest.mark.parametrize("conv1x1s", range(7))
@pytest.mark.parametrize("conv3x3s", range(7))
def test_convolutions(warehouse, conv1x1s, conv3x3s):
    names = ("conv_num_layers", "conv_kernel_min", "conv_kernel_max", "conv_kernel_mode")
    calls = ", ".join(f"{name}({conv1x1s}, {conv3x3s})" for name in names)
    assert warehouse.rows(f"select {calls}") == [by_definition(conv1x1s, conv3x3s)]


def test_operations_are_counted_whole(warehouse):
    counted = warehouse.rows("select operation_count('none,skip_connect,none', 'none')")
    assert counted == [(2,)]
    assert warehouse.rows("select operation_count(null, 'none')") == [(0,)]
