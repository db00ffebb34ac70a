"""`mbml report`: one page of all that a warehouse holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption, beside_warehouse
from mbml.cli.output import write_json, write_text


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(report)


def report(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="The folder to write into; by default reports beside the warehouse."
        ),
    ] = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Write a report: an HTML page, with tables and figures.

    The page opens offline. Files beside it hold its tables, as CSV, LaTeX and Markdown, and its
    figures, as SVG, PDF and PNG.

    Example: mbml report --to reports

    In Python: mbml.reports.report.write_report(warehouse, folder)
    """
    from mbml.reports.report import write_report
    from mbml.store import open_warehouse

    with open_warehouse(warehouse) as opened:
        path = write_report(opened, to or beside_warehouse("reports", warehouse))
    if json:
        write_json({"path": str(path)})
    else:
        write_text(str(path))
