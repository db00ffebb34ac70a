"""The architectures of a search space of NATS-Bench, by index, by text and in the warehouse."""

from __future__ import annotations

from operator import index as as_index
from typing import TYPE_CHECKING, TypeVar

from mbml.compat.opening import QueryError
from mbml.compat.reading import arrow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from mbml.store import Warehouse

from collections.abc import Mapping

_Value = TypeVar("_Value")


class ByIndex(Mapping[int, _Value]):
    """What is read of an architecture when its index is asked for.

    Parameters
    ----------
    indexes
        Those that are held.
    read
        Reads what belongs to an index.
    """

    def __init__(self, indexes: Collection[int], read: Callable[[int], _Value]) -> None:
        self._indexes = indexes
        self._read = read

    def __getitem__(self, index: int) -> _Value:
        """Read what belongs to an index; raises `KeyError` if it is not held."""
        return self._read(index)

    def __contains__(self, index: object) -> bool:
        """Tell whether an index is held, without reading."""
        return index in self._indexes

    def __iter__(self) -> Iterator[int]:
        """Go through the indices in ascending order."""
        return iter(sorted(self._indexes))

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._indexes)


class Architectures:
    """The architectures in their official order, and which of them a warehouse holds."""

    _benchmark: str

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        held = arrow(
            warehouse,
            "select native_key, arch_id from architecture where benchmark = ?",
            [self._benchmark],
        )
        self.meta_archs: list[str] = list(self._official_order())
        self.archstr2index = {text: place for place, text in enumerate(self.meta_archs)}
        indexes = map(self.archstr2index.__getitem__, held["native_key"].to_pylist())
        self._arch_ids = dict(zip(indexes, held["arch_id"].to_pylist(), strict=True))

    def _official_order(self) -> tuple[str, ...]:
        raise NotImplementedError

    def __len__(self) -> int:
        """Return the size of the search space."""
        return len(self.meta_archs)

    def __getitem__(self, index: int) -> str:
        """Return the text of an architecture."""
        return self.meta_archs[index]

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
