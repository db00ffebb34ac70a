"""`mbml cell`, `neighbours`, `sample`: search spaces, with or without a warehouse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli.diagnostics import say
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from mbml.spaces.space import Architecture, Space

ArchArgument = Annotated[
    str,
    typer.Argument(
        metavar="ARCH",
        help="NAS-Bench-101: ROW-MAJOR-BITS:OPERATIONS, or a module hash that the warehouse knows;"
        " NAS-Bench-201: |op~0|+|op~0|op~1|+|op~0|op~1|op~2|; size space: c1:c2:c3:c4:c5.",
    ),
]
#: A module hash, or a piece of one that is no row of bits.
_MODULE_HASH = re.compile(r"[0-9a-f]{32}|(?=.*[2-9a-f])[0-9a-f]{6,}")
_HASH_DIGITS = 32
_FEW = 5


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (cell, neighbours, sample):
        app.command()(command)


def cell(
    arch: ArchArgument,
    features: Annotated[
        str, typer.Option(help="Feature sets to compute, joined by +, such as topology.")
    ] = "",
    svg: Annotated[
        Path | None, typer.Option(help="Write a drawing to this file.", metavar="FILE")
    ] = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """Show what is known of a cell: drawing, ids, size, results.

    Parameters and FLOPs are those of the network for CIFAR-10. No warehouse is needed; where there
    is one, the cell's measured results are shown.

    Example: mbml cell "8:16:24:32:64"

    In Python: mbml.spaces.registry.recognise(text)
    """
    from mbml.spaces.drawing import as_svg, as_text, sketch
    from mbml.whole_file import write_whole

    space, found = _recognise(arch, warehouse)
    told = _facts(space, found)
    if features:
        from mbml.features.registry import feature_set

        row = feature_set(features).of_cells(space.name, [found.format()])
        told["features"] = row.row(0, named=True)
    measured, surrogate = _measured(space, found, warehouse)
    told["in_warehouse"] = None if measured is None else not measured.is_empty()
    told["surrogate"] = surrogate
    told["measured"] = [] if measured is None else measured.to_dicts()
    if svg is not None:
        write_whole(svg, as_svg(sketch(found), found.format()).encode())
        say(f"drawing written to {svg}")
    if json:
        write_json(told)
        return
    typer.echo(as_text(sketch(found)) + "\n")
    _print(told, measured, warehouse)


def neighbours(
    arch: ArchArgument,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    json: JsonOption = False,
) -> None:
    """List the cells that are one step away from a cell.

    A step changes one edge, operation or width.

    Example: mbml neighbours "8:16:24:32:64"

    In Python: space, cell = mbml.spaces.registry.recognise(text); space.neighbours(cell)
    """
    space, found = _recognise(arch, warehouse)
    write_frame(_listed(space.neighbours(found)), "json" if json else "table")


def sample(
    space: Annotated[str, typer.Argument(help="nasbench101, nasbench201 or natsbench_sss.")],
    number: Annotated[int, typer.Option("--number", "-n", help="How many.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed draws the same cells.")] = 0,
    over: Annotated[
        str,
        typer.Option(help="What is equally likely: cells, graph_ids or functional_ids."),
    ] = "cells",
    json: JsonOption = False,
) -> None:
    """Draw different cells of a search space at random.

    Example: mbml sample nasbench201 -n 3 --seed 1

    In Python: mbml.spaces.registry.space(name).draw(number, seed=seed)
    """
    from mbml.errors import UsageError, unknown_name
    from mbml.spaces.registry import space as space_by_name
    from mbml.spaces.space import LEVELS

    known = space_by_name(space)
    levels = {name: name for name in LEVELS}
    if over not in levels:
        raise unknown_name("level", over, levels)
    if seed < 0:
        raise UsageError(f"--seed {seed}: a seed is 0 or more")
    write_frame(
        _listed(known.draw(number, seed=seed, over=levels[over])), "json" if json else "table"
    )


def _listed(cells: Iterable[Architecture]) -> pl.DataFrame:
    import polars as pl

    rows = [(one.format(), one.graph_id, one.parameters, one.flops) for one in cells]
    columns = {"arch": pl.String, "graph_id": pl.String, "parameters": pl.Int64, "flops": pl.Int64}
    return pl.DataFrame(rows, schema=columns, orient="row")


def _recognise(text: str, warehouse: Path) -> tuple[Space[Any], Architecture]:
    """Read a cell as a user writes it; a module hash is looked up in the warehouse."""
    from mbml.spaces.registry import recognise

    if not _MODULE_HASH.fullmatch(text):
        return recognise(text)
    from mbml.errors import UsageError

    if len(text) != _HASH_DIGITS:
        raise UsageError(
            f"{text} is {len(text)} hexadecimal digits; a module hash has {_HASH_DIGITS}"
        )
    from mbml.frames import read_cell_text
    from mbml.store import open_warehouse

    with open_warehouse(warehouse) as opened:
        written = read_cell_text(opened, "nasbench101", text)
    if written is None:
        raise UsageError(
            f"{warehouse} knows no cell with module hash {text};"
            " write the cell as ROW-MAJOR-BITS:OPERATIONS"
        )
    return recognise(written)


def _facts(space: Space[Any], found: Architecture) -> dict[str, Any]:
    from mbml.spaces.equivalents import equivalents

    text = found.format()
    return {
        "arch_key": space.key(found),
        "arch": text,
        "space": space.name,
        "in_space": True,
        "graph_id": found.graph_id,
        "functional_id": found.functional_id,
        "nodes": found.nodes,
        "edges": found.edges,
        "parameters": found.parameters,
        "flops": found.flops,
        "pruned": found.pruned().format(),
        "equivalents": equivalents(found),
    }


def _measured(
    space: Space[Any], found: Architecture, warehouse: Path
) -> tuple[pl.DataFrame | None, bool]:
    """Return the cell's results, None without a warehouse; and whether they may be invented."""
    from mbml.errors import WarehouseError
    from mbml.frames import is_surrogate, read_results
    from mbml.store import open_warehouse

    if not warehouse.exists():
        return None, False
    try:
        with open_warehouse(warehouse) as opened:
            return read_results(opened, space.name, space.key(found)), is_surrogate(
                opened, space.name
            )
    except WarehouseError as error:
        say(f"note: no measured results are shown: {error}")
        return None, False


