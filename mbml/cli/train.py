"""`mbml train`: one predictor on one split, scored on the architectures held out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli.diagnostics import say
from mbml.cli.models import DEFAULT_FOLDER, FolderOption
from mbml.cli.options import (
    DEFAULT_WAREHOUSE,
    JsonOption,
    SplitOption,
    TargetOption,
    WarehouseOption,
)
from mbml.cli.output import write_frame, write_json

if TYPE_CHECKING:
    from mbml.predictors.train_report import TrainReport


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(train)


def train(
    view: Annotated[str, typer.Argument(help="A meta-dataset; `mbml views` lists them.")],
    predictor: Annotated[
        str,
        typer.Option(
            help="linear_regression, sgd, lasso, bayesian_ridge, k_neighbors, decision_tree, svr,"
            " mlp, ada_boost, gradient_boosting, random_forest, xgboost, gp, blend, dummy, or one"
            " of a plug-in."
        ),
    ] = "random_forest",
    features: Annotated[
        str | None,
        typer.Option(
            help="Feature sets, joined by +: published, published_onehot, topology, proxy,"
            " curve:EPOCH, transfer:VIEW; by default the predictor's own."
        ),
    ] = None,
    train_size: Annotated[int, typer.Option(help="Architectures to train on.")] = 172,
    seed: Annotated[int, typer.Option(help="Seed of the split and of the predictor.")] = 0,
    target: TargetOption = "valid_accuracy",
    split: SplitOption = "published",
    test_view: Annotated[
        str | None, typer.Option(help="Test on another view of the benchmark, not on this one.")
    ] = None,
    save_split: Annotated[
        Path | None, typer.Option(help="Write the keys of the split to this CSV file.")
    ] = None,
    intervals: Annotated[
        bool, typer.Option("--intervals", help="Score the 90 % intervals too, which takes longer.")
    ] = False,
    save: Annotated[
        str | None, typer.Option(help="Save the model under this name, in the --models folder.")
    ] = None,
    models: FolderOption = DEFAULT_FOLDER,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Train a predictor on a few cells, score it on all others.

    Example: mbml train meta_nasbench201_cifar100_200epochs --predictor random_forest

    In Python: mbml.predictors.training.train(warehouse, view)
    """
    from mbml.predictors.model_file import check_new_name
    from mbml.predictors.models import save_model
    from mbml.predictors.training import train as run_training
    from mbml.splits import save as write_split
    from mbml.store import open_warehouse

    if save is not None:
        check_new_name(models, save)
    with open_warehouse(warehouse) as opened:
        report = run_training(
            opened,
            view,
            predictor_name=predictor,
            features=features,
            train_size=train_size,
            seed=seed,
            target=target,
            split=split,
            test_view=test_view,
            intervals=intervals,
        )
        if save is not None:
            path = save_model(report, opened, save, folder=models)
            say(f"saved as {save}, with its card {path}")
    if save_split is not None:
        write_split(report.split, report.problem.rows, report.tested.rows, save_split)
    if report.problem.left_out_note:
        say(report.problem.left_out_note)
    flat = report.flat()
    if json:
        write_json(flat)
    else:
        _print(report, flat)


def _print(report: TrainReport, flat: dict[str, Any]) -> None:
    import polars as pl

    from mbml.metrics import METRICS

    if flat["surrogate"]:
        typer.echo("SURROGATE DATA: invented numbers, not measurements")
    typer.echo(
        f"{flat['predictor']} on {flat['features']} features of {flat['view']},"
        f" target {flat['target']}"
        + (f" of {flat['target_view']}" if flat["target_view"] != flat["view"] else "")
        + f"\n{flat['train_size']} architectures to train (split {flat['split']}, seed"
        f" {flat['seed']}), {flat['held_out']:,} held out"
        + (f" in {flat['test_view']}" if flat["test_view"] != flat["view"] else "")
        + "\n"
        + _price(flat)
    )
    told = report.all_scores
    known = {metric.name: metric for metric in METRICS}
    scores = pl.DataFrame(
        {
            "score": list(told),
            "value": list(told.values()),
            "unit": [known[name].unit if name in known else "fraction" for name in told],
            "better": [known[name].direction if name in known else "" for name in told],
        },
        strict=False,
    )
    # What is not defined, such as a rank correlation of equal predictions.
    write_frame(scores.with_columns(pl.col("value").fill_nan(None)), "table")
    typer.echo(
        "\nThe first k held-out architectures by prediction (ties: the earlier row of the view),"
        "\nas fractions: the best validation accuracy, the test accuracy of the architecture that"
        "\nhas it, and the oracle, the best test accuracy, which no search can know\n"
    )
    table = pl.DataFrame(
        [
            (row.k, row.best_valid_accuracy, row.chosen_test_accuracy, row.oracle_test_accuracy)
            for row in report.top
        ],
        schema={
            "k": pl.Int64,
            "best_valid_accuracy": pl.Float64,
            "chosen_test_accuracy": pl.Float64,
            "oracle_test_accuracy": pl.Float64,
        },
        orient="row",
    )
    write_frame(table, "table")


def _price(flat: dict[str, Any]) -> str:
    if not flat["feature_epochs"]:
        return ""
    seconds = flat["feature_seconds"]
    known = f"{seconds:,.0f} seconds in the mean" if seconds is not None else "seconds not recorded"
    return (
        f"the features of each of them cost {flat['feature_epochs']} epochs of training ({known})\n"
    )
