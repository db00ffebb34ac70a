"""One report of all that a warehouse holds."""

from __future__ import annotations

from collections import Counter
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mbml.plugins import PluginError, Plugins, WrongResultError, guard
from mbml.reports import page
from mbml.reports.charts import VEGA_LITE
from mbml.reports.content import Paragraph, Section, check_section
from mbml.reports.drawing import drawer, results, scripts
from mbml.reports.files import writing
from mbml.reports.material import Material
from mbml.store import opened
from mbml.text import printable
from mbml.whole_file import as_path, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

    Maker: TypeAlias = Callable[[Material], list[Section]]

#: What a report has, in order: modules whose `make` makes the sections that the warehouse has data
#: for, each imported when its turn comes. Those of plug-ins come after them, by name.
SECTIONS = (
    "loaded",
    "exploratory",
    "best",
    "regression",
    "ranking",
    "differences",
    "times",
    "sizes",
    "refitted",
    "searches",
)
SECTION_PLUGINS: Plugins[Maker] = Plugins(
    group="mbml.report_sections",
    kind="report section",
    fits=callable,
    wanted="a function from Material to a list of Section",
)

PAGE = "report.html"
FILES = "files"


def write_report(warehouse: WarehouseOrPath, folder: Path | str) -> Path:
    """Write the report of a warehouse.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    folder
        Where `report.html` is written, and beside it the folder `files` of tables and figures.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    PluginError
        Sections of plug-ins failed; the report is written, and names them in their place.
    MbmlError
        The folder cannot be written to, or the disk is full; an earlier report stays as it was.

    Examples
    --------
    >>> import mbml
    >>> mbml.report("warehouse/mbml.duckdb", "reports").name
    'report.html'
    """
    folder = as_path(folder)
    # A place that cannot be written is told before anything is computed.
    with opened(warehouse) as held, together(folder) as unfinished:
        failures = _write(held, unfinished)
    if failures:
        raise PluginError(
            f"{folder / PAGE} is written without the sections of {len(failures)} plug-ins, which"
            " failed",
            *failures,
        )
    return folder / PAGE


def _write(warehouse: Warehouse, folder: Path) -> list[str]:
    """Write page and files; return what kept sections of plug-ins from being made."""
    material = Material(warehouse)
    sections: list[Section] = []
    failures = []
    with drawer() as pool:
        made = results(pool, _tasks(material, sections, folder / FILES))
        bundle = next(made)
        for name in SECTION_PLUGINS.names():
            try:
                sections += _added(name, material, sections, folder)
            except PluginError as error:
                failures.append(str(error))
                sections.append(_failed(name, str(error)))
        title = "Neural architecture search benchmarks: report"
        if material.contents.has_surrogates:
            title += " on SURROGATE data"
        subtitle = f"Warehouse {printable(warehouse.path.name)}"
        html = page.render(title, subtitle, sections, files_folder=FILES, scripts=bundle)
        (folder / PAGE).write_text(html, encoding="utf-8")
        for _ in made:
            pass
    return failures


def _tasks(
    material: Material, sections: list[Section], folder: Path
) -> Iterator[Callable[[], str | None]]:
    """Make all sections and write their tables; yield what makes the page's scripts and figures."""
    yield partial(scripts, VEGA_LITE)

    def made() -> Iterator[Section]:
        for name in SECTIONS:
            for section in import_module(f"mbml.reports.sections.{name}").make(material):
                sections.append(section)
                yield section

    yield from writing(folder, made())


def _added(name: str, material: Material, before: list[Section], folder: Path) -> list[Section]:
    """Make the sections of a plug-in and write their files: all of them, or none.

    Raises
    ------
    PluginError
        It failed, or what it made cannot be shown.
    """
    make = SECTION_PLUGINS.get(name)
    with TemporaryDirectory(dir=folder) as draft, guard(SECTION_PLUGINS.owner(name), "failed"):
        made = [] if make is None else list(make(material))
        for section in made:
            check_section(section)
        _check_names([*before, *made])
        page.render("", "", made, files_folder=FILES, scripts="")
        # Drawn here: nothing is under way where one fails.
        for draw in writing(Path(draft), made):
            draw()
        for file in Path(draft).iterdir():
            file.replace(folder / FILES / file.name)
    return made


def _failed(name: str, reason: str) -> Section:
    """Return what stands in the place of a plug-in's sections."""
    text = f"This part of the report failed and is missing: {reason}"
    blocks = (Paragraph(text=text, loud=True),)
    return Section(name=f"failed-{SECTION_PLUGINS.names().index(name)}", title=name, blocks=blocks)


def _check_names(sections: list[Section]) -> None:
    """Refuse two anchors or files of one name, which mbml itself never makes."""
    blocks = [block for one in sections for block in one.blocks if not isinstance(block, Paragraph)]
    for what, named in (("section", sections), ("table or figure", blocks)):
        name, times = Counter(one.name for one in named).most_common(1)[0] if named else ("", 0)
        if times > 1:
            raise WrongResultError(f"another {what} of the report has the name {name!r}; rename it")
