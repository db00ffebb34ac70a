"""What mbml raises on purpose: a message says what happened, to which input, and what to do."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MbmlError(Exception):
    """Base of all errors a user may meet: exit code 1 on the command line."""


class UsageError(MbmlError):
    """The request cannot be met as it stands (unknown name, missing path, conflict): exit 2."""


class WarehouseError(MbmlError):
    """The warehouse is missing, locked, no DuckDB file, or of another schema version: exit 3."""


class LockedError(WarehouseError):
    """Another process holds the warehouse; it may be free a moment later: exit 3."""


class CheckError(MbmlError):
    """Loaded data breaks a check; nothing of it was kept: exit 4."""


class SourceError(MbmlError):
    """A source file is damaged, empty, hostile, or not what it claims to be: exit 5.

    Parameters
    ----------
    path
        The file.
    place
        Where in it: a record and byte offset, a row, a key; empty if the file as a whole.
    problem
        What was found, and what was expected.
    hint
        The next step, as a sentence.
    """

    def __init__(self, path: object, place: str, problem: str, hint: str = "") -> None:
        where = f"{path}, {place}" if place else str(path)
        super().__init__(f"{where}: {problem}." + (f" {hint}" if hint else ""))

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with the finished message."""
        return (_rebuild, (type(self), str(self)))


class CellError(UsageError):
    """A text does not describe a cell of its search space: exit 2; inside a file, exit 5."""


def _rebuild(kind: type[MbmlError], message: str) -> MbmlError:
    error = kind.__new__(kind)
    error.args = (message,)
    return error


#: More names than this would bury the message.
_MANY = 30


def unknown_name(kind: str, name: str, known: Iterable[str], *, listed_by: str = "") -> UsageError:
    """Build the error for a name that is in no registry, with the closest known ones, or a few.

    Examples
    --------
    >>> str(unknown_name("predictor", "random_forrest", ["random_forest", "dummy"]))
    "unknown predictor 'random_forrest'; did you mean 'random_forest'?"
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        hint = "did you mean " + " or ".join(repr(one) for one in close) + "?"
    elif len(names) > _MANY:
        hint = f"{len(names)} are known, such as {', '.join(names[:3])}"
        hint += f"; {listed_by} lists them" if listed_by else ""
    else:
        hint = "known: " + ", ".join(names)
    return UsageError(f"unknown {kind} {name!r}; {hint}")
