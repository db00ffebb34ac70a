"""What sections on evaluations share: fits by protocol, and their means over seeds as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mbml.metrics import METRICS, over_seeds
from mbml.reports.content import Paragraph, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mbml.reports.content import Block
    from mbml.reports.material import Material

#: What a row of a table over seeds is.
ROW = ("meta-dataset", "N", "predictor", "features")
COMMAND = "mbml evaluate VIEW --preset published"
_BETTER = {one.name: one.direction for one in METRICS}


def section(name: str, title: str, material: Material, blocks: Sequence[Block]) -> Section:
    """Return a section on fits; without any, it says which command makes them."""
    if material.fits.is_empty():
        nothing = Paragraph(text=f"No fit is stored yet: {COMMAND} makes some.")
        return Section(name=name, title=title, blocks=(nothing,))
    return Section(name=name, title=title, blocks=(*surrogate(material.fits), *blocks))


def surrogate(results: pl.DataFrame) -> list[Paragraph]:
    """Return the warning that results are of invented numbers, where any is."""
    return [surrogate_warning()] if results["is_surrogate"].any() else []


def surrogate_warning() -> Paragraph:
    """Return the warning that no reader may miss."""
    text = "SURROGATE DATA: some of these results are of invented numbers, not measurements."
    return Paragraph(text=text, loud=True)


def protocols(fits: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Give, for each way to tune, split and score, what it is and its fits."""
    for part in fits.partition_by("protocol", maintain_order=True):
        yield part["protocol"][0], part


def means(fits: pl.DataFrame, scores: Sequence[str]) -> pl.DataFrame:
    """Average scores over the seeds of each row, missing ones left out.

    Returns
    -------
    polars.DataFrame
        The columns of `ROW`, `seeds`, and of each score the mean and, as `SCORE_std`, the
        population deviation.
    """
    grouped = fits.group_by(ROW, maintain_order=True)
    return grouped.agg(pl.len().alias("seeds"), *over_seeds(scores))


def score_tables(
    material: Material,
    name: str,
    what: str,
    *,
    decimals: Mapping[str, int],
    percent: tuple[str, ...] = (),
) -> list[Table]:
    """Return a table of means over seeds for each protocol, the best of each score marked.

    Parameters
    ----------
    material
        With fits.
    name
        Stem of the tables' names.
    what
        What the scores are, and their unit.
    decimals
        The scores, each with its digits.
    percent
        Those of them that are shown in percent.
    """
    made = []
    for number, (words, fits) in enumerate(protocols(material.fits), start=1):
        frame, alike = means(fits, list(decimals)), ""
        if frame["features"].n_unique() == 1:
            frame, alike = frame.drop("features"), f", features {frame['features'][0]}"
        table = Table(
            name=f"{name}_{number}",
            caption=(
                f"{what}; mean ± population deviation over seeds of held-out scores, the best of"
                f" each meta-dataset and N marked. {words}{alike}."
            ),
            frame=frame,
            decimals=decimals,
            percent=percent,
            spread={one: f"{one}_std" for one in decimals},
            best={one: _BETTER[one] for one in decimals if one in _BETTER},
            within=("meta-dataset", "N"),
        )
        made.append(table)
    return made
