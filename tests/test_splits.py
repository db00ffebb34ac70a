"""Splits: what training and held-out rows never share."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mbml.errors import UsageError
from mbml.splits import SPLITS, draw, published

ROWS = pl.DataFrame(
    {
        "arch_id": range(100),
        "graph_id": [f"graph {index // 2}" for index in range(100)],
        "functional_id": [f"class {index // 4}" for index in range(100)],
    }
)


@pytest.mark.parametrize("name", SPLITS)
def test_all_splits_draw_the_published_training_rows(name):
    split = draw(name, ROWS, ROWS, train_size=10, seed=3)
    np.testing.assert_array_equal(split.train, published(100, train_size=10, seed=3).train)
    assert split.name == name


@pytest.mark.parametrize(("name", "key"), SPLITS.items())
def test_training_and_held_out_rows_share_no_key(name, key):
    split = draw(name, ROWS, ROWS, train_size=10, seed=0)
    seen = set(ROWS[key][split.train])
    held_out = set(ROWS[key][split.held_out])
    assert not seen & held_out
    assert seen | held_out == set(ROWS[key])


def test_the_published_split_holds_out_everything_else():
    split = draw("published", ROWS, ROWS, train_size=10, seed=0)
    np.testing.assert_array_equal(split.held_out, published(100, train_size=10, seed=0).held_out)


def test_another_view_is_tested_without_the_architectures_trained_on():
    tested = ROWS[::-1][:50]
    split = draw("published", ROWS, tested, train_size=60, seed=0)
    trained = set(ROWS["arch_id"][split.train])
    assert set(tested["arch_id"][split.held_out]) == set(range(50, 100)) - trained


def test_a_split_that_holds_nothing_out_is_refused():
    same = ROWS.with_columns(functional_id=pl.lit("one"))
    with pytest.raises(UsageError, match="leaves no row to hold out"):
        draw("functional_id", same, same, train_size=10, seed=0)
    with pytest.raises(UsageError, match="did you mean 'functional_id'"):
        draw("functional", ROWS, ROWS, train_size=10, seed=0)
