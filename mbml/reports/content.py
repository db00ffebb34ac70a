"""What a report is made of: sections of paragraphs, tables and figures, computed before any HTML.

A block knows nothing of how it will be shown; `page` and `files` write it. The text of blocks is
printable, whoever wrote what stands in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from mbml.plugins import WrongResultError
from mbml.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
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

    def __post_init__(self) -> None:
        """Spell out what is not seen."""
        _spell_out(self, "text")


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

    def __post_init__(self) -> None:
        """Spell out what is not seen, in texts of the frame too."""
        _spell_out(self, "caption")
        texts = pl.col(pl.String, pl.Categorical, pl.Enum)
        shown = texts.cast(pl.String).map_elements(printable, pl.String)
        object.__setattr__(self, "frame", self.frame.with_columns(shown).rename(printable))


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
        Whether each choice of its menus that has rows has files too, not the first alone.
    """

    name: str
    caption: str
    alt: str
    chart: Any
    every_choice: bool = False

    def __post_init__(self) -> None:
        """Spell out what is not seen."""
        _spell_out(self, "caption", "alt")

    @cached_property
    def specification(self) -> dict[str, Any]:
        """The chart for Vega-Lite, with all its data, however many rows."""
        import altair as alt

        with alt.data_transformers.enable("default", max_rows=None):
            made: dict[str, Any] = _all_printable(self.chart.to_dict())
        return made

    def variants(self) -> dict[str, dict[str, Any]]:
        """Return what has files of its own: stems, and charts as Vega-Lite draws them."""
        made = {self.name: self.specification}
        if not self.every_choice:
            return made
        parameters = self.specification["params"]
        columns = [column for one in parameters for column in one["select"]["fields"]]
        held = {
            tuple(row.get(column) for column in columns)
            for rows in self.specification["datasets"].values()
            for row in rows
        }
        for chosen in product(*(one["bind"]["options"] for one in parameters)):
            # A chart without any row has no size, and cannot be drawn.
            if chosen not in held:
                continue
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

    def __post_init__(self) -> None:
        """Spell out what is not seen."""
        _spell_out(self, "caption", "alt", keep="\n")


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

    def __post_init__(self) -> None:
        """Spell out what is not seen."""
        _spell_out(self, "title")


def check_section(section: object) -> None:
    """Look at what code of others made.

    Raises
    ------
    WrongResultError
        It is no section, or a name could not be that of an anchor or a file.
    """
    if not isinstance(section, Section):
        raise WrongResultError(f"it made {type(section).__name__}, expected a Section")
    for block in section.blocks:
        if not isinstance(block, Block):
            raise WrongResultError(f"a block is {type(block).__name__}, expected a Block")
    for one in (section, *(block for block in section.blocks if not isinstance(block, Paragraph))):
        if not _NAME.fullmatch(one.name):
            raise WrongResultError(
                f"the name {quoted(one.name)} does not fit: use letters, digits, '_', '-' and '.'"
            )


def _spell_out(block: Block | Section, *names: str, keep: str = "") -> None:
    for name in names:
        object.__setattr__(block, name, printable(getattr(block, name), keep=keep))


def _all_printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): _all_printable(one) for key, one in value.items()}
    return [_all_printable(one) for one in value] if isinstance(value, list) else value
