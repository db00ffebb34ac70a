"""`mbml ingest`: original files and tables into the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mbml.cli.diagnostics import progress, say
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_json
from mbml.errors import UsageError
from mbml.sources.registry import PLUGINS, open_sources


class _Sources(TyperGroup):
    """The commands of this file, and one for each source of a plug-in."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [
            *super().list_commands(ctx),
            *(name for name in PLUGINS.names() if name not in PLUGINS.own),
        ]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in PLUGINS.names():
            return super().get_command(ctx, cmd_name)
        return _plugin_command(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if Path(args[0]).exists() and self.get_command(ctx, args[0]) is None:
            known = ", ".join(self.list_commands(ctx))
            raise UsageError(f"{args[0]}: say what it is before its path: one of {known}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Sources,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Load original benchmark files, or tables.",
)

PathArgument = Annotated[Path, typer.Argument(help="The file or folder to load.", metavar="PATH")]
ReplaceOption = Annotated[
    bool,
    typer.Option("--replace", help="Put it in the place of what is held for the same trainings."),
]


def _add(group: typer.Typer, name: str, example: str, told: str) -> None:
    """Add the command that loads what a source of the registry reads."""
    python = f'mbml.store.ingest(warehouse, source) for each of open_sources("{name}", path)'

    @group.command(
        name, help=f"{told}\n\nExample: mbml ingest {name} {example}\n\nIn Python: {python}"
    )
    def load(
        path: PathArgument,
        warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
        replace: ReplaceOption = False,
        json: JsonOption = False,
    ) -> None:
        _load(name, path, warehouse, replace=replace, json=json)


_add(app, "nasbench101", "nasbench_full.tfrecord", "Load a NAS-Bench-101 record file.")
_add(
    app,
    "nasbench201",
    "NAS-Bench-201-v1_1-096897.pth",
    "Load a NAS-Bench-201 .pth file; nothing is unpickled.\n\n"
    "A folder of files of single cells does as well.",
)
_add(
    app,
    "natsbench",
    "NATS-tss-v1_0-3ffb9-simple",
    "Load a NATS-Bench folder or file; nothing is unpickled.\n\n"
    "It is of the topology or of the size space.",
)
_add(
    app,
    "table",
    "measurements.parquet",
    "Load a table: Parquet, CSV, or a folder of Hive Parquet.\n\n"
    "One row per architecture, dataset, schedule, trial and epoch. Columns: arch_str"
    " (NAS-Bench-201), or adjacency and operations (NAS-Bench-101); dataset, schedule_epochs,"
    " trial, epoch; and any of the measurements that `mbml describe measurement` lists. Trial 0 is"
    " one summary value.",
)


@app.command()
def proxies(
    path: PathArgument,
    dataset: Annotated[str, typer.Option(help="Data set whose images were used.")],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    replace: ReplaceOption = False,
    json: JsonOption = False,
) -> None:
    """Load a table of zero-cost proxies, Parquet or CSV.

    Proxies are kept for cells that the warehouse holds. One row a cell: arch_str
    (NAS-Bench-201), or adjacency and operations (NAS-Bench-101). Every other column is a proxy.

    Example: mbml ingest proxies zero_cost_proxies.parquet --dataset cifar10

    In Python: mbml.store.proxies.ingest_proxies(warehouse, read_proxies(path, dataset=name))
    """
    from dataclasses import asdict

    from mbml.sources.tables.proxies import read_proxies
    from mbml.store import open_warehouse
    from mbml.store.proxies import ingest_proxies

    read = read_proxies(path, dataset=dataset)
    with open_warehouse(warehouse, write=True) as opened:
        report = ingest_proxies(opened, read, replace=replace)
    if report.is_surrogate:
        say("note: a surrogate file; its numbers are invented, not measured")
    if report.unknown_cells:
        say(
            f"note: {report.unknown_cells:,} cells are not in the warehouse and were left out;"
            " load their measurements first, then the proxies again"
        )
    if json:
        write_json({"file_name": path.name, "dataset": dataset, **asdict(report)})
    elif report.already_loaded:
        typer.echo(f"{path.name} is loaded already (source {report.source_id}); nothing to do")
    else:
        typer.echo(
            f"{path.name}: {report.values:,} values of {report.proxies} proxies for"
            f" {report.cells:,} cells of {read.benchmark} into {warehouse}"
        )


def _plugin_command(name: str) -> Any:
    """Make the command of a plug-in's source, which is imported when it runs."""
    one = typer.Typer(rich_markup_mode=None, add_completion=False)
    _add(one, name, "PATH", f"Load a file or folder as {PLUGINS.package(name)} reads it.")
    return typer.main.get_command(one)


def _load(name: str, path: Path, warehouse: Path, *, replace: bool, json: bool) -> None:
    from mbml.sources.checksum import total_bytes
    from mbml.store import ingest, open_warehouse

    sources = open_sources(name, path)
    reports = []
    with open_warehouse(warehouse, write=True) as opened:
        for source in sources:
            with progress(f"reading {source.path.name}", total_bytes(source.files)) as update:
                report = ingest(opened, source, replace=replace, progress=update)
            reports.append(
                {
                    "source_id": report.source_id,
                    "benchmark": source.benchmark,
                    "file_name": source.path.name,
                    "release": report.release,
                    "is_surrogate": report.is_surrogate,
                    "already_loaded": report.already_loaded,
                    "records": report.records,
                    "new_architectures": report.architectures,
                    "runs": report.runs,
                    "epochs": report.epochs,
                }
            )
            if report.is_surrogate:
                say("note: a surrogate file; its numbers are invented, not measured")
    if json:
        write_json(reports)
        return
    for report_row in reports:
        typer.echo(_sentence(report_row, warehouse))


def _sentence(report: dict[str, object], warehouse: Path) -> str:
    if report["already_loaded"]:
        return (
            f"{report['file_name']} is loaded already (source {report['source_id']}); nothing to do"
        )
    release = f" ({report['release']})" if report["release"] else ""
    return (
        f"{report['file_name']}{release}: {report['records']:,} records,"
        f" {report['new_architectures']:,} new architectures, {report['runs']:,} runs,"
        f" {report['epochs']:,} epochs of {report['benchmark']} into {warehouse}"
    )
