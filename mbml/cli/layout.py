"""What people read: tables that fit the terminal, and rows set out down the page."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from mbml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: What stands for what is left out.
_MORE = "…"
#: A column of text is wrapped to no less, or it would run down the page.
_NARROWEST = 20


def shown(value: object) -> str:
    r"""Return one value as a cell: floats to six digits, control characters as escapes.

    Examples
    --------
    >>> [shown(one) for one in (None, 0.123456789, "two\nlines", "-")]
    ['-', '0.123457', 'two\\nlines', '\\-']
    """
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    # A text must differ from a missing value.
    return "\\-" if text == "-" else printable(text.replace("\\", "\\\\"))


def table(
    names: Sequence[str],
    numbers: Sequence[bool],
    rows: Sequence[Sequence[str]],
    *,
    left_out: str = "",
    width: int | None = None,
) -> Iterator[str]:
    """Yield the lines of a table.

    A table wider than the terminal wraps its widest texts at words, then leaves out columns in the
    middle, and says which; no word is cut, since keys and hashes are to be copied.

    Parameters
    ----------
    names
        Of the columns.
    numbers
        Which of them stand to the right.
    rows
        The rows of cells.
    left_out
        What stands in the middle of the rows, in place of some that are left out.
    width
        Columns of the terminal; None for a table as wide as it is.
    """
    heading = [shown(name) for name in names]
    columns = [list(column) for column in zip(heading, *rows, strict=True)]
    natural = [max(map(_width, column)) for column in columns]
    kept, widths = list(range(len(heading))), natural
    if width is not None and _total(natural) > width:
        least = [_longest_word(column) for column in columns]
        kept, widths = _fitted(natural, least, width)
    gap = None
    if len(kept) < len(heading):
        gap = next(number for number, place in enumerate([*kept, -1]) if number != place)

    def lines(cells: Sequence[str]) -> Iterator[str]:
        wrapped = [_wrapped(cells[place], widths[place]) for place in kept]
        for number in range(max(map(len, wrapped), default=1)):
            parts = [
                _padded(one[number] if number < len(one) else "", widths[place], numbers[place])
                for one, place in zip(wrapped, kept, strict=True)
            ]
            if gap is not None:
                parts.insert(gap, " " if number else _MORE)
            yield "  ".join(parts).rstrip(" ")

    for line in lines(heading):
        yield f"\x1b[1m{line}\x1b[0m\n" if _may_be_bold() else f"{line}\n"
    for number, row in enumerate(rows):
        if left_out and number == len(rows) // 2:
            yield f"{_MORE} {left_out}\n"
        yield from (f"{line}\n" for line in lines(row))
    if gap is not None:
        hidden = [name for place, name in enumerate(heading) if place not in kept]
        told = f"{_MORE} {len(hidden)} columns left out (--format record shows all): "
        yield from (f"{line}\n" for line in _wrapped(told + ", ".join(hidden), width or 0))


def fits(names: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> bool:
    """Tell whether a table of all columns fits the terminal, its texts wrapped at words."""
    heading = [shown(name) for name in names]
    least = [_longest_word(column) for column in zip(heading, *rows, strict=True)]
    return width is None or _total(least) <= width


def records(names: Sequence[str], rows: Iterable[Sequence[str]], first: int = 1) -> Iterator[str]:
    """Yield the lines of rows that are set out down the page, a column a line."""
    heading = [shown(name) for name in names]
    widest = max(map(_width, heading), default=0)
    for number, row in enumerate(rows, first):
        yield f"row {number:,}\n"
        for name, cell in zip(heading, row, strict=True):
            yield f"  {_padded(name, widest, number=False)}  {cell}\n"


def terminal_width() -> int | None:
    """Return the columns of the terminal that stdout is, or None if it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _fitted(natural: list[int], least: list[int], width: int) -> tuple[list[int], list[int]]:
    """Return the columns that there is room for, those at the ends first, and the widths of all."""
    kept = list(range(len(natural)))
    more = 0
    if _total(least) > width:
        more = len("  ") + len(_MORE)
        kept = _from_both_ends(least, width - more)
    widths = list(natural)
    over = _total([natural[place] for place in kept]) + more - width
    for place in sorted(kept, key=lambda place: -natural[place]):
        cut = max(0, min(over, natural[place] - least[place]))
        widths[place] -= cut
        over -= cut
    return kept, widths


def _from_both_ends(least: list[int], width: int) -> list[int]:
    """Return the columns at both ends, and in turn those beside them that there is room for."""
    kept = [0, len(least) - 1]
    sides = [(len(least) - 2, -1), (1, 1)]  # the next column of each end, and the way on
    while sides:
        place, step = sides.pop()
        if (
            0 <= place < len(least)
            and place not in kept
            and _total([least[one] for one in (*kept, place)]) <= width
        ):
            kept.append(place)
            sides.insert(0, (place + step, step))
    return sorted(set(kept))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len("  ") * (len(widths) - 1)


def _longest_word(column: Sequence[str]) -> int:
    """Return the width that a column may be wrapped to."""
    widest = max((_width(word) for cell in column for word in cell.split(" ")), default=0)
    return max(widest, min(_NARROWEST, max(map(_width, column))))


def _wrapped(cell: str, width: int) -> list[str]:
    """Return a cell in lines that end between words; a longer word has a line of its own."""
    if _width(cell) <= width:
        return [cell]
    lines = [""]
    for word in cell.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and _width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _padded(cell: str, width: int, number: bool) -> str:
    room = " " * (width - _width(cell))
    return room + cell if number else cell + room


def _width(cell: str) -> int:
    if cell.isascii():
        return len(cell)
    from rich.cells import cell_len

    return cell_len(cell)


def _may_be_bold() -> bool:
    # Where NO_COLOR is set, escape codes of any kind are unwelcome.
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in {"dumb", "unknown"}
    return sys.stdout.isatty() and not plain
