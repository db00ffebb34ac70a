"""Strategies without a model: random search, local search, regularised evolution."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mbml.searches.candidates import Query

if TYPE_CHECKING:
    import numpy as np

    from mbml.searches.candidates import Asking, Candidates

#: Known children in a row after which evolution takes in a new random member.
_PATIENCE = 20


def random(candidates: Candidates, rng: np.random.Generator) -> Asking:
    """Ask for candidates in random order."""
    for row in rng.permutation(len(candidates)):
        yield Query(int(row))


def local(candidates: Candidates, rng: np.random.Generator) -> Asking:
    """Climb: look at neighbours in random order, move to the first that is better, else restart.

    References
    ----------
    White, Nolen and Savani, *Exploring the loss landscape in neural architecture search*, 2021.
    """
    values: dict[int, float] = {}
    for start in rng.permutation(len(candidates)).tolist():
        if start in values:
            continue
        values[start] = yield Query(start)
        here: int | None = start
        while here is not None:
            around = candidates.neighbours(here)
            better = None
            for place in rng.permutation(len(around)):
                row = around[place]
                if row not in values:
                    values[row] = yield Query(row)
                if values[row] > values[here]:
                    better = row
                    break
            here = better


def evolution(
    candidates: Candidates, rng: np.random.Generator, *, population: int, tournament: int
) -> Asking:
    """Mutate the best of a few members drawn at random; the oldest member dies.

    References
    ----------
    Real et al., *Regularized evolution for image classifier architecture search*, 2019.
    """
    values: dict[int, float] = {}
    members: deque[int] = deque(maxlen=population)
    order = iter(rng.permutation(len(candidates)).tolist())
    known_children = 0
    while len(values) < len(candidates):
        if len(values) < population or known_children == _PATIENCE:
            child = next(row for row in order if row not in values)
        else:
            rivals = rng.choice(len(members), min(tournament, len(members)), replace=False)
            parent = max((members[place] for place in rivals), key=values.__getitem__)
            child = candidates.mutate(parent, rng)
        known_children = known_children + 1 if child in values else 0
        if child not in values:
            values[child] = yield Query(child)
        members.append(child)
