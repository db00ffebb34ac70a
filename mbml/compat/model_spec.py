"""A cell of NAS-Bench-101 as search code writes it: a matrix and operations."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.compat import graph_util
from mbml.compat.graph_util import is_upper_triangular
from mbml.compat.opening import QueryError
from mbml.errors import CellError, UsageError
from mbml.spaces import nasbench101

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["ModelSpec", "OutOfDomainError", "is_upper_triangular"]

#: Cells whose check and hash are kept: searches ask again for the same ones.
_KEPT = 4096


class OutOfDomainError(UsageError):
    """A cell or a number of epochs outside the search space."""


class ModelSpec:
    """A cell given by adjacency matrix and operations, pruned like the original's.

    Attributes
    ----------
    original_matrix, original_ops
        As given.
    matrix, ops
        Without the vertices that are on no path from input to output; None if there is no path.
    valid_spec
        Whether there is such a path.

    Raises
    ------
    ValueError
        The matrix is not square, not upper-triangular, or of another size than the operations.
    """

    def __init__(
        self, matrix: ArrayLike, ops: Sequence[Any], data_format: str = "channels_last"
    ) -> None:
        given = np.array(matrix)
        if given.ndim != 2 or given.shape[0] != given.shape[1]:
            raise QueryError(f"matrix must be square, not of shape {given.shape}")
        if len(given) != len(ops):
            raise QueryError(f"length of ops, {len(ops)}, must match the {len(given)} vertices")
        if not is_upper_triangular(given):
            raise QueryError("matrix must be upper triangular")
        self.original_matrix = given
        self.original_ops = list(ops)
        self.data_format = data_format
        live = _live_vertices(given != 0)
        self.valid_spec = len(live) >= 2
        self.matrix: NDArray[Any] | None = None
        self.ops: list[Any] | None = None
        if self.valid_spec:
            self.matrix = given[np.ix_(live, live)]
            self.ops = [self.original_ops[vertex] for vertex in live]

    def hash_spec(self, canonical_ops: Sequence[str] = nasbench101.OPERATIONS) -> str:
        """Return the hash of the pruned cell, which isomorphic cells share.

        It is defined for cells of any size and any operations.

        Parameters
        ----------
        canonical_ops
            All operations, in the order that gives each its number.

        Raises
        ------
        QueryError
            There is no path from input to output, the matrix holds fractions, or an operation is
            not one of these.
        """
        if self.matrix is None or self.ops is None:
            raise QueryError("invalid spec, provided graph is disconnected: it has no hash")
        numbers = {name: number for number, name in reversed(list(enumerate(canonical_ops)))}
        unknown = [name for name in self.ops[1:-1] if name not in numbers]
        if unknown:
            raise QueryError(f"{unknown[0]!r} is not in list: operations are {list(canonical_ops)}")
        labels = (-1, *(numbers[name] for name in self.ops[1:-1]), -2)
        return _hash(_whole(self.matrix).tobytes(), labels)

    def cell(self) -> nasbench101.Cell:
        """Return the pruned cell; raises `OutOfDomainError` if it is outside the space."""
        if self.matrix is None or self.ops is None:
            raise OutOfDomainError("invalid spec, provided graph is disconnected")
        try:
            return _cell(_whole(self.matrix).tobytes(), tuple(self.ops))
        except (CellError, QueryError) as error:
            raise OutOfDomainError(str(error)) from None

    def visualize(self) -> Any:
        """Return a drawing as a `graphviz.Digraph`, where the package graphviz is installed."""
        if self.matrix is None or self.ops is None:
            raise QueryError("invalid spec, provided graph is disconnected: nothing to draw")
        try:
            drawing = import_module("graphviz").Digraph()
        except ImportError:
            raise QueryError(
                "visualize needs the package graphviz; `mbml cell` draws cells without it"
            ) from None
        last = len(self.ops) - 1
        for vertex, name in enumerate(("input", *self.ops[1:-1], "output")):
            drawing.node(str(vertex), str(name))
        for source, target in zip(*np.nonzero(self.matrix[: last + 1]), strict=True):
            drawing.edge(str(source), str(target))
        return drawing


def _whole(matrix: NDArray[Any]) -> NDArray[np.int64]:
    whole = matrix.astype(np.int64)
    if not np.array_equal(whole, matrix):
        raise QueryError("adjacency matrix holds fractions; only 0 and 1 are allowed")
    return whole


def _square(matrix: bytes, size: int) -> NDArray[np.int64]:
    return np.frombuffer(matrix, np.int64).reshape(size, size)


@lru_cache(maxsize=_KEPT)
def _hash(matrix: bytes, labels: tuple[int, ...]) -> str:
    return graph_util.hash_module(_square(matrix, len(labels)), labels)


@lru_cache(maxsize=_KEPT)
def _cell(matrix: bytes, ops: tuple[Any, ...]) -> nasbench101.Cell:
    return nasbench101.from_matrix(_square(matrix, len(ops)).tolist(), ops)


def _live_vertices(linked: NDArray[np.bool_]) -> list[int]:
    """Vertices on a path from the first to the last; the matrix may be of any size."""
    size = len(linked)
    from_input, to_output = {0}, {size - 1}
    for vertex in range(size):
        if vertex in from_input:
            from_input.update(np.flatnonzero(linked[vertex]).tolist())
    for vertex in range(size - 1, -1, -1):
        if vertex in to_output:
            to_output.update(np.flatnonzero(linked[:, vertex]).tolist())
    return sorted(from_input & to_output)
