"""The parameters of the surrogates that ship are those that the fit makes of the real tables."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files

import pytest
from surrogate_fit.nasbench101 import fit_nasbench101
from surrogate_fit.nasbench201 import fit_nasbench201

FITS = {"nasbench101": fit_nasbench101, "nasbench201": fit_nasbench201}


def leaves(value, place=""):
    """Every number and text of nested lists and objects, by its place."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {k: v for name, one in items for k, v in leaves(one, f"{place}/{name}").items()}
    return {place: value}


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize("benchmark", FITS)
def test_the_parameters_that_ship_are_made_again(real_data, benchmark):
    shipped = files("mbml.surrogate") / "parameters" / f"{benchmark}.json.gz"
    expected = leaves(json.loads(gzip.decompress(shipped.read_bytes())))
    found = leaves(json.loads(json.dumps(FITS[benchmark](real_data))))
    assert len(found) > 1000
    assert found.keys() == expected.keys()
    for place, value in expected.items():
        near = pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
        assert found[place] == near, place
