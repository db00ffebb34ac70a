"""What a predictor hands over must be as many finite numbers as it was given rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.plugins import WrongResultError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def checked_numbers(values: object, rows: int, what: str) -> NDArray[Any]:
    """Return values as an array of shape (rows,) of finite real numbers.

    Parameters
    ----------
    values
        What a predictor returned.
    rows
        The number of rows that it was given.
    what
        What the values are, for messages.

    Raises
    ------
    WrongResultError
        They have another shape or type, or are not all finite; nothing is broadcast or filled in.
    """
    found = finite(values, what)
    if found.shape != (rows,):
        raise WrongResultError(f"{what} have the shape {found.shape}, expected ({rows},)")
    return found


def finite(values: object, what: str) -> NDArray[Any]:
    """Return values of any shape as an array of finite real numbers; raises as `numbers`."""
    found = np.asarray(values)
    if found.dtype.kind not in "fiu" or np.ma.is_masked(values):
        kind = "a masked array" if np.ma.is_masked(values) else found.dtype
        raise WrongResultError(f"{what} are of type {kind}, expected real numbers")
    wrong = int(np.count_nonzero(~np.isfinite(found)))
    if wrong:
        raise WrongResultError(f"{what} are NaN or infinite for {wrong:,} of {found.size:,} rows")
    return found
