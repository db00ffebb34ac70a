"""`mbml pareto`: the front of a view as a table, a chart, a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli import completion
from mbml.cli.diagnostics import notify
from mbml.cli.options import DEFAULT_WAREHOUSE, FormatOption, JsonOption, WarehouseOption
from mbml.cli.output import to_parquet, write_ends, write_frame, write_json, write_text
from mbml.errors import UsageError

if TYPE_CHECKING:
    from mbml.analysis.pareto import Front

#: Rows that a table shows.
_ROWS = 40


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(pareto)


def pareto(
    view: Annotated[
        str, typer.Argument(help="A view or a table.", autocompletion=completion.views)
    ],
    minimise: Annotated[
        list[str] | None,
        typer.Option("--minimise", metavar="COLUMN", help="A column that should be small."),
    ] = None,
    maximise: Annotated[
        list[str] | None,
        typer.Option("--maximise", metavar="COLUMN", help="A column that should be large."),
    ] = None,
    where: Annotated[
        str, typer.Option("--where", metavar="SQL", help="Compare only rows that satisfy this.")
    ] = "",
    columns: Annotated[
        str, typer.Option(help="Further columns to show, with commas between.")
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Write the front to this file: .parquet, .svg, .png or .pdf."),
    ] = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Show the Pareto front of a view: the rows that no other row beats in every objective.

    Repeat --minimise and --maximise, or put commas between columns. Rows that are equal in every
    objective are all on the front. Rows where an objective is NULL, NaN or infinite are left out
    and counted. The hypervolume is the share that the front dominates of the box between the worst
    and the best values of all rows compared. A chart shows the first two objectives.

    Example: mbml pareto meta_nasbench101_108epochs --minimise parameters --maximise test_accuracy

    In Python: mbml.pareto(warehouse, view, minimise=[...], maximise=[...])
    """
    from mbml.analysis.pareto import pareto as find_front
    from mbml.whole_file import write_whole

    is_table = to is not None and to.suffix.lower() == ".parquet"
    if to is not None and not is_table:
        from mbml.reports.pictures import check_ending

        check_ending(to)
    front = find_front(
        warehouse,
        view,
        minimise=_listed(minimise or ()),
        maximise=_listed(maximise or ()),
        where=where,
        columns=_listed([columns]),
    )
    told = _told(front)
    if to is not None:
        if is_table:
            write_whole(to, to_parquet(front.rows, front.metadata))
        else:
            _write_picture(to, front)
        for line in (*told, f"front written to {to}"):
            notify(line)
    elif json:
        write_json(_summary(front))
    elif format_name == "table":
        write_text(*told, "")
        write_ends(front.rows, _ROWS)
        _draw(front)
    else:
        for line in told:
            notify(line)
        write_frame(front.rows, format_name, has_surrogates=front.is_surrogate)


def _listed(names: Any) -> list[str]:
    return [name.strip() for one in names for name in one.split(",") if name.strip()]


def _told(front: Front) -> list[str]:
    """Return what a person should know of a front, line by line."""
    rows, compared = front.rows.height, front.compared.height
    lines = ["SURROGATE DATA: invented numbers, not measurements"] if front.is_surrogate else []
    lines.append(
        f"front of {front.view}: {rows:,} of {compared:,} rows compared"
        + (f", {front.distinct:,} of them distinct" if front.distinct < rows else "")
    )
    if front.holds:
        lines.append(f"rows: {front.holds}")
    for one in front.objectives:
        meaning = f": {one.meaning}" if one.meaning else ""
        lines.append(f"{one.direction} {one.column}, {one.worst:.10g} to {one.best:.10g}{meaning}")
    outcomes = [one.column for one in front.objectives if one.is_outcome]
    if outcomes:
        verb = "is an outcome" if len(outcomes) == 1 else "are outcomes"
        lines.append(f"oracle: {', '.join(outcomes)} {verb}, so that no search knows this front")
    if front.where:
        lines.append(
            f"where {front.where}: false for {front.not_satisfied:,} rows, NULL for"
            f" {front.undecided:,}; these are left out"
        )
    if front.without_value:
        lines.append(f"left out: {front.without_value:,} rows without a number in an objective")
    if front.hypervolume is None:
        lines.append("hypervolume not computed: the front is too large for its objectives")
    else:
        lines.append(
            f"hypervolume {front.hypervolume:.6f}: the share of the box between the worst and the"
            " best values compared that the front dominates"
        )
    return lines


def _summary(front: Front) -> dict[str, Any]:
    return {
        "view": front.view,
        "holds": front.holds or None,
        "where": front.where or None,
        "objectives": [vars(one) for one in front.objectives],
        "hypervolume": front.hypervolume,
        "rows_compared": front.compared.height,
        "rows_without_value": front.without_value,
        "rows_not_satisfied": front.not_satisfied,
        "rows_undecided": front.undecided,
        "surrogate": front.is_surrogate,
        "distinct": front.distinct,
        "front": front.rows.to_dicts(),
    }


def _draw(front: Front) -> None:
    from mbml.cli.plots import HEIGHT, WIDTH
    from mbml.cli.text_charts import dots

    if len(front.objectives) < 2 or front.distinct < 2:
        return
    x, y = front.objectives[:2]
    along, up = (front.rows[one.column].cast(float).to_numpy() for one in (x, y))
    labels = (x.column, y.column)
    write_text("", *dots(along, up, width=WIDTH, height=HEIGHT, labels=labels))


def _write_picture(path: Path, front: Front) -> None:
    from mbml.reports.pictures import front_over_rows, write_picture

    if len(front.objectives) < 2:
        raise UsageError("a picture needs two objectives; name one more, or write a .parquet file")
    x, y = (one.column for one in front.objectives[:2])
    title = f"{front.view}: front{', SURROGATE DATA' if front.is_surrogate else ''}"
    write_picture(path, front_over_rows(front.compared, front.rows, x, y), title)
