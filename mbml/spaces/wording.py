"""How messages about a cell quote what was given: short, whatever its length."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 60


def shown_cell(text: str) -> str:
    """Quote a text, cut where it is long.

    Examples
    --------
    >>> shown_cell("input,output")
    "'input,output'"
    >>> shown_cell("0" * 100)
    "'000000000000000000000000000000'... (100 characters)"
    """
    if len(text) <= _LONGEST:
        return repr(text)
    return f"{text[: _LONGEST // 2]!r}... ({len(text):,} characters)"


def unknown_operation(name: str, known: Sequence[str]) -> str:
    """Say that an operation is none of the space's, and which was likely meant.

    Examples
    --------
    >>> unknown_operation("conv3x3", ("conv3x3-bn-relu", "maxpool3x3"))
    "unknown operation 'conv3x3'; did you mean 'conv3x3-bn-relu'?"
    """
    close = get_close_matches(name[:_LONGEST], known, n=2, cutoff=0.5)
    if close:
        hint = "did you mean " + " or ".join(repr(one) for one in close) + "?"
    else:
        hint = "known: " + ", ".join(known)
    return f"unknown operation {shown_cell(name)}; {hint}"
