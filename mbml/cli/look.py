"""`mbml info`, `views`, `describe`, `query`: what is in the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli import completion
from mbml.cli.memory import QUERY_MEMORY, memory_ceiling
from mbml.cli.options import DEFAULT_WAREHOUSE, FormatOption, JsonOption, WarehouseOption
from mbml.cli.output import (
    note_surrogates,
    write_answer,
    write_frame,
    write_json,
    write_rows,
    write_text,
)
from mbml.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mbml.store.contents import CountedView

TimeLimitOption = Annotated[
    float | None,
    typer.Option(min=0.001, help="Seconds after which a query is stopped; 300 if nothing is said."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (info, views, describe, query):
        app.command()(command)


def info(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
    cite: Annotated[
        bool,
        typer.Option(
            "--cite",
            help="Print BibTeX of what is loaded and was used; without a warehouse, of everything.",
        ),
    ] = False,
) -> None:
    """Show what was loaded, and how many rows each table holds.

    Example: mbml info

    In Python: mbml.store.contents.contents(warehouse)
    """
    if cite:
        from mbml.citations import citations
        from mbml.store import open_warehouse

        if not warehouse.exists():
            typer.echo(citations(), nl=False)
            return
        with open_warehouse(warehouse) as opened:
            typer.echo(citations(opened), nl=False)
        return
    from mbml.store.contents import SOURCE_COLUMNS, contents

    held = contents(warehouse)
    if json:
        sources = [dict(zip(SOURCE_COLUMNS, row, strict=True)) for row in held.source_rows]
        write_json(
            {
                "warehouse": str(warehouse),
                "schema_version": held.schema_version,
                "surrogate": held.has_surrogates,
                "sources": sources,
                "rows": dict(held.rows),
            }
        )
        return
    write_text(f"warehouse {warehouse}, schema version {held.schema_version}")
    if held.has_surrogate_sources:
        typer.echo("SURROGATE DATA: some of the sources below hold invented numbers")
    if held.has_surrogate_results:
        typer.echo("SURROGATE DATA: some fits or searches are of invented numbers")
    _section("sources", SOURCE_COLUMNS, held.source_rows)
    _section("rows", {"table": str, "rows": int}, held.rows)


def views(
    part: Annotated[
        str, typer.Argument(help="Part of the names to list, such as cifar100; all unless said.")
    ] = "",
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    all_views: Annotated[bool, typer.Option("--all", help="List views without rows, too.")] = False,
    format_name: FormatOption = "table",
    time_limit: TimeLimitOption = None,
    json: JsonOption = False,
) -> None:
    """List the views that have rows, by benchmark, and yours, with the number of their rows.

    They are counted within the limits of a query; a view of yours that asks for more has no number.

    Example: mbml views nasbench101

    In Python: mbml.store.contents.views(path)
    """
    from mbml.store.contents import counted_views, views_frame
    from mbml.store.query import limited

    with memory_ceiling(QUERY_MEMORY), limited(warehouse, time_limit=time_limit) as worker:
        has_surrogates = worker.has_surrogates()
        note_surrogates(has_surrogates)
        counted = counted_views(worker)
    named = [one for one in counted if part in one.view]
    if not named:
        raise UsageError(f"no view has {part!r} in its name; `mbml views` lists all")
    # A view that could not be counted has no number, and is listed with the reason.
    chosen = [one for one in named if all_views or one.rows != 0]
    if json or format_name != "table":
        frame = views_frame(chosen)
        write_frame(frame, "json" if json else format_name, has_surrogates=has_surrogates)
        return
    for title, group in _by_benchmark(chosen):
        _section(title, {"view": str, "rows": int, "holds": str}, group)
    if empty := len(named) - len(chosen):
        write_text("", f"{empty} views have no rows: nothing is loaded for them (--all lists them)")


def _by_benchmark(views: Sequence[CountedView]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Yield the views of each benchmark, then those of all, of packages and of the user."""
    titles = {"mbml": "all benchmarks", "user": "yours"}
    groups: dict[tuple[bool, str], list[tuple[Any, ...]]] = {}
    for one in views:
        group = (one.benchmark is None, one.benchmark or titles.get(one.made_by, one.made_by))
        groups.setdefault(group, []).append((one.view, one.rows, one.holds))
    for (_, title), rows in sorted(groups.items()):
        yield title, rows


def describe(
    view: Annotated[
        str, typer.Argument(help="A view or a table.", autocompletion=completion.views)
    ],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Show the columns of a view or table, and what they mean.

    Of a meta-dataset it tells their roles too: key, feature or outcome; in a view of yours, a
    column that mbml does not know may be either, a feature or an outcome.

    Example: mbml describe meta_nasbench201_cifar100_200epochs

    In Python: mbml.store.contents.describe(warehouse, view)
    """
    from mbml.frames import roles_of_view
    from mbml.store import open_warehouse
    from mbml.store.contents import describe as describe_relation

    with open_warehouse(warehouse) as opened:
        has_surrogates = opened.has_surrogates()
        frame = describe_relation(opened, view)
        roles = roles_of_view(opened, view)
    note_surrogates(has_surrogates)
    if roles is not None:
        import polars as pl

        frame.insert_column(2, pl.Series("role", roles))
    write_frame(frame, "json" if json else format_name, has_surrogates=has_surrogates)


def query(
    sql: Annotated[
        str, typer.Argument(help="One SELECT statement, or - to read it from stdin.", metavar="SQL")
    ] = "",
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Read the statement from this file.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="Value of $NAME in the statement: a number, true, false, null, or a text.",
        ),
    ] = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: FormatOption = "table",
    rows: Annotated[
        int, typer.Option(min=0, help="Rows that a table shows, of its start and end; 0 for all.")
    ] = 40,
    time_limit: TimeLimitOption = None,
    json: JsonOption = False,
) -> None:
    """Run a query; it can read the warehouse and nothing else.

    A table shows the first and the last rows, and the columns that fit the terminal; record shows
    each row down the page. Values of every type are exact in every format; table, record and
    markdown alone round floating-point numbers, to six digits. In JSON, NaN and infinity are
    strings, and null is NULL alone.

    Example: mbml query "select arch_key, test_accuracy from meta_nasbench101_108epochs
    order by test_accuracy desc limit 5"

    In Python: mbml.store.query.query(path, sql)
    """
    from mbml.cli.statements import parameters, statement
    from mbml.store.query import open_answer

    typed = statement(sql, file)
    values = parameters(parameter or [])
    with memory_ceiling(QUERY_MEMORY):
        answer = open_answer(warehouse, typed, parameters=values, time_limit=time_limit)
        write_answer(answer, "json" if json else format_name, most_rows=rows)


def _section(title: str, columns: Mapping[str, type], rows: Sequence[Sequence[Any]]) -> None:
    write_text("", title)
    if rows:
        write_rows(columns, rows)
    else:
        typer.echo("none")
