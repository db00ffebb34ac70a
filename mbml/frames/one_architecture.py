"""The texts of architectures by the start of their native key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mbml.store import Warehouse


def cells_with_key(warehouse: Warehouse, benchmark: str, start: str) -> list[tuple[str, str]]:
    """Return key and text of the architectures whose key starts so, in order; ten at most."""
    return warehouse.rows(
        "select native_key, coalesce(adjacency || ':' || operations, native_key) from architecture"
        " where benchmark = ? and starts_with(native_key, ?) order by 1 limit 10",
        [benchmark, start],
    )
