"""`mbml export`: views and measurements as Parquet or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_json

LAYOUTS = ("view", "published")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(export)


def export(
    view: Annotated[list[str], typer.Argument(help="Views; `measurement` is everything.")],
    to: Annotated[Path, typer.Option("--to", help="The folder to write into.")],
    format_name: Annotated[
        str | None, typer.Option("--format", help="parquet (unless said) or csv.")
    ] = None,
    layout: Annotated[
        str,
        typer.Option(help="view, or published: the paper's CSV files, column for column."),
    ] = "view",
    one_file: Annotated[
        bool, typer.Option("--one-file", help="One Parquet file where folders are the rule.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Take the place of what has the name already.")
    ] = False,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Write views as Parquet or CSV.

    Parquet is compressed by zstd; a file appears under its name only when it is whole. What
    `mbml export measurement` writes, `mbml ingest table` reads back. In the published layout a
    meta-dataset is the paper's CSV file of it: accuracies of NAS-Bench-201 are in percent
    there.

    Example: mbml export measurement --to travel

    In Python: mbml.export.export(warehouse, view, folder), mbml.export.export_published(...)
    """
    from mbml.errors import UsageError, unknown_name
    from mbml.export import export as write_view
    from mbml.export import export_published
    from mbml.store import open_warehouse

    if layout not in LAYOUTS:
        raise unknown_name("layout", layout, LAYOUTS)
    if layout == "published" and (one_file or format_name not in (None, "csv")):
        raise UsageError(
            "the published layout is one CSV file a view; leave out --format and --one-file"
        )
    made = []
    with open_warehouse(warehouse) as opened:
        for name in view:
            if layout == "published":
                path = export_published(opened, name, to, overwrite=overwrite)
            else:
                path = write_view(
                    opened,
                    name,
                    to,
                    format_name=format_name or "parquet",  # type: ignore[arg-type]
                    one_file=one_file,
                    overwrite=overwrite,
                )
            made.append({"view": name, "path": str(path)})
    if json:
        write_json(made)
    else:
        for one in made:
            typer.echo(one["path"])
