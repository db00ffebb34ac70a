"""The `mbml` command: its commands, one file a group."""

from __future__ import annotations

from typing import Annotated

import typer

from mbml._version import __version__
from mbml.cli import cells, demo, export, ingest, look, models, report, train, verify
from mbml.cli.diagnostics import DiagnosticGroup

app = typer.Typer(
    name="mbml",
    cls=DiagnosticGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    help="The published NAS benchmarks in one SQL warehouse, with simple meta-predictors.",
)
app.add_typer(ingest.app, name="ingest")
verify.register(app)
look.register(app)
cells.register(app)
train.register(app)
models.register(app)
export.register(app)
report.register(app)
demo.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mbml {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    app()
