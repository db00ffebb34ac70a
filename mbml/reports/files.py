"""A report's tables and figures as files, for papers and for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.reports import tables
from mbml.reports.charts import theme
from mbml.reports.content import Drawing, Figure, Table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mbml.reports.content import Section


def write_files(folder: Path, sections: Iterable[Section]) -> None:
    """Write each table as CSV, LaTeX and Markdown, each figure as SVG, PDF and PNG.

    Parameters
    ----------
    folder
        Made if missing.
    sections
        Whose blocks to write.
    """
    import vl_convert

    folder.mkdir(parents=True, exist_ok=True)
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Table):
                _write_table(folder, block)
            elif isinstance(block, Drawing):
                _write_drawing(folder, block.name, block.svg.replace("currentColor", "#1b1f24"))
            elif isinstance(block, Figure):
                for name, chart in block.variants().items():
                    svg = vl_convert.vegalite_to_svg(chart, config=theme(dark=False))
                    _write_drawing(folder, name, svg)


def _write_table(folder: Path, table: Table) -> None:
    table.frame.write_csv(folder / f"{table.name}.csv")
    (folder / f"{table.name}.tex").write_text(tables.to_latex(table), encoding="utf-8")
    (folder / f"{table.name}.md").write_text(tables.to_markdown(table), encoding="utf-8")


def _write_drawing(folder: Path, name: str, svg: str) -> None:
    import vl_convert

    (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    (folder / f"{name}.pdf").write_bytes(vl_convert.svg_to_pdf(svg))
    (folder / f"{name}.png").write_bytes(vl_convert.svg_to_png(svg, scale=2))
