"""Names of a package that are imported when they are first used: some modules take a second."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def imported_lazily(
    package: str, places: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package.

    Parameters
    ----------
    package
        Its name.
    places
        Where each of its names is defined, as ``module:name``, or ``module:`` for a module.
    """
    held = vars(sys.modules[package])

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        place, _, attribute = places[name].partition(":")
        module = import_module(place)
        found = held[name] = getattr(module, attribute) if attribute else module
        return found

    def names() -> list[str]:
        return sorted({*held, *places})

    return get, names
