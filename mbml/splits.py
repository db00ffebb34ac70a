"""Which rows train and which are held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: The splits by name, each with the column whose values training and held-out rows never share.
SPLITS = {"published": "arch_id", "functional_id": "functional_id"}


class Split(NamedTuple):
    """Row numbers: of the training set in the order drawn, and of the held-out rows, ascending."""

    name: str
    train: NDArray[np.intp]
    held_out: NDArray[np.intp]


def published(rows: int, *, train_size: int, seed: int) -> Split:
    """Draw the published split: N rows at random, everything else held out.

    Parameters
    ----------
    rows
        Number of rows, in index order (NAS-Bench-201) or hash order (NAS-Bench-101).
    train_size
        N, the rows to train on.
    seed
        Seed of the draw, scikit-learn's ``random_state``.

    Raises
    ------
    UsageError
        N leaves no row to train on, or none to hold out.
    """
    from sklearn.model_selection import train_test_split

    if not 2 <= train_size < rows:
        raise UsageError(
            f"--train-size {train_size} does not fit: {rows} rows have a target, of which at least"
            " 2 must train and 1 be held out"
        )
    if not 0 <= seed < 2**32:
        raise UsageError(f"--seed {seed} does not fit: seeds are 0 to 4294967295")
    train, held_out = train_test_split(
        np.arange(rows), train_size=train_size, random_state=seed, shuffle=True
    )
    return Split("published", train, np.sort(held_out))


def draw(
    name: str, rows: pl.DataFrame, tested: pl.DataFrame, *, train_size: int, seed: int
) -> Split:
    """Draw the published training rows, and hold out the rows that share nothing with them.

    Parameters
    ----------
    name
        `published` keeps architectures apart; `functional_id` all cells that compute the same.
    rows, tested
        Keys of the rows to draw from, and of those to hold out from: mostly the same.
    train_size, seed
        As in `published`.

    Raises
    ------
    UsageError
        There is no such split, or it leaves too few rows.
    """
    if name not in SPLITS:
        raise unknown_name("split", name, SPLITS)
    train = published(len(rows), train_size=train_size, seed=seed).train
    key = SPLITS[name]
    seen = tested[key].is_in(rows[key][train].unique().implode())
    held_out = np.flatnonzero(~seen.to_numpy())
    if not len(held_out):
        raise UsageError(
            f"--train-size {train_size} leaves no row to hold out with another {key} than all rows"
            " to train on"
        )
    return Split(name, train, held_out)
