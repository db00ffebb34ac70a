"""One report of all that a warehouse holds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mbml.plugins import PluginError, Plugins
from mbml.reports import page
from mbml.reports.content import Paragraph
from mbml.reports.files import write_files
from mbml.reports.material import Material
from mbml.reports.sections import (
    best,
    differences,
    exploratory,
    loaded,
    ranking,
    refitted,
    regression,
    searches,
    times,
)
from mbml.whole_file import together

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    from mbml.reports.content import Section
    from mbml.store import Warehouse

    Maker: TypeAlias = Callable[[Material], list[Section]]

#: What a report has, in order: each makes the sections that the warehouse has data for. Those of
#: plug-ins come after them, by name.
MAKERS: tuple[Maker, ...] = (
    loaded.make,
    exploratory.make,
    best.make,
    regression.make,
    ranking.make,
    differences.make,
    times.make,
    refitted.make,
    searches.make,
)
PLUGINS: Plugins[Maker] = Plugins(
    group="mbml.report_sections",
    kind="report section",
    fits=callable,
    wanted="a function from Material to a list of Section",
)

PAGE = "report.html"
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

    Raises
    ------
    PluginError
        A section of a plug-in cannot be made.
    MbmlError
        The folder cannot be written to, or the disk is full; an earlier report stays as it was.
    """
    # A place that cannot be written is told before anything is computed.
    with together(folder) as unfinished:
        _write(warehouse, unfinished)
    return folder / PAGE


def _write(warehouse: Warehouse, folder: Path) -> None:
    added = [maker for name in PLUGINS.names() if (maker := PLUGINS.get(name))]
    material = Material(warehouse)
    sections = [section for make in (*MAKERS, *added) for section in make(material)]
    _check_names(sections)
    title = "Neural architecture search benchmarks: report"
    if material.contents.has_surrogates:
        title += " on SURROGATE data"
    subtitle = f"Warehouse {warehouse.path.name}"
    html = page.render(title, subtitle, sections, files_folder=FILES)
    write_files(folder / FILES, sections)
    (folder / PAGE).write_text(html, encoding="utf-8")


def _check_names(sections: list[Section]) -> None:
    """Refuse two anchors or files of one name, which mbml itself never makes."""
    blocks = [block for one in sections for block in one.blocks if not isinstance(block, Paragraph)]
    for what, named in (("sections", sections), ("tables or figures", blocks)):
        name, times = Counter(one.name for one in named).most_common(1)[0] if named else ("", 0)
        if times > 1:
            raise PluginError(
                f"{times} {what} of the report have the name {name!r}; rename that of the plug-in"
                f" ({', '.join(map(PLUGINS.package, PLUGINS.names()))})"
            )
