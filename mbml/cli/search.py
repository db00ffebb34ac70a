"""`mbml search`: architectures found by querying a view as if each query were a training."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mbml.cli import completion
from mbml.cli.diagnostics import notify, steps
from mbml.cli.options import DEFAULT_WAREHOUSE, EngineOption, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json, write_text


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(search)


def search(
    view: Annotated[
        str,
        typer.Argument(
            help="A meta-dataset; `mbml views` lists them.", autocompletion=completion.views
        ),
    ],
    strategy: Annotated[
        str,
        typer.Option(
            autocompletion=completion.strategies,
            help="random, local, evolution, guided, successive_halving, hyperband, nsga2;"
            " rank_once, npenas, bananas (with a predictor, as in rank_once:xgboost); optuna:tpe;"
            " or MODULE:FUNCTION, a generator function of candidates and random numbers.",
        ),
    ] = "random",
    budget: Annotated[float, typer.Option(help="What each run may spend.")] = 50,
    unit: Annotated[
        str, typer.Option(help="What the budget counts: queries, epochs or seconds of training.")
    ] = "queries",
    seeds: Annotated[
        str,
        typer.Option(help="How many runs: seeds 0 to N-1; or their seeds, as in 1000-1019 or 3,7."),
    ] = "1",
    target: Annotated[
        str, typer.Option(help="The accuracy that a query returns.")
    ] = "valid_accuracy",
    trial: Annotated[
        str, typer.Option(help="A query returns the mean of the trials, or one of them: mean, one.")
    ] = "mean",
    equivalents: Annotated[
        str,
        typer.Option(help="Cells that compute the same function cost: each, or once."),
    ] = "each",
    features: Annotated[
        str | None,
        typer.Option(
            help="Feature sets in place of the strategy's own, joined by +.",
            autocompletion=completion.feature_sets,
        ),
    ] = None,
    objectives: Annotated[
        str,
        typer.Option(
            help="Columns that should be small as well, with commas between, such as parameters or"
            " pixel3_latency_seconds; no outcomes."
        ),
    ] = "",
    where: Annotated[
        str,
        typer.Option(
            "--where",
            metavar="SQL",
            help="Search only architectures that satisfy this condition on columns that are no"
            " outcomes.",
        ),
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=NUMBER", help="A setting of the strategy."),
    ] = None,
    confirm: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Pay for second trials of the K best before one is handed over, within the budget:"
            " guided with --trial one.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes that the runs are shared out among.")] = 1,
    engine: EngineOption = "local",
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Search a view, and count what the search would cost.

    A run ends before the query that its budget does not pay for. Every query is kept in
    results.search and results.search_step; a run that is there already is not run again.

    Objectives and conditions may name columns of the view, and of the view of devices on the same
    data set.

    Example: mbml search meta_nasbench201_cifar100_200epochs --strategy evolution --seeds 5

    mbml search meta_nasbench201_cifar10valid_200epochs --where "raspi4_latency_seconds < 0.02"

    In Python: mbml.searches.search.search(path, view)
    """
    from mbml.cli.seeds import listed_seeds
    from mbml.searches.clock import Budget
    from mbml.searches.search import search as run_search
    from mbml.searches.summary import summarise_search

    with steps("runs") as progress:
        report = run_search(
            warehouse,
            view,
            budget=Budget.of(budget, unit),
            strategy=strategy,
            settings=dict(_setting(one) for one in settings or ())
            | ({} if confirm is None else {"confirm": confirm}),
            features=features,
            seeds=int(seeds) if seeds.isdecimal() else listed_seeds(seeds),
            target=target,
            one_trial=_choice("--trial", trial, ("mean", "one")) == "one",
            equivalents_once=_choice("--equivalents", equivalents, ("each", "once")) == "once",
            objectives=tuple(name.strip() for name in objectives.split(",") if name.strip()),
            where=where,
            jobs=jobs,
            engine=engine,
            progress=progress,
            notify=notify,
        )
    if report.stored:
        notify(f"note: {report.stored} of {len(report.traces)} runs were in {warehouse} already")
    flat = summarise_search(report)
    if json:
        write_json(flat)
    else:
        _print(flat)


def _choice(option: str, given: str, known: tuple[str, ...]) -> str:
    from mbml.errors import unknown_name

    if given not in known:
        raise unknown_name(option, given, known)
    return given


def _setting(text: str) -> tuple[str, float]:
    from mbml.errors import UsageError

    name, _, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        raise UsageError(f"--set {text}: write NAME=NUMBER, as in population=20") from None
    return name, int(value) if value.is_integer() else value


def _print(flat: dict[str, Any]) -> None:
    import polars as pl

    from mbml.searches.summary import RULES, shown_rows

    if flat["surrogate"]:
        typer.echo("SURROGATE DATA: invented numbers, not measurements")
    runs = "one run of" if flat["seeds"] == 1 else f"{flat['seeds']} runs, each of"
    spread = "" if flat["seeds"] == 1 else ", mean ± population deviation over the runs"
    once = ", equivalent cells once" if flat["equivalents"] == "once" else ""
    write_text(
        f"{flat['strategy']} on {flat['view']}, {flat['candidates']:,} architectures"
        + (f" where {flat['where']};" if flat["where"] else ";")
        + f" target {flat['target']}"
        + (f" of {flat['target_view']}" if flat["target_view"] != flat["view"] else "")
        + (", one trial a query" if flat["trial"] == "one" else ""),
        f"{runs} {flat['budget']:g} {flat['unit']}{once}",
        "",
        f"Percent{spread}",
        *(f"{name}: {rule}" for name, rule in flat["rules"].items()),
        "",
    )
    rows = shown_rows(flat)
    table = pl.DataFrame(
        {
            "queries": [f"{row['queries']:.6g}" for row in rows],
        }
        | {
            name: pl.Series([_percent(row, name, flat["seeds"]) for row in rows], dtype=pl.String)
            for name in RULES
        }
    )
    write_frame(table, "table")
    if "hypervolume" in flat:
        typer.echo(
            f"\nhypervolume {flat['hypervolume']:.4f}"
            + (f" ± {flat['hypervolume_std']:.4f}" if flat["seeds"] > 1 else "")
            + ": the share"
            f" that the runs dominate of the box from the candidates' worst {flat['target']} and"
            f" {', '.join(flat['objectives'])} to their best"
        )


def _percent(row: dict[str, Any], name: str, runs: int) -> str | None:
    mean, spread = row[name], row[f"{name}_std"]
    if mean is None:
        return None
    # One run tells no deviation.
    return f"{100 * mean:.3f}" + (f" ± {100 * spread:.3f}" if runs > 1 else "")
