"""What the topology feature sets of all spaces share."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from mbml.errors import CellError, UsageError
from mbml.features.topology.moments import TOPOLOGIES as SETS
from mbml.spaces.registry import SPACES

every_set = pytest.mark.parametrize("space", SETS)

#: Digest of the column names and of the features of fifty drawn cells, to three decimals. When it
#: changes, so must the version.
FROZEN = {
    "nasbench101": ("1", "c11e2c574f92c812"),
    "nasbench201": ("1", "96746344252f5387"),
    "natsbench_sss": ("1", "d92914ab50c819d9"),
}


def test_every_space_has_a_set():
    assert list(SETS) == list(SPACES)


@every_set
def test_every_column_is_described(space):
    for column in SETS[space].columns():
        assert column.name.isascii()
        assert column.name == column.name.lower()
        assert " " not in column.name
        assert column.meaning
        assert column.unit
        assert column.group in SETS[space].groups


@every_set
def test_the_numbers_of_a_version_are_frozen(space):
    topology = SETS[space]
    cells = [cell.format() for cell in SPACES[space].draw(50, seed=1)]
    # The shift keeps halves and sixteenths off the edge of rounding, and zero positive.
    numbers = topology.matrix(cells).astype(np.float64) + 1e-5
    digest = hashlib.sha256(",".join(column.name for column in topology.columns()).encode())
    digest.update("\n".join(" ".join(f"{v:.3f}" for v in row) for row in numbers).encode())
    assert (topology.version, digest.hexdigest()[:16]) == FROZEN[space]


@every_set
def test_a_frame_names_the_columns(space):
    topology = SETS[space]
    frame = topology.frame([topology.example] * 3)
    assert frame.columns == [column.name for column in topology.columns()]
    assert set(frame.dtypes) == {pl.Float32}
    assert frame.height == 3


@every_set
def test_groups_are_parts_of_the_whole(space):
    topology = SETS[space]
    cells = [cell.format() for cell in SPACES[space].draw(20, seed=0)]
    whole = topology.frame(cells)
    for group in topology.groups:
        part = topology.frame(cells, [group])
        assert part.equals(whole.select(part.columns))
    parts = [topology.frame(cells, [group]).width for group in topology.groups]
    assert sum(parts) == whole.width


@every_set
def test_many_parts_make_the_same_whole(space, monkeypatch):
    cells = [cell.format() for cell in SPACES[space].draw(20, seed=0)]
    whole = SETS[space].matrix(cells)
    monkeypatch.setattr("mbml.features.topology.columns.CELLS_AT_ONCE", 7)
    np.testing.assert_allclose(SETS[space].matrix(cells), whole, rtol=1e-6, atol=1e-6)


@every_set
def test_no_cells_give_no_rows(space):
    assert SETS[space].matrix([]).shape == (len(SETS[space].columns()), 0)


@every_set
def test_unknown_groups_and_bad_cells_are_told(space):
    with pytest.raises(UsageError, match=f"unknown group of {space} features 'Z'; known: "):
        SETS[space].matrix([SETS[space].example], ["Z"])
    with pytest.raises(CellError):
        SETS[space].matrix([SETS[space].example, "nonsense"])


def test_nothing_is_computed_at_import():
    code = (
        "import sys, mbml.features.topology.nasbench101;"
        "print({'sklearn', 'xgboost', 'duckdb'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"
