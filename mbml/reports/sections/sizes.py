"""Predictors of sizes, such as the latency on a device: how well they rank, and their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mbml.metrics import over_seeds
from mbml.reports.content import Section, Table
from mbml.reports.sections.evaluated import surrogate

if TYPE_CHECKING:
    from mbml.reports.content import Better
    from mbml.reports.material import Material

_GROUP = ("protocol", "target", "meta-dataset", "N")
_ROW = (*_GROUP, "predictor", "features")
#: The scores, each with the direction that is better.
_SCORES: dict[str, Better] = {
    "spearman_rho": "higher",
    "kendall_tau": "higher",
    "r2": "higher",
    "mae": "lower",
}


def make(material: Material) -> list[Section]:
    """Return the section on sizes, if there are fits of any."""
    fits = material.size_fits
    if fits.is_empty():
        return []
    table = Table(
        name="size_scores",
        caption=(
            "Held-out scores of predicted sizes, mean ± population standard deviation over seeds,"
            " the best of each target, meta-dataset and N marked; mae is in the unit of the"
            " target."
        ),
        frame=fits.group_by(_ROW, maintain_order=True).agg(
            pl.len().alias("seeds"), *over_seeds(_SCORES)
        ),
        decimals={name: 4 for name in _SCORES if name != "mae"},
        best=_SCORES,
        within=_GROUP,
        spread={name: f"{name}_std" for name in _SCORES},
    )
    title = "Predictors: latency and other sizes"
    return [Section(name="sizes", title=title, blocks=(*surrogate(fits), table))]
