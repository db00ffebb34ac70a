"""Cells of NAS-Bench-201: four nodes, an operation on each of the six edges between them.

Node 0 is the input, node 3 the output, a node is the sum of its edges' results (Dong and Yang
2020, https://arxiv.org/abs/2001.00326). The topology space of NATS-Bench is the same space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np

from mbml.errors import CellError
from mbml.spaces.nasbench201 import network as network
from mbml.spaces.wording import shown_cell, unknown_operation

NAME = "nasbench201"
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NONE, SKIP = OPERATIONS[:2]
#: The edges (from, to) in the order of the architecture string.
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
NODES = 4
SIZE = len(OPERATIONS) ** len(EDGES)

#: The input-to-output paths, as places in `EDGES`.
PATHS = ((3,), (0, 4), (1, 5), (0, 2, 5))

_LONGEST = 200
_FORM = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
#: All 15,625 cells are written and read for the equivalents of one.
_WRITTEN = _FORM.replace("op", "{}")
_READ = re.compile(re.escape(_FORM).replace("op", "([^~|+]*)"))
#: A node: the edges that lead to it.
_NODE = re.compile(r"\|(?:[^~|+]*~\d\|)+")


@dataclass(frozen=True)
class Cell:
    """A cell; made by `parse` or `from_operations`, which check it.

    Attributes
    ----------
    operations
        The six edges' operations, in the order of `EDGES`.
    """

    operations: tuple[str, ...]

    @property
    def nodes(self) -> int:
        """Number of nodes, always four."""
        return NODES

    @property
    def edges(self) -> int:
        """Number of edges whose operation is not `none`."""
        return sum(name != NONE for name in self.operations)

    def _repr_svg_(self) -> str:
        """Draw the cell, in a notebook."""
        from mbml.spaces.drawing import as_svg, sketch

        return as_svg(sketch(self), self.format())

    def format(self) -> str:
        """Write the architecture string."""
        return _WRITTEN.format(*self.operations)

    def pruned(self) -> Cell:
        """Set edges to `none` that are on no input-to-output path free of `none`."""
        live = {
            edge
            for path in PATHS
            if all(self.operations[edge] != NONE for edge in path)
            for edge in path
        }
        return Cell(
            tuple(name if edge in live else NONE for edge, name in enumerate(self.operations))
        )

    @cached_property
    def graph_id(self) -> str:
        """The benchmark's own unique string, zeros considered: 6,466 classes.

        A skip stands for its source and the order of a node's terms is ignored. A `#` is a zero;
        a sum of zeros is not taken for one, so some cells of equal function differ here.
        """
        nodes = ["0"]
        for node in range(1, NODES):
            terms = []
            for name, (source, target) in zip(self.operations, EDGES, strict=True):
                if target != node:
                    continue
                if name == NONE or nodes[source] == "#":
                    terms.append("#")
                else:
                    terms.append(_applied(name, nodes[source]))
            nodes.append("+".join(sorted(terms)))
        return nodes[-1]

    @cached_property
    def functional_id(self) -> str:
        """One text for all cells that compute the same function: 4,930 classes.

        Written like `graph_id`, with zeros left out and the sum behind a skip taken into the sum
        it joins; `#` alone is a cell whose output does not depend on its input.
        """
        nodes: list[list[str]] = [["0"]]
        for node in range(1, NODES):
            terms: list[str] = []
            for name, (source, target) in zip(self.operations, EDGES, strict=True):
                if target != node or name == NONE or not nodes[source]:
                    continue
                if name == SKIP:
                    terms += nodes[source]
                else:
                    terms.append(_applied(name, "+".join(nodes[source])))
            nodes.append(sorted(terms))
        return "+".join(nodes[-1]) or "#"

    @property
    def parameters(self) -> int:
        """Trainable parameters of the network with the CIFAR-10 head."""
        return self.parameters_on("cifar10")

    @property
    def flops(self) -> int:
        """Multiply-accumulates of one CIFAR-10 image, as the benchmark counts them."""
        return self.flops_on("cifar10")

    def parameters_on(self, dataset: str) -> int:
        """Trainable parameters of the network for a dataset; raises `UsageError` if unknown."""
        return network.parameters(self.operations, dataset)

    def flops_on(self, dataset: str) -> int:
        """Multiply-accumulates of one image of a dataset; raises `UsageError` if unknown."""
        return network.flops(self.operations, dataset)


def _applied(name: str, source: str) -> str:
    return source if name == SKIP else f"({source})@{name}"


def parse(text: str) -> Cell:
    """Read an architecture string.

    Raises
    ------
    CellError
        If the text is none; the message says why.

    Examples
    --------
    >>> text = "|none~0|+|skip_connect~0|none~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|"
    >>> parse(text).functional_id
    '(0)@avg_pool_3x3+(0)@nor_conv_3x3'
    """
    if not text:
        raise CellError(f"empty text where an architecture string {_FORM} is expected")
    if len(text) > _LONGEST:
        raise CellError(f"{shown_cell(text)} is too long for an architecture string {_FORM}")
    found = _READ.fullmatch(text)
    if found is None:
        raise CellError(f"{shown_cell(text)} does not have the form {_FORM}")
    return from_operations(found.groups())


def in_order(text: str) -> str:
    """Sort the edges of each node by the nodes that they come from, as `parse` expects them.

    Examples
    --------
    >>> in_order("|none~0|+|none~1|skip_connect~0|+|none~0|none~1|none~2|")
    '|none~0|+|skip_connect~0|none~1|+|none~0|none~1|none~2|'
    """
    if len(text) > _LONGEST:
        return text

    def ordered(node: re.Match[str]) -> str:
        edges = sorted(node[0][1:-1].split("|"), key=lambda edge: edge.rpartition("~")[2])
        return f"|{'|'.join(edges)}|"

    return _NODE.sub(ordered, text)


def from_operations(operations: tuple[str, ...] | list[str]) -> Cell:
    """Make a cell from six operations in the order of `EDGES`.

    Raises
    ------
    CellError
        If their number is another, or one is unknown.
    """
    if len(operations) != len(EDGES):
        raise CellError(f"{len(operations)} operations; a cell has {len(EDGES)}, one an edge")
    for name in operations:
        if name not in OPERATIONS:
            raise CellError(unknown_operation(name, OPERATIONS))
    return Cell(tuple(operations))


@cache
def official_order() -> tuple[str, ...]:
    """All 15,625 architecture strings by the benchmark's index (from the file's `meta_archs`)."""
    packed = (files("mbml.spaces") / "data" / "nasbench201_order.u16").read_bytes()
    codes = np.frombuffer(packed, dtype="<u2").astype(np.int64)
    weights = len(OPERATIONS) ** np.arange(len(EDGES) - 1, -1, -1)
    digits = codes[:, None] // weights % len(OPERATIONS)
    return tuple(Cell(tuple(OPERATIONS[d] for d in row)).format() for row in digits.tolist())


@cache
def _indices() -> dict[str, int]:
    return {text: number for number, text in enumerate(official_order())}


def index_of(arch_str: str) -> int:
    """Look up the benchmark's index of a cell, 0 to 15,624; raises `CellError` if it is none."""
    return _indices()[parse(arch_str).format()]
