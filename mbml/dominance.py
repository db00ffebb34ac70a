"""Dominance: which rows no other row beats in every objective, and how much a set of them covers.

A row dominates another if it is nowhere larger and somewhere smaller. Equal rows do not dominate
each other: they are on a front together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def nondominated(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows no other row dominates.

    Parameters
    ----------
    costs
        Shape (rows, objectives), all to be small, without NaN.

    Returns
    -------
    numpy.ndarray
        Shape (rows,); rows that are equal in every objective have the same answer.

    Notes
    -----
    One or two objectives take one sort. With more, the time grows with the product of the rows and
    the size of the front.

    Examples
    --------
    >>> nondominated(np.array([[1, 2], [2, 1], [2, 2], [1, 2]])).tolist()
    [True, True, False, True]
    """
    ranks = np.array([np.unique(column, return_inverse=True)[1] for column in costs.T])
    # In this order a row can be dominated by earlier rows only, and equal rows are neighbours.
    order = np.lexsort(ranks[::-1])
    ordered = ranks[:, order]
    is_new = (np.diff(ordered, prepend=-1) != 0).any(axis=0)
    distinct = ordered[:, is_new]
    front = _by_removal(distinct) if len(ranks) > 2 else _by_running_minimum(distinct)
    found = np.empty(len(costs), dtype=bool)
    found[order] = front[np.cumsum(is_new) - 1]
    return found


def _by_running_minimum(distinct: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the front of distinct columns of one or two ranks in lexicographic order."""
    least_so_far = np.minimum.accumulate(distinct[-1])
    front: NDArray[np.bool_] = np.diff(least_so_far, prepend=np.iinfo(int).max) < 0
    return front


def _by_removal(distinct: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the front of distinct columns of ranks: take one on it, remove what it dominates."""
    front = np.zeros(distinct.shape[1], dtype=bool)
    # What dominates a column has a smaller sum of ranks: the first of those left is on the front.
    places = np.argsort(distinct.sum(axis=0), kind="stable")
    left = distinct[:, places].astype(np.int32)
    while len(places):
        front[places[0]] = True
        better = left[0] < left[0, 0]
        for ranks in left[1:]:
            better |= ranks < ranks[0]
        places, left = places[better], left[:, better]
    return front


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
        In the product of the objectives' units, exact but for rounding. With up to two objectives
        it takes one sort; each further one multiplies the time by the size of the front.

    References
    ----------
    While et al., *A fast way of calculating exact hypervolumes*, 2012: a point adds its box less
    what the points before it cover of that box.

    Examples
    --------
    >>> hypervolume(np.array([[0.0, 0.5], [0.5, 0.0]]), np.array([1.0, 1.0]))
    0.75
    """
    points = costs[(costs < worst).all(axis=1)]
    if not len(points):
        return 0.0
    if costs.shape[1] <= 2:
        points = points[np.argsort(points[:, 0], kind="stable")]
        # What a dominated point would add is 0: nothing below it is left.
        least = np.minimum.accumulate(points[:, -1])
        added = np.diff(-least, prepend=-worst[-1])
        return float((worst - points)[:, :-1].prod(axis=1) @ added)
    points = np.unique(points[nondominated(points)], axis=0)
    reach = worst - points
    boxes = reach[:, 1:].prod(axis=1)
    # Points before one are better in the first objective: there, they reach as far as its box does.
    added_boxes = [
        box - hypervolume(np.maximum(points[:place, 1:], points[place, 1:]), worst[1:])
        for place, box in enumerate(boxes)
    ]
    return float(reach[:, 0] @ np.array(added_boxes))


def dominated_share(
    costs: NDArray[np.float64], *, best: NDArray[np.float64], worst: NDArray[np.float64]
) -> float:
    """Return the share that points dominate of the box between a worst and a best one, a fraction.

    An objective in which the two are equal counts as reached.

    Examples
    --------
    >>> dominated_share(np.array([[15.0, 2.0]]), best=np.array([10, 2]), worst=np.array([20, 2]))
    0.5
    """
    # Of halves, whose difference is never infinite.
    span = np.where(worst > best, worst / 2 - best / 2, 1)
    return hypervolume((costs / 2 - best / 2) / span, np.ones(len(span)))
