"""`mbml surrogate`: files in the original formats, of any size, with invented numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbml.cli.diagnostics import progress
from mbml.cli.options import JsonOption  # noqa: TC001
from mbml.cli.output import write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Write files of invented numbers in the original formats.",
)

PathArgument = Annotated[
    Path,
    typer.Argument(help="What to write; its name must contain `surrogate`.", metavar="PATH"),
]
ArchitecturesOption = Annotated[
    int | None, typer.Option("--architectures", help="How many; by default all of the space.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Take the place of what has the name already.")
]


@app.command()
def nasbench101(
    path: PathArgument,
    architectures: ArchitecturesOption = None,
    seed: SeedOption = 0,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Write a NAS-Bench-101 record file.

    Cells are drawn from all 423,624; a file of all takes 2.1 GB.

    Example: mbml surrogate nasbench101 surrogate.tfrecord --architectures 3000

    In Python: mbml.surrogate.nasbench101.write_nasbench101(path, draw_cells(3000))
    """
    from mbml.spaces.nasbench101.classes import CLASSES
    from mbml.surrogate.files import check_request
    from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

    count = CLASSES if architectures is None else architectures
    check_request(path, count, CLASSES, overwrite=overwrite)
    with progress(f"writing {path.name}", count) as update:
        cells = draw_cells(count, seed=seed)
        write_nasbench101(path, cells, seed=seed, overwrite=overwrite, progress=_of(update))
    _report(path, "nasbench101", count, seed, json=json)


@app.command()
def nasbench201(
    path: PathArgument,
    architectures: ArchitecturesOption = None,
    seed: SeedOption = 0,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Write a NAS-Bench-201 v1.1 file.

    It holds the first cells by official index; a file of all takes 5 GB.

    Example: mbml surrogate nasbench201 surrogate.pth --architectures 1000

    In Python: mbml.surrogate.nasbench201.write_nasbench201(path, cells=1000)
    """
    from mbml.spaces.nasbench201 import SIZE
    from mbml.surrogate.nasbench201 import write_nasbench201

    count = SIZE if architectures is None else architectures
    with progress(f"writing {path.name}", count) as update:
        write_nasbench201(path, cells=count, seed=seed, overwrite=overwrite, progress=_of(update))
    _report(path, "nasbench201", count, seed, json=json)


@app.command()
def natsbench(
    path: PathArgument,
    architectures: ArchitecturesOption = None,
    seed: SeedOption = 0,
    space: Annotated[str, typer.Option(help="topology or size.")] = "topology",
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Write a NATS-Bench folder.

    It holds the first architectures by official index, a file for each.

    Example: mbml surrogate natsbench surrogate-tss --architectures 200

    In Python: mbml.surrogate.natsbench.write_natsbench(folder, space="topology", cells=200)
    """
    from mbml.surrogate.natsbench import SIZES, write_natsbench

    count = SIZES.get(space, 0) if architectures is None else architectures
    with progress(f"writing {path.name}", count) as update:
        write_natsbench(
            path,
            space=space,
            cells=architectures,
            seed=seed,
            overwrite=overwrite,
            progress=_of(update),
        )
    _report(path, "natsbench", count, seed, json=json)


def _of(update: Callable[[int, int], None] | None) -> Callable[[int], None] | None:
    return None if update is None else lambda done: update(done, done)


def _report(path: Path, benchmark: str, architectures: int, seed: int, *, json: bool) -> None:
    files = [path] if path.is_file() else sorted(path.iterdir())
    size = sum(file.stat().st_size for file in files)
    if json:
        write_json(
            {
                "path": str(path),
                "benchmark": benchmark,
                "architectures": architectures,
                "bytes": size,
                "seed": seed,
                "is_surrogate": True,
            }
        )
        return
    write_text(
        f"{path}: {architectures:,} architectures, {size:,} bytes, every number invented;"
        f" mbml ingest {benchmark} {path}"
    )
