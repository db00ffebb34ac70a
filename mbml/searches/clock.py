"""What trainings cost: queries, epochs and seconds, and a budget in one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from mbml.errors import UsageError, unknown_name
from mbml.text import quoted

#: Sums of thirds and hundredths may end a hair above the budget that they make up.
_TOLERANCE = 1e-9


class BudgetUnit(StrEnum):
    """What a budget counts."""

    QUERIES = "queries"
    EPOCHS = "epochs"
    SECONDS = "seconds"


class Cost(NamedTuple):
    """The price of training, or the sum of prices.

    Attributes
    ----------
    queries
        Trainings to the view's epoch; a shorter one counts as its share of these epochs.
    epochs
        Epochs trained.
    seconds
        Recorded seconds of training; NaN where the view has none.
    """

    queries: float = 0.0
    epochs: float = 0.0
    seconds: float = 0.0

    def plus(self, other: Cost) -> Self:
        """Add up."""
        return type(self)(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Cost) -> Self:
        """Leave out what was paid before."""
        return type(self)(*(a - b for a, b in zip(self, other, strict=True)))

    def within(self, unit: BudgetUnit) -> float:
        """Return the cost in one unit."""
        return float(getattr(self, unit.value))


@dataclass(frozen=True)
class Budget:
    """How much a run may spend.

    Raises
    ------
    UsageError
        The amount is not a positive number.
    """

    amount: float
    unit: BudgetUnit = BudgetUnit.QUERIES

    def __post_init__(self) -> None:
        if not isinstance(self.amount, (int, float)) or isinstance(self.amount, bool):
            raise UsageError(
                f"expected a budget as a number or a Budget, got {quoted(self.amount)}"
            )
        if not (math.isfinite(self.amount) and self.amount > 0):
            raise UsageError(f"a budget of {self.amount:g} {self.unit} buys nothing; give more")

    @classmethod
    def of(cls, amount: float, unit: str) -> Self:
        """Make a budget from a unit's name; raises `UsageError` if it is unknown."""
        known = {one.value: one for one in BudgetUnit}
        if unit not in known:
            raise unknown_name("unit of a budget", unit, known)
        return cls(amount, known[unit])

    def covers(self, cost: Cost) -> bool:
        """Tell whether the budget pays for this much."""
        return cost.within(self.unit) <= self.amount + _TOLERANCE

    def is_spent(self, cost: Cost) -> bool:
        """Tell whether nothing is left."""
        return cost.within(self.unit) >= self.amount - _TOLERANCE


def as_budget(given: float | Budget) -> Budget:
    """Return a budget; a number is one of queries.

    Examples
    --------
    >>> as_budget(50).unit.value
    'queries'
    """
    return given if isinstance(given, Budget) else Budget(given)
