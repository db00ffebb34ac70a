"""What answers statements over a warehouse: the open warehouse, or the connection of one query."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Reader(ABC):
    """Reads a warehouse, and tells whether its numbers are invented."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows.

        Parameters
        ----------
        sql
            The statement.
        parameters
            Values of `?` in order.
        """

    def has_surrogates(self) -> bool:
        """Tell whether any source holds invented numbers, or any result comes of them."""
        return self.has_surrogate_results() or self.rows(
            "select bool_or(is_surrogate) from source"
        ) == [(True,)]

    def has_surrogate_results(self) -> bool:
        """Tell whether any fit or search is of invented numbers, wherever it was computed."""
        invented = self.rows(
            "select 1 from results.experiment where is_surrogate"
            " union all select 1 from results.search where is_surrogate limit 1"
        )
        return bool(invented)
