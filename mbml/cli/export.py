"""`mbml export`: views and measurements as Parquet or CSV."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from mbml.cli import completion
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Callable

#: In the place of a view: fits and searches.
_RESULTS = "results"
LAYOUTS = ("view", "published", "naslib", "dataset")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(export)


def export(
    view: Annotated[
        list[str],
        typer.Argument(
            help="Views; `measurement` is everything. Or `results`: all fits and searches.",
            autocompletion=completion.views,
        ),
    ],
    to: Annotated[
        str, typer.Option("--to", help="The folder to write into: local, or s3://BUCKET/FOLDER.")
    ],
    format_name: Annotated[
        str | None, typer.Option("--format", help="parquet (unless said) or csv.")
    ] = None,
    layout: Annotated[
        str,
        typer.Option(
            help="view; published: the paper's CSV files; naslib: JSON by NASLib's keys; dataset: a"
            " folder for hubs, with a card."
        ),
    ] = "view",
    one_file: Annotated[
        bool, typer.Option("--one-file", help="One Parquet file where folders are the rule.")
    ] = False,
    origin: Annotated[
        str | None,
        typer.Option("--origin", help="Who computed the results, or where; for `results` alone."),
    ] = None,
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
    there. The layout naslib is JSON like NASLib's files of zero-cost proxies, one file a view. The
    layout dataset is one folder of all views: Parquet, README.md and croissant.json.

    `mbml export results` writes fits and searches, which `mbml ingest results` adds to another
    warehouse.

    Example: mbml export measurement --to travel

    Example: mbml export results --to travel --origin "Anna, first study"

    In Python: mbml.exports.export(warehouse, view, folder), and export_published, export_naslib,
    export_dataset, export_results
    """
    from mbml.errors import UsageError, unknown_name
    from mbml.exports import export as write_view
    from mbml.exports import export_dataset, export_naslib, export_published, export_results
    from mbml.store import open_warehouse

    if layout not in LAYOUTS:
        raise unknown_name("layout", layout, LAYOUTS)
    always = {"published": "csv", "naslib": "json", "dataset": "parquet"}.get(layout)
    if always and (one_file or format_name not in (None, always)):
        raise UsageError(f"the layout {layout} is {always}; leave out --format and --one-file")
    of_results = _RESULTS in view
    if of_results and (len(view) > 1 or layout != "view" or one_file or format_name):
        raise UsageError(
            "results are written alone, as Parquet; leave out views, --layout, --format and"
            " --one-file"
        )
    if origin is not None and not of_results:
        raise UsageError("`origin` is for `mbml export results`; leave it out")
    with open_warehouse(warehouse) as opened:
        if of_results:
            path = export_results(opened, to, origin=origin, overwrite=overwrite)
            made = [{"view": _RESULTS, "path": path}]
        elif layout == "dataset":
            path = export_dataset(opened, view, to, overwrite=overwrite)
            made = [{"view": name, "path": path} for name in view]
        else:
            writers: dict[str, Callable[..., str]] = {
                "view": partial(
                    write_view,
                    format_name=format_name or "parquet",  # type: ignore[arg-type]
                    one_file=one_file,
                ),
                "published": export_published,
                "naslib": export_naslib,
            }
            made = [
                {"view": one, "path": writers[layout](opened, one, to, overwrite=overwrite)}
                for one in view
            ]
    if json:
        write_json(made)
    else:
        write_text(*dict.fromkeys(one["path"] for one in made))
