"""What a pickle may ask for; genuine files stay far below."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a pickle may ask for between two records; genuine files stay far below.

    Attributes
    ----------
    text
        Bytes of one text or byte string.
    texts
        Bytes of all of them.
    integer
        Bytes of one integer.
    depth
        Containers open at once.
    steps
        Opcodes.
    items
        Items of one dictionary, list or set.
    memo
        Texts remembered over the whole file.
    """

    text: int = 1 << 20
    texts: int = 32 << 20
    integer: int = 1 << 10
    depth: int = 256
    steps: int = 1_000_000
    items: int = 100_000
    memo: int = 200_000
