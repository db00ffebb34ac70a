"""One change of one file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """A file's path below the checkout, the line that changes, and what writes the changed text.

    `write` returns None where the change makes no program, or no other one.
    """

    path: Path
    line: int
    write: Callable[[], str | None]


def difference(before: str, after: str) -> str:
    """The changed lines, before and after."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
