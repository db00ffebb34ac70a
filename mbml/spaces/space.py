"""What the three search spaces have in common: one record each, in `registry.SPACES`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, Protocol, Self, TypeVar

import numpy as np

from mbml.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

#: What may be drawn or counted: every text that is a cell, the classes of cells with one graph id,
#: or those with one functional id.
Level = Literal["cells", "graph_ids", "functional_ids"]
LEVELS: tuple[Level, ...] = ("cells", "graph_ids", "functional_ids")


class Architecture(Protocol):
    """A cell, or a network of the size space, whatever its space."""

    @property
    def nodes(self) -> int:
        """Number of vertices or nodes, input and output included."""
        ...

    @property
    def edges(self) -> int:
        """Number of edges that are there."""
        ...

    @property
    def graph_id(self) -> str:
        """The benchmark's own identity of architectures."""
        ...

    @property
    def functional_id(self) -> str:
        """The same for architectures that compute the same function."""
        ...

    @property
    def parameters(self) -> int:
        """Trainable parameters of the network with the CIFAR-10 head."""
        ...

    @property
    def flops(self) -> int:
        """Multiply-accumulates of one CIFAR-10 image."""
        ...

    def format(self) -> str:
        """Write the text that the space's `parse` reads."""
        ...

    def pruned(self) -> Self:
        """Leave out what cannot take part in the result."""
        ...


A = TypeVar("A", bound=Architecture)


@dataclass(frozen=True, kw_only=True)
class Space(Generic[A]):
    """A search space.

    Attributes
    ----------
    name
        As in the warehouse's column `benchmark`.
    title
        As people write it.
    measured
        Number of architectures that the benchmark trained, the length of `texts()`.
    counts
        Number of cells and of classes.
    key
        The benchmark's own key of an architecture, the warehouse's `native_key`.
    parse
        Read a text; raises `CellError` if it is no architecture of the space.
    texts
        List every architecture that the benchmark trained, as `parse` reads it.
    pick
        Members of a level by their places, 0 to its count - 1; where a class has several cells
        the generator chooses.
    neighbours
        List the architectures one step away, in a fixed order.
    mutate
        Draw one step.
    crossover
        Mix two architectures.
    """

    name: str
    title: str
    measured: int
    counts: dict[Level, int]
    key: Callable[[A], str]
    parse: Callable[[str], A]
    texts: Callable[[], Sequence[str]]
    pick: Callable[[Level, NDArray[np.int64], np.random.Generator], list[A]]
    neighbours: Callable[[A], list[A]]
    mutate: Callable[[A, np.random.Generator], A]
    crossover: Callable[[A, A, np.random.Generator], A]

    def draw(self, count: int, *, seed: int, over: Level = "cells") -> list[A]:
        """Draw different architectures at random.

        Parameters
        ----------
        count
            How many.
        seed
            The same seed draws the same ones.
        over
            What is equally likely: cells, or classes of them; no two come from the same class.

        Raises
        ------
        UsageError
            If the space has fewer.
        """
        if not 0 <= count <= self.counts[over]:
            raise UsageError(
                f"cannot draw {count:,} of {self.title}: it has {self.counts[over]:,} {over}"
            )
        rng = np.random.default_rng(seed)
        places = rng.choice(self.counts[over], size=count, replace=False)
        return self.pick(over, places, rng)
