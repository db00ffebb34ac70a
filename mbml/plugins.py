"""What other packages add to the registries, found by their entry points.

The name of an entry point is the name on the command line; what it points to is imported when that
name is asked for, and not before. A name that two have is nobody's: neither is taken silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mbml.errors import MbmlError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from importlib.metadata import EntryPoint
    from types import TracebackType

Entry = TypeVar("Entry")

GROUPS = (
    "mbml.predictors",
    "mbml.features",
    "mbml.strategies",
    "mbml.sources",
    "mbml.report_sections",
)


class PluginError(MbmlError):
    """A plug-in cannot be imported, is not what it should be, or has a name twice: exit 1."""


@cache
def installed(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group; the packages are looked through once: it takes a moment.

    Parameters
    ----------
    group
        One of `GROUPS`.
    """
    return tuple(entry_points(group=group))


@dataclass(frozen=True, kw_only=True)
class Plugins(Generic[Entry]):
    """The plug-ins of one kind.

    Attributes
    ----------
    group
        Entry-point group.
    kind
        What one of them is called in messages.
    fits
        Whether an object is one.
    wanted
        What it should be, for messages.
    own
        Names that mbml has itself.
    """

    group: str
    kind: str
    fits: Callable[[Any], bool]
    wanted: str
    own: Collection[str] = ()

    def names(self) -> list[str]:
        """Return their names, sorted, without importing any."""
        return sorted({one.name for one in installed(self.group)})

    def package(self, name: str) -> str:
        """Return the package, or packages, that add a name."""
        return " and ".join(_package(one) for one in _named(self.group, name))

    def get(self, name: str) -> Entry | None:
        """Import the plug-in of a name; None if no package adds one.

        Raises
        ------
        PluginError
            It cannot be imported, is of another type, or has a name that mbml or another package
            has too; the package and the next step are told.
        """
        found = _named(self.group, name)
        if not found:
            return None
        what = f"{self.kind} {name!r} of {self.package(name)}"
        remove = " or ".join(f"pip uninstall {one.dist.name}" for one in found if one.dist)
        if name in self.own or len(found) > 1:
            other = "mbml itself has one of that name" if name in self.own else "one name for two"
            raise PluginError(f"{what}: {other}; rename it there, or: {remove}")
        try:
            loaded = found[0].load()
        except Exception as error:
            raise PluginError(
                f"{what} cannot be imported: {type(error).__name__}: {error}; install what it"
                f" needs, or: {remove}"
            ) from error
        if not self.fits(loaded) or getattr(loaded, "name", name) != name:
            raise PluginError(
                f"{what} is {_shown(loaded)}, where {self.wanted} of that name is wanted; upgrade"
                f" it, or: {remove}"
            )
        entry: Entry = loaded
        return entry

    def find(self, name: str, own: Mapping[str, Entry]) -> Entry:
        """Return what has a name, a plug-in or one of mbml's own.

        Raises
        ------
        UsageError
            Nothing has it; close names are told.
        PluginError
            As in `get`.
        """
        found = self.get(name) or own.get(name)
        if found is None:
            raise unknown_name(self.kind, name, [*own, *self.names()])
        return found


def at_fault(trace: TracebackType | None) -> str | None:
    """Return the package of the plug-in in whose code an error arose; None if in no plug-in's."""
    modules = set()
    while trace is not None:
        modules.add(_top(str(trace.tb_frame.f_globals.get("__name__"))))
        trace = trace.tb_next
    modules.discard("mbml")
    found = (one for group in GROUPS for one in installed(group))
    return next((_package(one) for one in found if _top(one.module) in modules), None)


def _named(group: str, name: str) -> list[EntryPoint]:
    return [one for one in installed(group) if one.name == name]


def _top(module: str) -> str:
    return module.partition(".")[0]


def _package(entry: EntryPoint) -> str:
    return f"package {entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _shown(loaded: object) -> str:
    name = getattr(loaded, "name", None)
    return type(loaded).__name__ + (f" of the name {name!r}" if name else "")
