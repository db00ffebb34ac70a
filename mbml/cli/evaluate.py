"""`mbml evaluate`: a grid of predictors, training sizes and seeds, stored fit by fit."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mbml.cli import completion
from mbml.cli.diagnostics import notify, steps
from mbml.cli.options import (
    DEFAULT_WAREHOUSE,
    EngineOption,
    FeatureColumnsOption,
    JsonOption,
    ProtocolOption,
    ScoreOption,
    SplitOption,
    TargetOption,
    WarehouseOption,
    with_columns,
)
from mbml.cli.output import write_frame, write_json, write_text


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(evaluate)


def evaluate(
    views: Annotated[
        list[str],
        typer.Argument(
            help="Meta-datasets; `mbml views` lists them.", autocompletion=completion.views
        ),
    ],
    preset: Annotated[
        str,
        typer.Option(
            help="published tunes each predictor as the publication did, on its ten seeds and six"
            " training sizes; fixed takes the settings of `mbml train`."
        ),
    ] = "fixed",
    predictor: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=completion.predictors,
            help="A predictor; may be repeated. All by default: those of mbml train, or those of"
            " the publication with mlp and xgboost, which are ours; plug-ins only if named.",
        ),
    ] = None,
    train_size: Annotated[
        list[int] | None, typer.Option(help="Architectures to train on; may be repeated.")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Seed of split and predictor; may be repeated.")
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="Several seeds at once, such as 1000-1019, beside any --seed.")
    ] = "",
    features: Annotated[
        str | None,
        typer.Option(
            help="Feature sets, joined by +; by default the predictor's own.",
            autocompletion=completion.feature_sets,
        ),
    ] = None,
    feature_columns: FeatureColumnsOption = "",
    target: TargetOption = "valid_accuracy",
    split: SplitOption = "published",
    protocol: ProtocolOption = "held_out",
    score: ScoreOption = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to fit in.")] = 1,
    engine: EngineOption = "local",
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Train and score a grid of views, sizes, predictors, seeds.

    Each fit is stored in the warehouse as it ends (tables results.fit and results.score). Stopped
    at any moment, the same command goes on where it was; fits that are stored are not made again.

    Example: mbml evaluate meta_nasbench201_cifar100_200epochs --preset published --train-size 172

    In Python: mbml.predictors.evaluation.evaluate(path, Grid(views=(view,)))
    """
    from mbml.cli.seeds import listed_seeds
    from mbml.predictors.evaluation import Grid
    from mbml.predictors.evaluation import evaluate as run_evaluation

    grid = Grid(
        views=tuple(views),
        preset=preset,
        predictors=tuple(predictor or ()),
        train_sizes=tuple(train_size or ()),
        seeds=(*(seed or ()), *(listed_seeds(seeds) if seeds else ())),
        features=with_columns(features, feature_columns),
        target=target,
        split=split,
        protocol=protocol,
        score=score,
    )
    with steps("fits") as progress:
        fits = run_evaluation(
            warehouse, grid, jobs=jobs, engine=engine, progress=progress, notify=notify
        )
    if json:
        write_json(fits)
    else:
        _print(fits)


def _print(fits: list[dict[str, Any]]) -> None:
    from mbml.predictors.evaluation import summarise_fits

    if any(fit["surrogate"] for fit in fits):
        typer.echo("SURROGATE DATA: invented numbers, not measurements")
    write_text(
        f"target {fits[0]['target']}, split {fits[0]['split']}, preset {fits[0]['preset']},"
        f" protocol {fits[0]['protocol']}, score {fits[0]['score']};"
        f" means and population deviations over seeds of {_scores(fits[0])}, accuracies as"
        " fractions, sizes in the unit of the target",
        "",
    )
    write_frame(summarise_fits(fits).drop("protocol", "score"), "table")


def _scores(fit: dict[str, Any]) -> str:
    if fit["scored"] == fit["held_out"]:
        return "held-out scores"
    return "scores of all architectures, those trained on included"
