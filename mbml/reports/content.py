"""What a report is made of: sections of paragraphs, tables and figures, computed before any HTML.

A block knows nothing of how it will be shown; `page` and `files` write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

Better = Literal["lower", "higher"]


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Plain text.

    Attributes
    ----------
    text
        Without markup.
    loud
        Whether no reader may miss it.
    """

    text: str
    loud: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table.

    Attributes
    ----------
    name
        Stem of its files, unique in the report.
    caption
        What the rows are, the units, and the rule behind the numbers.
    frame
        The numbers as they are.
    percent
        Columns of fractions that a person reads in percent, with two decimals.
    decimals
        Digits after the point, by column; other numbers show six significant digits.
    best
        Columns whose best value is marked, and which way is better.
    within
        Columns that part the rows into groups, each with a best of its own.
    spread
        Columns of means, each with that of its deviations: a person reads them as one, `1 ± 0.1`.
    """

    name: str
    caption: str
    frame: pl.DataFrame
    percent: tuple[str, ...] = ()
    decimals: Mapping[str, int] = field(default_factory=dict)
    best: Mapping[str, Better] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    spread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart that answers to the mouse.

    Attributes
    ----------
    name
        Stem of its files, unique in the report.
    caption
        What is drawn, the units, and the rule behind the numbers.
    alt
        What a reader who cannot see it should know, in a sentence or two.
    chart
        The Altair chart, without colours of its own for ink and page.
    every_choice
        Whether each choice of its menus has files too, not the first alone.
    """

    name: str
    caption: str
    alt: str
    chart: Any
    every_choice: bool = False

    @cached_property
    def specification(self) -> dict[str, Any]:
        """The chart for Vega-Lite, with all its data, however many rows."""
        import altair as alt

        with alt.data_transformers.enable("default", max_rows=None):
            made: dict[str, Any] = self.chart.to_dict()
        return made

    def variants(self) -> dict[str, dict[str, Any]]:
        """Return what has files of its own: stems, and charts as Vega-Lite draws them."""
        made = {self.name: self.specification}
        if not self.every_choice:
            return made
        parameters = self.specification["params"]
        for chosen in product(*(one["bind"]["options"] for one in parameters)):
            set_so = [one | {"value": value} for one, value in zip(parameters, chosen, strict=True)]
            words = re.findall(r"\w+", " ".join(chosen).lower())
            made["_".join([self.name, *words])] = self.specification | {"params": set_so}
        return made


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A drawing that is there already, as SVG text in `currentColor`.

    Attributes
    ----------
    name, caption, alt
        As those of a figure.
    svg
        One `svg` element of our own making: it goes into the page as it is.
    """

    name: str
    caption: str
    alt: str
    svg: str


Block = Paragraph | Table | Figure | Drawing


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled part of a report.

    Attributes
    ----------
    name
        Its anchor in the page.
    title
        Its heading.
    blocks
        What it shows, in order.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
