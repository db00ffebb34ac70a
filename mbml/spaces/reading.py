"""Architectures in every spelling that people have them in: the one parser of them all.

`docs/architectures.md` shows each spelling.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import nan
from numbers import Real
from operator import index as as_index
from typing import TYPE_CHECKING, Any

from mbml.errors import CellError
from mbml.spaces import nasbench101, nasbench201, natsbench_sss
from mbml.spaces.nasbench101.known import cells_with
from mbml.spaces.registry import space as space_by_name
from mbml.spaces.space import Space
from mbml.spaces.wording import shown_cell
from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mbml.spaces.space import Architecture

#: NASLib's numbers of operations and its order of edges (`naslib.search_spaces.nasbench201`).
_NASLIB_201 = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_NASLIB_EDGES = tuple(combinations(range(nasbench201.NODES), 2))
#: NASLib's numbers of labels in a tuple, and their places in a one-hot
#: (`naslib.search_spaces.nasbench101`).
_NASLIB_101 = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")
_ONE_HOT_101 = ("maxpool3x3", "conv3x3-bn-relu", "conv1x1-bn-relu")
_EDGES_101 = tuple(combinations(range(nasbench101.MAX_NODES), 2))
_TUPLES_101 = {n * n + n: n for n in range(2, nasbench101.MAX_NODES + 1)}

_HASH = re.compile(r"[0-9a-f]{32}")
#: Longer texts and sequences are no architecture of any space, and are not read as one.
_LONGEST_TEXT = 4_000
_MOST_PARTS = 64
_DEEPEST = 4
#: No number of an architecture is as large.
_LARGEST = 10**9

#: How a text of parts begins: a list, tuple or dictionary of Python, or an array as it is printed.
_OF_PARTS = re.compile(r"[(\[{]|(?:\w{1,9}\.)?(?:array|tensor)\(")
_ARRAY = re.compile(
    r"(?:\w{1,9}\.)?(?:array|tensor)\( ?(\[[^()]*\]) ?(?:, ?\w{1,15}=[\w.':]{1,30}){0,3}\)"
)
_SCALAR = re.compile(r"(?:np|numpy)\.\w+\(([\w.']+)\)")
#: NumPy prints an array without commas.
_NO_COMMA = re.compile(r"(?<=[\d.\]'\"e]) (?=[\d\['\"TF])")


def cell(space: str | Space[Any], given: Any) -> Architecture:
    """Make an architecture of a space from any of its spellings.

    Parameters
    ----------
    space
        The search space or its name: `nasbench101`, `nasbench201`, `natsbench_sss` or that of a
        plug-in.
    given
        One of:

        - the benchmark's own index, from 0 (NAS-Bench-101 has none);
        - the text that the benchmark writes: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`,
          `c1:c2:c3:c4:c5`, or `<row-major adjacency bits>:<comma-joined operations>`. The edges of
          a node of NAS-Bench-201 may stand in any order;
        - the module hash of NAS-Bench-101. The first one takes up to half a minute, as the hashes
          of all cells are computed;
        - NAS-Bench-101: a pair of adjacency matrix and operations, a dictionary of `matrix` and
          `ops`, NASLib's tuple (matrix and operations in one) or its one-hot (36 numbers);
        - NAS-Bench-201: NASLib's tuple (6 numbers) or its one-hot (30 numbers), 6 operations, for
          each node the pairs of operation and source, or the 4 x 4 matrix of operations that
          the benchmark's interface makes;
        - size space: 5 widths;
        - an architecture of the space.

        Sequences may be lists, tuples, or arrays with `tolist()`, and their numbers of any type
        that holds them as whole numbers. An index or a sequence may be written as text, as Python
        or NumPy prints it.

    Returns
    -------
    Architecture
        The cell, with `graph_id`, `functional_id`, `parameters`, `flops` and `format()`, which
        writes its text. A notebook shows its drawing.

    Raises
    ------
    UsageError
        There is no such space.
    CellError
        The space has no such architecture.

    Examples
    --------
    >>> import mbml
    >>> found = mbml.cell("nasbench201", 284)
    >>> found.format()
    '|skip_connect~0|+|skip_connect~0|skip_connect~1|+|none~0|nor_conv_1x1~1|none~2|'
    >>> mbml.cell("nasbench201", (0, 0, 1, 0, 3, 1)) == mbml.cell("nasbench201", found.format())
    True
    >>> mbml.cell("nasbench101", ([[0, 1], [0, 0]], ["input", "output"])).parameters
    882570
    """
    known = space if isinstance(space, Space) else space_by_name(space)
    if isinstance(given, str):
        return _of_text(known, given.strip())
    if hasattr(given, "graph_id"):
        return _of_text(known, given.format())
    number = _whole(given)
    if number is None or isinstance(given, bool):
        return _of_parts(known, given)
    return _at(known, number)


def naslib_tuple(written: nasbench201.Cell) -> tuple[int, ...]:
    """Return a cell of NAS-Bench-201 as NASLib writes it, which `cell` reads.

    Examples
    --------
    >>> naslib_tuple(cell("nasbench201", (4, 0, 3, 1, 4, 3)))
    (4, 0, 3, 1, 4, 3)
    """
    named = dict(zip(nasbench201.EDGES, written.operations, strict=True))
    return tuple(_NASLIB_201.index(named[edge]) for edge in _NASLIB_EDGES)


def is_sequence(text: str) -> bool:
    """Tell whether a text is a list, tuple, dictionary or array as Python or NumPy prints it.

    Examples
    --------
    >>> [is_sequence(text) for text in ("(0, 0, 1, 0, 3, 1)", "array([8, 8, 8, 8, 8])", "284")]
    [True, True, False]
    """
    return _OF_PARTS.match(text) is not None


def space_of(text: str) -> str:
    """Tell the search space that has such sequences; six numbers are taken for NAS-Bench-201.

    Raises
    ------
    CellError
        No space of mbml has.

    Examples
    --------
    >>> space_of("[8, 16, 24, 32, 64]")
    'natsbench_sss'
    """
    parts = _parts(_literal(text))
    return _spelling(parts, _SPELLINGS, "an architecture", quoted(text)).space


def _of_text(space: Space[Any], text: str) -> Architecture:
    if text.isdecimal() and len(text) < len(f"{space.measured}") + 1:
        return _at(space, int(text))
    if space.name == nasbench101.NAME and _HASH.fullmatch(text):
        return _of_hash(text)
    if is_sequence(text) and space.name in _OWN:
        return _of_parts(space, _literal(text))
    found: Architecture = space.parse(
        nasbench201.in_order(text) if space.name == nasbench201.NAME else text
    )
    return found


def _literal(text: str) -> object:
    """Read what Python or NumPy printed; nothing but numbers, texts and what holds them."""
    if len(text) > _LONGEST_TEXT:
        raise CellError(f"{shown_cell(text)} is too long for an architecture")
    # Lines may end anywhere; the patterns know one space, and so take time in step with the text.
    text = " ".join(text.split())
    plain = _NO_COMMA.sub(", ", _ARRAY.sub(r"\1", _SCALAR.sub(r"\1", text)))
    try:
        found: object = ast.literal_eval(f"({plain}\n)")
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise CellError(
            f"{shown_cell(text)} is not a list or tuple of numbers and operations, as Python writes"
            " it"
        ) from None
    return found


def _at(space: Space[Any], index: int) -> Architecture:
    shown = f"{index:,}" if abs(index) < _LARGEST else quoted(index)
    if space.name == nasbench101.NAME:
        raise CellError(
            f"{space.title} has no official index, got {shown}; give a module hash, a text or a"
            " pair of matrix and operations"
        )
    if not 0 <= index < space.measured:
        raise CellError(f"{space.title} has the indices 0 to {space.measured - 1:,}, got {shown}")
    found: Architecture = space.parse(space.texts()[index])
    return found


def _of_hash(text: str) -> nasbench101.Cell:
    [found] = cells_with([text])
    if found is None:
        raise CellError(f"no cell of NAS-Bench-101 has the module hash {text}")
    return nasbench101.cell(*found)


def _of_parts(space: Space[Any], given: object) -> Architecture:
    """Make an architecture of the parts that its space is made of."""
    title = f"an architecture of {space.title}"
    parts = _parts(given)
    spellings = [one for one in _SPELLINGS if one.space == space.name]
    return _spelling(parts, spellings, title, quoted(given)).read(parts)


def _whole(given: object) -> int | None:
    """Return a number of any type as an integer, None where it is no whole number."""
    try:
        return as_index(given)  # type: ignore[arg-type]
    except TypeError:
        number = float(given) if isinstance(given, Real) else nan
        return int(number) if number.is_integer() else None


def _parts(given: object, depth: int = 0) -> list[Any]:
    """Return nested sequences of any type as lists of lists, integers and texts."""
    if isinstance(given, Mapping):
        given = [given.get("matrix"), given.get("ops", given.get("operations"))]
    size = getattr(given, "__len__", None)
    try:
        if depth <= _DEEPEST and size is not None and size() <= _MOST_PARTS:
            for method in ("tolist", "to_list"):
                if hasattr(given, method):
                    given = getattr(given, method)()
                    break
            if isinstance(given, Sequence) and not isinstance(given, (str, bytes, bytearray)):
                return [_part(one, depth) for one in given]
    except TypeError:  # an array without dimensions, or an object with methods of another kind
        pass
    raise CellError(
        f"{quoted(given)} is not an architecture: expected an index, a text, a hash, or numbers and"
        " operations in a list"
    )


def _part(given: object, depth: int) -> int | str | list[Any]:
    if isinstance(given, str):
        return given
    number = _whole(given)
    if number is not None and abs(number) < _LARGEST:
        return number
    if isinstance(given, Real):
        raise CellError(
            f"{quoted(given)} is not a number of an architecture; they are small and whole"
        )
    return _parts(given, depth + 1)


@dataclass(frozen=True, slots=True)
class _Spelling:
    """One way to write the architectures of a space as a sequence.

    Attributes
    ----------
    space
        The name of the space.
    what
        What the sequence holds, for messages.
    fits
        Whether a sequence has its size and kind of parts.
    read
        Make the architecture; raises `CellError` if there is none.
    """

    space: str
    what: str
    fits: Callable[[list[Any]], bool]
    read: Callable[[list[Any]], Architecture]


def _spelling(
    parts: list[Any], spellings: Sequence[_Spelling], title: str, shown: str
) -> _Spelling:
    for one in spellings:
        if one.fits(parts):
            return one
    known = ", ".join(one.what for one in spellings) or "texts"
    kind = "numbers" if _numbers(parts) else "parts"
    raise CellError(f"{shown} is not {title}: it has {len(parts)} {kind}; expected {known}")


def _numbers(parts: list[Any], *sizes: int) -> bool:
    return (not sizes or len(parts) in sizes) and all(isinstance(one, int) for one in parts)


def _bits(parts: list[Any], size: int) -> bool:
    return _numbers(parts, size) and set(parts) <= {0, 1}


def _rows(parts: list[Any], size: int) -> bool:
    """Tell whether a sequence is a square of numbers."""
    return len(parts) == size and all(
        isinstance(row, list) and _numbers(row, size) for row in parts
    )


def _pieces(parts: list[Any], size: int) -> Iterator[list[Any]]:
    return (parts[start : start + size] for start in range(0, len(parts), size))


def _named(numbers: list[int], names: Sequence[str]) -> list[str]:
    for number in numbers:
        if not 0 <= number < len(names):
            raise CellError(
                f"operation {quoted(number)} of a NASLib tuple; there are 0 to {len(names) - 1}"
            )
    return [names[number] for number in numbers]


def _chosen(bits: list[int], names: Sequence[str], *, what: str) -> list[str | None]:
    """Read one operation from each piece of a one-hot; None from one without a 1."""
    found: list[str | None] = []
    for place, piece in enumerate(_pieces(bits, len(names)), start=1):
        if sum(piece) > 1:
            raise CellError(f"{what} {place} of the one-hot has {sum(piece)} ones, expected one")
        found.append(names[piece.index(1)] if 1 in piece else None)
    return found


def _from_edges(operations: list[str]) -> nasbench201.Cell:
    """Make a cell of operations in NASLib's order of edges."""
    named = dict(zip(_NASLIB_EDGES, operations, strict=True))
    return nasbench201.from_operations([named[edge] for edge in nasbench201.EDGES])


def _from_one_hot_201(bits: list[int]) -> nasbench201.Cell:
    operations = [one for one in _chosen(bits, _NASLIB_201, what="edge") if one is not None]
    if len(operations) != len(_NASLIB_EDGES):
        raise CellError("an edge of the one-hot has no 1; each of the six has one operation")
    return _from_edges(operations)


def _is_nodes(parts: list[Any]) -> bool:
    """Tell whether a sequence holds one, two and three pairs of operation and source."""
    return [len(node) if isinstance(node, list) else 0 for node in parts] == [1, 2, 3] and all(
        isinstance(edge, list) and [*map(type, edge)] == [str, int]
        for node in parts
        for edge in node
    )


def _from_nodes(nodes: list[list[tuple[str, int]]]) -> nasbench201.Cell:
    edges = [[f"{name}~{source}" for name, source in node] for node in nodes]
    return nasbench201.parse(
        nasbench201.in_order("+".join(f"|{'|'.join(node)}|" for node in edges))
    )


def _from_operation_matrix(rows: list[list[int]]) -> nasbench201.Cell:
    """Make a cell of the numbers of operations at row node, column source."""
    size = range(nasbench201.NODES)
    outside = [(v, u) for v in size for u in size if u >= v and rows[v][u]]
    if outside:
        v, u = outside[0]
        raise CellError(
            f"row {v}, column {u} of the matrix of operations is {quoted(rows[v][u])}; only entries"
            " below the diagonal are edges"
        )
    numbers = [rows[target][source] for source, target in nasbench201.EDGES]
    return nasbench201.from_operations(_named(numbers, nasbench201.OPERATIONS))


def _from_tuple_101(numbers: list[int]) -> nasbench101.Cell:
    nodes = _TUPLES_101[len(numbers)]
    matrix, labels = numbers[: nodes * nodes], numbers[nodes * nodes :]
    return nasbench101.from_matrix(_pieces(matrix, nodes), _named(labels, _NASLIB_101))


def _from_one_hot_101(bits: list[int]) -> nasbench101.Cell:
    """Make a cell of the entries above the diagonal, then the operations of the inner vertices.

    A vertex without an operation is one that the cell does not have.
    """
    inner = _chosen(bits[len(_EDGES_101) :], _ONE_HOT_101, what="operation")
    labels = [nasbench101.INPUT, *inner, nasbench101.OUTPUT]
    edges = {edge for edge, bit in zip(_EDGES_101, bits, strict=False) if bit}
    missing = {v for v, label in enumerate(labels) if label is None}
    lost = [edge for edge in sorted(edges) if missing & set(edge)]
    if lost:
        raise CellError(f"the one-hot has an edge {lost[0]} of a vertex without an operation")
    kept = [v for v in range(nasbench101.MAX_NODES) if v not in missing]
    rows = [[int((u, v) in edges) for v in kept] for u in kept]
    return nasbench101.from_matrix(rows, [label for label in labels if label is not None])


def _is_pair(parts: list[Any]) -> bool:
    return len(parts) == 2 and all(isinstance(one, list) for one in parts)


def _from_pair(parts: list[Any]) -> nasbench101.Cell:
    matrix, operations = parts
    if not all(isinstance(row, list) and _numbers(row) for row in matrix):
        raise CellError("expected an adjacency matrix of rows of 0 and 1, then the operations")
    if not all(isinstance(name, str) for name in operations):
        raise CellError(f"operations are {quoted(operations)}; expected their names")
    return nasbench101.from_matrix(matrix, operations)


#: The first one that fits is read; six numbers are NAS-Bench-201's before they are NAS-Bench-101's.
_SPELLINGS = (
    _Spelling(
        nasbench201.NAME,
        "6 numbers (NASLib's tuple)",
        lambda parts: _numbers(parts, 6),
        lambda parts: _from_edges(_named(parts, _NASLIB_201)),
    ),
    _Spelling(
        nasbench201.NAME,
        "30 zeros and ones (NASLib's one-hot)",
        lambda parts: _bits(parts, 30),
        _from_one_hot_201,
    ),
    _Spelling(
        nasbench201.NAME,
        "6 operations",
        lambda parts: len(parts) == 6 and all(isinstance(one, str) for one in parts),
        nasbench201.from_operations,
    ),
    _Spelling(
        nasbench201.NAME,
        "1, 2 and 3 pairs of operation and source",
        _is_nodes,
        _from_nodes,
    ),
    _Spelling(
        nasbench201.NAME,
        "a 4 x 4 matrix of operations",
        lambda parts: _rows(parts, nasbench201.NODES),
        _from_operation_matrix,
    ),
    _Spelling(
        natsbench_sss.NAME,
        "5 widths",
        lambda parts: _numbers(parts, natsbench_sss.LAYERS),
        natsbench_sss.from_widths,
    ),
    _Spelling(
        nasbench101.NAME,
        "matrix and operations",
        _is_pair,
        _from_pair,
    ),
    _Spelling(
        nasbench101.NAME,
        "6, 12, 20, 30, 42 or 56 numbers (NASLib's tuple)",
        lambda parts: _numbers(parts, *_TUPLES_101),
        _from_tuple_101,
    ),
    _Spelling(
        nasbench101.NAME,
        "36 zeros and ones (NASLib's one-hot)",
        lambda parts: _bits(parts, 36),
        _from_one_hot_101,
    ),
)
_OWN = frozenset(one.space for one in _SPELLINGS)
