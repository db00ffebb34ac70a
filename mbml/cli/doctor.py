"""`mbml doctor`: what is installed, found and writable, and what to do where something is not."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from mbml._version import __version__
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json
from mbml.errors import MbmlError, OutdatedError
from mbml.plugins import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer

    from mbml.plugins import Plugins

#: Free space for the largest load: the warehouse of NAS-Bench-201 v1.1 and what DuckDB spills.
_ROOM = 4 * 10**9


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at: `ok`, `note` (works, but should be known) or `FAILED`."""

    subject: str
    result: str
    found: str
    next_step: str = ""


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(doctor)


def doctor(warehouse: WarehouseOption = DEFAULT_WAREHOUSE, json: JsonOption = False) -> None:
    """Look at what mbml needs, and tell what to do.

    It looks at packages, SQL files, the warehouse and a place to write. What fails gives exit
    code 1, and each line says what to do.

    Example: mbml doctor

    In Python: mbml.cli.doctor.examine(warehouse)
    """
    findings = examine(warehouse)
    if json:
        write_json([asdict(one) for one in findings])
    else:
        import polars as pl

        write_frame(pl.DataFrame([asdict(one) for one in findings]), "table")
    failed = [one for one in findings if one.result == "FAILED"]
    if failed:
        raise MbmlError(f"{len(failed)} of {len(findings)} failed, the first: {failed[0].subject}")


def examine(warehouse: Path) -> list[Finding]:
    """Look at everything that mbml needs, in the order in which it is needed."""
    return [
        Finding(
            subject="mbml",
            result="ok",
            found=f"{__version__}, Python {platform.python_version()}, {platform.platform()}",
        ),
        *_packages(),
        _sql_files(),
        *_plugins(),
        _warehouse(warehouse),
        *_place(warehouse),
    ]


def _packages() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    for text in requires("mbml") or ():
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        again = f'pip install "{wanted.name}{wanted.specifier}"'
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            yield Finding(
                subject=wanted.name, result="FAILED", found="not installed", next_step=again
            )
            continue
        fits = wanted.specifier.contains(found, prereleases=True)
        yield Finding(
            subject=wanted.name,
            result="ok" if fits else "FAILED",
            found=found if fits else f"{found}, wanted {wanted.specifier}",
            next_step="" if fits else again,
        )


def _sql_files() -> Finding:
    from mbml.store.schema import own_views

    count = len(own_views())
    return Finding(
        subject="SQL files",
        result="ok" if count else "FAILED",
        found=f"{count} views",
        next_step="" if count else "install mbml again",
    )


def _plugins() -> Iterator[Finding]:
    """Import every plug-in that is installed."""
    from mbml.benchmarks import BENCHMARK_PLUGINS
    from mbml.features.registry import FEATURE_PLUGINS
    from mbml.predictors.registry import PREDICTOR_PLUGINS
    from mbml.reports.report import SECTION_PLUGINS
    from mbml.searches.strategies.registry import STRATEGY_PLUGINS
    from mbml.sources.registry import SOURCE_PLUGINS

    groups: tuple[Plugins[Any], ...] = (
        PREDICTOR_PLUGINS,
        FEATURE_PLUGINS,
        STRATEGY_PLUGINS,
        SOURCE_PLUGINS,
        SECTION_PLUGINS,
        BENCHMARK_PLUGINS,
    )
    for plugins in groups:
        for name in plugins.names():
            subject = f"{plugins.kind} {name}"
            try:
                plugins.get(name)
            except PluginError as error:
                yield Finding(subject=subject, result="FAILED", found=str(error))
            else:
                yield Finding(subject=subject, result="ok", found=plugins.package(name))


def _warehouse(path: Path) -> Finding:
    from mbml.store import open_warehouse
    from mbml.store.contents import contents

    subject = "warehouse"
    if not path.exists():
        step = "mbml ingest nasbench101|nasbench201|natsbench|table PATH, or mbml demo"
        return Finding(subject=subject, result="note", found=f"{path}: none yet", next_step=step)
    try:
        with open_warehouse(path) as opened:
            held = contents(opened)
    except MbmlError as error:
        another = "choose another with --warehouse or MBML_WAREHOUSE"
        upgrade = f"mbml upgrade --warehouse {quote(str(path))}"
        step = upgrade if isinstance(error, OutdatedError) else another
        return Finding(subject=subject, result="FAILED", found=str(error), next_step=step)
    surrogate = ", SURROGATE DATA among them" if held.has_surrogate_sources else ""
    if held.has_surrogate_results:
        surrogate += ", fits or searches of SURROGATE DATA"
    return Finding(
        subject=subject,
        result="ok",
        found=f"{path}: schema version {held.schema_version}, {len(held.source_rows)} sources"
        f"{surrogate}",
    )


def _place(warehouse: Path) -> Iterator[Finding]:
    """Look at the folder that is or will be written to: the nearest one that is there."""
    folder = next(one for one in warehouse.absolute().parents if one.is_dir())
    writable = os.access(folder, os.W_OK)
    yield Finding(
        subject="folder",
        result="ok" if writable else "FAILED",
        found=f"{folder}: {'' if writable else 'not '}writable",
        next_step="" if writable else "choose another with --warehouse",
    )
    free = shutil.disk_usage(folder).free
    roomy = free >= _ROOM
    yield Finding(
        subject="free space",
        result="ok" if roomy else "note",
        found=f"{free / 1e9:.1f} GB",
        next_step="" if roomy else f"the largest published file needs {_ROOM / 1e9:.0f} GB",
    )
    yield Finding(subject="cores", result="ok", found=str(os.cpu_count()))