def _print(told: dict[str, Any], measured: pl.DataFrame | None, warehouse: Path) -> None:
    others = told["equivalents"]
    shown = "".join(f"\n    {text}" for text in others[:_FEW])
    more = f"\n    and {len(others) - _FEW:,} more (--json lists all)" if len(others) > _FEW else ""
    for name in ("space", "arch", "graph_id", "functional_id", "nodes", "edges"):
        typer.echo(f"{name:<14} {told[name]}")
    typer.echo(f"{'parameters':<14} {told['parameters']:,} (CIFAR-10 head)")
    typer.echo(f"{'flops':<14} {told['flops']:,} (one CIFAR-10 image)")
    if told["pruned"] != told["arch"]:
        typer.echo(f"{'pruned':<14} {told['pruned']}")
    typer.echo(f"{'equivalents':<14} {len(others):,}{shown}{more}")
    for name, value in told.get("features", {}).items():
        typer.echo(f"{name:<40} {value:.6g}")
    if measured is None:
        if not warehouse.exists():
            typer.echo(f"\nno warehouse at {warehouse}: no measured results")
    elif measured.is_empty():
        typer.echo(f"\nnot in {warehouse}: no measured results")
    else:
        if told["surrogate"]:
            typer.echo("\nSURROGATE DATA: invented numbers, not measurements")
        typer.echo("\nafter the last epoch of each schedule, means over trials, fractions\n")
        write_frame(measured, "table")
