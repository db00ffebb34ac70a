"""`mbml train`: one predictor on one split, scored on the architectures held out."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli import completion
from mbml.cli.diagnostics import notify
from mbml.cli.options import (
    DEFAULT_WAREHOUSE,
    FeatureColumnsOption,
    JsonOption,
    ModelsOption,
    ProtocolOption,
    ScoreOption,
    SplitOption,
    TargetOption,
    WarehouseOption,
    beside_warehouse,
    with_columns,
)
from mbml.cli.output import write_frame, write_json, write_text
from mbml.errors import MbmlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mbml.predictors.training import TrainReport


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(train)


def train(
    view: Annotated[
        str,
        typer.Argument(
            help="A meta-dataset; `mbml views` lists them.", autocompletion=completion.views
        ),
    ],
    predictor: Annotated[
        str,
        typer.Option(
            autocompletion=completion.predictors,
            help="blend, gp, xgboost, random_forest, gradient_boosting, ada_boost, mlp, svr,"
            " decision_tree, k_neighbors, bayesian_ridge, lasso, sgd, linear_regression, dummy, or"
            " one of a plug-in.",
        ),
    ] = "blend",
    features: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.feature_sets,
            help="Feature sets, joined by +: published, published_onehot, topology, proxy,"
            " proxy:NAME,NAME, curve:EPOCH, transfer:VIEW, columns:NAME,NAME; by default the"
            " predictor's own.",
        ),
    ] = None,
    feature_columns: FeatureColumnsOption = "",
    train_size: Annotated[int, typer.Option(help="Architectures to train on.")] = 172,
    seed: Annotated[int, typer.Option(help="Seed of the split and of the predictor.")] = 0,
    target: TargetOption = "valid_accuracy",
    split: SplitOption = "published",
    protocol: ProtocolOption = "held_out",
    score: ScoreOption = None,
    test_view: Annotated[
        str | None, typer.Option(help="Test on another view of the benchmark, not on this one.")
    ] = None,
    save_split: Annotated[
        Path | None, typer.Option(help="Write the keys of the split to this CSV file.")
    ] = None,
    intervals: Annotated[
        bool,
        typer.Option(
            "--intervals",
            help="Make and score 90 % prediction intervals (xgboost, gp, blend); five more fits.",
        ),
    ] = False,
    save: Annotated[
        str | None,
        typer.Option(
            help="Save the model under this name, in the --models folder; with intervals, if the"
            " predictor has any."
        ),
    ] = None,
    models: ModelsOption = None,
    no_store: Annotated[
        bool, typer.Option("--no-store", help="Leave the fit out of the warehouse's results.")
    ] = False,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Train a predictor on a few cells, score it on all others.

    The fit is kept in the warehouse (tables results.fit and results.score), where mbml report finds
    it.

    A target that is no outcome, such as the latency on a device, is predicted from the other
    features: mbml train device_nasbench201_cifar10 --target pixel3_latency_seconds --predictor gp

    Example: mbml train meta_nasbench201_cifar100_200epochs --predictor random_forest

    In Python: mbml.train(warehouse, view)
    """
    from mbml.predictors.evaluation import store_report
    from mbml.predictors.model_file import check_new_name
    from mbml.predictors.models import save_model
    from mbml.predictors.registry import predictor as find_predictor
    from mbml.predictors.training import train as run_training
    from mbml.splits import save as write_split
    from mbml.store import open_warehouse
    from mbml.whole_file import check_local

    folder = models or beside_warehouse("models", warehouse)
    if save_split is not None:
        check_local(save_split)
    if save is not None:
        check_new_name(folder, save)
    with open_warehouse(warehouse) as opened:
        with warnings.catch_warnings(record=True) as caught:
            report = run_training(
                opened,
                view,
                predictor=predictor,
                features=with_columns(features, feature_columns),
                train_size=train_size,
                seed=seed,
                target=target,
                split=split,
                protocol=protocol,
                score=score,
                test_view=test_view,
                intervals=intervals or (save is not None and find_predictor(predictor).intervals),
                notify=notify,
            )
        for kind, times in Counter(one.category.__name__ for one in caught).items():
            notify(f"note: while fitting: {kind}" + (f", {times} times" if times > 1 else ""))
        if save is not None:
            path = save_model(report, opened, save, folder=folder)
            notify(f"saved as {save}, with its card {path}")
    if save_split is not None:
        write_split(report.split, report.problem.rows, report.tested.rows, save_split)
    flat = report.flat()
    if json:
        write_json(flat)
    else:
        _print(report, flat)
    if not no_store:
        try:
            store_report(warehouse, report, split=split, caught=caught, notify=notify)
        except MbmlError as error:
            notify(f"note: the fit is not kept in the results: {error}")


