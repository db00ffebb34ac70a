"""What other packages add to the registries, found by their entry points.

The name of an entry point is the name on the command line; what it points to is imported when that
name is asked for, and not before. A name that two have is nobody's: neither is taken silently.
All code of others is called inside `guard`, so that its faults bear its name.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mbml.errors import MbmlError, unknown_name
from mbml.text import described, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from importlib.metadata import EntryPoint
    from types import FrameType

Entry = TypeVar("Entry")


class PluginError(MbmlError):
    """A plug-in failed, gave what it should not, or has the name of another: exit 1."""


class WrongResultError(MbmlError):
    """Code gave what it should not: exit 1. Inside a `guard` it becomes a fault of the owner."""


@contextmanager
def guard(
    owner: str | None, doing: str, *, passes: tuple[type[MbmlError], ...] = ()
) -> Iterator[None]:
    """Turn whatever code of others raises into a `PluginError` that names its owner.

    That is SystemExit, KeyboardInterrupt and errors that cannot travel between processes, too. An
    interrupt by the user ends the block as one, even if the code of others caught it.

    Parameters
    ----------
    owner
        What failed, and whose it is; None for code of mbml, whose errors pass as they are.
    doing
        What it did, as in `failed in fit`.
    passes
        Errors of mbml that the code is to raise; those of these very types pass.

    Raises
    ------
    PluginError
        The block raised. With MBML_TRACEBACK in the environment, the traceback is on stderr.
    """
    if owner is None:
        yield
        return
    with _interrupts() as interrupts:
        try:
            yield
        except BaseException as error:
            if interrupts:
                raise KeyboardInterrupt from None
            if type(error) in (PluginError, *passes) and all(
                isinstance(one, str) for one in error.args
            ):
                raise
            if os.environ.get("MBML_TRACEBACK"):
                traceback.print_exc()
            reason = error if type(error) is WrongResultError else described(error)
            raise PluginError(f"{owner} {doing}: {reason}") from error
        if interrupts:
            raise KeyboardInterrupt


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Give a list that each interrupt by the user is added to, while it takes its usual effect."""
    noticed: list[int] = []
    usual = signal.getsignal(signal.SIGINT)
    # Signals arrive in the main thread, and a worker process ignores them.
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield noticed
        return

    def notice(number: int, frame: FrameType | None) -> None:
        try:
            usual(number, frame)
        except KeyboardInterrupt:
            noticed.append(number)
            raise

    signal.signal(signal.SIGINT, notice)
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGINT, usual)


@cache
def installed(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group; the packages are looked through once: it takes a moment.

    Parameters
    ----------
    group
        Entry-point group.
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

    def owner(self, name: str) -> str | None:
        """Return what a plug-in is called in messages, with its package; None if there is none."""
        return f"{self.kind} {name!r} of {self.package(name)}" if self.package(name) else None

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
            with guard(what, "cannot be imported"):
                loaded = found[0].load()
        except PluginError as error:
            raise PluginError(f"{error}; install what it needs, or: {remove}") from error
        with guard(what, "cannot be used"):
            fits = self.fits(loaded) and getattr(loaded, "name", name) == name
            shown = "" if fits else _shown(loaded)
        if not fits:
            raise PluginError(
                f"{what} is {shown}, where {self.wanted} of that name is wanted; upgrade it,"
                f" or: {remove}"
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


def _named(group: str, name: str) -> list[EntryPoint]:
    return [one for one in installed(group) if one.name == name]


def _package(entry: EntryPoint) -> str:
    return f"package {entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _shown(loaded: object) -> str:
    name = getattr(loaded, "name", None)
    return type(loaded).__name__ + (f" of the name {quoted(name)}" if name else "")
