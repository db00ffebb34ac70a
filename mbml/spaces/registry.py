"""The search spaces by name, and which of them a text belongs to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from mbml.benchmarks import added_benchmarks, benchmark
from mbml.errors import CellError
from mbml.plugins import PluginError, guard
from mbml.spaces import choices, nasbench101, nasbench201, natsbench_sss
from mbml.spaces.nasbench101 import classes, moves
from mbml.spaces.space import Architecture, Level, Space
from mbml.spaces.wording import shown_cell
from mbml.text import quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _pick_101(
    level: Level, places: NDArray[np.int64], _: np.random.Generator
) -> list[nasbench101.Cell]:
    texts = classes.cells_at(places) if level == "cells" else classes.classes_at(places)
    return [nasbench101.cell(bits, operations) for bits, operations in texts]


@cache
def _classes_201(level: Level) -> tuple[tuple[int, ...], ...]:
    """Official indices of each class, by first appearance."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, cell in enumerate(map(nasbench201.parse, nasbench201.official_order())):
        members[cell.graph_id if level == "graph_ids" else cell.functional_id].append(number)
    return tuple(map(tuple, members.values()))


def _pick_201(
    level: Level, places: NDArray[np.int64], rng: np.random.Generator
) -> list[nasbench201.Cell]:
    numbers = places.tolist()
    if level != "cells":
        groups = [_classes_201(level)[place] for place in numbers]
        numbers = [group[rng.integers(len(group))] for group in groups]
    return [nasbench201.parse(nasbench201.official_order()[number]) for number in numbers]


def _pick_sss(
    _level: Level, places: NDArray[np.int64], _: np.random.Generator
) -> list[natsbench_sss.Cell]:
    return [natsbench_sss.parse(natsbench_sss.official_order()[place]) for place in places.tolist()]


NASBENCH101: Space[nasbench101.Cell] = Space(
    name=nasbench101.NAME,
    title="NAS-Bench-101",
    measured=classes.CLASSES,
    counts={
        "cells": classes.CELLS,
        "graph_ids": classes.CLASSES,
        "functional_ids": classes.CLASSES,
    },
    key=lambda cell: cell.graph_id,
    parse=nasbench101.parse,
    texts=lambda: list(map(":".join, classes.class_texts())),
    pick=_pick_101,
    neighbours=moves.neighbours,
    mutate=moves.mutate,
    crossover=moves.crossover,
)

NASBENCH201: Space[nasbench201.Cell] = Space(
    name=nasbench201.NAME,
    title="NAS-Bench-201",
    measured=nasbench201.SIZE,
    counts={"cells": nasbench201.SIZE, "graph_ids": 6_466, "functional_ids": 4_930},
    key=nasbench201.Cell.format,
    parse=nasbench201.parse,
    texts=nasbench201.official_order,
    pick=_pick_201,
    neighbours=lambda cell: [
        nasbench201.Cell(names)
        for names in choices.neighbours(cell.operations, nasbench201.OPERATIONS)
    ],
    mutate=lambda cell, rng: nasbench201.Cell(
        choices.mutate(cell.operations, nasbench201.OPERATIONS, rng)
    ),
    crossover=lambda first, second, rng: nasbench201.Cell(
        choices.crossover(first.operations, second.operations, rng)
    ),
)

NATSBENCH_SSS: Space[natsbench_sss.Cell] = Space(
    name=natsbench_sss.NAME,
    title="NATS-Bench size space",
    measured=natsbench_sss.SIZE,
    counts=dict.fromkeys(("cells", "graph_ids", "functional_ids"), natsbench_sss.SIZE),
    key=natsbench_sss.Cell.format,
    parse=natsbench_sss.parse,
    texts=natsbench_sss.official_order,
    pick=_pick_sss,
    neighbours=lambda cell: [
        natsbench_sss.Cell(widths)
        for widths in choices.neighbours(cell.widths, natsbench_sss.WIDTHS)
    ],
    mutate=lambda cell, rng: natsbench_sss.Cell(
        choices.mutate(cell.widths, natsbench_sss.WIDTHS, rng)
    ),
    crossover=lambda first, second, rng: natsbench_sss.Cell(
        choices.crossover(first.widths, second.widths, rng)
    ),
)

#: Of mbml's own benchmarks.
SPACES: dict[str, Space[Any]] = {
    space.name: space for space in (NASBENCH101, NASBENCH201, NATSBENCH_SSS)
}


def space(name: str) -> Space[Any]:
    """Look up a space, of mbml or of a plug-in.

    Raises
    ------
    UsageError
        There is none of that name; close names are told.
    PluginError
        The plug-in of that name cannot be used.
    """
    if name in SPACES:
        return SPACES[name]
    known = benchmark(name)
    found, owner = known.load(known.space), f"{known.owner}"
    if not isinstance(found, Space) or found.name != name:
        raise PluginError(f"{owner}: {known.space} is no mbml.spaces.space.Space of that name")
    return _guarded(found, owner)


def _guarded(space: Space[Any], owner: str) -> Space[Any]:
    """Return a space of a plug-in with its functions inside `guard`."""

    def inside(name: str) -> Any:
        function = getattr(space, name)

        def call(*arguments: Any) -> Any:
            with guard(owner, f"failed in {name}", passes=(CellError,)):
                return function(*arguments)

        return call

    functions = ("key", "parse", "texts", "pick", "neighbours", "mutate", "crossover")
    return replace(space, **{name: inside(name) for name in functions})


def recognise(given: str | Architecture) -> tuple[Space[Any], Architecture]:
    """Read a text of any space, or find the space of an architecture.

    The edges of a node of NAS-Bench-201 may stand in any order.

    Returns
    -------
    tuple
        The space whose form the text has, and the architecture.

    Raises
    ------
    CellError
        If the text has none of the forms, or is no architecture of the space whose form it has.

    Examples
    --------
    >>> space, network = recognise("8:16:24:32:64")
    >>> space.title, network.parameters
    ('NATS-Bench size space', 198050)
    """
    text = given if isinstance(given, str) else _text_of(given)
    if not text:
        raise CellError("empty text where an architecture is expected")
    own = _own_form(text)
    try:
        if own is not None:
            return own, own.parse(nasbench201.in_order(text) if own is NASBENCH201 else text)
    except CellError:
        found = _added_form(text)
        if found is None:
            raise
        return found
    found = _added_form(text)
    if found is None:
        raise CellError(
            f"{shown_cell(text)} is no architecture; write a NAS-Bench-101 cell as "
            "<row-major adjacency bits>:<comma-joined operations>, a NAS-Bench-201 cell as "
            "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|, a network of the size space as c1:c2:c3:c4:c5"
        )
    return found


def _text_of(given: Architecture) -> str:
    try:
        return given.format()
    except AttributeError:
        raise CellError(
            f"expected an architecture or its text, got {quoted(given)}; `mbml.cell` reads an"
            " official index, a hash, a NASLib tuple"
        ) from None


def _own_form(text: str) -> Space[Any] | None:
    if "|" in text[:2]:
        return NASBENCH201
    if text.count(":") == 1:
        return NASBENCH101
    return NATSBENCH_SSS if ":" in text else None


def _added_form(text: str) -> tuple[Space[Any], Architecture] | None:
    """Return the first space of a plug-in that reads a text, and what it reads."""
    for one in added_benchmarks():
        try:
            found = space(one)
            return found, found.parse(text)
        except (CellError, PluginError):
            continue
    return None
