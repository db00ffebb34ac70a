"""Charts in characters, for a terminal: dots of a scatter or of curves, bars of a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

#: A character has two dots a row and four rows; Unicode numbers its dots by these bits.
_BRAILLE = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)
_BARS = " ▁▂▃▄▅▆▇█"


def dots(x: Values, y: Values, *, width: int, height: int, labels: tuple[str, str]) -> list[str]:
    """Return a scatter of points, with the ends of both axes.

    Parameters
    ----------
    x, y
        Coordinates, finite, shape (points,) each.
    width, height
        Characters of the drawing, without its axes.
    labels
        Names of the axes.
    """
    grid = np.zeros((4 * height, 2 * width), dtype=bool)
    rows = 4 * height - 1 - _scaled(y, 4 * height)
    grid[rows, _scaled(x, 2 * width)] = True
    cells = grid.reshape(height, 4, width, 2).transpose(0, 2, 1, 3)
    codes = (cells * _BITS).sum(axis=(2, 3)).astype(int) + _BRAILLE
    lines = ["".join(map(chr, row)) for row in codes]
    ends = [(float(axis.min()), float(axis.max())) for axis in (x, y)]
    return _framed(lines, ends[0], ends[1], labels)


def bars(counts: Sequence[int], *, ends: tuple[float, float], height: int, label: str) -> list[str]:
    """Return a histogram: a bar of characters for each count, and the ends of its axis."""
    most = max(counts)
    eighths = [round(8 * height * count / most) for count in counts]
    lines = [
        "".join(_BARS[min(8, max(0, one - 8 * row))] for one in eighths)
        for row in reversed(range(height))
    ]
    return _framed(lines, ends, (0, float(most)), (label, "rows"))


def _scaled(values: Values, places: int) -> NDArray[np.intp]:
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.zeros(len(values))
    return np.minimum((share * places).astype(np.intp), places - 1)


def _framed(
    lines: list[str], x: tuple[float, float], y: tuple[float, float], labels: tuple[str, str]
) -> list[str]:
    """Put the ends of the axes beside and below the lines of a drawing."""
    low, high = f"{y[0]:.6g}", f"{y[1]:.6g}"
    margin = max(len(low), len(high))
    names = [high, *[""] * (len(lines) - 2), low]
    left, right = f"{x[0]:.6g}", f"{x[1]:.6g}"
    middle = labels[0].center(max(0, len(lines[0]) - len(left) - len(right)))
    return [
        labels[1],
        *(f"{name:>{margin}} ┤{line}" for name, line in zip(names, lines, strict=True)),
        f"{'':>{margin}} └{'─' * len(lines[0])}",
        f"{'':>{margin}}  {left}{middle}{right}",
    ]
