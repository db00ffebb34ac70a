"""Splits: what training and held-out rows never share."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mbml.errors import UsageError
from mbml.splits import SPLITS, draw, published_split, seeds_of

#: What scikit-learn draws of 12 rows with `random_state=42`.
TRAIN = [11, 4, 7, 3, 6]

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
    np.testing.assert_array_equal(split.train, published_split(100, train_size=10, seed=3).train)
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
    np.testing.assert_array_equal(
        split.held_out, published_split(100, train_size=10, seed=0).held_out
    )


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


def test_the_published_rows_are_those_of_scikit_learn():
    # Written out, since a draw of another seed looks just as random.
    split = published_split(12, train_size=5, seed=42)
    assert split.train.tolist() == TRAIN
    assert split.held_out.tolist() == sorted(set(range(12)) - set(TRAIN))


@pytest.mark.parametrize(("train_size", "seed"), [(1, 0), (12, 0), (5, -1), (5, 2**32)])
def test_a_size_or_seed_that_does_not_fit_is_refused(train_size, seed):
    with pytest.raises(UsageError, match="does not fit"):
        published_split(12, train_size=train_size, seed=seed)


def test_the_widest_sizes_and_seeds_are_drawn():
    assert len(published_split(12, train_size=2, seed=0).held_out) == 10
    assert len(published_split(12, train_size=11, seed=2**32 - 1).held_out) == 1


def test_seeds_are_a_count_or_the_seeds_themselves():
    assert seeds_of(3) == (0, 1, 2)
    assert seeds_of([1000, 7, 1000]) == (1000, 7)
    assert seeds_of(iter((5,))) == (5,)
    for none in (0, 10**9, [], [-1], [2**32]):
        with pytest.raises(UsageError, match="seed"):
            seeds_of(none)
