"""`mbml ingest`: original files and tables into the warehouse."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mbml.cli import completion
from mbml.cli.diagnostics import notify, progress
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_json, write_text
from mbml.errors import OtherKindError
from mbml.sources.registry import SOURCE_PLUGINS, added_sources, open_sources, package_of
from mbml.sources.tables.columns import ColumnOptions, column_options, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Sources(TyperGroup):
    """The commands of this file, and one for each source of a plug-in."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *added_sources()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None and cmd_name not in SOURCE_PLUGINS.names():
            return own
        package = package_of(cmd_name)
        return _plugin_command(cmd_name, package) if package else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take a path in the place of a command: what it is, its content tells."""
        if self.get_command(ctx, args[0]) is None and _may_be_path(args[0]):
            return _BY_CONTENT, super().get_command(ctx, _BY_CONTENT), args
        return super().resolve_command(ctx, args)


#: The command that a path stands for.
_BY_CONTENT = "path"


def _may_be_path(text: str) -> bool:
    return Path(text).exists() or "/" in text or "." in text


app = typer.Typer(
    cls=_Sources,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Load original benchmark files, or tables.\n\n"
    "`mbml ingest PATH` tells by the content what a file or folder is. Archives and compressed"
    " files (gzip, bz2, xz, zstd, tar, zip) are read by every command.",
)

PathArgument = Annotated[Path, typer.Argument(help="The file or folder to load.", metavar="PATH")]
ReplaceOption = Annotated[
    bool,
    typer.Option("--replace", help="Put it in the place of what is held for the same trainings."),
]


def _add(group: typer.Typer, kind: str | None, example: str, summary: str) -> None:
    """Add the command that loads what a source of the registry reads, or tells by its content."""
    words = " ".join(filter(None, ("mbml ingest", kind, example)))
    python = f'mbml.ingest(warehouse, "{kind}", path)' if kind else "mbml.ingest(warehouse, path)"

    @group.command(
        kind or _BY_CONTENT,
        help=f"{summary}\n\nExample: {words}\n\nIn Python: {python}",
        hidden=kind is None,
    )
    def load(
        path: PathArgument,
        warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
        replace: ReplaceOption = False,
        json: JsonOption = False,
    ) -> None:
        _load(kind, path, warehouse, replace=replace, json=json)


_add(
    app,
    None,
    "NATS-tss-v1_0-3ffb9-simple.tar",
    "Load a file or folder; what it is, its content tells.\n\nNothing is unpickled.",
)
_add(
    app,
    "nasbench101",
    "nasbench_full.tfrecord",
    "Load a NAS-Bench-101 record file.\n\n"
    "NASLib's pickle nasbench_only108.pkl is recognised by its content and read too.",
)
_add(
    app,
    "nasbench201",
    "NAS-Bench-201-v1_1-096897.pth",
    "Load a NAS-Bench-201 .pth file; nothing is unpickled.\n\n"
    "A folder of files of single cells does as well. NASLib's pickles of full trainings are"
    " recognised by their content and read too.",
)
_add(
    app,
    "natsbench",
    "NATS-tss-v1_0-3ffb9-simple",
    "Load a NATS-Bench folder or file; nothing is unpickled.\n\n"
    "It is of the topology or of the size space.",
)
RenameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rename", metavar="THEIRS=OURS", help="A column of the file, and what mbml calls it."
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="COLUMN", help="The column that tells the cell, in any spelling."
    ),
]
ImagesOption = Annotated[
    str | None,
    typer.Option("--dataset", help="Data set of the images.", autocompletion=completion.datasets),
]
IgnoreOption = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="A column to leave out.")
]


@app.command()
def table(
    path: PathArgument,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    rename: RenameOption = None,
    percent: Annotated[
        list[str] | None,
        typer.Option("--percent", metavar="COLUMN", help="An accuracy in percent."),
    ] = None,
    scale: Annotated[
        list[str] | None,
        typer.Option(
            "--scale", metavar="COLUMN=FACTOR", help="What turns a column into mbml's unit."
        ),
    ] = None,
    key: KeyOption = None,
    constants: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=VALUE", help="A value that is the same in all rows."),
    ] = None,
    ignore: IgnoreOption = None,
    replace: ReplaceOption = False,
    json: JsonOption = False,
) -> None:
    """Load a table: Parquet, CSV, TSV, JSON, or a folder of Hive Parquet.

    One row per architecture, dataset, schedule, trial and epoch. Columns: a cell (arch_str,
    arch_index, module_hash, net, or adjacency and operations); dataset, schedule_epochs, trial,
    epoch; and any of the measurements that `mbml describe measurement` lists. Trial 0 is one
    summary value. Options that name a column may be repeated.

    Example: mbml ingest table measurements.parquet

    Example: mbml ingest table a.csv --rename acc=test_accuracy --percent acc --set dataset=cifar10

    In Python: mbml.ingest(warehouse, "table", path)
    """
    options = column_options(
        rename=pairs("rename", rename or [], last=True),
        percent=percent or [],
        scale=pairs("scale", scale or [], last=True),
        key=key,
        constants=pairs("constants", constants or []),
        ignore=ignore or [],
    )
    _load("table", path, warehouse, options, replace=replace, json=json)


@app.command()
def devices(
    path: PathArgument,
    dataset: ImagesOption = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    rename: RenameOption = None,
    key: KeyOption = None,
    ignore: IgnoreOption = None,
    replace: ReplaceOption = False,
    json: JsonOption = False,
) -> None:
    """Load latency and energy of cells on devices: HW-NAS-Bench, HELP, or a table.

    A table has a row a cell, and columns such as pixel3_latency (milliseconds) and edgegpu_energy
    (millijoules). Cells that the warehouse does not hold are left out.

    Example: mbml ingest devices hw_nas_bench.parquet

    In Python: mbml.ingest(warehouse, "devices", path)
    """
    options = column_options(
        rename=pairs("rename", rename or [], last=True), key=key, ignore=ignore or []
    )
    _load_beside("devices", path, warehouse, dataset, options, replace=replace, json=json)


@app.command()
def robustness(
    path: PathArgument,
    dataset: ImagesOption = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    rename: RenameOption = None,
    scale: Annotated[
        list[str] | None,
        typer.Option("--scale", metavar="COLUMN=FACTOR", help="0.01 for percent, 1 for fractions."),
    ] = None,
    key: KeyOption = None,
    ignore: IgnoreOption = None,
    replace: ReplaceOption = False,
    json: JsonOption = False,
) -> None:
    """Load accuracies of cells under attack, in percent: Parquet, CSV, JSON.

    A row a cell, and columns such as fgsm@Linf_eps-1.0: attack, norm and epsilon. If none of the
    accuracies is greater than 1, --scale must say what they are.

    Example: mbml ingest robustness robustness.csv --dataset cifar10

    In Python: mbml.ingest(warehouse, "robustness", path)
    """
    options = column_options(
        rename=pairs("rename", rename or [], last=True),
        scale=pairs("scale", scale or [], last=True),
        key=key,
        ignore=ignore or [],
    )
    _load_beside("robustness", path, warehouse, dataset, options, replace=replace, json=json)


def _load_beside(
    kind: str,
    path: Path,
    warehouse: Path,
    dataset: str | None,
    options: ColumnOptions | None,
    *,
    replace: bool,
    json: bool,
) -> None:
    from dataclasses import asdict

    from mbml.sources.tables.measurements import READERS
    from mbml.store import open_warehouse
    from mbml.store.measurements import ingest_measurements

    read = READERS[kind](path, dataset=dataset, options=options)
    for note in read.notes:
        notify(f"note: {path.name}: {note}")
    with _noting_new(warehouse), open_warehouse(warehouse, write=True) as opened:
        report = ingest_measurements(opened, read, replace=replace)
    _notify_of_cells(report.unknown_cells, is_surrogate=report.is_surrogate)
    if json:
        write_json({"file_name": path.name, "kind": kind, **asdict(report)})
    elif report.already_loaded:
        write_text(f"{path.name} is loaded already (source {report.source_id}); nothing to do")
    else:
        of = "device" if kind == "devices" else "attack"
        replaced = ""
        if report.replaced:
            replaced = f"; {report.replaced:,} were replaced"
        if report.values_removed:
            replaced += (
                f", and {report.values_removed:,} of their values are gone, as this file has none"
                " in their place"
            )
        write_text(
            f"{path.name}: {report.measurements:,} measurements ({of}s: {report.series},"
            f" cells of {read.benchmark}: {report.cells:,}) into {warehouse};"
            f" {report.held_before:,} were held already, {report.not_supported:,} not supported"
            f"{replaced}"
        )


def _notify_of_cells(unknown: int, *, is_surrogate: bool) -> None:
    if is_surrogate:
        notify("note: a surrogate file; its numbers are invented, not measured")
    if unknown:
        notify(
            f"note: {unknown:,} cells are not in the warehouse and were left out; load their"
            " trainings first, then this file again"
        )


@app.command()
def proxies(
    path: PathArgument,
    dataset: Annotated[
        str,
        typer.Option(help="Data set whose images were used.", autocompletion=completion.datasets),
    ],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    rename: RenameOption = None,
    key: KeyOption = None,
    ignore: IgnoreOption = None,
    replace: ReplaceOption = False,
    json: JsonOption = False,
) -> None:
    """Load a table of zero-cost proxies, or of other numbers of each cell: Parquet, CSV, JSON.

    Proxies are kept for cells that the warehouse holds. One row a cell: arch_str, net,
    arch_index, module_hash, or adjacency and operations. Every other column is a proxy.

    Example: mbml ingest proxies zero_cost_proxies.parquet --dataset cifar10

    In Python: mbml.ingest(warehouse, "proxies", path, dataset=name)
    """
    from dataclasses import asdict

    from mbml.sources.tables.proxies import read_proxies
    from mbml.store import open_warehouse
    from mbml.store.proxies import ingest_proxies

    options = column_options(
        rename=pairs("rename", rename or [], last=True), key=key, ignore=ignore or []
    )
    read = read_proxies(path, dataset=dataset, options=options)
    for note in read.notes:
        notify(f"note: {path.name}: {note}")
    with _noting_new(warehouse), open_warehouse(warehouse, write=True) as opened:
        report = ingest_proxies(opened, read, replace=replace)
    _notify_of_cells(report.unknown_cells, is_surrogate=report.is_surrogate)
    if report.removed:
        notify(f"note: {report.removed:,} values held before are removed: the file has NULL there")
    if report.kept:
        notify(
            f"note: {report.kept:,} values held before stay, although the file has NULL there;"
            " `replace=True` removes them"
        )
    if json:
        write_json({"file_name": path.name, "dataset": read.dataset, **asdict(report)})
    elif report.already_loaded:
        write_text(f"{path.name} is loaded already (source {report.source_id}); nothing to do")
    else:
        write_text(
            f"{path.name}: {report.values:,} values of {report.proxies} proxies for"
            f" {report.cells:,} cells of {read.benchmark} into {warehouse}"
        )


@app.command()
def results(
    path: Annotated[
        Path, typer.Argument(help="The folder that mbml export results wrote.", metavar="FOLDER")
    ],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Load fits and searches that `mbml export results` wrote, each at most once.

    A result that the warehouse holds already stays as it is, whoever computed it. The columns
    results.fit.origin and results.search.origin name the warehouse of each new one.

    Example: mbml ingest results travel/results

    In Python: mbml.ingest(warehouse, "results", folder)
    """
    from dataclasses import asdict

    from mbml.store.shared_results import ingest_results

    with _noting_new(warehouse):
        report = ingest_results(warehouse, path)
    if report.is_surrogate:
        notify("note: SURROGATE DATA: these are fits or searches of invented numbers")
    if report.left_out_searches:
        notify(
            f"note: {report.left_out_searches:,} searches were left out: the warehouse lacks"
            f" {report.unknown_cells:,} of their cells, such as {report.unknown_cell}; load their"
            " measurements first, then the results again"
        )
    if report.differing_fits or report.differing_searches:
        notify(
            f"note: {report.differing_fits:,} fits and {report.differing_searches:,} searches"
            " differ from those of this warehouse, which were kept"
        )
    if json:
        write_json({"folder": str(path), **asdict(report)})
        return
    by = f" of {'; '.join(report.origins)}" if report.origins else ""
    write_text(
        f"{path}: {report.fits:,} new fits and {report.searches:,} new searches{by} into"
        f" {warehouse}; {report.held_fits:,} fits and {report.held_searches:,} searches were held"
        " already"
    )


