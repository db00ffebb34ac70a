"""The opcodes of pickle protocols 0 to 5 that data needs; every other one is refused by name.

A handler takes the machine after its opcode byte and returns True when a record is complete.
"""

from __future__ import annotations

import pickletools
import struct
from typing import TYPE_CHECKING, Final, TypeVar

from mbml.sources.pickles.arrays import set_state
from mbml.sources.pickles.calls import GLOBALS
from mbml.sources.pickles.foreign import foreign_object
from mbml.sources.pickles.keys import check_keys
from mbml.sources.pickles.text_opcodes import TEXT_OPCODES
from mbml.sources.pickles.values import Global, PickleFaultError, summary_of

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
    most = machine.budget.limits.integer
    if not 0 <= size <= most:
        raise PickleFaultError(f"an integer of {size:,} bytes, expected 0 to {most:,}")
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


def _ascii(size: Callable[[Machine], int]) -> Handler:
    """Read a text of Python 2; Python 3 reads no others by default."""

    def handler(machine: Machine) -> None:
        machine.stack.append(str(machine.take(size(machine)), "ascii"))

    return handler


def _bytearray8(machine: Machine) -> None:
    machine.stack.append(bytearray(machine.take(_size8(machine))))


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
    b"\x96": _bytearray8,
    b"T": _ascii(_size4),
    b"U": _ascii(_size1),
    b"q": _binput,
    b"r": _long_binput,
    b"\x94": _memoize,
    b"h": _binget,
    b"j": _long_binget,
}


_Container = TypeVar("_Container", dict[object, object], list[object], set[object])

_u8 = struct.Struct("<Q").unpack_from

#: Characters of the module and of the attribute of a global.
_LARGEST_NAME = 256
_NAMES: Final = {ord(one.code): one.name for one in pickletools.opcodes}
#: What pushes a text in protocols 0 and 1: a key, where one more item of a dictionary follows.
_TEXT_CODES: Final = frozenset(b"gVShjXUT")


def _proto(machine: Machine) -> None:
    version = machine.data[machine.position]
    machine.position += 1
    if machine.protocol or machine.stack or machine.below or not 2 <= version <= 5:
        raise PickleFaultError(f"PROTO {version}, expected one of 2 to 5 once, at the start")
    machine.protocol = version


def _frame(machine: Machine) -> None:
    size = _u8(machine.data, machine.position)[0]
    machine.position += 8
    machine.join_frames(size)


def _stop(machine: Machine) -> bool:
    machine.result = machine.stack.pop()
    if machine.stack or machine.below:
        raise PickleFaultError("values are left on the stack at the end")
    machine.finished = True
    return True


def _mark(machine: Machine) -> None:
    machine.open_mark()


def _empty_dict(machine: Machine) -> None:
    machine.open_dict()


def _empty_list(machine: Machine) -> None:
    machine.stack.append([])


def _empty_tuple(machine: Machine) -> None:
    machine.stack.append(())


def _empty_set(machine: Machine) -> None:
    machine.stack.append(set())


def _tuple(machine: Machine) -> None:
    part = machine.close_mark()
    machine.stack.append(tuple(part))


def _list(machine: Machine) -> None:
    part = machine.close_mark()
    machine.budget.check_items(part)
    machine.stack.append(part)


def _dict(machine: Machine) -> bool:
    part = machine.close_mark()
    machine.stack.append({})
    return machine.completed(_fill(machine, part))


def _pop(machine: Machine) -> None:
    """Drop a value, or a mark: what a tuple that holds itself leaves, written within itself."""
    if machine.stack:
        machine.stack.pop()
    else:
        machine.close_mark()


def _pop_mark(machine: Machine) -> None:
    machine.close_mark()


def _short_tuple(size: int) -> Handler:
    def handler(machine: Machine) -> None:
        stack = machine.stack
        if len(stack) < size:
            raise IndexError
        stack[-size:] = [tuple(stack[-size:])]

    return handler


def _frozenset(machine: Machine) -> None:
    part = machine.close_mark()
    check_keys(part, machine.budget)
    machine.stack.append(frozenset(part))


def _target(machine: Machine, kind: type[_Container]) -> _Container:
    target = machine.stack[-1]
    if type(target) is not kind:
        raise PickleFaultError(f"items are added to {summary_of(target)}, not a {kind.__name__}")
    return target


