"""`mbml search`: architectures found by querying a view as if each query were a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli.diagnostics import say, steps
from mbml.cli.options import DEFAULT_WAREHOUSE, EngineOption, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json

if TYPE_CHECKING:
    from mbml.search.search import SearchReport
    from mbml.search.summary import Standing

ORACLE_RULE = (
    "the best test accuracy among the architectures trained to the view's epoch,"
    " which no search can know"
)
_SHOWN = {
    "oracle test": "best_test_accuracy",
    "chosen test": "chosen_test_accuracy",
    "chosen validation": "best_valid_accuracy",
}


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(search)


def search(
    view: Annotated[str, typer.Argument(help="A meta-dataset; `mbml views` lists them.")],
    strategy: Annotated[
        str,
        typer.Option(
            help="random, local, evolution, guided, successive_halving, hyperband, nsga2;"
            " rank_once, npenas, bananas (with a predictor, as in rank_once:xgboost); optuna:tpe;"
            " or MODULE:FUNCTION, a generator function of candidates and random numbers."
        ),
    ] = "random",
    budget: Annotated[float, typer.Option(help="What each run may spend.")] = 50,
    unit: Annotated[
        str, typer.Option(help="What the budget counts: queries, epochs or seconds of training.")
    ] = "queries",
    seeds: Annotated[int, typer.Option(help="How many runs: seeds 0 to N-1.")] = 1,
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
        str | None, typer.Option(help="Feature sets in place of the strategy's own, joined by +.")
    ] = None,
    objectives: Annotated[
        str,
        typer.Option(help="What should be small as well: parameters, flops, latency_seconds."),
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=NUMBER", help="A setting of the strategy."),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes that the runs are shared out among.")] = 1,
    engine: EngineOption = "local",
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Search a view, and count what the search would cost.

    A run ends before the query that its budget does not pay for. Every query is kept in
    results.search and results.search_step; a run that is there already is not run again.

    Example: mbml search meta_nasbench201_cifar100_200epochs --strategy evolution --seeds 5

    In Python: mbml.search.search.search(path, view, budget=Budget(50))
    """
    from mbml.search.clock import Budget
    from mbml.search.search import search as run_search

    with steps("runs") as progress:
        report = run_search(
            warehouse,
            view,
            budget=Budget.of(budget, unit),
            strategy=strategy,
            settings=dict(_setting(one) for one in settings or ()),
            features=features,
            seeds=seeds,
            target=target,
            one_trial=_choice("--trial", trial, ("mean", "one")) == "one",
            equivalents_once=_choice("--equivalents", equivalents, ("each", "once")) == "once",
            objectives=tuple(name for name in objectives.split(",") if name),
            jobs=jobs,
            engine=engine,
            progress=progress,
            say=say,
        )
    if report.problem.left_out_note:
        say(report.problem.left_out_note)
    if report.stored:
        say(f"note: {report.stored} of {seeds} runs were in {warehouse} already")
    flat = _flat(report)
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


def _flat(report: SearchReport) -> dict[str, Any]:
    """Return a search as one object: means over the seeds first, the seeds' own values last."""
    from mbml.search.summary import final, standings

    problem, runs = report.problem, [trace.steps for trace in report.traces]
    return {
        **_row(final(runs), "std"),
        "view": problem.dataset.name,
        "target": problem.target,
        "target_view": _target_view(report),
        "strategy": report.strategy.name,
        "settings": report.settings,
        "features": report.strategy.features.name if report.strategy.features else None,
        "objectives": list(problem.candidates.objectives),
        "budget": problem.budget.amount,
        "unit": problem.budget.unit.value,
        "seeds": len(runs),
        "trial": "one" if problem.one_trial else "mean",
        "equivalents": "once" if problem.equivalents_once else "each",
        "surrogate": problem.is_surrogate,
        "candidates": len(problem.candidates),
        "left_out": problem.left_out,
        "rules": {
            "best_test_accuracy": f"oracle: {ORACLE_RULE}",
            "chosen_test_accuracy": f"of the architecture with the best {problem.target} among"
            " them",
            "best_valid_accuracy": "of that architecture",
        },
        **_dominated(report),
        "milestones": [_row(one, "std") for one in standings(runs)],
        "runs": [
            {
                "seed": trace.seed,
                "queries": len(trace.steps),
                "oracle_test": trace.steps[-1].oracle_test,
                "chosen_test": trace.steps[-1].chosen_test,
                "chosen_valid": trace.steps[-1].chosen_valid,
                "chosen_arch_key": _key(report, trace.steps[-1].incumbent_arch_id),
                "spent_queries": trace.steps[-1].spent.queries,
                "spent_epochs": trace.steps[-1].spent.epochs,
                "spent_seconds": trace.steps[-1].spent.seconds,
                "search_seconds": trace.seconds,
            }
            for trace in report.traces
            if trace.steps
        ],
    }


