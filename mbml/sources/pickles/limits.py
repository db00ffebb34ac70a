"""What a pickle may ask for, and what it has asked for since its last record."""

from __future__ import annotations

from dataclasses import dataclass

from mbml.sources.pickles.values import PickleFaultError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a pickle may ask for between two records; genuine files stay far below.

    Attributes
    ----------
    text
        Bytes of one text or byte string.
    texts
        Bytes of all of them, copies included.
    integer
        Bytes of one integer.
    depth
        Containers open at once.
    steps
        Opcodes, and items that a call copies.
    items
        Items of one dictionary, list or set.
    composite_keys
        Keys and items of sets that are tuples, frozensets or complex numbers. A file can choose
        them to hash alike, which makes each as slow as there are others.
    memo
        Texts remembered over the whole file.
    """

    text: int = 1 << 20
    texts: int = 32 << 20
    integer: int = 1 << 10
    depth: int = 256
    steps: int = 1_000_000
    items: int = 100_000
    composite_keys: int = 1000
    memo: int = 200_000


@dataclass(slots=True)
class MemoryBudget:
    """What was used of the limits since the last record.

    Attributes
    ----------
    limits
        The limits.
    steps, texts, composite_keys
        As of `Limits`.
    """

    limits: Limits
    steps: int = 0
    texts: int = 0
    composite_keys: int = 0

    def renew(self) -> None:
        """Begin a record."""
        self.steps = self.texts = self.composite_keys = 0

    def spend_steps(self, steps: int) -> None:
        """Count opcodes, or items that are copied.

        Raises
        ------
        PickleFaultError
            If there are more than the limit; likewise in the methods below.
        """
        self.steps += steps
        if self.steps > self.limits.steps:
            raise PickleFaultError(f"more than {self.limits.steps:,} opcodes in one record")

    def spend_text(self, size: int) -> None:
        """Count the bytes of a text or byte string that is read or copied."""
        if size > self.limits.text:
            raise PickleFaultError(f"a text of {size:,} bytes, over the limit {self.limits.text:,}")
        self.texts += size
        if self.texts > self.limits.texts:
            raise PickleFaultError(f"more than {self.limits.texts:,} bytes of text in one record")

    def spend_composite_key(self) -> None:
        """Count a key that is made of others."""
        self.composite_keys += 1
        if self.composite_keys > self.limits.composite_keys:
            raise PickleFaultError(
                f"more than {self.limits.composite_keys:,} keys that are not plain in one record"
            )

    def check_items(self, container: list[object] | dict[object, object] | set[object]) -> None:
        """Check the size of a container that was just filled."""
        if len(container) > self.limits.items:
            raise PickleFaultError(
                f"more than {self.limits.items:,} items in one {type(container).__name__}"
            )
