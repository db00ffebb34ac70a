"""`mbml upgrade`: a warehouse of an earlier schema version, brought forward with all it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mbml.cli.diagnostics import notify
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mbml.store.upgrade import UpgradeReport


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(upgrade)


def upgrade(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    check: Annotated[
        bool, typer.Option("--check", help="Try it on a copy, report, and change nothing.")
    ] = False,
    no_backup: Annotated[
        bool, typer.Option("--no-backup", help="Do not keep the original beside the new file.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Upgrade a warehouse that an earlier mbml made, and keep all of it.

    A copy is upgraded and takes the place of the original when all checks have passed. The
    original stays beside it, as in mbml.schema5.duckdb.

    Example: mbml upgrade --check

    In Python: mbml.store.upgrade.upgrade(warehouse)
    """
    from mbml.store.upgrade import upgrade as run

    report = run(warehouse, check=check, no_backup=no_backup)
    for view, reason in report.unreadable_views:
        notify(
            f"note: view {view} is kept, but cannot be read after the upgrade ({reason});"
            " change it with DuckDB"
        )
    if json:
        write_json(
            {
                "warehouse": str(report.path),
                "old_version": report.old_version,
                "new_version": report.new_version,
                "steps": list(report.steps),
                "unreadable_views": dict(report.unreadable_views),
                "backup": None if report.backup is None else str(report.backup),
                "changed": bool(report.steps) and not check,
            }
        )
    else:
        write_text(*_lines(report, check=check))


def _lines(report: UpgradeReport, *, check: bool) -> Iterator[str]:
    if not report.steps:
        yield f"{report.path}: schema version {report.new_version}, nothing to upgrade"
        return
    versions = f"from schema version {report.old_version} to {report.new_version}"
    can = "can be upgraded" if check else "upgraded"
    yield f"{report.path}: {can} {versions}, all checks passed"
    yield from (f"- {step}" for step in report.steps)
    if check:
        yield "Nothing was changed"
    elif report.backup is not None:
        yield f"The original is {report.backup}"
