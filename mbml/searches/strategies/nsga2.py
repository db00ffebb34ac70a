"""NSGA-II: a population that spreads along the best compromises between several objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mbml.dominance import nondominated
from mbml.searches.candidates import Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mbml.searches.candidates import Asking, Candidates

    Values = NDArray[np.float64]

#: Known children in a row after which a random candidate is taken in.
_PATIENCE = 20


def nsga2(candidates: Candidates, rng: np.random.Generator, *, population: int) -> Asking:
    """Breed the target high and the search's objectives low.

    References
    ----------
    Deb et al., *A fast and elitist multiobjective genetic algorithm: NSGA-II*, 2002.
    """
    sizes = candidates.known.select(candidates.objectives).cast(pl.Float64).to_numpy()
    costs: dict[int, Values] = {}
    order = iter(rng.permutation(len(candidates)).tolist())
    members: list[int] = []
    while len(costs) < len(candidates):
        children = _children(candidates, members, costs, population, rng) if members else []
        while len(children) < min(population, len(candidates) - len(costs)):
            children.append(next(row for row in order if row not in costs and row not in children))
        for row in children:
            value = yield Query(row)
            costs[row] = np.array([-value, *sizes[row]])
        members = _survivors([*members, *children], costs, population)


def fronts(costs: Values) -> list[NDArray[np.intp]]:
    """Sort rows into fronts: none of the first is dominated, the next by the first alone, etc.

    Parameters
    ----------
    costs
        Shape (rows, objectives), all to be small.

    Examples
    --------
    >>> [front.tolist() for front in fronts(np.array([[1, 2], [2, 1], [2, 2], [3, 3]]))]
    [[0, 1], [2], [3]]
    """
    left = np.arange(len(costs))
    found = []
    while len(left):
        first = nondominated(costs[left])
        found.append(left[first])
        left = left[~first]
    return found


def crowding(costs: Values) -> Values:
    """Return how far the neighbours of each row of one front are apart; infinite at its ends."""
    apart = np.zeros(len(costs))
    for column in costs.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        apart[order[[0, -1]]] = np.inf
        if span > 0:
            apart[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return apart


def _survivors(members: list[int], costs: dict[int, Values], count: int) -> list[int]:
    """Return the best members by front, then by crowding, best first."""
    table = np.array([costs[row] for row in members])
    kept: list[int] = []
    for front in fronts(table):
        spread = np.argsort(-crowding(table[front]), kind="stable")
        kept += [members[place] for place in front[spread]]
        if len(kept) >= count:
            break
    return kept[:count]


def _children(
    candidates: Candidates,
    members: list[int],
    costs: dict[int, Values],
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """Cross and mutate winners of tournaments of two; members stand best first."""
    found: dict[int, None] = {}
    misses = 0
    while len(found) < count and misses < _PATIENCE:
        first, second = (members[min(rng.integers(len(members), size=2))] for _ in range(2))
        child = candidates.mutate(candidates.cross(first, second, rng), rng)
        if child in costs or child in found:
            misses += 1
        else:
            misses, found[child] = 0, None
    return list(found)
