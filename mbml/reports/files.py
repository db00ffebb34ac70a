"""A report's tables and figures as files, for papers and for other programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mbml.reports import tables
from mbml.reports.charts import theme
from mbml.reports.content import Drawing, Figure, Table
from mbml.reports.drawing import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mbml.reports.content import Section


def writing(folder: Path, sections: Iterable[Section]) -> Iterator[Callable[[], None]]:
    """Write each table as CSV, LaTeX and Markdown; yield what writes each figure as SVG, PDF, PNG.

    Parameters
    ----------
    folder
        Made if missing.
    sections
        Whose blocks to write; each is taken when the one before is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    look = theme(dark=False)
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Table):
                _write_table(folder, block)
            elif isinstance(block, Drawing):
                svg = block.svg.replace("currentColor", "#1b1f24")
                yield partial(draw, folder, block.name, svg, look)
            elif isinstance(block, Figure):
                for name, chart in block.variants().items():
                    yield partial(draw, folder, name, chart, look)


def _write_table(folder: Path, table: Table) -> None:
    table.frame.write_csv(folder / f"{table.name}.csv")
    (folder / f"{table.name}.tex").write_text(tables.to_latex(table), encoding="utf-8")
    (folder / f"{table.name}.md").write_text(tables.to_markdown(table), encoding="utf-8")
