"""Strategies as a user may write them, for tests: good ones, and one for each thing not allowed."""

from __future__ import annotations

import signal

import numpy as np

from mbml.searches.candidates import Query

SEED_2 = np.random.default_rng([2, 0]).integers(2**31)
not_a_strategy = 3


def first_come(candidates, rng):
    for row in range(len(candidates)):
        yield Query(row)


def outside(candidates, rng):
    yield Query(0)
    yield Query(len(candidates))


def twice(candidates, rng):
    yield Query(3)
    yield Query(4)
    yield Query(3)


def no_such_epoch(candidates, rng):
    yield Query(0, 7)


def raises(candidates, rng):
    yield Query(0)
    raise ZeroDivisionError("lost")


def gives_up(candidates, rng):
    for row in range(5):
        yield Query(row)


def never_asks(candidates, rng):
    return
    yield


def interrupted_at_seed_2(candidates, rng):
    if rng.integers(2**31) == SEED_2:
        signal.raise_signal(signal.SIGINT)
    yield from first_come(candidates, rng)


def first_then_its_own_beginning(candidates, rng):
    yield Query(0, 12)
    yield Query(0, 200)
    yield Query(0, 4)
    yield Query(1, 200)
