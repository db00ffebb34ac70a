"""`mbml download`: the published files from their authors' addresses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli import completion
from mbml.cli.diagnostics import notify, transfer
from mbml.cli.ingest import load_source, write_reports
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json, write_text

if TYPE_CHECKING:
    from mbml.sources.download import Download


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(download)


def download(
    name: Annotated[
        str | None,
        typer.Argument(
            help="What to fetch; all names are listed without one.",
            autocompletion=completion.downloads,
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--to", help="The folder to put the file into.", metavar="FOLDER")
    ] = Path(),
    url: Annotated[
        str | None, typer.Option(help="Fetch from this address, such as a mirror's.")
    ] = None,
    ingest: Annotated[
        bool, typer.Option("--ingest", help="Load the file into the warehouse afterwards.")
    ] = False,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Fetch a published file, and verify its size and checksum.

    A download that was interrupted is NAME.part; the same command goes on from there.
    Without a name, the files are listed and nothing is fetched.

    Example: mbml download nasbench101 --to originals

    In Python: mbml.sources.download.download(name, folder)
    """
    if name is None:
        _list(json=json)
        return
    from mbml.sources.download import download as fetch
    from mbml.sources.published import published_file

    published = published_file(name)
    with transfer(published.name) as update:
        found = fetch(name, folder, url=url, progress=update, notify=notify)
    reports = load_source(published.source, found.path, warehouse) if ingest else []
    if json:
        write_json(_as_json(found) | ({"ingested": reports} if ingest else {}))
        return
    write_text(_sentence(found))
    if ingest:
        write_reports(reports, warehouse)
    else:
        write_text(f"load it with: mbml ingest {published.source} {found.path}")


def _list(*, json: bool) -> None:
    import polars as pl

    from mbml.sources.published import PUBLISHED_FILES

    rows = [
        {
            "name": one.download,
            "file": one.name,
            "bytes": one.size,
            "checksum": one.sha256 or one.md5,
            "url": one.url,
        }
        for one in PUBLISHED_FILES
    ]
    if json:
        write_json(rows)
    else:
        write_frame(pl.DataFrame(rows).drop("checksum", "url"), "table")


def _as_json(found: Download) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found) | {"path": f"{found.path}"}


def _sentence(found: Download) -> str:
    title = {"sha256": "SHA-256", "md5": "MD5"}[found.algorithm]
    compared = {
        "published": "as published",
        "last digits": "which ends in the digits that are published",
        None: "nothing is published to compare it with",
    }[found.verified]
    there = "is there already: " if found.was_there else ""
    return f"{found.path}: {there}{found.bytes:,} bytes, {title} {found.digest}, {compared}"
