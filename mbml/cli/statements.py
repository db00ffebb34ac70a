"""What `mbml query` is asked: a statement and the values of its parameters."""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

from mbml.errors import SourceError, UsageError
from mbml.sources.files import check_regular

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Bytes of a statement; more was not typed.
_LONGEST = 1 << 20


def statement(typed: str, file: Path | None) -> str:
    """Return the SQL that was typed, or that a file or stdin holds.

    Raises
    ------
    UsageError
        There is no statement, or there are two, or it is no text.
    SourceError
        The file cannot be read.
    """
    if (file is None) == (typed == ""):
        raise UsageError("give one statement: as an argument, - for stdin, or --file FILE")
    if file is not None:
        check_regular(file)
        try:
            with file.open("rb") as stream:
                return _decoded(stream.read(_LONGEST + 1), str(file))
        except OSError as error:
            raise SourceError(file, "", f"cannot be read: {error.strerror}") from error
    if typed == "-":
        return _decoded(sys.stdin.buffer.read(_LONGEST + 1), "stdin")
    return typed


def _decoded(data: bytes, source: str) -> str:
    if len(data) > _LONGEST:
        raise UsageError(f"{source} holds more than a statement of {_LONGEST >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{source} is not UTF-8 text") from None
    if not text.strip():
        raise UsageError(f"{source} holds no statement")
    return text


def parameters(given: Iterable[str]) -> dict[str, object]:
    """Return the values of parameters, by name, typed as SQL types a literal.

    Raises
    ------
    UsageError
        One is not written NAME=VALUE, or comes twice.

    Examples
    --------
    >>> parameters(["epoch=200", "least=0.5", "key=|none~0|", 'code="12"', "none=null"])
    {'epoch': 200, 'least': Decimal('0.5'), 'key': '|none~0|', 'code': '12', 'none': None}
    """
    values: dict[str, object] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise UsageError(f"a parameter is written NAME=VALUE, not {one!r}")
        if name in values:
            raise UsageError(f"the parameter {name} is given twice")
        values[name] = _value(text)
    return values


def _value(text: str) -> object:
    try:
        value = json.loads(text, parse_float=_number, parse_constant=_no_constant)
    except ValueError:
        return text
    return text if isinstance(value, list | dict) else value


def _number(text: str) -> object:
    return float(text) if "e" in text.lower() else Decimal(text)


def _no_constant(text: str) -> object:
    raise ValueError(text)
