"""The `mbml` command: its commands, one file a group."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from mbml._version import __version__
from mbml.cli import (
    cells,
    compare,
    demo,
    doctor,
    download,
    evaluate,
    export,
    ingest,
    look,
    models,
    pareto,
    parquet,
    plots,
    report,
    search,
    surrogate,
    train,
    upgrade,
    verify,
)
from mbml.cli.diagnostics import DiagnosticGroup, Verbosity, set_verbosity


class _Commands(DiagnosticGroup):
    """Lists first what a user begins with."""

    def list_commands(self, ctx: Any) -> list[str]:
        first = ["demo", "ingest"]
        return first + [name for name in super().list_commands(ctx) if name not in first]


app = typer.Typer(
    name="mbml",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    help="The published NAS benchmarks in one SQL warehouse, with simple meta-predictors.",
    epilog="To begin: `mbml demo` without any file, or `mbml ingest --help` with one. Each command"
    " tells an example: mbml COMMAND --help.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(ingest.app, name="ingest")
download.register(app)
look.register(app)
verify.register(app)
upgrade.register(app)
cells.register(app)
train.register(app)
evaluate.register(app)
compare.register(app)
search.register(app)
pareto.register(app)
models.register(app)
export.register(app)
parquet.register(app)
report.register(app)
plots.register(app)
app.add_typer(surrogate.app, name="surrogate")
demo.register(app)
doctor.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mbml {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001 - its callback has acted on it
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="On stderr errors alone: no notes, no progress.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="On stderr also time and memory, and tracebacks."),
    ] = False,
) -> None:
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose exclude each other")
    set_verbosity(Verbosity.QUIET if quiet else Verbosity.VERBOSE if verbose else Verbosity.USUAL)


def main() -> None:
    """Run the command line; in UTF-8 where the locale has ASCII alone, as Python does by itself."""
    if sys.getfilesystemencoding() == "ascii" and os.name == "posix":
        os.execve(sys.executable, sys.orig_argv, os.environ | {"PYTHONUTF8": "1"})  # noqa: S606
    app()