def _plugin_command(name: str, package: str) -> Any:
    """Make the command of a plug-in's source, which is imported when it runs."""
    one = typer.Typer(rich_markup_mode=None, add_completion=False)
    _add(one, name, "PATH", f"Load a file or folder as {package} reads it.")
    return typer.main.get_command(one)


def _load(
    kind: str | None,
    path: Path,
    warehouse: Path,
    options: ColumnOptions | None = None,
    *,
    replace: bool,
    json: bool,
) -> None:
    try:
        reports = load_source(kind, path, warehouse, options, replace=replace)
    except OtherKindError as other:
        if kind is not None:
            raise
        _load_beside(other.kind, path, warehouse, None, options, replace=replace, json=json)
        return
    if json:
        write_json(reports)
    else:
        write_reports(reports, warehouse)


def load_source(
    kind: str | None,
    path: Path,
    warehouse: Path,
    options: ColumnOptions | None = None,
    *,
    replace: bool = False,
) -> list[dict[str, object]]:
    """Load a file or folder, and report what came of each source in it."""
    import pyarrow as pa

    from mbml.sources.checksum import total_bytes
    from mbml.store import ingest, open_warehouse

    # The usual pool keeps a hundred megabytes that it does not use.
    pa.set_memory_pool(pa.system_memory_pool())
    size = path.stat().st_size if path.is_file() else 0
    with progress(f"unpacking {path.name}", size) as update:
        sources = open_sources(kind, path, options, unpacking=update)
    notes = (note for source in sources for note in getattr(source, "notes", ()))
    for note in dict.fromkeys(notes):
        notify(f"note: {path.name}: {note}")
    reports = []
    with _noting_new(warehouse), open_warehouse(warehouse, write=True) as opened:
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
                notify("note: a surrogate file; its numbers are invented, not measured")
    return reports


@contextmanager
def _noting_new(warehouse: Path) -> Iterator[None]:
    """Say on stderr, after a load, that there was no such warehouse before it."""
    is_new = not warehouse.exists()
    yield
    if is_new:
        notify(f"note: {warehouse} is a new warehouse")


def write_reports(reports: list[dict[str, object]], warehouse: Path) -> None:
    """Print what `load_source` reports, for people."""
    write_text(*(_sentence(one, warehouse) for one in reports))


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
