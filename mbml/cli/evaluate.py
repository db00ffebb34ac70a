"""`mbml evaluate`: a grid of predictors, training sizes and seeds, stored fit by fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli.diagnostics import say, steps
from mbml.cli.options import (
    DEFAULT_WAREHOUSE,
    EngineOption,
    JsonOption,
    SplitOption,
    TargetOption,
    WarehouseOption,
)
from mbml.cli.output import write_frame, write_json

if TYPE_CHECKING:
    import polars as pl


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(evaluate)


def evaluate(
    views: Annotated[list[str], typer.Argument(help="Meta-datasets; `mbml views` lists them.")],
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
            help="A predictor; may be repeated. All by default: those of mbml train, or those of"
            " the publication with mlp and xgboost, which are ours; plug-ins only if named."
        ),
    ] = None,
    train_size: Annotated[
        list[int] | None, typer.Option(help="Architectures to train on; may be repeated.")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Seed of split and predictor; may be repeated.")
    ] = None,
    features: Annotated[
        str | None, typer.Option(help="Feature sets, joined by +; by default the predictor's own.")
    ] = None,
    target: TargetOption = "valid_accuracy",
    split: SplitOption = "published",
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
    from mbml.predictors import published_protocol as study
    from mbml.predictors.evaluation import evaluate as run_evaluation
    from mbml.predictors.grid import Grid, predictors_of

    published = preset == "published"
    grid = Grid(
        views=tuple(views),
        preset=preset,
        predictors=tuple(predictor or predictors_of(preset)),
        train_sizes=tuple(train_size or (study.TRAIN_SIZES if published else (172,))),
        seeds=tuple(seed or (study.SEEDS if published else (0,))),
        features=features,
        target=target,
        split=split,
    )
    with steps("fits") as progress:
        fits = run_evaluation(warehouse, grid, jobs=jobs, engine=engine, progress=progress, say=say)
    if json:
        write_json(fits)
    else:
        _print(fits)


def _print(fits: list[dict[str, Any]]) -> None:
    import polars as pl

    frame = pl.DataFrame(fits, infer_schema_length=None)
    if frame["surrogate"].any():
        typer.echo("SURROGATE DATA: invented numbers, not measurements")
    typer.echo(
        f"target {fits[0]['target']}, split {fits[0]['split']}, preset {fits[0]['preset']};"
        " means and population deviations over seeds of held-out scores, accuracies as fractions\n"
    )
    write_frame(summary(frame), "table")


def summary(frame: pl.DataFrame) -> pl.DataFrame:
    """Return mean and deviation over the seeds of the main scores."""
    import polars as pl

    scores = ("mae", "r2", "kendall_tau")
    return frame.group_by("view", "train_size", "predictor", maintain_order=True).agg(
        pl.len().alias("seeds"),
        *(
            one
            for name in scores
            for one in (
                pl.col(name).cast(pl.Float64).mean().alias(f"{name}_mean"),
                pl.col(name).cast(pl.Float64).std(ddof=0).alias(f"{name}_std"),
            )
        ),
        pl.col("search_seconds").mean().alias("search_seconds"),
        pl.col("fit_seconds").mean().alias("fit_seconds"),
    )
