"""Accuracies as -log(1 - accuracy): near the top, a little better is much better.

Failed trainings are lifted to a low quantile first, as the order among them is chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mbml.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

#: An accuracy above this counts as this much, so that its logarithm of the error is finite.
_HIGHEST = 0.999


def floors_of(accuracies: Values, quantile: float) -> Values:
    """Return a quantile over the rows: shape (columns,), or a number of a single column.

    Raises
    ------
    UsageError
        Some are no fractions.
    """
    lowest, highest = accuracies.min(), accuracies.max()
    if lowest < 0 or highest > 1:
        raise UsageError(
            f"the target lies between {lowest:g} and {highest:g}, and this predictor learns"
            " fractions in [0, 1]; divide it, or choose another predictor (random_forest)"
        )
    floors: Values = np.quantile(accuracies, quantile, axis=0)
    return floors


def stretched(accuracies: Values, floors: Values) -> Values:
    """Return -log(1 - accuracy); shape as given."""
    lifted: Values = -np.log1p(-np.clip(accuracies, floors, _HIGHEST))
    return lifted
