"""The page: one HTML file that asks for nothing else, with its style, scripts and data inside."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from mbml.reports import tables
from mbml.reports.charts import theme
from mbml.reports.content import Drawing, Figure, Paragraph, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.reports.content import Block, Section


def render(
    title: str, subtitle: str, sections: Sequence[Section], *, files_folder: str, scripts: str
) -> str:
    """Return the whole page.

    Parameters
    ----------
    title, subtitle
        Heading, and the line below it.
    sections
        What it shows, in order.
    files_folder
        Folder of figures and tables, relative to the page.
    scripts
        What draws charts; it stands in the page if there are any.
    """
    figures = [
        block for section in sections for block in section.blocks if isinstance(block, Figure)
    ]
    charts = {figure.name: figure.specification for figure in figures}
    themes = {"light": theme(dark=False), "dark": theme(dark=True)}
    links = "\n".join(
        f'<li><a href="#{escape(one.name)}">{escape(one.title)}</a></li>' for one in sections
    )
    body = "\n".join(_section(one, files_folder) for one in sections)
    return Template(_resource("page.html")).substitute(
        title=escape(title),
        subtitle=escape(subtitle),
        style=_resource("page.css"),
        links=links,
        body=body,
        charts=_json(charts),
        themes=_json(themes),
        vega=scripts if figures else "",
        script=_resource("page.js") if figures else 'document.body.dataset.drawn = "nothing";',
    )


def _section(section: Section, folder: str) -> str:
    blocks = "\n".join(_block(one, folder) for one in section.blocks)
    name = escape(section.name)
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{escape(section.title)}</h2>\n'
        f"{blocks}\n</section>"
    )


def _block(block: Block, folder: str) -> str:
    if isinstance(block, Paragraph):
        loud = ' class="loud" role="note"' if block.loud else ""
        return f"<p{loud}>{escape(block.text)}</p>"
    if isinstance(block, Table):
        inner = _scrolling(tables.to_html(block), block.caption)
    elif isinstance(block, Drawing):
        svg = f'<div role="img" aria-label="{escape(block.alt)}">{block.svg}</div>'
        inner = _scrolling(svg, block.caption)
    else:
        chart = f'<div class="chart" id="chart-{escape(block.name)}"></div>'
        inner = f'<p class="alt">{escape(block.alt)}</p>' + _scrolling(chart, block.caption)
    endings = ("csv", "tex", "md") if isinstance(block, Table) else ("svg", "pdf", "png")
    stem = escape(f"{folder}/{block.name}")
    links = " ".join(
        f'<a href="{stem}.{ending}" aria-label="{ending.upper()} of {escape(block.name)}">'
        f"{ending.upper()}</a>"
        for ending in endings
    )
    return (
        f'<figure id="{escape(block.name)}">\n<figcaption>{escape(block.caption)}</figcaption>\n'
        f'{inner}\n<p class="files">{links}</p>\n</figure>'
    )


def _scrolling(inner: str, what: str) -> str:
    """Return a box that is scrolled by keyboard too."""
    label = escape(what)
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{label}">{inner}</div>'


def _json(value: object) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _resource(name: str) -> str:
    return (files("mbml.reports") / name).read_text(encoding="utf-8")
