"""Hypervolume: how much of the space of objectives a set of compromises dominates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mbml.search.problem import SearchProblem
    from mbml.search.run import Step


def dominated_share(problem: SearchProblem, steps: Sequence[Step]) -> float:
    """Return how much of the box of target and objectives a run dominates, a fraction.

    The box reaches from the space's worst value to its best in each of them; what the run trained
    to the view's epoch counts.
    """
    known = problem.candidates.known.select(problem.candidates.objectives).cast(pl.Float64)
    sizes = known.with_columns(arch_id=problem.candidates.keys["arch_id"])
    whole = problem.looks[problem.dataset.epoch].values
    trained = pl.DataFrame(
        [(step.arch_id, -step.value) for step in steps if step.epoch == problem.dataset.epoch],
        schema={"arch_id": pl.UInt32, "cost": pl.Float64},
        orient="row",
    )
    points = trained.join(sizes, on="arch_id").drop("arch_id").to_numpy()
    low = np.array([-np.nanmax(whole), *(column.min() for column in known)], dtype=float)
    high = np.array([-np.nanmin(whole), *(column.max() for column in known)], dtype=float)
    span = np.where(high > low, high - low, 1)
    return hypervolume((points - low) / span, np.ones(len(span)))


def hypervolume(costs: NDArray[np.float64], worst: NDArray[np.float64]) -> float:
    """Return the volume between some points and a worst one that any of them dominates.

    Parameters
    ----------
    costs
        Shape (points, objectives), all to be small.
    worst
        Shape (objectives,); points that are not better in every objective count nothing.

    Returns
    -------
    float
        In the product of the objectives' units. Exact; its time grows with the number of points
        to the power of the objectives.

    Examples
    --------
    >>> hypervolume(np.array([[0.0, 0.5], [0.5, 0.0]]), np.array([1.0, 1.0]))
    0.75
    """
    points = costs[(costs < worst).all(axis=1)]
    if not len(points):
        return 0.0
    points = points[np.argsort(points[:, 0], kind="stable")]
    ends = np.append(points[1:, 0], worst[0])
    if costs.shape[1] == 1:
        return float(worst[0] - points[0, 0])
    # Between two neighbours along the first objective, the points so far dominate the same volume.
    return sum(
        float(end - point) * hypervolume(points[: place + 1, 1:], worst[1:])
        for place, (point, end) in enumerate(zip(points[:, 0], ends, strict=True))
        if end > point
    )
