"""`mbml models`, `predict`, `rank`: saved and pre-trained models, and what they say of cells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mbml.cli.diagnostics import progress as progress_bar
from mbml.cli.options import FormatOption, JsonOption  # noqa: TC001
from mbml.cli.output import write_frame, write_json
from mbml.errors import UsageError

FolderOption = Annotated[
    Path, typer.Option("--models", envvar="MBML_MODELS", help="The folder of saved models.")
]
DEFAULT_FOLDER = Path("warehouse/models")

app = typer.Typer(help="List saved and pre-trained models, and show their cards.")


def register(main: typer.Typer) -> None:
    """Add the commands of this file."""
    main.add_typer(app, name="models")
    main.command()(predict)
    main.command()(rank)


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context, folder: FolderOption = DEFAULT_FOLDER, json: JsonOption = False
) -> None:
    """List saved and pre-trained models with how they did on architectures held out.

    Example: mbml models

    In Python: mbml.predictors.models.list_models()
    """
    if context.invoked_subcommand is not None:
        context.obj = folder
        return
    from mbml.predictors.models import list_models

    cards = list_models(folder)
    if json:
        write_json(cards)
        return
    import polars as pl

    shown = ("name", "predictor", "view", "target", "train_size", "kendall_tau", "mae", "surrogate")
    write_frame(pl.DataFrame([{key: card.get(key) for key in shown} for card in cards]), "table")


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A saved model's name, or pretrained:NAME.")],
) -> None:
    """Print a model's card, as JSON.

    It tells what the model was trained on, how it did, and what it is made of.

    Example: mbml models show pretrained:nasbench201-cifar100

    In Python: mbml.load_model(name).card
    """
    from mbml.predictors.models import load_model

    write_json(load_model(name, folder=context.obj).card)


def predict(
    model: Annotated[str, typer.Argument(help="A saved model's name, or pretrained:NAME.")],
    arch: Annotated[list[str] | None, typer.Argument(help="Architectures; - reads stdin.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A text file with an architecture on each line.")
    ] = None,
    folder: FolderOption = DEFAULT_FOLDER,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Predict accuracies with 90 % intervals; needs no warehouse.

    Accuracies and their bounds are fractions.

    Example: mbml predict pretrained:nasbench101-108epochs '0100:input,output'

    In Python: mbml.load_model(name).predict(cells)
    """
    from mbml.predictors.models import PRETRAINED, load_model

    if ":" in model.removeprefix(PRETRAINED) or "|" in model:
        raise UsageError(f"{model!r} is no model's name; the model comes first: MODEL ARCH...")
    cells = _architectures(arch or [], file)
    found = load_model(model, folder=folder).predict(cells)
    write_frame(found, "json" if json else format_name)


def rank(
    space: Annotated[str, typer.Argument(help="nasbench101, nasbench201 or natsbench_sss.")],
    model: Annotated[str, typer.Option("--model", help="A saved model, or pretrained:NAME.")],
    count: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 10,
    folder: FolderOption = DEFAULT_FOLDER,
    format_name: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Rank a whole search space by a model; needs no warehouse.

    Example: mbml rank nasbench201 --model pretrained:nasbench201-cifar100 -n 5

    In Python: mbml.load_model(name).best(count)
    """
    from mbml.predictors.models import load_model
    from mbml.spaces.registry import space as find_space

    wanted = find_space(space)
    loaded = load_model(model, folder=folder)
    if loaded.card["benchmark"] != wanted.name:
        raise UsageError(f"{model} is for {loaded.card['benchmark']}, not for {wanted.name}")
    with progress_bar(f"ranking {wanted.title}", wanted.measured) as bar:
        shown = None if bar is None else lambda done, _: bar(done, done)
        found = loaded.best(count, progress=shown)
    write_frame(found, "json" if json else format_name)


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
