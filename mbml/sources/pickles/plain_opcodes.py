"""The opcodes that push a number, a text or a memo entry, or put one: they build nothing."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from mbml.sources.pickles.values import PickleFaultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mbml.sources.pickles.machine import Machine

    Handler = Callable[[Machine], bool | None]

_double = struct.Struct(">d").unpack_from
_u2 = struct.Struct("<H").unpack_from
_u4 = struct.Struct("<I").unpack_from
_i4 = struct.Struct("<i").unpack_from
_u8 = struct.Struct("<Q").unpack_from


def _none(machine: Machine) -> None:
    machine.stack.append(None)


def _true(machine: Machine) -> None:
    machine.stack.append(True)


def _false(machine: Machine) -> None:
    machine.stack.append(False)


def _binint1(machine: Machine) -> None:
    machine.stack.append(machine.data[machine.position])
    machine.position += 1


def _binint2(machine: Machine) -> None:
    machine.stack.append(_u2(machine.data, machine.position)[0])
    machine.position += 2


def _binint(machine: Machine) -> None:
    machine.stack.append(_i4(machine.data, machine.position)[0])
    machine.position += 4


def _binfloat(machine: Machine) -> None:
    machine.stack.append(_double(machine.data, machine.position)[0])
    machine.position += 8


def _integer(machine: Machine, size: int) -> None:
    if not 0 <= size <= machine.limits.integer:
        raise PickleFaultError(f"an integer of {size} bytes, over {machine.limits.integer}")
    machine.stack.append(int.from_bytes(machine.take(size), "little", signed=True))


def _long1(machine: Machine) -> None:
    size = machine.data[machine.position]
    machine.position += 1
    _integer(machine, size)


def _long4(machine: Machine) -> None:
    size = _i4(machine.data, machine.position)[0]
    machine.position += 4
    _integer(machine, size)


def _size1(machine: Machine) -> int:
    size = machine.data[machine.position]
    machine.position += 1
    return size


def _size4(machine: Machine) -> int:
    size: int = _u4(machine.data, machine.position)[0]
    machine.position += 4
    return size


def _size8(machine: Machine) -> int:
    size: int = _u8(machine.data, machine.position)[0]
    machine.position += 8
    return size


def _text(size: Callable[[Machine], int]) -> Handler:
    def handler(machine: Machine) -> None:
        machine.stack.append(str(machine.take(size(machine)), "utf-8", "surrogatepass"))

    return handler


def _bytes(size: Callable[[Machine], int]) -> Handler:
    def handler(machine: Machine) -> None:
        machine.stack.append(machine.take(size(machine)))

    return handler


def _binput(machine: Machine) -> None:
    index = machine.data[machine.position]
    machine.position += 1
    machine.memo.is_explicit = True
    machine.memo.put(index, machine.stack[-1])


def _long_binput(machine: Machine) -> None:
    index = _u4(machine.data, machine.position)[0]
    machine.position += 4
    machine.memo.is_explicit = True
    machine.memo.put(index, machine.stack[-1])


def _memoize(machine: Machine) -> None:
    if machine.memo.is_explicit:
        raise PickleFaultError("MEMOIZE after BINPUT, which no pickler writes")
    machine.memo.put(machine.memo.next_index, machine.stack[-1])


def _binget(machine: Machine) -> None:
    machine.stack.append(machine.memo.get(machine.data[machine.position]))
    machine.position += 1


def _long_binget(machine: Machine) -> None:
    machine.stack.append(machine.memo.get(_u4(machine.data, machine.position)[0]))
    machine.position += 4


PLAIN: Final[dict[bytes, Handler]] = {
    b"N": _none,
    b"\x88": _true,
    b"\x89": _false,
    b"K": _binint1,
    b"M": _binint2,
    b"J": _binint,
    b"G": _binfloat,
    b"\x8a": _long1,
    b"\x8b": _long4,
    b"X": _text(_size4),
    b"\x8c": _text(_size1),
    b"\x8d": _text(_size8),
    b"B": _bytes(_size4),
    b"C": _bytes(_size1),
    b"\x8e": _bytes(_size8),
    b"q": _binput,
    b"r": _long_binput,
    b"\x94": _memoize,
    b"h": _binget,
    b"j": _long_binget,
}
