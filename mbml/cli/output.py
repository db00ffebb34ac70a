"""stdout: data and nothing else, in the format that was asked for."""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from mbml.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl


@dataclass(frozen=True)
class Format:
    """A way to write a frame: its name, and a function from frame to bytes or text."""

    name: str
    render: Callable[[pl.DataFrame], str | bytes]


def _table(frame: pl.DataFrame) -> str:
    from rich.console import Console
    from rich.table import Table

    # Where NO_COLOR is set, escape codes of any kind are unwelcome.
    heading = "" if os.environ.get("NO_COLOR") else "bold"
    table = Table(box=None, pad_edge=False, header_style=heading, show_edge=False)
    for name, kind in frame.schema.items():
        # A value is never cut: keys and hashes are to be copied.
        table.add_column(name, justify="right" if kind.is_numeric() else "left", no_wrap=True)
    for row in frame.iter_rows():
        table.add_row(*(_shown(value) for value in row))
    # Wider than any table, whatever the terminal: it is the terminal that wraps. Rich takes a
    # width for TERM=dumb only with a height.
    console = Console(width=100_000, height=100, markup=False, highlight=False)
    with console.capture() as capture:
        console.print(table, crop=False, soft_wrap=False)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _csv(frame: pl.DataFrame) -> str:
    return frame.write_csv()


def _json(frame: pl.DataFrame) -> str:
    return to_json(frame.to_dicts())


def _jsonl(frame: pl.DataFrame) -> str:
    return "".join(to_json(row, indent=None) for row in frame.iter_rows(named=True))


def _parquet(frame: pl.DataFrame) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _markdown(frame: pl.DataFrame) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"

    rule = ["--:" if kind.is_numeric() else "---" for kind in frame.dtypes]
    body = [line([_shown(value) for value in row]) for row in frame.iter_rows()]
    return line(frame.columns) + line(rule) + "".join(body)


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("table", _table),
        Format("csv", _csv),
        Format("json", _json),
        Format("jsonl", _jsonl),
        Format("parquet", _parquet),
        Format("markdown", _markdown),
    )
}


def write_frame(frame: pl.DataFrame, format_name: str) -> None:
    """Write a frame to stdout.

    Raises
    ------
    UsageError
        The format is unknown, or binary on a terminal.
    """
    if format_name not in FORMATS:
        raise unknown_name("format", format_name, FORMATS)
    if format_name == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is binary; send it to a file: mbml query … > result.parquet")
    rendered = FORMATS[format_name].render(frame)
    if isinstance(rendered, bytes):
        typer.get_binary_stream("stdout").write(rendered)
    else:
        typer.echo(rendered, nl=False)


def write_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write one JSON value to stdout; what is not a number is null."""
    typer.echo(to_json(value), nl=False)


def to_json(value: object, *, indent: int | None = 2) -> str:
    """Return JSON text with a final newline."""
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, default=str) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
