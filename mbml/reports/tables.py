"""Tables of a report as HTML, LaTeX and Markdown: the same text in each, the best marked."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import polars as pl

from mbml.text import markdown_head, markdown_row, printable

if TYPE_CHECKING:
    from great_tables import GT

    from mbml.reports.content import Table

MISSING = "-"
BEST = " *"


def to_html(table: Table) -> str:
    """Return a table element, without style: the page's own style sheet dresses it."""
    html: str = _made(table).as_raw_html()
    return html[html.index("<table") : html.index("</table>")] + "</table>"


def to_latex(table: Table) -> str:
    """Return a LaTeX table, for the packages booktabs and amsmath."""
    with warnings.catch_warnings():
        # Alignment and text are all we ask for, and both are there.
        warnings.filterwarnings("ignore", message="Styles are not yet supported", append=False)
        latex: str = _made(table).as_latex()
    return latex


def to_markdown(table: Table) -> str:
    """Return a table in GitHub's Markdown."""
    shown = displayed(table)
    numbers = _numbers(table)
    head = markdown_head(shown.columns, (name in numbers for name in shown.columns))
    return head + "".join(map(markdown_row, shown.rows()))


def displayed(table: Table) -> pl.DataFrame:
    """Return the table's text as a person reads it, the best of each column marked."""
    deviations = set(table.spread.values())
    names = [name for name in table.frame.columns if name not in deviations]
    return pl.DataFrame(
        {name: _column(table, name) for name in names}, schema=dict.fromkeys(names, pl.String)
    )


def _column(table: Table, name: str) -> list[str]:
    decimals, scale = table.decimals.get(name), 1
    if name in table.percent:
        decimals, scale = 2, 100
    texts = [_text(value, decimals, scale) for value in table.frame[name]]
    if name in table.spread:
        spreads = [_text(value, decimals, scale) for value in table.frame[table.spread[name]]]
        texts = [
            text if text == MISSING else f"{text} ± {spread}"
            for text, spread in zip(texts, spreads, strict=True)
        ]
    if name not in table.best:
        return texts
    marks = _is_best(table, name)
    return [text + BEST if mark else text for text, mark in zip(texts, marks, strict=True)]


def _is_best(table: Table, name: str) -> pl.Series:
    values = pl.col(name).fill_nan(None)
    best = values.max() if table.best[name] == "higher" else values.min()
    if table.within:
        best = best.over(table.within)
    return table.frame.select((values == best).fill_null(value=False)).to_series()


def _text(value: object, decimals: int | None, scale: int) -> str:
    if value is None or value != value:  # noqa: PLR0124
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        value *= scale
        return f"{value:.6g}" if decimals is None else f"{value:,.{decimals}f}"
    return printable(str(value))


def _made(table: Table) -> GT:
    import great_tables as gt

    shown, numbers = displayed(table), _numbers(table)
    made = gt.GT(shown, id=f"table-{table.name}")
    others = [name for name in shown.columns if name not in numbers]
    aligned: GT = made.cols_align("right", numbers).cols_align("left", others)
    return aligned


def _numbers(table: Table) -> list[str]:
    """Return the columns that hold numbers, as shown."""
    deviations = set(table.spread.values())
    kinds = table.frame.schema.items()
    return [name for name, kind in kinds if kind.is_numeric() and name not in deviations]
