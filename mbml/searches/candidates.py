"""What a strategy may see: the architectures, what is known of them untrained, and no outcome."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from mbml.spaces.registry import space

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.predictors.preparation import Columns
    from mbml.spaces.space import Architecture, Space

#: A strategy at play: it yields queries and is sent the values of the target; it may hand over an
#: architecture after each.
Asking: TypeAlias = "Generator[Query | HandOver, float, None]"

#: Steps drawn from one cell before it counts as having no neighbour among the candidates.
_TRIES = 100


class Query(NamedTuple):
    """A training that a strategy asks for.

    Attributes
    ----------
    row
        The candidate, from 0.
    epoch
        After how many epochs to look, one of `Candidates.epochs`; the view's own if None.
    again
        True for a second trial of a candidate that was trained to the view's epoch, where queries
        return one trial; it is paid in full.
    """

    row: int
    epoch: int | None = None
    again: bool = False


class HandOver(NamedTuple):
    """The architecture that a strategy hands over if the search ends here; it costs nothing.

    A strategy that yields one after its first answer can do so after each, the last one included.
    One that never does hands over the architecture with the best target.

    Attributes
    ----------
    row
        A candidate that it has trained to the view's epoch, from 0.
    """

    row: int


@dataclass(frozen=True)
class Features:
    """Features of all candidates.

    Attributes
    ----------
    name
        The feature set.
    matrix
        Shape (candidates, features); standardised if the strategy wants them so.
    columns
        Groups and moments of the columns, which predictors are prepared with.
    """

    name: str
    matrix: NDArray[Any]
    columns: Columns


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The architectures of a search, numbered by row.

    Attributes
    ----------
    dataset
        The entry of the view.
    keys
        Columns ``arch_id, arch_key, graph_id, functional_id, cell``, one row a candidate; ``cell``
        is the text that its space reads.
    known
        Columns ``parameters, flops, latency_seconds`` of the same rows, and the objectives; NULL
        where not recorded.
    epochs
        After how many epochs a training can be looked at, ascending; the last is the view's own.
    affordable
        How many trainings to the view's epoch the budget pays for, in the mean.
    objectives
        Columns of `known` that should be small, beside a high target.
    features
        Features of all candidates, if the strategy asks for a feature set.
    """

    dataset: MetaDataset
    keys: pl.DataFrame
    known: pl.DataFrame
    epochs: tuple[int, ...]
    affordable: float
    objectives: tuple[str, ...] = ()
    features: Features | None = None

    def __len__(self) -> int:
        """Return the number of candidates."""
        return self.keys.height

    def neighbours(self, row: int) -> list[int]:
        """Return the candidates one step away, in the fixed order of their space."""
        found = (self._row_of(one) for one in self._space.neighbours(self.architecture(row)))
        return [one for one in found if one is not None and one != row]

    def mutate(self, row: int, rng: np.random.Generator) -> int:
        """Draw a candidate one step away; any candidate if a hundred draws find none."""
        start = self.architecture(row)
        for _ in range(_TRIES):
            found = self._row_of(self._space.mutate(start, rng))
            if found is not None and found != row:
                return found
        return int(rng.integers(len(self)))

    def cross(self, first: int, second: int, rng: np.random.Generator) -> int:
        """Mix two candidates; the first one if the mixture is no candidate."""
        mixed = self._space.crossover(self.architecture(first), self.architecture(second), rng)
        found = self._row_of(mixed)
        return first if found is None else found

    def architecture(self, row: int) -> Architecture:
        """Return a candidate as a cell of its space."""
        parsed: Architecture = self._space.parse(self.keys["cell"][row])
        return parsed

    def find(self, text: str) -> int | None:
        """Return the row of a cell, given as its space reads it; None if it is no candidate.

        Raises
        ------
        CellError
            The text is no cell of the space.
        """
        return self._row_of(self._space.parse(text))

    @cached_property
    def functions(self) -> NDArray[np.int64]:
        """A number for each candidate, the same for those that compute the same function."""
        found: NDArray[np.int64] = self.keys["functional_id"].rank("dense").cast(int).to_numpy() - 1
        return found

    @cached_property
    def _space(self) -> Space[Any]:
        return space(self.dataset.benchmark)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {key: row for row, key in enumerate(self.keys["arch_key"])}

    def _row_of(self, cell: Architecture) -> int | None:
        return self._rows.get(self._space.key(cell))
