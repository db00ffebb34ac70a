"""The module hash of NAS-Bench-101: equal for isomorphic cells, different for all others.

Every vertex starts with the MD5 of its out-degree, in-degree and operation number. As often as
there are vertices, it takes the MD5 of its in-neighbours' sorted hashes, its out-neighbours'
sorted hashes and its own. The cell's hash is the MD5 of the sorted list of the vertices' hashes,
as Python prints it (Ying et al. 2019, `graph_util.hash_module`). Cells are pruned before.
"""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.spaces.nasbench101.md5 import buffer, digests, hexadecimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: The numbers that the recipe gives to operations: part of every hash, so never to be changed.
LABELS = {
    "input": -1,
    "output": -2,
    "conv3x3-bn-relu": 0,
    "conv1x1-bn-relu": 1,
    "maxpool3x3": 2,
}

_HEX_BYTES = 32
_TEXT = np.dtype("V32")  # a hash as one item: copied as a whole
_CELLS_AT_ONCE = 32768
_PLACE_BITS = np.uint64(7)  # a cell has at most seven vertices


class _Kind(NamedTuple):
    """Vertices of equal degrees: row numbers among all vertices, one column a neighbour."""

    vertices: NDArray[np.intp]
    sources: NDArray[np.intp]
    targets: NDArray[np.intp]


def _text_md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def module_hash(matrix: Sequence[Sequence[int]], labels: Sequence[int]) -> str:
    """Hash one pruned cell.

    Parameters
    ----------
    matrix
        Square, strictly upper-triangular, of Python integers 0 and 1.
    labels
        The vertices' numbers from `LABELS`.

    Returns
    -------
    str
        32 hexadecimal digits.

    Examples
    --------
    >>> module_hash([[0, 1], [0, 0]], [LABELS["input"], LABELS["output"]])
    '043721b9c7fe8c5fad811d47d83132ec'
    """
    size = range(len(labels))
    sources = [[u for u in size if matrix[u][v]] for v in size]
    targets = [[w for w in size if matrix[v][w]] for v in size]
    hashes = [_text_md5(str((len(targets[v]), len(sources[v]), labels[v]))) for v in size]
    for _ in size:
        hashes = [
            _text_md5(
                "|".join(
                    (
                        "".join(sorted(hashes[u] for u in sources[v])),
                        "".join(sorted(hashes[w] for w in targets[v])),
                        hashes[v],
                    )
                )
            )
            for v in size
        ]
    return _text_md5(str(sorted(hashes)))


def module_hashes(matrices: NDArray[np.uint8], labels: NDArray[np.int8]) -> list[str]:
    """Hash many pruned cells with the same number of vertices.

    Parameters
    ----------
    matrices
        Shape (cells, vertices, vertices), 0 and 1.
    labels
        Shape (cells, vertices), numbers from `LABELS`.

    Returns
    -------
    list of str
        Their hashes, as `module_hash` gives them one by one.
    """
    found: list[str] = []
    for start in range(0, len(matrices), _CELLS_AT_ONCE):
        part = slice(start, start + _CELLS_AT_ONCE)
        found += _hash_part(matrices[part], labels[part])
    return found


def _hash_part(matrices: NDArray[np.uint8], labels: NDArray[np.int8]) -> list[str]:
    cells, size = labels.shape
    state = _first_digests(matrices, labels)
    groups = _degree_groups(matrices)
    for _ in range(size):
        texts = hexadecimal(state).view(_TEXT)[:, 0]
        keys = _sort_keys(state, size)
        for group in groups:
            rows = np.concatenate([kind.vertices for kind in group])
            state[rows] = _next_digests(texts, keys, group)
    ordered = np.sort(_sort_keys(state, size).reshape(cells, size), axis=1)
    return _list_hashes(hexadecimal(state).view(_TEXT)[:, 0], ordered)


