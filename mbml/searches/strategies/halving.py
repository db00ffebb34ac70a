"""Strategies that look early and go on with the best: successive halving and Hyperband."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mbml.searches.candidates import Query

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import numpy as np

    from mbml.searches.candidates import Asking, Candidates


def successive_halving(
    candidates: Candidates, rng: np.random.Generator, *, rungs: int | None
) -> Asking:
    """Look at many after few epochs, at the best of them after more, each epoch at equal cost.

    References
    ----------
    Jamieson and Talwalkar, *Non-stochastic best arm identification and hyperparameter
    optimization*, 2016.
    """
    epochs = candidates.epochs[-(rungs or len(candidates.epochs)) :]
    order = iter(rng.permutation(len(candidates)).tolist())
    more = True
    while more:
        more = yield from _bracket(epochs, candidates.affordable, order)


def hyperband(candidates: Candidates, rng: np.random.Generator, *, rungs: int | None) -> Asking:
    """Share the budget among successive halvings that start at ever later epochs.

    References
    ----------
    Li et al., *Hyperband: a novel bandit-based approach to hyperparameter optimization*, 2018.
    """
    epochs = candidates.epochs[-(rungs or len(candidates.epochs)) :]
    order = iter(rng.permutation(len(candidates)).tolist())
    more = True
    while more:
        for start in range(len(epochs)):
            share = candidates.affordable / len(epochs)
            more = yield from _bracket(epochs[start:], share, order)


def _bracket(
    epochs: tuple[int, ...], trainings: float, order: Iterator[int]
) -> Generator[Query, float, bool]:
    """Play one halving that costs so many trainings; tell whether there were candidates for it."""
    each = trainings / len(epochs) * epochs[-1]
    counts = [max(1, int(each / epoch)) for epoch in epochs]
    rows = list(islice(order, counts[0]))
    started = bool(rows)
    for epoch, count in zip(epochs, counts, strict=True):
        values: dict[int, float] = {}
        for row in rows[:count]:
            values[row] = yield Query(row, epoch)
        rows = sorted(values, key=values.__getitem__, reverse=True)
    return started
