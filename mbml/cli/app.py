"""The `mbml` command: its commands, one file a group."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mbml._version import __version__
from mbml.cli import (
    cells,
    compare,
    demo,
    doctor,
    evaluate,
    export,
    ingest,
    look,
    models,
    parquet,
    report,
    search,
    surrogate,
    train,
    verify,
)
from mbml.cli.diagnostics import DiagnosticGroup, Talk, set_talk


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
look.register(app)
verify.register(app)
cells.register(app)
train.register(app)
evaluate.register(app)
compare.register(app)
search.register(app)
models.register(app)
export.register(app)
parquet.register(app)
report.register(app)
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
    set_talk(Talk.QUIET if quiet else Talk.VERBOSE if verbose else Talk.USUAL)


def main() -> None:
    """Run the command line."""
    app()
