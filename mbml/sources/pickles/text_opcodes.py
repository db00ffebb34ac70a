"""The opcodes of protocols 0 and 1 that hold a number or a text in readable form, to a line's end.

Digits are ASCII and as Python writes them, and no more than an integer may have: reading a number
of a million digits takes minutes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mbml.sources.pickles.values import PickleFaultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mbml.sources.pickles.machine import Machine

    Handler = Callable[[Machine], bool | None]

_INTEGER: Final = re.compile(rb"0|-?[1-9][0-9]*+")
_FLOAT: Final = re.compile(rb"-?(?:[0-9]++(?:\.[0-9]++)?(?:e[+-]?[0-9]++)?|inf)|nan")
_INDEX: Final = re.compile(rb"0|[1-9][0-9]{0,9}")
_BODY: Final = re.compile(rb"""(?:[\x20-\x5b\x5d-\x7e]|\\(?:x[0-9a-fA-F]{2}|[\\'"nrt]))*+""")
_ESCAPE: Final = re.compile(rb"\\(?:x(..)|(.))", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
#: Decimal digits of the largest number that so many bytes hold, rounded up; a float has 17.
_DIGITS_OF_A_BYTE: Final = 2.41
_LONGEST_FLOAT: Final = 32


def _integer(machine: Machine, line: bytes) -> int:
    most = int(machine.budget.limits.integer * _DIGITS_OF_A_BYTE)
    if len(line) > most or _INTEGER.fullmatch(line) is None:
        raise PickleFaultError(f"an integer that is not 1 to {most:,} decimal digits")
    return int(line)


def _line(machine: Machine) -> bytes:
    return machine.take_line(machine.budget.limits.integer * 3)


def _int(machine: Machine) -> None:
    line = _line(machine)
    # How these protocols write False and True.
    machine.stack.append(line == b"01" if line in {b"00", b"01"} else _integer(machine, line))


def _long(machine: Machine) -> None:
    machine.stack.append(_integer(machine, _line(machine).removesuffix(b"L")))


def _float(machine: Machine) -> None:
    line = _line(machine)
    if len(line) > _LONGEST_FLOAT or _FLOAT.fullmatch(line) is None:
        raise PickleFaultError("a float that is not as Python writes it")
    machine.stack.append(float(line))


def _string(machine: Machine) -> None:
    line = machine.take_line(machine.budget.limits.text)
    quote, body = line[:1], line[1:-1]
    if quote not in {b"'", b'"'} or line[-1:] != quote or _BODY.fullmatch(body) is None:
        raise PickleFaultError("a text that is not quoted as Python writes it")
    machine.stack.append(_ESCAPE.sub(_unescaped, body).decode("ascii"))


def _unescaped(match: re.Match[bytes]) -> bytes:
    code, letter = match.groups()
    return bytes([int(code, 16)]) if code else _LETTERS.get(letter, letter)


def _unicode(machine: Machine) -> None:
    line = machine.take_line(machine.budget.limits.text)
    machine.stack.append(str(line, "raw-unicode-escape"))


def _index(machine: Machine) -> int:
    line = _line(machine)
    if _INDEX.fullmatch(line) is None:
        raise PickleFaultError("a memo index that is not one to ten decimal digits")
    return int(line)


def _put(machine: Machine) -> None:
    machine.memo.is_explicit = True
    machine.memo.put(_index(machine), machine.stack[-1])


def _get(machine: Machine) -> None:
    machine.stack.append(machine.memo.get(_index(machine)))


TEXT_OPCODES: Final[dict[bytes, Handler]] = {
    b"I": _int,
    b"L": _long,
    b"F": _float,
    b"S": _string,
    b"V": _unicode,
    b"p": _put,
    b"g": _get,
}
