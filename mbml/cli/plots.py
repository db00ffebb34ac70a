"""`mbml curve`, `plot`: learning curves and views as pictures, in the terminal or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbml.benchmarks import benchmark
from mbml.cli import completion
from mbml.cli.cells import ArchArgument, SpaceOption, recognised
from mbml.cli.diagnostics import notify
from mbml.cli.options import DEFAULT_WAREHOUSE, FormatOption, JsonOption, WarehouseOption
from mbml.cli.output import note_surrogates, write_ends, write_frame, write_text
from mbml.errors import UsageError
from mbml.result_types import sql_name

if TYPE_CHECKING:
    import polars as pl

    from mbml.store import Warehouse

#: Characters of a drawing in the terminal.
WIDTH, HEIGHT = 64, 16
_BINS = 64
_FEW = 20
_CURVES = {
    "train_accuracy": "training",
    "valid_test_accuracy": "validation and test",
    "valid_accuracy": "validation",
    "test_accuracy": "test",
}

PictureOption = Annotated[
    Path | None,
    typer.Option("--to", help="Write the picture to this file: .svg, .png or .pdf."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(curve)
    app.command()(plot)


def curve(
    arch: ArchArgument,
    dataset: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.datasets,
            help="A data set; by default the one that most epochs are held of.",
        ),
    ] = None,
    space: SpaceOption = None,
    to: PictureOption = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Show the learning curve of a cell: accuracies after each epoch that is loaded.

    Accuracies are fractions, means over the trials. The terminal draws one of them: test,
    validation, both together or training, the first that most epochs have; a picture has all.

    Example: mbml curve 284 --dataset cifar100 --to curve.svg

    In Python: db = mbml.open(path); db.curve(cell, dataset)
    """
    from mbml.frames import is_surrogate
    from mbml.store import open_warehouse

    if to is not None:
        from mbml.reports.pictures import check_ending

        check_ending(to)
    of, found = recognised(arch, space, warehouse)
    with open_warehouse(warehouse) as opened:
        names = benchmark(of.name).datasets if dataset is None else (dataset,)
        rows = max((opened.curve(found, name) for name in names), key=len)
        surrogate = is_surrogate(opened, of.name)
    note_surrogates(surrogate)
    if rows.is_empty():
        on = dataset or "any data set"
        raise UsageError(f"{warehouse} holds no training of {found.format()} on {on}")
    schedule = max(rows["schedule_epochs"].to_list())
    if of.name != "nasbench101":  # where each number of epochs is a training of its own
        rows = rows.filter(schedule_epochs=schedule)
    if to is not None:
        from mbml.reports.pictures import curves, write_picture

        title = f"{rows['dataset'][0]}, {schedule} epochs{', SURROGATE DATA' if surrogate else ''}"
        write_picture(to, curves(rows, _CURVES), title)
        notify(f"picture written to {to}")
        return
    if json or format_name != "table":
        write_frame(rows, "json" if json else format_name, has_surrogates=surrogate)
        return
    write_ends(rows, _FEW)
    if rows.height > 1:
        _draw_curve(rows)


def plot(
    view: Annotated[
        str, typer.Argument(help="A view or a table.", autocompletion=completion.views)
    ],
    x: Annotated[str, typer.Argument(help="The column along the page.")],
    y: Annotated[
        str | None, typer.Argument(help="The column up the page; without it, a histogram of x.")
    ] = None,
    to: PictureOption = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
) -> None:
    """Draw a scatter of two columns of a view, or a histogram of one.

    Rows without a number in a column are left out, and counted.

    Example: mbml plot meta_nasbench101_108epochs parameters test_accuracy --to scatter.svg

    In Python: mbml.reports.pictures.scatter(frame, x, y)
    """
    from mbml.exports.provenance import provenance
    from mbml.store import open_warehouse

    if to is not None:
        from mbml.reports.pictures import check_ending, histogram, scatter, write_picture

        check_ending(to)
    with open_warehouse(warehouse) as opened:
        note_surrogates(opened.has_surrogates())
        surrogate = provenance(opened, view).is_surrogate
        rows = _numbers(opened, view, [x] if y is None else [x, y])
    if to is None:
        write_text(*_drawn(rows))
        return
    made = histogram(rows, x) if y is None else scatter(rows, x, y)
    write_picture(to, made, f"{view}{', SURROGATE DATA' if surrogate else ''}")
    notify(f"picture written to {to}")


def _draw_curve(rows: pl.DataFrame) -> None:
    import numpy as np

    from mbml.cli.text_charts import dots

    held = {name: rows.height - rows[name].null_count() for name in _CURVES}
    name = next(one for one in reversed(_CURVES) if held[one] > max(held.values()) / 2)
    if held[name] < 2:
        return
    epochs, values = (
        one.to_numpy().astype(float) for one in rows.select("epoch", name).drop_nulls()
    )
    # A line, in as many points as it has columns of dots.
    x = np.linspace(epochs[0], epochs[-1], 2 * WIDTH)
    y = np.interp(x, epochs, values)
    write_text("", *dots(x, y, width=WIDTH, height=HEIGHT, labels=("epoch", name)))


def _numbers(warehouse: Warehouse, view: str, names: list[str]) -> pl.DataFrame:
    """Read columns as finite numbers."""
    import polars as pl

    from mbml.errors import unknown_name
    from mbml.store.contents import describe, place_of

    known = describe(warehouse, view)["column"].to_list()
    for name in names:
        if name not in known:
            raise unknown_name(f"column of {view}", name, known)
    columns = ", ".join(map(sql_name, dict.fromkeys(names)))
    frame = warehouse.sql(f"select {columns} from {place_of(warehouse, view)}")  # noqa: S608
    for name in frame.columns:
        if not (frame[name].dtype.is_numeric() or frame[name].dtype == pl.Boolean):
            raise UsageError(f"{view}: {name} holds {frame[name].dtype}, not numbers")
    numbers = frame.select(pl.all().cast(pl.Float64))
    kept = numbers.filter(pl.all_horizontal(pl.all().is_finite().fill_null(value=False)))
    if kept.is_empty():
        raise UsageError(f"{view} has no row with a number in {' and '.join(names)}")
    if kept.height < frame.height:
        notify(
            f"note: {frame.height - kept.height:,} of {frame.height:,} rows have no number in"
            f" {' or '.join(names)} and are left out"
        )
    return kept


def _drawn(rows: pl.DataFrame) -> list[str]:
    import numpy as np

    from mbml.cli.text_charts import bars, dots

    x = rows.to_series(0)
    if rows.width == 1:
        counts, edges = np.histogram(x.to_numpy(), _BINS)
        ends = (float(edges[0]), float(edges[-1]))
        return bars(counts.tolist(), ends=ends, height=HEIGHT // 2, label=x.name)
    y = rows.to_series(1)
    return dots(x.to_numpy(), y.to_numpy(), width=WIDTH, height=HEIGHT, labels=(x.name, y.name))
