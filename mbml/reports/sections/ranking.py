"""How well predictors order architectures: rank correlation, and what the first k would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mbml.reports.content import Table
from mbml.reports.material import measured, title_of_view
from mbml.reports.sections import evaluated

if TYPE_CHECKING:
    from mbml.reports.content import Block, Section
    from mbml.reports.material import Material

_CORRELATIONS = {"kendall_tau": 4, "spearman_rho": 4}
_AMONG = {f"precision_at_{k}": 2 for k in (10, 100)} | {f"regret_at_{k}": 2 for k in (1, 10, 100)}
KS = (1, 5, 10, 50, 100)
#: What is told of the first k, and by which rule.
_RULES = {
    "chosen_valid_accuracy": "best validation",
    "chosen_test_accuracy": "test, chosen by validation",
    "oracle_test_accuracy": "test, oracle",
}


def make(material: Material) -> list[Section]:
    """Return the section on ranking."""
    blocks: list[Block] = []
    if not material.fits.is_empty():
        blocks += evaluated.score_tables(
            material,
            "rank_correlation",
            "Rank correlation of predicted and true values, percent of the first k by prediction"
            " that are among the k best (precision), and how far the best of the first k stays"
            " below the best, in percent points (regret)",
            decimals=_CORRELATIONS | _AMONG,
            percent=tuple(_AMONG),
        )
        blocks += [*_top_k(material), _oracle(material)]
    title = "Predictors: ranking and top-k"
    return [evaluated.section("ranking", title, material, blocks)]


def _top_k(material: Material) -> list[Table]:
    made = []
    for number, (words, fits) in enumerate(evaluated.protocols(material.fits), start=1):
        parts = []
        for k in KS:
            scores = [f"top{k}_{rule}" for rule in _RULES]
            names = {f"top{k}_{rule}": text for rule, text in _RULES.items()}
            spreads = {f"{name}_std": f"{text} (std)" for name, text in names.items()}
            part = evaluated.means(fits, scores).rename(names | spreads)
            parts.append(part.insert_column(4, pl.lit(k).alias("k")).with_row_index("place"))
        frame = pl.concat(parts).sort("place", "k").drop("place")
        texts = tuple(_RULES.values())
        table = Table(
            name=f"top_k_{number}",
            caption=(
                "The first k held-out architectures by prediction, accuracies in percent: the best"
                " validation accuracy among them, the test accuracy of that architecture (chosen"
                " by validation), and the best test accuracy among them (an oracle: no search can"
                " know it). Mean ± population deviation over seeds; equal predictions in the"
                f" view's order. {words}."
            ),
            frame=frame,
            percent=texts,
            spread={text: f"{text} (std)" for text in texts},
            best=dict.fromkeys(texts, "higher"),
            within=("meta-dataset", "N", "k"),
        )
        made.append(table)
    return made


def _oracle(material: Material) -> Table:
    """Return what could be found at most in the views that have fits."""
    rows = []
    views = set(material.fits["view_name"])
    for one in material.datasets:
        if one.name not in views:
            continue
        columns = ["valid_accuracy", "test_accuracy"]
        frame = material.read(one, columns)
        known = measured(frame, columns)
        chosen = frame.drop_nulls("valid_accuracy").sort(
            "valid_accuracy", descending=True, maintain_order=True
        )
        rows.append(
            {
                "meta-dataset": title_of_view(one.name),
                _RULES["chosen_valid_accuracy"]: frame["valid_accuracy"].max(),
                _RULES["chosen_test_accuracy"]: chosen["test_accuracy"].first()
                if len(known) == 2
                else None,
                _RULES["oracle_test_accuracy"]: frame["test_accuracy"].max(),
            }
        )
    texts = tuple(_RULES.values())
    schema = {"meta-dataset": pl.String} | dict.fromkeys(texts, pl.Float64)
    return Table(
        name="top_k_limits",
        caption=(
            "What looking at every architecture would find, accuracies in percent: the limits of"
            " the tables above."
        ),
        frame=pl.DataFrame(rows, schema=schema),
        percent=texts,
    )
