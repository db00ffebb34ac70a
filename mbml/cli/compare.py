"""`mbml compare`: our scores of the published study beside the published ones."""

from __future__ import annotations

from typing import Annotated

import typer

from mbml.cli.diagnostics import notify
from mbml.cli.options import DEFAULT_WAREHOUSE, FormatOption, JsonOption, WarehouseOption
from mbml.cli.output import write_frame


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(compare)


def compare(
    views: Annotated[
        list[str] | None, typer.Argument(help="Published meta-datasets; all evaluated by default.")
    ] = None,
    train_size: Annotated[
        list[int] | None, typer.Option(help="A training size; may be repeated.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="mae, mse or r2; may be repeated. All by default.")
    ] = None,
    output_format: FormatOption = "table",
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Compare stored fits with those of the published study.

    The fits are those of `mbml evaluate --preset published`. The protocol of both is held_out: N
    labels and no others, validation accuracy learned and scored, all other rows scored. Each row
    has the mean, population standard deviation and median over the seeds (published: ten), ours and
    published, and the differences; seeds is the number of our fits. Accuracies are fractions.

    Example: mbml compare --train-size 172 --metric r2

    In Python: mbml.predictors.comparison.compare(warehouse)
    """
    from mbml.predictors import comparison
    from mbml.store import with_warehouse

    frame = with_warehouse(
        warehouse,
        lambda opened: comparison.compare(
            opened,
            views=views or (),
            train_sizes=train_size or (),
            metrics=metric or comparison.COMPARED_METRICS,
        ),
        waiting=notify,
    )
    surrogate = bool(frame["surrogate"].any())
    if surrogate:
        notify("SURROGATE DATA: ours are of invented numbers, not measurements")
    missing = frame.filter(frame["seeds"] == 0).height
    if missing:
        notify(f"note: of {missing} of {frame.height} rows no fit is stored")
    write_frame(frame, "json" if json else output_format, has_surrogates=surrogate)
