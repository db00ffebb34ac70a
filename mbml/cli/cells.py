"""`mbml cell`, `neighbours`, `sample`: search spaces, with or without a warehouse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbml.cli import completion
from mbml.cli.diagnostics import notify
from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from mbml.spaces.space import Architecture, Space

ArchArgument = Annotated[
    str,
    typer.Argument(
        metavar="ARCH",
        help="NAS-Bench-101: ROW-MAJOR-BITS:OPERATIONS, a module hash that the warehouse holds, or"
        " its beginning; NAS-Bench-201: the official index, or |op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
        " in quotes, as the shell takes | for a pipe; size space: c1:c2:c3:c4:c5. Lists and tuples"
        " as Python or NumPy prints them: matrix and operations, widths, NASLib's tuples and"
        " one-hots (docs/architectures.md).",
    ),
]
SpaceOption = Annotated[
    str | None,
    typer.Option(
        "--space",
        autocompletion=completion.spaces,
        help="The space of an index: nasbench201 unless said, or natsbench_sss.",
    ),
]
CellsFormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="keys: one architecture a line, for other commands; or table, record, csv, json,"
        " jsonl, parquet, markdown.",
    ),
]
#: A module hash, or its beginning that is no row of bits.
_MODULE_HASH = re.compile(r"[0-9a-f]{32}|(?=.*[2-9a-f])[0-9a-f]{6,31}")
_FEW = 5


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (cell, neighbours, sample):
        app.command()(command)


def cell(
    arch: ArchArgument,
    space: SpaceOption = None,
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

    In Python: mbml.cell(space, text)
    """
    from mbml.spaces.drawing import as_svg, as_text, sketch
    from mbml.whole_file import write_whole

    of, found = recognised(arch, space, warehouse)
    facts = _facts(of, found)
    if features:
        from mbml.features.registry import feature_set

        row = feature_set(features).of_cells(of.name, [found.format()])
        facts["features"] = row.row(0, named=True)
    measured, surrogate = _measured(of, found, warehouse)
    facts["in_warehouse"] = None if measured is None else not measured.is_empty()
    facts["surrogate"] = surrogate
    facts["measured"] = [] if measured is None else measured.to_dicts()
    if svg is not None:
        write_whole(svg, as_svg(sketch(found), found.format()).encode())
        notify(f"drawing written to {svg}")
    if json:
        write_json(facts)
        return
    typer.echo(as_text(sketch(found)) + "\n")
    _print(facts, measured, warehouse)


def neighbours(
    arch: ArchArgument,
    space: SpaceOption = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    format_name: CellsFormatOption = "table",
    json: JsonOption = False,
) -> None:
    """List the cells that are one step away from a cell.

    A step changes one edge, operation or width.

    Example: mbml neighbours "8:16:24:32:64"

    In Python: space, cell = mbml.spaces.registry.recognise(text); space.neighbours(cell)
    """
    of, found = recognised(arch, space, warehouse)
    _write_cells(of.neighbours(found), "json" if json else format_name)


