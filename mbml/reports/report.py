"""One report of all that a warehouse holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.reports import best, differences, exploratory, loaded, page, ranking, regression, times
from mbml.reports.files import write_files
from mbml.reports.material import Material
from mbml.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mbml.reports.content import Section
    from mbml.store import Warehouse

#: What a report has, in order: each makes the sections that the warehouse has data for.
MAKERS: tuple[Callable[[Material], list[Section]], ...] = (
    loaded.make,
    exploratory.make,
    best.make,
    regression.make,
    ranking.make,
    differences.make,
    times.make,
)

FILES = "files"


def write_report(warehouse: Warehouse, folder: Path) -> Path:
    """Write the report of a warehouse.

    Parameters
    ----------
    warehouse
        An open warehouse.
    folder
        Where `report.html` is written, and beside it the folder `files` of tables and figures.

    Returns
    -------
    Path
        The page.
    """
    material = Material(warehouse)
    sections = [section for make in MAKERS for section in make(material)]
    title = "Neural architecture search benchmarks: report"
    if material.contents.has_surrogates:
        title += " on SURROGATE data"
    subtitle = f"Warehouse {warehouse.path.name}"
    html = page.render(title, subtitle, sections, files_folder=FILES)
    write_files(folder / FILES, sections)
    path = folder / "report.html"
    write_whole(path, html.encode())
    return path
