"""The examples in the docstrings of spaces and features are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import mbml.features
import mbml.spaces

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (mbml.spaces, mbml.features)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
