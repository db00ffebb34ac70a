"""`mbml info`, `views`, `describe`, `query`: what is in the warehouse."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Annotated

import typer

from mbml.cli.options import DEFAULT_WAREHOUSE, FormatOption, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json
from mbml.errors import UsageError

if TYPE_CHECKING:
    import polars as pl


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (info, views, describe, query):
        app.command()(command)


def info(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
    cite: Annotated[
        bool, typer.Option("--cite", help="Print BibTeX of the papers to cite; needs no warehouse.")
    ] = False,
) -> None:
    """Show what was loaded, and how many rows each table holds.

    Example: mbml info

    In Python: mbml.store.contents.contents(warehouse)
    """
    if cite:
        typer.echo((files("mbml") / "citations.bib").read_text(encoding="utf-8"), nl=False)
        return
    from mbml.store import open_warehouse
    from mbml.store.contents import contents

    with open_warehouse(warehouse) as opened:
        held = contents(opened)
    if json:
        write_json(
            {
                "warehouse": str(warehouse),
                "schema_version": held.schema_version,
                "surrogate": held.has_surrogates,
                "sources": held.sources.to_dicts(),
                "rows": dict(held.rows),
            }
        )
        return
    typer.echo(f"warehouse {warehouse}, schema version {held.schema_version}")
    if held.has_surrogates:
        typer.echo("SURROGATE DATA: some of the sources below hold invented numbers")
    _section("sources", held.sources)
    _section("rows", held.row_counts)


def views(
    part: Annotated[
        str, typer.Argument(help="Part of the names to list, such as cifar100; all unless said.")
    ] = "",
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """List the views with the number of their rows.

    Example: mbml views nasbench101

    In Python: mbml.store.contents.views(warehouse)
    """
    from mbml.store import open_warehouse
    from mbml.store.contents import views as list_views

    with open_warehouse(warehouse) as opened:
        frame = list_views(opened)
    chosen = frame.filter(frame["view"].str.contains(part, literal=True))
    if chosen.is_empty():
        raise UsageError(f"no view has {part!r} in its name; `mbml views` lists all")
    write_frame(chosen, "json" if json else format_name)


def describe(
    view: Annotated[str, typer.Argument(help="A view or a table.")],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Show the columns of a view or table, and what they mean.

    Of a meta-dataset it tells their roles too: key, feature or outcome.

    Example: mbml describe meta_nasbench201_cifar100_200epochs

    In Python: mbml.store.contents.describe(warehouse, view)
    """
    from mbml.datasets import META_DATASETS, role_of
    from mbml.store import open_warehouse
    from mbml.store.contents import describe as describe_relation

    with open_warehouse(warehouse) as opened:
        frame = describe_relation(opened, view)
    if view in META_DATASETS:
        import polars as pl

        roles = [role_of(name).value for name in frame["column"]]
        frame.insert_column(2, pl.Series("role", roles))
    write_frame(frame, "json" if json else format_name)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT statement.", metavar="SQL")],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: FormatOption = "table",
    time_limit: Annotated[
        float | None,
        typer.Option(
            min=0.001, help="Seconds after which the query is stopped; 300 if nothing is said."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run a query; it can read the warehouse and nothing else.

    Example: mbml query "select arch_key, test_accuracy from meta_nasbench101_108epochs
    order by test_accuracy desc limit 5"

    In Python: mbml.store.query.query(path, sql)
    """
    from mbml.store.query import query as run_query

    frame = run_query(warehouse, sql, time_limit=time_limit)
    write_frame(frame, "json" if json else format_name)


def _section(title: str, frame: pl.DataFrame) -> None:
    typer.echo(f"\n{title}")
    if frame.is_empty():
        typer.echo("none")
    else:
        write_frame(frame, "table")
