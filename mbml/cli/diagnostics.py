"""stderr and exit codes: how every command fails, and how it shows progress."""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from mbml.errors import CheckError, MbmlError, SourceError, UsageError, WarehouseError
from mbml.plugins import at_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.progress import Progress


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    WAREHOUSE = 3
    CHECK = 4
    SOURCE = 5
    INTERRUPTED = 130


_CODES: tuple[tuple[type[MbmlError], Exit], ...] = (
    (UsageError, Exit.USAGE),
    (WarehouseError, Exit.WAREHOUSE),
    (CheckError, Exit.CHECK),
    (SourceError, Exit.SOURCE),
    (MbmlError, Exit.FAILED),
)


class Talk(IntEnum):
    """How much is said on stderr."""

    QUIET = 0
    USUAL = 1
    VERBOSE = 2


_talk = Talk.USUAL

_INTERRUPTED = "interrupted; what was not finished is not kept"
#: What DuckDB raises in place of `KeyboardInterrupt`, as a `RuntimeError`.
_DUCKDB_INTERRUPTED = "Query interrupted"


def set_talk(talk: Talk) -> None:
    """Say less or more from now on; each run of the command sets it."""
    global _talk  # noqa: PLW0603 - one command line, one stderr
    _talk = talk


class DiagnosticGroup(TyperGroup):
    """Runs a command and turns what it raises into one message and an exit code."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run from the command line; files may fail before a command is found, and in one."""
        given = sys.argv[1:] if args is None else args
        try:
            "".join(given).encode()
        except UnicodeEncodeError:
            told = " ".join(given).encode(errors="backslashreplace").decode()
            complain(f"error: {told}: a name here is not UTF-8; rename the file or folder")
            sys.exit(Exit.USAGE)
        try:
            return super().main(args, *rest, **options)
        except OSError as error:
            complain(f"error: {_of_system(error)}")
            sys.exit(Exit.FAILED)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        started = time.perf_counter()
        try:
            return self._invoke(ctx)
        finally:
            if _talk == Talk.VERBOSE:
                say(f"{time.perf_counter() - started:.2f} s, {_peak_megabytes()}")

    def _invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except MbmlError as error:
            complain(f"error: {error}")
            raise typer.Exit(
                next(code for kind, code in _CODES if isinstance(error, kind))
            ) from None
        except KeyboardInterrupt:
            complain(_INTERRUPTED)
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of stdout has seen enough; keep Python from complaining at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Exit.DONE) from None
        except MemoryError:
            complain("error: out of memory; close other programs or use a larger machine")
            raise typer.Exit(Exit.FAILED) from None
        except OSError:
            raise  # `main` tells it
        except Exception as error:
            if isinstance(error, RuntimeError) and str(error) == _DUCKDB_INTERRUPTED:
                complain(_INTERRUPTED)
                raise typer.Exit(Exit.INTERRUPTED) from None
            # Click's own errors and exits pass; anything else is a fault of ours.
            if type(error).__module__.startswith("typer"):
                raise
            if os.environ.get("MBML_TRACEBACK") or _talk == Talk.VERBOSE:
                traceback.print_exc()
            fault = at_fault(error.__traceback__) or "mbml"
            complain(
                f"error: {type(error).__name__}: {error}\nThis is a fault of {fault}; please report"
                " it with the output of the same command under MBML_TRACEBACK=1"
            )
            raise typer.Exit(Exit.FAILED) from None


def _of_system(error: OSError) -> str:
    """Say what the system refused; a write that names no file is of what is printed."""
    if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return (
            f"standard output cannot be written: {error.strerror}; free some space where it goes,"
            " and run the same command again"
        )
    return f"{error.filename or 'input or output'}: {error.strerror or error}"


def complain(message: str) -> None:
    """Tell an error on stderr, however quiet the command is."""
    typer.echo(message, err=True)


def say(message: str) -> None:
    """Tell the user something on stderr, unless it is to be quiet."""
    if _talk > Talk.QUIET:
        typer.echo(message, err=True)


def _peak_megabytes() -> str:
    try:
        import resource
    except ImportError:  # Windows
        return "memory not measured"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kilo = 1024 if sys.platform == "darwin" else 1
    return f"peak memory {peak / kilo / 1024:.0f} MiB"


@contextmanager
def _bar(*columns: str) -> Iterator[Progress | None]:
    """Show a bar with these columns on a terminal's stderr; there is none elsewhere."""
    if _talk == Talk.QUIET or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TimeRemainingColumn

    with Progress(
        "{task.description}",
        BarColumn(),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        yield bar


@contextmanager
def progress(title: str, size: int) -> Iterator[Callable[[int, int], None] | None]:
    """Show records, rate and time left on a terminal's stderr; show nothing elsewhere.

    Parameters
    ----------
    title
        What is being done.
    size
        Bytes of the whole.
    """
    records, rate = "{task.fields[records]:,} records", "{task.fields[rate]:,.0f}/s"
    with _bar("{task.percentage:>3.0f}%", records, rate) as bar:
        if bar is None:
            yield None
            return
        task = bar.add_task(title, total=size, records=0, rate=0.0)

        def update(records: int, done: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = records / elapsed if elapsed else 0.0
            bar.update(task, completed=done, records=records, rate=rate)

        yield update


@contextmanager
def steps(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show steps done, their number and the time left on a terminal's stderr; nothing elsewhere."""
    with _bar("{task.completed}/{task.fields[of]}") as bar:
        if bar is None:
            yield None
            return
        task = bar.add_task(title, total=None, of="?")
        yield lambda done, total: bar.update(task, completed=done, total=total, of=total)
