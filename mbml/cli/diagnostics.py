"""stderr and exit codes: how every command fails, and how it shows progress."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import time
import traceback
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from mbml.errors import CheckError, MbmlError, SourceError, UsageError, WarehouseError
from mbml.text import described, message, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.progress import Progress, ProgressColumn


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


class Verbosity(IntEnum):
    """How much is said on stderr."""

    QUIET = 0
    USUAL = 1
    VERBOSE = 2


_verbosity = Verbosity.USUAL

_INTERRUPTED = "interrupted; what was not finished is not kept"
#: What DuckDB raises in place of `KeyboardInterrupt`, as a `RuntimeError`.
_DUCKDB_INTERRUPTED = "Query interrupted"
#: The commands of the group that runs: a message finds the flags of parameters in them.
_commands: dict[str, Any] = {}


def set_verbosity(verbosity: Verbosity) -> None:
    """Say less or more from now on; each run of the command sets it."""
    global _verbosity  # noqa: PLW0603 - one command line, one stderr
    _verbosity = verbosity


class DiagnosticGroup(TyperGroup):
    """Runs a command and turns what it raises into one message and an exit code."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run from the command line; files may fail before a command is found, and in one."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # Whatever the locale; what even UTF-8 cannot say is escaped, as JSON does it.
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        given = sys.argv[1:] if args is None else args
        try:
            "".join(given).encode()
        except UnicodeEncodeError:
            words = " ".join(given)
            complain(f"error: {words}: a name here is not UTF-8; rename the file or folder")
            sys.exit(Exit.USAGE)
        try:
            try:
                return super().main(args, *rest, **options)
            finally:
                sys.stdout.flush()  # at exit, Python would tell a failure in words of its own
        except BrokenPipeError:
            _discard_output()
            sys.exit(Exit.DONE)
        except OSError as error:
            _discard_output()
            complain(f"error: {_of_system(error)}")
            sys.exit(Exit.FAILED)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options before the command."""
        with _printable_usage():
            parsed: list[str] = super().parse_args(ctx, args)
            return parsed

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        started = time.perf_counter()
        try:
            return self._invoke(ctx)
        finally:
            if _verbosity == Verbosity.VERBOSE:
                notify(f"{time.perf_counter() - started:.2f} s, {_peak_megabytes()}")

    def _invoke(self, ctx: Any) -> Any:
        _commands.update(self.commands)
        try:
            with _printable_usage():
                return super().invoke(ctx)
        except MbmlError as error:
            first, *others = error.args or ("",)
            complain(f"error: {first}", *others)
            raise typer.Exit(
                next(code for kind, code in _CODES if isinstance(error, kind))
            ) from None
        except KeyboardInterrupt as interrupt:
            complain(str(interrupt) or _INTERRUPTED)
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of stdout has seen enough.
            _discard_output()
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
            if os.environ.get("MBML_TRACEBACK") or _verbosity == Verbosity.VERBOSE:
                traceback.print_exc()
            complain(
                f"error: {described(error)}",
                "This is a fault of mbml; please report it with the output of the same command"
                " under MBML_TRACEBACK=1",
            )
            raise typer.Exit(Exit.FAILED) from None


def _discard_output() -> None:
    """Keep Python from writing at exit what stdout could not take, and from complaining of it."""
    with suppress(OSError, ValueError):  # a test's stdout is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _of_system(error: OSError) -> str:
    """Say what the system refused; a write that names no file is of what is printed."""
    if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return (
            f"standard output cannot be written: {error.strerror}; free some space where it goes,"
            " and run the same command again"
        )
    return f"{error.filename or 'input or output'}: {error.strerror or error}"


def complain(*lines: str) -> None:
    """Tell an error on stderr, however quiet the command is."""
    typer.echo(_as_flags(message(*lines)), err=True)


def notify(line: str) -> None:
    """Tell the user something on stderr, unless it is to be quiet."""
    if _verbosity > Verbosity.QUIET:
        typer.echo(_as_flags(message(line)), err=True)


def _flags_of(commands: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for command in commands.values():
        yield from _flags_of(getattr(command, "commands", {}))
        for parameter in command.params:
            if parameter.opts[0].startswith("-"):
                yield parameter.name, parameter.opts[0]


def _as_flags(text: str) -> str:
    """Return a message of the library in the shell's words.

    The library names a parameter in backticks, with a value or without: `jobs=0`, `overwrite=True`.
    """

    def flag(found: re.Match[str]) -> str:
        name, value = found.groups()
        flags = dict(_flags_of(_commands))
        if name not in flags:
            return found[0]
        return flags[name] if value in {None, "True"} else f"{flags[name]} {value}"

    return re.sub(r"`([a-z_]+)(?:=([^`]*))?`", flag, text)


@contextmanager
def _printable_usage() -> Iterator[None]:
    """Make what Typer says of wrong arguments printable; it quotes them as they are."""
    try:
        yield
    except TyperException as error:
        error.message = "\n".join(message(line) for line in error.message.split("\n"))
        raise


def _peak_megabytes() -> str:
    try:
        import resource
    except ImportError:  # Windows
        return "memory not measured"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kilo = 1024 if sys.platform == "darwin" else 1
    return f"peak memory {peak / kilo / 1024:.0f} MiB"


@contextmanager
def _bar(*columns: str | ProgressColumn, width: int | None = 40) -> Iterator[Progress | None]:
    """Show a bar with these columns on a terminal's stderr; there is none elsewhere.

    Parameters
    ----------
    columns
        What stands right of the bar.
    width
        Characters of the bar; None takes what the columns leave.
    """
    if _verbosity == Verbosity.QUIET or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TimeRemainingColumn

    with Progress(
        "{task.description}",
        BarColumn(width),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        yield bar


def _plain(title: str) -> str:
    """Return a title that Rich shows as it is."""
    from rich.markup import escape

    return escape(printable(title))


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
        task = bar.add_task(_plain(title), total=size, records=0, rate=0.0)

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
        task = bar.add_task(_plain(title), total=None, of="?")
        yield lambda done, total: bar.update(task, completed=done, total=total, of=total)


@contextmanager
def transfer(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show bytes done, of how many, and the speed on a terminal's stderr; nothing elsewhere."""
    from rich.progress import DownloadColumn, TransferSpeedColumn
    from rich.table import Column

    whole = Column(no_wrap=True)
    columns = DownloadColumn(table_column=whole), TransferSpeedColumn(table_column=whole)
    with _bar(*columns, width=None) as bar:
        if bar is None:
            yield None
            return
        task = bar.add_task(_plain(title), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
