"""What mbml raises on purpose: a message says what happened, to which input, and what to do."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable


class MbmlError(Exception):
    """Base of all errors a user may meet: exit code 1 on the command line.

    Parameters
    ----------
    lines
        The message, mostly one line; a line end inside of one is text of others.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)

    def __str__(self) -> str:
        """Return the message."""
        return "\n".join(map(str, self.args))


class UsageError(MbmlError):
    """The request cannot be met as it stands (unknown name, missing path, conflict): exit 2."""


class OtherKindError(UsageError):
    """A file is loaded by another function than that of sources of measurements: exit 2.

    Parameters
    ----------
    kind
        As `mbml ingest` names it.
    message
        What the file is, and what loads it.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class WarehouseError(MbmlError):
    """The warehouse is missing, locked, no DuckDB file, or of another schema version: exit 3."""


class LockedError(WarehouseError):
    """Another process holds the warehouse; it may be free a moment later: exit 3."""


class OutdatedError(WarehouseError):
    """The warehouse is of an earlier schema version; `mbml upgrade` brings it forward: exit 3."""


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
    others
        Further steps, a line each.
    """

    def __init__(
        self, path: object, place: str, problem: str, hint: str = "", *others: str
    ) -> None:
        where = f"{path}, {place}" if place else str(path)
        super().__init__(f"{where}: {problem}." + (f" {hint}" if hint else ""), *others)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with the finished message."""
        return (_rebuild, (type(self), *self.args))


class CellError(UsageError):
    """A text does not describe a cell of its search space: exit 2; inside a file, exit 5."""


def _rebuild(kind: type[MbmlError], *lines: str) -> MbmlError:
    error = kind.__new__(kind)
    error.args = lines
    return error


#: More names than this would bury the message.
_MANY = 30


def unknown_name(
    kind: str, name: object, known: Iterable[str], *, listed_by: str = ""
) -> UsageError:
    """Build the error for a name that is in no registry, with the closest known ones, or a few.

    Examples
    --------
    >>> str(unknown_name("predictor", "random_forrest", ["random_forest", "dummy"]))
    "unknown predictor 'random_forrest'; did you mean 'random_forest'?"
    """
    names = sorted(known)
    hint = did_you_mean(name, names)
    if not hint and len(names) > _MANY:
        hint = f"{len(names)} are known, such as {', '.join(names[:3])}"
        hint += f"; {listed_by} lists them" if listed_by else ""
    hint = hint or ("known: " + ", ".join(names) if names else "there are none")
    return UsageError(f"unknown {kind} {quoted(name)}; {hint}")


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a question that offers the names closest to one; empty if none is close.

    Examples
    --------
    >>> did_you_mean("synflw", ["jacov", "synflow"])
    "did you mean 'synflow'?"
    >>> did_you_mean("SYNFLOW", ["jacov", "synflow"])
    "did you mean 'synflow'?"
    """
    if not isinstance(name, str):
        return ""
    folded: dict[str, list[str]] = {}
    for one in known:
        folded.setdefault(one.casefold(), []).append(one)
    found = get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)
    close = [one for key in found for one in folded[key]][:3]
    return "did you mean " + " or ".join(map(repr, close)) + "?" if close else ""
