"""stderr and exit codes: how every command fails, and how it shows progress."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from mbml.errors import CheckError, MbmlError, SourceError, UsageError, WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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


class DiagnosticGroup(TyperGroup):
    """Runs a command and turns what it raises into one message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except MbmlError as error:
            say(f"error: {error}")
            raise typer.Exit(
                next(code for kind, code in _CODES if isinstance(error, kind))
            ) from None
        except KeyboardInterrupt:
            say("interrupted; what was not finished is not kept")
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of stdout has seen enough; keep Python from complaining at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Exit.DONE) from None
        except MemoryError:
            say("error: out of memory; close other programs or use a larger machine")
            raise typer.Exit(Exit.FAILED) from None
        except OSError as error:
            say(f"error: {error.filename or 'input or output'}: {error.strerror or error}")
            raise typer.Exit(Exit.FAILED) from None
        except Exception as error:
            # Click's own errors and exits pass; anything else is a fault of ours.
            if type(error).__module__.startswith("typer"):
                raise
            if os.environ.get("MBML_TRACEBACK"):
                traceback.print_exc()
            say(
                f"error: {type(error).__name__}: {error}\nThis is a fault of mbml; please report it"
                " with the output of the same command under MBML_TRACEBACK=1"
            )
            raise typer.Exit(Exit.FAILED) from None


def say(message: str) -> None:
    """Tell the user something on stderr."""
    typer.echo(message, err=True)


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
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}% {task.fields[records]:,} records"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=size, records=0, rate=0.0)

        def update(records: int, done: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = records / elapsed if elapsed else 0.0
            bar.update(task, completed=done, records=records, rate=rate)

        yield update


@contextmanager
def steps(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show steps done, their number and the time left on a terminal's stderr; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeLeft(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
