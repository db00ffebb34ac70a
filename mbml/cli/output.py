"""stdout: data and nothing else, in the format that was asked for."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from mbml.cli.diagnostics import notify
from mbml.cli.layout import fits, records, shown, table, terminal_width
from mbml.cli.streams import (
    stream_csv,
    stream_json,
    stream_jsonl,
    stream_markdown,
    stream_parquet,
    stream_record,
    stream_table,
)
from mbml.errors import UsageError, unknown_name
from mbml.text import in_json, markdown_head, markdown_row, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    import polars as pl

    from mbml.store.query import Answer


#: Typer would take escape sequences out of data, unless colours are asked for.
_EXACT = True


@dataclass(frozen=True)
class Format:
    """A way to write to stdout: a frame at once, or the rows of a query as they come."""

    name: str
    render: Callable[[pl.DataFrame], str | bytes]
    stream: Callable[[Answer, BinaryIO], None]


def _table(frame: pl.DataFrame) -> str:
    return _set_out(frame.columns, _numbers(frame), list(_cells(frame)))


def _set_out(names: Sequence[str], numbers: Sequence[bool], rows: Sequence[Sequence[str]]) -> str:
    width = terminal_width()
    # What a command tells is told whole: down the page where it does not fit across.
    if not fits(names, rows, width):
        return "".join(records(names, rows))
    return "".join(table(names, numbers, rows, width=width))


def write_rows(columns: Mapping[str, type], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table of rows to stdout, given the names of their columns and the types of values."""
    numbers = [kind in (int, float) for kind in columns.values()]
    cells = [[shown(value) for value in row] for row in rows]
    typer.echo(_set_out(list(columns), numbers, cells), nl=False, color=_EXACT)


def write_ends(frame: pl.DataFrame, most_rows: int) -> None:
    """Write a table of the first and the last rows of a frame to stdout, as `mbml query` does."""
    count = frame.height
    if count > most_rows:
        frame = frame.head(most_rows - most_rows // 2).vstack(frame.tail(most_rows // 2))
    left_out = f"{count - frame.height:,} of {count:,} rows left out (--format csv has all)"
    lines = table(
        frame.columns,
        _numbers(frame),
        list(_cells(frame)),
        left_out=left_out if count > frame.height else "",
        width=terminal_width(),
    )
    typer.echo("".join(lines), nl=False, color=_EXACT)


def _record(frame: pl.DataFrame) -> str:
    return "".join(records(frame.columns, _cells(frame)))


def _csv(frame: pl.DataFrame) -> str:
    return frame.write_csv()


def _json(frame: pl.DataFrame) -> str:
    return to_json(frame.to_dicts())


def _jsonl(frame: pl.DataFrame) -> str:
    return "".join(to_json(row, indent=None) for row in frame.iter_rows(named=True))


def _parquet(frame: pl.DataFrame, *, has_surrogates: bool = False) -> bytes:
    from mbml.sources.naming import parquet_metadata

    return to_parquet(frame, parquet_metadata(is_surrogate=has_surrogates))


def to_parquet(frame: pl.DataFrame, metadata: dict[str, str]) -> bytes:
    """Return a frame as the bytes of a Parquet file."""
    from io import BytesIO

    buffer = BytesIO()
    frame.write_parquet(buffer, metadata=metadata)
    return buffer.getvalue()


def _markdown(frame: pl.DataFrame) -> str:
    head = markdown_head(map(shown, frame.columns), _numbers(frame))
    return head + "".join(map(markdown_row, _cells(frame)))


def _cells(frame: pl.DataFrame) -> Iterator[list[str]]:
    return ([shown(value) for value in row] for row in frame.iter_rows())


def _numbers(frame: pl.DataFrame) -> list[bool]:
    return [kind.is_numeric() for kind in frame.dtypes]


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("table", _table, stream_table),
        Format("record", _record, stream_record),
        Format("csv", _csv, stream_csv),
        Format("json", _json, stream_json),
        Format("jsonl", _jsonl, stream_jsonl),
        Format("parquet", _parquet, stream_parquet),
        Format("markdown", _markdown, stream_markdown),
    )
}


def write_frame(frame: pl.DataFrame, format_name: str, *, has_surrogates: bool = False) -> None:
    """Write a frame to stdout.

    Parameters
    ----------
    frame
        The rows.
    format_name
        A name of `FORMATS`.
    has_surrogates
        Whether any number may be invented, which Parquet says inside.

    Raises
    ------
    UsageError
        The format is unknown, or binary on a terminal.
    """
    render = _format(format_name).render
    if format_name == "parquet":
        render = partial(_parquet, has_surrogates=has_surrogates)
    rendered = render(frame)
    if isinstance(rendered, bytes):
        typer.get_binary_stream("stdout").write(rendered)
    else:
        typer.echo(rendered, nl=False, color=_EXACT)


def write_text(*lines: str) -> None:
    """Write lines for people to stdout, whoever wrote the names in them."""
    typer.echo("\n".join(map(printable, lines)))


def note_surrogates(has_surrogates: bool) -> None:
    """Say on stderr that numbers are invented: what goes to stdout is data alone."""
    if has_surrogates:
        notify("note: SURROGATE DATA: this warehouse holds invented numbers, not measurements")


def write_answer(
    open_answer: AbstractContextManager[Answer], format_name: str, *, most_rows: int = 0
) -> None:
    """Write the rows of a query to stdout as they come; of a table, the first and last ones.

    Parameters
    ----------
    open_answer
        The query.
    format_name
        How to write it.
    most_rows
        Rows that a table shows; 0 for all.

    Raises
    ------
    UsageError
        The format is unknown, or binary on a terminal; the query fails, now or after some rows.
    """
    stream = _format(format_name).stream
    if format_name == "table":
        stream = partial(stream_table, most_rows=most_rows)
    out = typer.get_binary_stream("stdout")
    with open_answer as answer:
        note_surrogates(answer.has_surrogates)
        stream(answer, out)
    out.flush()


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    if name == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is binary; send it to a file: mbml query … > result.parquet")
    return FORMATS[name]


def write_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write one JSON value to stdout; what is not a number is null."""
    typer.echo(to_json(value), nl=False, color=_EXACT)


def to_json(value: object, *, indent: int | None = 2) -> str:
    """Return JSON text with a final newline."""
    return in_json(json.dumps(_plain(value), indent=indent, ensure_ascii=False, default=str)) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
