r"""Text of others on its way to people: what is invisible, or directs a terminal, is spelled out.

Names of files, cards, cells and plug-ins may hold characters that a terminal or a browser obeys: to
move the cursor, to turn the direction of writing. They are shown as Python writes them, `\x1b`.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What a quoted value, and a line of a message, may take.
_LONGEST_VALUE: Final = 100
_LONGEST_LINE: Final = 600
_MOST_LINES: Final = 20

#: What Markdown takes for a mark; an underscore is one at the edge of a word.
_MARK: Final = re.compile(r"[\\`*~|<>&]|\](?=\()|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def printable(text: str, *, keep: str = "") -> str:
    r"""Spell out characters that are not seen: control, bidirectional, zero-width and the like.

    Parameters
    ----------
    text
        The text.
    keep
        Such characters that stay, as line ends of our own.

    Examples
    --------
    >>> printable("\x1b[2J\u202egnp.exe")
    '\\x1b[2J\\u202egnp.exe'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)


def shortened(text: str, most: int) -> str:
    """Cut the middle out of a text that is too long, and tell how much it was.

    Examples
    --------
    >>> shortened("0" * 90 + "1" * 10, 20)
    '0000000000... (100 characters) ...1111111111'
    """
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}... ({len(text):,} characters) ...{text[-half:]}"


def quoted(value: object) -> str:
    """Quote a value that someone gave: as Python writes it, and short; whatever it is, it is shown.

    Examples
    --------
    >>> quoted("a")
    "'a'"
    """
    try:
        return printable(shortened(repr(value), _LONGEST_VALUE))
    except Exception:  # noqa: BLE001 (an object of others that cannot even be shown)
        return f"an object of type {type(value).__name__}"


def described(error: BaseException) -> str:
    r"""Tell an error of others by its type and its first line.

    Examples
    --------
    >>> described(ValueError("no\nmore"))
    'ValueError: no'
    """
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 (an error of others that cannot even be shown)
        lines = []
    name = type(error).__name__
    return f"{name}: {printable(shortened(lines[0], _LONGEST_LINE // 2))}" if lines else name


def first_line(error: BaseException) -> str:
    """Return the first line of what an error of a library says; the others point into its input."""
    return str(error).strip().partition("\n")[0]


def message(*lines: str) -> str:
    """Return lines as one message: each printable and short, and not many."""
    shown = [printable(shortened(line, _LONGEST_LINE)) for line in lines]
    if len(shown) > _MOST_LINES:
        shown = [*shown[: _MOST_LINES - 1], f"... and {len(shown) - _MOST_LINES + 1} more lines"]
    return "\n".join(shown)


def in_markdown(text: str) -> str:
    r"""Return text that Markdown shows as it is: no HTML, links, code or ends of cells.

    Examples
    --------
    >>> in_markdown("a|b <script>")
    'a\\|b &lt;script&gt;'
    """
    return _MARK.sub(lambda one: _ENTITIES.get(one[0], f"\\{one[0]}"), printable(text))


def markdown_row(cells: Iterable[str]) -> str:
    """Return a row of a table in Markdown that shows the cells as they are."""
    return "| " + " | ".join(map(in_markdown, cells)) + " |\n"


def markdown_head(names: Iterable[str], numbers: Iterable[bool]) -> str:
    """Return the first two lines of a table in Markdown; columns of numbers stand to the right."""
    rule = " | ".join("--:" if number else "---" for number in numbers)
    return f"{markdown_row(names)}| {rule} |\n"


def in_json(text: str) -> str:
    r"""Return JSON with what is not seen in its strings escaped; it means the same.

    Examples
    --------
    >>> in_json('["\u202e"]')
    '["\\u202e"]'
    """
    return re.sub(
        r"[^\n -~]",
        lambda one: one[0] if one[0].isprintable() else json.dumps(one[0])[1:-1],
        text,
    )


def html_table(title: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Write a table of HTML with its title, as a notebook shows it; text of others is escaped.

    Examples
    --------
    >>> html_table("<b>", ["score"], [[0.25]])
    '<table><caption>&lt;b&gt;</caption><tr><th>score</th></tr><tr><td>0.25</td></tr></table>'
    """

    def line(tag: str, cells: Iterable[object]) -> str:
        texts = (f"{one:.6g}" if isinstance(one, float) else str(one) for one in cells)
        return (
            "<tr>" + "".join(f"<{tag}>{escape(printable(one))}</{tag}>" for one in texts) + "</tr>"
        )

    body = "".join(line("td", row) for row in rows)
    caption = f"<caption>{escape(printable(title))}</caption>"
    return f"<table>{caption}{line('th', header)}{body}</table>"
