"""What `guided` hands over beside the raw choice and the oracle, at budgets from 20 to 150.

It reads the measurements in the folder named by MBML_DATA; about ten minutes on one core. Settings
were chosen with `--seeds 500-519`, which has tenths of its own.

    python benchmarks/handed_over.py [--seeds 0-19] [--tenths 30]
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path

import polars as pl
import real_tables

from mbml.cli.seeds import listed_seeds
from mbml.searches.clock import Budget
from mbml.searches.search import search
from mbml.searches.summary import summarise_search
from mbml.store import Warehouse, open_warehouse

#: The views, with the least that is to be handed over at 150 queries, in percent.
VIEWS = {
    "meta_nasbench201_cifar10_200epochs": 94.37,
    "meta_nasbench201_cifar100_200epochs": 73.45,
    "meta_nasbench201_imagenet16_120_200epochs": 46.5,
    # Those of its cells that have a validation accuracy.
    "meta_nasbench101_108epochs": 94.0,
    "meta_nasbench201_cifar100_hp12": None,
}
BUDGETS = range(20, 151, 10)
RULES = ("raw_test_accuracy", "chosen_test_accuracy", "oracle_test_accuracy")
#: Differences between cells that compute the same function are chance, in percent.
LUCK = """
    with cells as (
        select
            architecture.functional_id, 100 * test_accuracy as test,
            100 * valid_accuracy as valid
        from {view} inner join architecture using (arch_id)
    ),
    functions as (
        select
            count(*) as cells, avg(test) as mean, var_samp(test) as of_test,
            var_samp(valid) as of_valid, covar_samp(test, valid) as together
        from cells group by cells.functional_id
    )
    select
        count(*), sqrt(avg(of_test)), sqrt(avg(of_valid)),
        avg(together) / sqrt(avg(of_test) * avg(of_valid)), stddev_pop(mean)
    from functions
    where cells > 1 and mean >= (select quantile_cont(mean, 0.95) from functions)
"""
#: Two accuracies this close are the same.
TOLERANCE = 1e-9


def at_budgets(path: Path, view: str, seeds: list[int]) -> pl.DataFrame:
    """Search a view, and return the percents of each run at each budget."""
    found = search(path, view, strategy="guided", budget=Budget(150), seeds=seeds)
    return pl.DataFrame(
        [
            {"queries": queries, "seed": trace.seed}
            | {rule: 100 * getattr(trace.steps[queries - 1], rule) for rule in RULES}
            for trace in found.traces
            for queries in BUDGETS
        ]
    )


def report(view: str, runs: pl.DataFrame) -> None:
    """Print the means at each budget, and what is asked of them."""
    means = runs.group_by("queries", maintain_order=True).agg(pl.col(RULES).mean())
    for rule in RULES:
        values = " | ".join(f"{value:.2f}" for value in means[rule])
        print(f"| {view} | {rule.removesuffix('_test_accuracy')} | {values} |", flush=True)
    raw, chosen = means["raw_test_accuracy"], means["chosen_test_accuracy"]
    fall = max(a - b for a, b in itertools.combinations(chosen, 2))
    raw_fall = max(a - b for a, b in itertools.combinations(raw, 2))
    at50 = means.filter(queries=50)
    less = (at50["raw_test_accuracy"] - at50["chosen_test_accuracy"]).item()
    mark = "" if VIEWS[view] is None else f" (mark {VIEWS[view]})"
    print(
        f"  {view}: at 150 {chosen[-1]:.3f}{mark}, raw {raw[-1]:.3f}; below raw at 50 by {less:.3f}"
        f" (mark .10); largest fall {max(fall, 0):.3f} (mark .10), raw {max(raw_fall, 0):.3f}",
        flush=True,
    )


def tenths(path: Path, view: str, count: int, first: int) -> pl.DataFrame:
    """Search tenths of a view, each once, and return what came of each after 150 queries."""
    rows = []
    for number in range(count):
        shuffle, tenth = divmod(number, 10)
        where = f"hash(arch_key || '{first} {shuffle}') % 10 = {tenth}"
        how = {"strategy": "guided", "budget": Budget(150), "seeds": [first + number]}
        found = search(path, view, where=where, notify=lambda note: None, **how)
        rows.append(summarise_search(found)["runs"][0])
    return pl.DataFrame(rows)


def luck(warehouse: Warehouse, view: str) -> None:
    """Print how far cells of one function are apart, among the best twentieth of functions."""
    told = warehouse.rows(LUCK.format(view=view))[0]
    print(
        "  {}: {} of the best functions have several cells; standard deviation of test within one"
        " {:.2f}, of validation {:.2f}, their correlation {:.2f}; of test between the"
        " means {:.2f}".format(view, *told),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0-19")
    parser.add_argument("--tenths", type=int, default=30, help="of each view")
    given = parser.parse_args()
    seeds = listed_seeds(given.seeds)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.duckdb"
        real_tables.load(path, more=[real_tables.IMAGENET16_120])
        print("| view | rule |", " | ".join(map(str, BUDGETS)), "|")
        print("| --- | --- |", " | ".join("--:" for _ in BUDGETS), "|")
        for view in VIEWS:
            report(view, at_budgets(path, view, seeds))
        with open_warehouse(path) as warehouse:
            for view in VIEWS:
                if "cifar10_" not in view and "nasbench201" in view:
                    luck(warehouse, view)
        gains = []
        for view in [view for view, mark in VIEWS.items() if mark] * bool(given.tenths):
            found = tenths(path, view, given.tenths, seeds[0])
            gain = 100 * (found["chosen_test_accuracy"] - found["raw_test_accuracy"])
            gains.append(gain)
            tell(view, gain)
        if gains:
            tell("all", pl.concat(gains))


def tell(name: str, gain: pl.Series) -> None:
    """Print how often what is handed over is better or worse than the raw choice."""
    print(
        f"  tenths of {name}: {len(gain)}, wins {(gain > TOLERANCE).sum()}, losses"
        f" {(gain < -TOLERANCE).sum()}, mean gain {gain.mean():.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
