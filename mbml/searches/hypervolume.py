"""How much of the box of target and objectives the trained architectures of a run dominate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mbml.dominance import dominated_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.searches.problem import SearchProblem
    from mbml.searches.run import Step


def share_of_run(problem: SearchProblem, steps: Sequence[Step]) -> float:
    """Return how much of the box of target and objectives a run dominates, a fraction.

    The box reaches from the worst value of the candidates to their best in each of them; what the
    run trained to the view's epoch counts.
    """
    known = problem.candidates.known.select(problem.candidates.objectives).cast(pl.Float64)
    sizes = known.with_columns(arch_id=problem.candidates.keys["arch_id"])
    whole = problem.observations[problem.dataset.epoch].values
    trained = pl.DataFrame(
        [(step.arch_id, -step.value) for step in steps if step.epoch == problem.dataset.epoch],
        schema={"arch_id": pl.UInt32, "cost": pl.Float64},
        orient="row",
    )
    points = trained.join(sizes, on="arch_id").drop("arch_id").to_numpy()
    low = np.array([-np.nanmax(whole), *(column.min() for column in known)], dtype=float)
    high = np.array([-np.nanmin(whole), *(column.max() for column in known)], dtype=float)
    return dominated_share(points, best=low, worst=high)