def _dominated(report: SearchReport) -> dict[str, float]:
    """Return what the runs dominate, if there are objectives beside the target."""
    from statistics import fmean, pstdev

    from mbml.search.hypervolume import dominated_share

    if not report.problem.candidates.objectives:
        return {}
    shares = [dominated_share(report.problem, trace.steps) for trace in report.traces]
    return {"hypervolume": fmean(shares), "hypervolume_std": pstdev(shares)}


def _target_view(report: SearchReport) -> str:
    dataset = report.problem.dataset
    paired = dataset.target_view if report.problem.target == "valid_accuracy" else None
    return paired or dataset.name


def _key(report: SearchReport, arch_id: int | None) -> str | None:
    keys = report.problem.candidates.keys
    found = keys.filter(keys["arch_id"] == arch_id)["arch_key"]
    return found.item() if len(found) else None


def _row(standing: Standing, deviation: str) -> dict[str, float]:
    pairs = {
        "best_test_accuracy": standing.oracle_test,
        "chosen_test_accuracy": standing.chosen_test,
        "best_valid_accuracy": standing.chosen_valid,
    }
    row = {"queries": standing.queries}
    row |= {name: mean for name, (mean, _) in pairs.items()}
    return row | {f"{name}_{deviation}": spread for name, (_, spread) in pairs.items()}


def _print(flat: dict[str, Any]) -> None:
    import polars as pl

    if flat["surrogate"]:
        typer.echo("SURROGATE DATA: invented numbers, not measurements")
    runs = "one run of" if flat["seeds"] == 1 else f"{flat['seeds']} runs, each of"
    spread = "" if flat["seeds"] == 1 else ", mean ± population deviation over the runs"
    once = ", equivalent cells once" if flat["equivalents"] == "once" else ""
    typer.echo(
        f"{flat['strategy']} on {flat['view']}, {flat['candidates']:,} architectures;"
        f" target {flat['target']}"
        + (f" of {flat['target_view']}" if flat["target_view"] != flat["view"] else "")
        + (", one trial a query" if flat["trial"] == "one" else "")
        + f"\n{runs} {flat['budget']:g} {flat['unit']}{once}\n"
        f"\nPercent{spread}. oracle: {ORACLE_RULE};\n"
        f"chosen: the test accuracy of the one of them with the best {flat['target']}\n"
    )
    rows = [*flat["milestones"]]
    if not rows or rows[-1]["queries"] < flat["queries"]:
        rows.append(flat)
    table = pl.DataFrame(
        {
            "queries": [f"{row['queries']:.6g}" for row in rows],
        }
        | {
            heading: [_percent(row, name, flat["seeds"]) for row in rows]
            for heading, name in _SHOWN.items()
        }
    )
    write_frame(table, "table")
    if "hypervolume" in flat:
        typer.echo(
            f"\nhypervolume {flat['hypervolume']:.4f}"
            + (f" ± {flat['hypervolume_std']:.4f}" if flat["seeds"] > 1 else "")
            + ": the share"
            f" that the runs dominate of the box from the space's worst {flat['target']} and"
            f" {', '.join(flat['objectives'])} to its best"
        )


def _percent(row: dict[str, Any], name: str, runs: int) -> str:
    mean, spread = row[name], row[f"{name}_std"]
    if mean != mean:  # noqa: PLR0124
        return "-"
    # One run tells no deviation.
    return f"{100 * mean:.3f}" + (f" ± {100 * spread:.3f}" if runs > 1 else "")
