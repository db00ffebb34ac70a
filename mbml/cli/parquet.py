"""`mbml export-tables`, `mbml open-parquet`: all views over Parquet files, wherever they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_json, write_text


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(export_tables)
    app.command()(open_parquet)


def export_tables(
    to: Annotated[
        str,
        typer.Option(
            "--to", help="Where the folder `tables` is written: local, or s3://BUCKET/FOLDER."
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Take the place of what has the name already.")
    ] = False,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Write the tables that the views read as Parquet.

    `mbml open-parquet` opens them on a disk or in object storage.

    Example: mbml export-tables --to travel

    In Python: mbml.exports.export_tables(warehouse, folder)
    """
    from mbml.exports import export_tables as write_tables
    from mbml.store import open_warehouse

    with open_warehouse(warehouse) as opened:
        path = write_tables(opened, to, overwrite=overwrite)
    if json:
        write_json({"path": str(path)})
    else:
        write_text(str(path))


def open_parquet(
    folder: Annotated[
        str, typer.Argument(help="What `mbml export-tables` wrote: a folder, s3://, https://.")
    ],
) -> None:
    """Print the SQL that opens exported tables in any DuckDB.

    It makes all views of mbml. Nothing is copied: a query reads what it needs of the files, on
    disk or in object storage.

    Example: mbml open-parquet s3://bucket/tables > views.sql, then duckdb -init views.sql

    In Python: duckdb.connect().execute(mbml.store.parquet.script(folder))
    """
    from mbml.errors import UsageError
    from mbml.store.parquet import script

    views = script(folder)
    if "://" not in folder and not (Path(folder) / "architecture.parquet").is_file():
        raise UsageError(
            f"{folder} holds no exported tables; `mbml export-tables --to FOLDER` writes them into"
            " FOLDER/tables"
        )
    typer.echo(views, nl=False)
