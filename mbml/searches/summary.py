"""What several runs of a search come to: means and deviations after so many queries."""

from __future__ import annotations

from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any

import polars as pl

from mbml.metrics import over_seeds
from mbml.searches.hypervolume import share_of_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mbml.searches.search import SearchReport

#: Costs in queries at which a search is looked at, as in publications.
MILESTONES = (10, 20, 50, 80, 100, 150, 300)

#: The accuracies of a run, each with its rule; TARGET stands for what the queries return, CHOICE
#: for what the strategy hands over.
RULES = {
    "oracle_test_accuracy": (
        "oracle: the best test accuracy among the architectures trained to the view's epoch,"
        " which no search can know"
    ),
    "raw_test_accuracy": "of the architecture with the best TARGET among them",
    "chosen_test_accuracy": "of the architecture that the search hands over: CHOICE",
    "chosen_valid_accuracy": "of that architecture",
}

#: Sums of shares of a query may end just above the whole.
_TOLERANCE = 1e-9


def shown_rows(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a table of a summary shows: its milestones, and its end unless it is one."""
    rows = list(summary["milestones"])
    if not rows or rows[-1]["queries"] < summary["queries"]:
        rows.append(summary)
    return rows


def reach(steps: pl.DataFrame) -> float:
    """Return the queries that every run spent, 0 if there is no run."""
    spent = steps.group_by("run").agg(pl.col("spent_queries").max())["spent_queries"]
    return float(spent.min() or 0.0)  # type: ignore[arg-type]


def standings(steps: pl.DataFrame, at: Iterable[float]) -> pl.DataFrame:
    """Return where runs stand after so many queries.

    Parameters
    ----------
    steps
        The queries of all runs in their order: `run`, `spent_queries`, and the names of `RULES`.
    at
        Numbers of queries, ascending; trainings to the view's epoch, shorter ones as their share.

    Returns
    -------
    polars.DataFrame
        A row for each of these: `queries`, `runs`, each accuracy as the mean over the runs, and
        `…_std`, the population deviation; fractions, null where a run has no such accuracy.
    """
    asked = pl.DataFrame({"queries": list(at)}, schema={"queries": pl.Float64})
    reached = (
        asked.with_columns(within=pl.col("queries") + _TOLERANCE)
        .join(steps.select(pl.col("run").unique(maintain_order=True)), how="cross")
        .join_asof(
            steps.sort("spent_queries", maintain_order=True),
            left_on="within",
            right_on="spent_queries",
            by="run",
            check_sortedness=False,
        )
    )
    return reached.group_by("queries", maintain_order=True).agg(
        pl.len().alias("runs"), *over_seeds(RULES, needs_all=True)
    )


def summarise_search(report: SearchReport) -> dict[str, Any]:
    """Return a search as one object: means over the seeds first, the seeds' own values last."""
    problem, steps = report.problem, _frame(report)
    most = float(steps["spent_queries"].max())  # type: ignore[arg-type]
    reached = [one for one in MILESTONES if one <= reach(steps) + _TOLERANCE]
    [end] = standings(steps, [most]).drop("runs").to_dicts()
    return {
        **end,
        "view": problem.dataset.name,
        "target": problem.target,
        "target_view": problem.dataset.view_of(problem.target),
        "strategy": report.strategy.name,
        "settings": report.settings,
        "features": report.strategy.features.name if report.strategy.features else None,
        "objectives": list(problem.candidates.objectives),
        "where": problem.where or None,
        "not_satisfied": problem.not_satisfied,
        "undecided": problem.undecided,
        "budget": problem.budget.amount,
        "unit": problem.budget.unit.value,
        "seeds": len(report.traces),
        "trial": "one" if problem.one_trial else "mean",
        "equivalents": "once" if problem.equivalents_once else "each",
        "surrogate": problem.is_surrogate,
        "candidates": len(problem.candidates),
        "left_out": problem.left_out,
        "rules": {
            name: rule.replace("CHOICE", report.strategy.choice).replace("TARGET", problem.target)
            for name, rule in RULES.items()
        },
        **_dominated(report),
        "milestones": standings(steps, reached).drop("runs").to_dicts(),
        "runs": _runs(report),
    }


def _frame(report: SearchReport) -> pl.DataFrame:
    kinds = {"run": pl.Int64, "spent_queries": pl.Float64} | dict.fromkeys(RULES, pl.Float64)
    rows = [
        (trace.seed, step.spent.queries, *(getattr(step, rule) for rule in RULES))
        for trace in report.traces
        for step in trace.steps
    ]
    return pl.DataFrame(rows, schema=kinds, orient="row").fill_nan(None)


def _runs(report: SearchReport) -> list[dict[str, Any]]:
    chosen = [trace.steps[-1].chosen_arch_id for trace in report.traces]
    keys = report.problem.candidates.keys.filter(pl.col("arch_id").is_in(chosen))
    named = dict(keys.select("arch_id", "arch_key").iter_rows())
    return [
        {
            "seed": trace.seed,
            "queries": len(trace.steps),
            **{rule: getattr(trace.steps[-1], rule) for rule in RULES},
            "chosen_arch_key": named.get(trace.steps[-1].chosen_arch_id),
            "spent_queries": trace.steps[-1].spent.queries,
            "spent_epochs": trace.steps[-1].spent.epochs,
            "spent_seconds": trace.steps[-1].spent.seconds,
            "search_seconds": trace.seconds,
        }
        for trace in report.traces
    ]


def _dominated(report: SearchReport) -> dict[str, float]:
    """Return what the runs dominate, if there are objectives beside the target."""
    if not report.problem.candidates.objectives:
        return {}
    shares = [share_of_run(report.problem, trace.steps) for trace in report.traces]
    return {"hypervolume": fmean(shares), "hypervolume_std": pstdev(shares)}
