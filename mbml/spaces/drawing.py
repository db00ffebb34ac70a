"""Drawings of cells: text for a terminal, and SVG with the nodes in a row and edges as arcs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from mbml.spaces import nasbench101, nasbench201, natsbench_sss

if TYPE_CHECKING:
    from mbml.spaces.space import Architecture

_STEP = 190
_MARGIN = 80
_RISE = 42


class Edge(NamedTuple):
    """An edge, with the operation on it, and whether it takes part in the result."""

    source: int
    target: int
    label: str
    used: bool


@dataclass(frozen=True)
class Sketch:
    """What a drawing shows: labels of the nodes in their order, and the edges between them."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]


def sketch(cell: Architecture) -> Sketch:
    """Take from an architecture what a drawing shows; of a plug-in's space it is the text."""
    if isinstance(cell, nasbench101.Cell):
        return _vertices(cell)
    if isinstance(cell, nasbench201.Cell):
        labels = ("input", *(f"node {node}" for node in range(1, nasbench201.NODES - 1)), "output")
        pairs = zip(nasbench201.EDGES, cell.operations, cell.pruned().operations, strict=True)
        edges = (Edge(*ends, name, left != nasbench201.NONE) for ends, name, left in pairs)
        return Sketch(labels, tuple(edges))
    if isinstance(cell, natsbench_sss.Cell):
        layers = ("cells", "reduction", "cells", "reduction", "cells")
        named = (f"{layer}, {width}" for layer, width in zip(layers, cell.widths, strict=True))
        labels = ("image", *named, "head")
        chain = (Edge(place, place + 1, "", used=True) for place in range(len(labels) - 1))
        return Sketch(labels, tuple(chain))
    return Sketch((cell.format(),), ())


def _vertices(cell: nasbench101.Cell) -> Sketch:
    last = cell.nodes - 1
    follows = [{v for v in range(cell.nodes) if row[v]} for row in cell.matrix]
    reached, reaching = {0}, {last}
    for vertex in range(cell.nodes):
        if vertex in reached:
            reached |= follows[vertex]
    for vertex in reversed(range(cell.nodes)):
        if follows[vertex] & reaching:
            reaching.add(vertex)
    used = reached & reaching
    return Sketch(
        cell.operations,
        tuple(
            Edge(source, target, "", used={source, target} <= used)
            for source in range(cell.nodes)
            for target in sorted(follows[source])
        ),
    )


def as_text(drawn: Sketch) -> str:
    """Draw for a terminal: a node a paragraph, with an arrow to each node that it feeds.

    Examples
    --------
    >>> from mbml.spaces import nasbench101
    >>> print(as_text(sketch(nasbench101.parse("010001000:input,maxpool3x3,output"))))
    0 input ───> 1 maxpool3x3
    1 maxpool3x3 ───> 2 output
    2 output
    """
    lines = []
    for node, label in enumerate(drawn.nodes):
        start = f"{node} {label}"
        leaving = [edge for edge in drawn.edges if edge.source == node]
        if not leaving:
            lines.append(start)
        for place, edge in enumerate(leaving):
            fork = _fork(place, len(leaving))
            arrow = f"─{fork}─{f' {edge.label} ─' if edge.label else ''}>"
            unused = "" if edge.used else "   (on no path)"
            text = start if place == 0 else " " * len(start)
            lines.append(
                f"{text} {arrow if place == 0 else ' ' + arrow[1:]}"
                f" {edge.target} {drawn.nodes[edge.target]}{unused}"
            )
    return "\n".join(lines)


def _fork(place: int, count: int) -> str:
    if count == 1:
        return "─"
    return "┬" if place == 0 else "└" if place == count - 1 else "├"


def as_svg(drawn: Sketch, title: str) -> str:
    """Draw as SVG, readable on a light and on a dark page; what is on no path is dashed."""
    longest = max((edge.target - edge.source for edge in drawn.edges), default=1)
    base = _MARGIN + _RISE * longest
    width, height = 2 * _MARGIN + _STEP * (len(drawn.nodes) - 1), base + _MARGIN
    arcs = "".join(_arc(edge, base) for edge in drawn.edges)
    nodes = "".join(
        f'<circle cx="{_x(node)}" cy="{base}" r="7" fill="#4269d0"/>'
        f'<text x="{_x(node)}" y="{base + 28}">{escape(label)}</text>'
        for node, label in enumerate(drawn.nodes)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' class="cell" width="{width}" height="{height}">\n<title>{escape(title)}</title>\n'
        # Of this drawing alone: in a page, a style reaches everything.
        "<style>.cell text{font:13px sans-serif;text-anchor:middle;fill:#555}"
        "@media(prefers-color-scheme:dark){.cell text{fill:#ccc}}</style>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="14" refY="4" markerWidth="8"'
        ' markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#888"/></marker></defs>\n'
        f"{arcs}{nodes}\n</svg>\n"
    )


def _x(node: int) -> int:
    return _MARGIN + _STEP * node


def _arc(edge: Edge, base: int) -> str:
    start, end = _x(edge.source), _x(edge.target)
    # The top of a quadratic curve lies half way to its control point.
    rise = 2 * _RISE * (edge.target - edge.source - 1) + (_RISE if edge.label else 0)
    dashes = "" if edge.used else ' stroke-dasharray="4 4"'
    label = (
        f'<text x="{(start + end) / 2:g}" y="{base - rise / 2 - 6:g}">{escape(edge.label)}</text>'
        if edge.label
        else ""
    )
    return (
        f'<path d="M{start} {base}Q{(start + end) / 2:g} {base - rise} {end} {base}" fill="none"'
        f' stroke="#888" stroke-width="1.5"{dashes} marker-end="url(#tip)"/>{label}'
    )
