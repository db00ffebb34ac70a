"""What several runs of a search come to: means and deviations after so many queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.search.run import Step

#: Costs in queries at which a search is looked at, as in publications.
MILESTONES = (10, 20, 50, 80, 100, 150, 300)

#: Sums of shares of a query may end a hair above the whole.
_HAIR = 1e-9


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where runs stand, mean and population deviation over them; fractions.

    Attributes
    ----------
    queries
        What had been spent at most: trainings to the view's epoch, shorter ones as their share.
    oracle_test
        The best test accuracy among the architectures trained to the view's epoch.
    chosen_test
        The test accuracy of the one of them that the target chooses.
    chosen_valid
        Its validation accuracy.
    """

    queries: float
    oracle_test: tuple[float, float]
    chosen_test: tuple[float, float]
    chosen_valid: tuple[float, float]


def standings(runs: Sequence[Sequence[Step]]) -> list[Standing]:
    """Return where runs stand at each milestone that all of them went beyond or reached."""
    reach = min((steps[-1].spent.queries for steps in runs if steps), default=0.0)
    return [_standing(runs, one) for one in MILESTONES if one <= reach + _HAIR]


def final(runs: Sequence[Sequence[Step]]) -> Standing:
    """Return where runs stand at their end."""
    most = max((steps[-1].spent.queries for steps in runs if steps), default=0.0)
    return _standing(runs, most)


def _standing(runs: Sequence[Sequence[Step]], queries: float) -> Standing:
    last = [_last_within(steps, queries) for steps in runs]

    def over_runs(name: str) -> tuple[float, float]:
        values = np.array([getattr(step, name) if step else np.nan for step in last])
        return float(values.mean()), float(values.std())

    return Standing(
        queries=queries,
        oracle_test=over_runs("oracle_test"),
        chosen_test=over_runs("chosen_test"),
        chosen_valid=over_runs("chosen_valid"),
    )


def _last_within(steps: Sequence[Step], queries: float) -> Step | None:
    paid = [step for step in steps if step.spent.queries <= queries + _HAIR]
    return paid[-1] if paid else None
