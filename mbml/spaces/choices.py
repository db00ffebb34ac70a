"""Steps between architectures that are a row of independent choices from one list.

NAS-Bench-201 chooses an operation for each of six edges, the size space a width for each of five
layers; a neighbour differs in one choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

_Option = TypeVar("_Option")


def neighbours(chosen: Sequence[_Option], options: Sequence[_Option]) -> list[tuple[_Option, ...]]:
    """List all rows that differ in exactly one choice.

    Examples
    --------
    >>> neighbours("ab", "abc")
    [('b', 'b'), ('c', 'b'), ('a', 'a'), ('a', 'c')]
    """
    return [
        (*chosen[:place], option, *chosen[place + 1 :])
        for place, present in enumerate(chosen)
        for option in options
        if option != present
    ]


def mutate(
    chosen: Sequence[_Option], options: Sequence[_Option], rng: np.random.Generator
) -> tuple[_Option, ...]:
    """Draw one of the neighbours uniformly."""
    place = int(rng.integers(len(chosen)))
    others = [option for option in options if option != chosen[place]]
    return (*chosen[:place], others[rng.integers(len(others))], *chosen[place + 1 :])


def crossover(
    first: Sequence[_Option], second: Sequence[_Option], rng: np.random.Generator
) -> tuple[_Option, ...]:
    """Take every choice from either row with equal chance."""
    picks = rng.integers(2, size=len(first)).tolist()
    return tuple(
        pair[pick] for pick, pair in zip(picks, zip(first, second, strict=True), strict=True)
    )
