"""Where the interfaces draw trials and cells from: as the originals do, unless a seed is given."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_Item = TypeVar("_Item")


class Draws(Protocol):
    """What is needed of a generator; the module `random` is one, and so is each `random.Random`."""

    def choice(self, seq: Sequence[_Item], /) -> _Item:
        """Draw one item."""
        ...

    def randint(self, a: int, b: int, /) -> int:
        """Draw a number from `a` to `b`."""
        ...


def draws(seed: int | None) -> Draws:
    """Return Python's global generator, or with a seed one that nothing else draws from."""
    return random if seed is None else random.Random(seed)  # noqa: S311