def sample(
    space: Annotated[
        str,
        typer.Argument(
            help="nasbench101, nasbench201, natsbench_sss or a plug-in's.",
            autocompletion=completion.spaces,
        ),
    ],
    number: Annotated[int, typer.Option("--number", "-n", help="How many.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed draws the same cells.")] = 0,
    over: Annotated[
        str,
        typer.Option(help="What is equally likely: cells, graph_ids or functional_ids."),
    ] = "cells",
    format_name: CellsFormatOption = "table",
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
    _write_cells(known.draw(number, seed=seed, over=levels[over]), "json" if json else format_name)


def _write_cells(cells: Iterable[Architecture], format_name: str) -> None:
    listed = _listed(cells)
    if format_name == "keys":
        write_text(*listed["arch"])
    else:
        write_frame(listed, format_name)


def _listed(cells: Iterable[Architecture]) -> pl.DataFrame:
    import polars as pl

    rows = [(one.format(), one.graph_id, one.parameters, one.flops) for one in cells]
    columns = {"arch": pl.String, "graph_id": pl.String, "parameters": pl.Int64, "flops": pl.Int64}
    return pl.DataFrame(rows, schema=columns, orient="row")


def recognised(text: str, space: str | None, warehouse: Path) -> tuple[Space[Any], Architecture]:
    """Read a cell as a user writes it; a module hash is looked up in the warehouse."""
    from mbml.spaces.reading import cell as read_cell
    from mbml.spaces.reading import is_sequence, space_of
    from mbml.spaces.registry import recognise
    from mbml.spaces.registry import space as find_space

    text = text.strip()
    if space is None and re.fullmatch(r"0|[1-9]\d{0,4}", text):
        space = "nasbench201"
    elif space is None and is_sequence(text):
        space = space_of(text)
    elif space in {None, "nasbench101"} and _MODULE_HASH.fullmatch(text):
        text = _of_hash(text, warehouse)
    notify_order(text)
    return recognise(text) if space is None else (find_space(space), read_cell(space, text))


def notify_order(text: str) -> None:
    """Tell that the edges of a node were put in order, where they stand in another one."""
    from mbml.spaces.nasbench201 import in_order

    ordered = in_order(text)
    if ordered != text:
        notify(f"note: {text} has edges of a node in another order; read as {ordered}")


def _of_hash(start: str, warehouse: Path) -> str:
    """Return the text of the NAS-Bench-101 cell whose module hash starts so."""
    from mbml.errors import UsageError
    from mbml.frames import cells_with_key
    from mbml.store import open_warehouse

    with open_warehouse(warehouse) as opened:
        found = cells_with_key(opened, "nasbench101", start)
    if not found:
        raise UsageError(
            f"{warehouse} knows no cell with module hash {start};"
            " write the cell as ROW-MAJOR-BITS:OPERATIONS"
        )
    if len(found) > 1:
        keys = ", ".join(key for key, _ in found[:_FEW])
        raise UsageError(f"several module hashes start with {start}: {keys}, …; write more of it")
    return found[0][1]


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
        "equivalents": equivalents(space, found),
    }


def _measured(
    space: Space[Any], found: Architecture, warehouse: Path
) -> tuple[pl.DataFrame | None, bool]:
    """Return the cell's results, None without a warehouse; and whether they may be invented."""
    from mbml.errors import WarehouseError
    from mbml.frames import is_surrogate
    from mbml.store import open_warehouse

    if not warehouse.exists():
        return None, False
    try:
        with open_warehouse(warehouse) as opened:
            return opened.results(found), is_surrogate(opened, space.name)
    except WarehouseError as error:
        notify(f"note: no measured results are shown: {error}")
        return None, False


def _print(facts: dict[str, Any], measured: pl.DataFrame | None, warehouse: Path) -> None:
    others = facts["equivalents"]
    shown = "".join(f"\n    {text}" for text in others[:_FEW])
    more = f"\n    and {len(others) - _FEW:,} more (--json lists all)" if len(others) > _FEW else ""
    for name in ("space", "arch", "graph_id", "functional_id", "nodes", "edges"):
        typer.echo(f"{name:<14} {facts[name]}")
    typer.echo(f"{'parameters':<14} {facts['parameters']:,} (CIFAR-10 head)")
    typer.echo(f"{'flops':<14} {facts['flops']:,} (one CIFAR-10 image)")
    if facts["pruned"] != facts["arch"]:
        typer.echo(f"{'pruned':<14} {facts['pruned']}")
    typer.echo(f"{'equivalents':<14} {len(others):,}{shown}{more}")
    for name, value in facts.get("features", {}).items():
        write_text(f"{name:<40} {value:.6g}")
    if measured is None:
        if not warehouse.exists():
            write_text("", f"no warehouse at {warehouse}: no measured results")
    elif measured.is_empty():
        write_text("", f"not in {warehouse}: no measured results")
    else:
        if facts["surrogate"]:
            typer.echo("\nSURROGATE DATA: invented numbers, not measurements")
        typer.echo(
            "\nafter the last epoch of each schedule, fractions: means over the trials, or one"
            " summary value where trials is -\n"
        )
        write_frame(measured, "table")