def _first_digests(matrices: NDArray[np.uint8], labels: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Digest degrees and labels: shape (cells * vertices, 16)."""
    outgoing = matrices.sum(axis=2, dtype=np.intp).ravel()
    incoming = matrices.sum(axis=1, dtype=np.intp).ravel()
    codes = (outgoing * 8 + incoming) * 8 + (labels.ravel() + 2)
    known = np.zeros((8 * 8 * 8, 16), dtype=np.uint8)
    for code in np.unique(codes).tolist():
        text = str((code // 64, code // 8 % 8, code % 8 - 2))
        known[code] = np.frombuffer(bytes.fromhex(_text_md5(text)), dtype=np.uint8)
    chosen: NDArray[np.uint8] = known[codes]
    return chosen


def _degree_groups(matrices: NDArray[np.uint8]) -> list[list[_Kind]]:
    """Sort vertices by their degrees; a group's vertices have the same number of neighbours.

    Their messages are then equally long; a kind within a group has the same in-degree too.
    """
    cells, size, _ = matrices.shape
    outgoing = matrices.reshape(cells * size, size)
    incoming = np.ascontiguousarray(matrices.transpose(0, 2, 1)).reshape(cells * size, size)
    degrees = [side.sum(axis=1, dtype=np.intp) for side in (incoming, outgoing)]
    codes = (degrees[0] + degrees[1]) * 8 + degrees[0]
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    groups: dict[int, list[_Kind]] = {}
    for vertices in np.split(order, starts[1:]):
        base = (vertices // size * size)[:, None]
        sources, targets = (
            np.nonzero(side[vertices])[1].reshape(len(vertices), -1) + base
            for side in (incoming, outgoing)
        )
        groups.setdefault(int(codes[vertices[0]]) // 8, []).append(
            _Kind(vertices, sources, targets)
        )
    return list(groups.values())


def _sort_keys(state: NDArray[np.uint8], size: int) -> NDArray[np.uint64]:
    """Give every vertex a number that sorts as its hash does and ends in its place in the cell.

    The first 61 bits decide; that two different hashes of one cell agree in them does not happen.
    """
    leading = state[:, :8].copy().view(">u8")[:, 0].astype(np.uint64)
    places = np.tile(np.arange(size, dtype=np.uint64), len(state) // size)
    return (leading & ~_PLACE_BITS) | places


def _next_digests(
    texts: NDArray[np.void], keys: NDArray[np.uint64], group: list[_Kind]
) -> NDArray[np.uint8]:
    """Digest the neighbourhoods of a group's vertices: shape (vertices, 16)."""
    neighbours = group[0].sources.shape[1] + group[0].targets.shape[1]
    count = sum(len(kind.vertices) for kind in group)
    messages = buffer(count, (neighbours + 1) * _HEX_BYTES + 2)
    start = 0
    for kind in group:
        part = messages[start : start + len(kind.vertices)]
        start += len(part)
        place = 0
        for side in (kind.sources, kind.targets):
            for rows in _sorted_by_hash(side, keys).T:
                part[:, place : place + _HEX_BYTES].view(_TEXT)[:, 0] = texts.take(rows)
                place += _HEX_BYTES
            part[:, place] = ord("|")
            place += 1
        part[:, place : place + _HEX_BYTES].view(_TEXT)[:, 0] = texts.take(kind.vertices)
    return digests(messages)


def _sorted_by_hash(neighbours: NDArray[np.intp], keys: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Order each row's vertices by their hashes."""
    if neighbours.shape[1] < 2:
        return neighbours
    order = np.argsort(keys[neighbours], axis=1)
    return np.take_along_axis(neighbours, order, axis=1)


def _list_hashes(texts: NDArray[np.void], ordered: NDArray[np.uint64]) -> list[str]:
    """Hash the printed list of each cell's hashes, given their sorted keys."""
    cells, size = ordered.shape
    rows = np.arange(cells)[:, None] * size + (ordered & _PLACE_BITS).astype(np.intp)
    messages = buffer(cells, size * (_HEX_BYTES + 4))
    frame = np.frombuffer(str(["0" * _HEX_BYTES] * size).encode(), dtype=np.uint8)
    messages[:, : len(frame)] = frame
    for place in range(size):
        start = 2 + place * (_HEX_BYTES + 4)
        messages[:, start : start + _HEX_BYTES].view(_TEXT)[:, 0] = texts.take(rows[:, place])
    spelled = hexadecimal(digests(messages)).tobytes().decode("ascii")
    return [spelled[i : i + _HEX_BYTES] for i in range(0, len(spelled), _HEX_BYTES)]
