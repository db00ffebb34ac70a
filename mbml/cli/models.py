"""`mbml models`, `predict`, `rank`: saved and pre-trained models, and what they say of cells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbml.cli import completion
from mbml.cli.cells import notify_order
from mbml.cli.diagnostics import notify
from mbml.cli.diagnostics import progress as progress_bar
from mbml.cli.options import FormatOption, JsonOption, ModelsOption, beside_warehouse
from mbml.cli.output import write_frame, write_json, write_text
from mbml.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from mbml.predictors.model import Model

app = typer.Typer(help="List saved and pre-trained models, and show their cards.")


def register(main: typer.Typer) -> None:
    """Add the commands of this file."""
    main.add_typer(app, name="models")
    main.command()(predict)
    main.command()(rank)


@app.callback(invoke_without_command=True)
def models(context: typer.Context, folder: ModelsOption = None, json: JsonOption = False) -> None:
    """List saved and pre-trained models with how they did on architectures held out.

    A model whose card cannot be read has an empty row, and the reason below.

    Example: mbml models

    In Python: mbml.predictors.models.list_models()
    """
    if context.invoked_subcommand is not None:
        context.obj = folder
        return
    from mbml.predictors.models import list_models

    cards = list_models(_folder(folder))
    if json:
        write_json(cards)
        return
    import polars as pl

    about = ("name", "predictor", "view", "target", "train_size")
    shown = (*about, "kendall_tau", "mae", "interval_coverage", "surrogate")
    write_frame(pl.DataFrame([{key: card.get(key) for key in shown} for card in cards]), "table")
    for card in cards:
        if card.get("problem") or card.get("note"):
            write_text(f"{card['name']}: {card.get('problem') or card['note']}")


@app.command()
def show(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="A saved model's name, or pretrained:NAME.", autocompletion=completion.models
        ),
    ],
) -> None:
    """Print a model's card, as JSON.

    It tells what the model was trained on, how it did, and what it is made of.

    Example: mbml models show pretrained:nasbench201-cifar100

    In Python: mbml.load_model(name).card
    """
    from mbml.predictors.models import load_model

    write_json(load_model(name, folder=_folder(context.obj)).card)


def predict(
    model: Annotated[
        str,
        typer.Argument(
            help="A saved model's name, or pretrained:NAME.", autocompletion=completion.models
        ),
    ],
    arch: Annotated[list[str] | None, typer.Argument(help="Architectures; - reads stdin.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A text file with an architecture on each line.")
    ] = None,
    folder: ModelsOption = None,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Predict accuracies with 90 % prediction intervals; needs no warehouse.

    Accuracies and their bounds are fractions. A cell that the model cannot tell from a failed
    training has an accuracy "at or below" the one predicted (in JSON: "at_floor": true), and an
    interval that starts at 0.

    Example: mbml predict pretrained:nasbench101-108epochs '0100:input,output'

    In Python: mbml.load_model(name).predict(cells)
    """
    from mbml.predictors.models import PRETRAINED, load_model

    if ":" in model.removeprefix(PRETRAINED) or "|" in model:
        raise UsageError(f"{model!r} is no model's name; the model comes first: MODEL ARCH...")
    cells = _architectures(arch or [], file)
    for one in cells:
        notify_order(one)
    loaded = load_model(model, folder=_folder(folder))
    found = loaded.predict(cells)
    _notify_note(model, loaded)
    _write(found, "json" if json else format_name, loaded)


def rank(
    space: Annotated[
        str,
        typer.Argument(
            help="nasbench101, nasbench201, natsbench_sss or a plug-in's.",
            autocompletion=completion.spaces,
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model", help="A saved model, or pretrained:NAME.", autocompletion=completion.models
        ),
    ],
    count: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 10,
    folder: ModelsOption = None,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Rank a whole search space by a model; needs no warehouse.

    Example: mbml rank nasbench201 --model pretrained:nasbench201-cifar100 -n 5

    In Python: mbml.rank(space, model)
    """
    from mbml.predictors.models import load_model
    from mbml.predictors.models import rank as rank_space
    from mbml.spaces.registry import space as find_space

    wanted = find_space(space)
    loaded = load_model(model, folder=_folder(folder))
    with progress_bar(f"ranking {wanted.title}", wanted.measured) as bar:
        shown = None if bar is None else lambda done, _: bar(done, done)
        found = rank_space(wanted, loaded, count=count, progress=shown)
    _notify_note(model, loaded)
    _write(found, "json" if json else format_name, loaded)


def _folder(given: Path | None) -> Path:
    return given or beside_warehouse("models")


def _notify_note(name: str, model: Model) -> None:
    if model.card.get("note"):
        notify(f"note: {name}: {model.card['note']}")


def _write(found: pl.DataFrame, format_name: str, model: Model) -> None:
    """Write predictions; formats for people say in words which are at the floor."""
    import polars as pl

    if format_name in ("table", "markdown"):
        if found["at_floor"].any():
            accuracy = pl.col("accuracy").map_elements("{:.6g}".format, pl.String)
            at_floor = pl.when("at_floor").then(pl.lit("at or below ")).otherwise(pl.lit(""))
            found = found.with_columns(accuracy=at_floor + accuracy)
        found = found.drop("at_floor")
    write_frame(found, format_name, has_surrogates=bool(model.card.get("surrogate")))


def _architectures(given: list[str], file: Path | None) -> list[str]:
    cells = [one for one in given if one != "-"]
    if "-" in given:
        cells += _lines(sys.stdin.read())
    if file is not None:
        try:
            cells += _lines(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read as text: {error}") from None
    if not cells:
        raise UsageError("no architecture given; name some, or - for stdin, or --file FILE")
    return cells


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