def _print(report: TrainReport, flat: dict[str, Any]) -> None:
    import polars as pl

    from mbml.datasets import unit_of
    from mbml.metrics import METRICS

    if flat["surrogate"]:
        typer.echo("SURROGATE DATA: invented numbers, not measurements")
    write_text(
        f"{flat['predictor']} on {flat['features']} features of {flat['view']},"
        f" target {flat['target']}"
        + (f" of {flat['target_view']}" if flat["target_view"] != flat["view"] else ""),
        f"{flat['train_size']} architectures to train (split {flat['split']}, seed"
        f" {flat['seed']}), {flat['held_out']:,} held out"
        + (f" in {flat['test_view']}" if flat["test_view"] != flat["view"] else ""),
        *_protocol(flat),
        *_price(flat),
        "",
    )
    values = report.all_scores
    known = {metric.name: metric for metric in METRICS}
    of_target = unit_of(flat["target"])
    scores = pl.DataFrame(
        {
            "score": list(values),
            "value": list(values.values()),
            "unit": [
                known[name].unit.replace("target", of_target) if name in known else "fraction"
                for name in values
            ],
            "better": [known[name].direction if name in known else "" for name in values],
        },
        strict=False,
    )
    # What is not defined, such as a rank correlation of equal predictions.
    write_frame(scores.with_columns(pl.col("value").fill_nan(None)), "table")
    if report.problem.smaller_is_better:
        typer.echo("\nThe best architectures are those of the smallest values")
        return
    typer.echo(
        f"\nThe first k {_rows_scored(flat)} by prediction (ties: the earlier row of the view),"
        "\nas fractions: the best validation accuracy, the test accuracy of the architecture that"
        "\nhas it, and the oracle, the best test accuracy, which no search can know\n"
    )
    table = pl.DataFrame(
        [
            (row.k, row.chosen_valid_accuracy, row.chosen_test_accuracy, row.oracle_test_accuracy)
            for row in report.top
        ],
        schema={
            "k": pl.Int64,
            "chosen_valid_accuracy": pl.Float64,
            "chosen_test_accuracy": pl.Float64,
            "oracle_test_accuracy": pl.Float64,
        },
        orient="row",
    )
    write_frame(table, "table")


def _protocol(flat: dict[str, Any]) -> Iterator[str]:
    """Say what is scored, unless it is the target of held-out architectures."""
    if flat["protocol"] != "held_out" or flat["score"] != flat["target"]:
        yield (
            f"protocol {flat['protocol']}: {flat['scored']:,} {_rows_scored(flat)} scored against"
            f" {flat['score']}"
        )


def _rows_scored(flat: dict[str, Any]) -> str:
    all_rows = flat["scored"] > flat["held_out"]
    return "architectures, those trained on included," if all_rows else "held-out architectures"


def _price(flat: dict[str, Any]) -> Iterator[str]:
    if not flat["feature_epochs"]:
        return
    seconds = flat["feature_seconds"]
    known = f"{seconds:,.0f} seconds in the mean" if seconds is not None else "seconds not recorded"
    yield f"the features of each of them cost {flat['feature_epochs']} epochs of training ({known})"