def _append(machine: Machine) -> None:
    value = machine.stack.pop()
    target = _target(machine, list)
    target.append(value)
    machine.budget.check_items(target)


def _appends(machine: Machine) -> None:
    part = machine.close_mark()
    target = _target(machine, list)
    target.extend(part)
    machine.budget.check_items(target)


def _additems(machine: Machine) -> None:
    part = machine.close_mark()
    target = _target(machine, set)
    check_keys(part, machine.budget)
    target.update(part)
    machine.budget.check_items(target)


def _setitem(machine: Machine) -> bool:
    value = machine.stack.pop()
    key = machine.stack.pop()
    target = _fill(machine, [key, value])
    # Protocol 0 adds items one by one: a record is complete when no further key follows.
    if not machine.protocol and machine.data[machine.position] in _TEXT_CODES:
        return False
    return machine.completed(target)


def _setitems(machine: Machine) -> bool:
    return machine.completed(_fill(machine, machine.close_mark()))


def _fill(machine: Machine, part: list[object]) -> dict[object, object]:
    """Add keys and values, one after the other in `part`, to the dictionary on the stack."""
    if len(part) % 2:
        raise PickleFaultError("a key without a value")
    keys = part[::2]
    target: dict[object, object] = _target(machine, dict)
    check_keys(keys, machine.budget)
    target.update(zip(keys, part[1::2], strict=True))
    machine.budget.check_items(target)
    return target


def _named(machine: Machine, module: object, name: object) -> None:
    if type(module) is not str or type(name) is not str:
        raise PickleFaultError(
            f"STACK_GLOBAL of {summary_of(module)} and {summary_of(name)}, expected two texts"
        )
    known = GLOBALS.get((module, name))
    if known is None:
        raise foreign_object(module, name)
    machine.stack.append(known)


def _global(machine: Machine) -> None:
    module = machine.take_line(_LARGEST_NAME).decode("utf-8")
    _named(machine, module, machine.take_line(_LARGEST_NAME).decode("utf-8"))


def _stack_global(machine: Machine) -> None:
    name = machine.stack.pop()
    module = machine.stack.pop()
    _named(machine, module, name)


def _reduce(machine: Machine) -> bool:
    arguments = machine.stack.pop()
    known = machine.stack.pop()
    if type(known) is not Global:
        raise PickleFaultError(f"REDUCE calls {summary_of(known)}, expected a global")
    if type(arguments) is not tuple:
        raise PickleFaultError(
            f"REDUCE with {summary_of(arguments)}, expected a tuple of arguments"
        )
    value = known.build(arguments, machine.budget)
    if type(value) is dict and not value:
        machine.open_dict()
        return False
    machine.stack.append(value)
    return type(value) is dict and machine.completed(value)


def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    set_state(machine.stack[-1], state)


def opcode_name(code: int) -> str:
    """Return the name of an opcode byte, for messages."""
    known = _NAMES.get(code)
    return known or f"0x{code:02x}"


def _refuse(code: int) -> Handler:
    def handler(_: Machine) -> None:
        raise PickleFaultError(f"opcode {opcode_name(code)}, which this format never has")

    return handler


_KNOWN: Final[dict[bytes, Handler]] = {
    **PLAIN,
    **TEXT_OPCODES,
    b"\x80": _proto,
    b"\x95": _frame,
    b".": _stop,
    b"(": _mark,
    b"0": _pop,
    b"1": _pop_mark,
    b"}": _empty_dict,
    b"]": _empty_list,
    b")": _empty_tuple,
    b"\x8f": _empty_set,
    b"t": _tuple,
    b"l": _list,
    b"d": _dict,
    b"\x85": _short_tuple(1),
    b"\x86": _short_tuple(2),
    b"\x87": _short_tuple(3),
    b"\x91": _frozenset,
    b"a": _append,
    b"e": _appends,
    b"\x90": _additems,
    b"s": _setitem,
    b"u": _setitems,
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"b": _build,
}

#: The handler of each of the 256 opcode bytes.
HANDLERS: Final[tuple[Handler, ...]] = tuple(
    _KNOWN.get(bytes([code])) or _refuse(code) for code in range(256)
)
