"""Which rows train and which are held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
