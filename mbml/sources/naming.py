"""What the name of a file says: invented numbers carry `surrogate` in it, always."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def is_surrogate(path: Path) -> bool:
    """Tell whether the numbers in a file or folder are invented, by its name."""
    return "surrogate" in path.name.lower()
