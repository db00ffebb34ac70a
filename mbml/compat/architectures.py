"""The architectures of a search space of NATS-Bench, by index, by text and in the warehouse."""

from __future__ import annotations

from operator import index as as_index
from typing import TYPE_CHECKING

from mbml.compat.opening import QueryError

if TYPE_CHECKING:
    from mbml.store import Warehouse


class Architectures:
    """The architectures in their official order, and which of them a warehouse holds."""

    _benchmark: str

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        held: dict[str, int] = dict(
            warehouse.rows(
                "select native_key, arch_id from architecture where benchmark::text = ?",
                [self._benchmark],
            )
        )
        self.meta_archs: tuple[str, ...] = self._official_order()
        self.archstr2index = {text: place for place, text in enumerate(self.meta_archs)}
        self._arch_ids = {self.archstr2index[text]: number for text, number in held.items()}

    def _official_order(self) -> tuple[str, ...]:
        raise NotImplementedError

    def __len__(self) -> int:
        """Return the size of the search space."""
        return len(self.meta_archs)

    def __getitem__(self, index: int) -> str:
        """Return the text of an architecture."""
        return self.meta_archs[index]

    @property
    def evaluated_indexes(self) -> set[int]:
        """Indices of the architectures that the warehouse holds."""
        return set(self._arch_ids)

    def arch(self, index: int) -> str:
        """Return the text of an architecture."""
        if not 0 <= index < len(self):
            raise QueryError(f"invalid index {index}; there are 0 to {len(self) - 1}")
        return self.meta_archs[index]

    def query_index_by_arch(self, arch: object) -> int:
        """Return the index of an index, a text, or an object with `tostr`; -1 if there is none."""
        if hasattr(arch, "tostr"):
            arch = arch.tostr()
        if isinstance(arch, str):
            return self.archstr2index.get(arch, -1)
        try:
            index = as_index(arch)  # type: ignore[arg-type]
        except TypeError:
            return -1
        if not 0 <= index < len(self):
            raise QueryError(f"invalid architecture index {index}; there are 0 to {len(self) - 1}")
        return index
