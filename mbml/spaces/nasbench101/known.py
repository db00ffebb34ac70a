"""Cells of NAS-Bench-101 by their module hash: all are enumerated, smaller ones first."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mbml.spaces.nasbench101 import classes
from mbml.spaces.nasbench101.bulk import graph_ids
from mbml.spaces.nasbench101.rules import MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def cells_with(hashes: Sequence[str]) -> list[tuple[str, str] | None]:
    """Return the cells that have these module hashes, with nothing left to prune.

    The hashes of all cells take up to half a minute, once in a process; those of cells with fewer
    than seven vertices a second.

    Parameters
    ----------
    hashes
        32 hexadecimal digits each.

    Returns
    -------
    list
        Pairs of row-major adjacency bits and comma-joined operations; None where no cell of the
        benchmark has the hash.
    """
    wanted = set(hashes)
    found: dict[str, tuple[str, str]] = {}
    for nodes in range(2, MAX_NODES + 1):
        if len(found) == len(wanted):
            break
        places = _places(nodes)
        known = [one for one in wanted if bytes.fromhex(one) in places]
        found |= zip(
            known, _texts(nodes, (places[bytes.fromhex(one)] for one in known)), strict=True
        )
    return [found.get(one) for one in hashes]


@cache
def _places(nodes: int) -> dict[bytes, int]:
    """Places of the classes with a number of vertices, by their hashes."""
    part = classes.skeletons(nodes)
    texts = _texts(nodes, range(part.classes))
    return {bytes.fromhex(one): place for place, one in enumerate(graph_ids(texts))}


def _texts(nodes: int, places: Iterable[int]) -> list[tuple[str, str]]:
    return classes.class_texts_at(nodes, np.fromiter(places, dtype=np.int64))
