"""The opcodes of pickle protocols 2 to 5 that data needs; every other one is refused by name.

A handler takes the machine after its opcode byte and returns True when a record is complete.
"""

from __future__ import annotations

import pickletools
import struct
from typing import TYPE_CHECKING, Final, TypeVar

from mbml.sources.pickles.plain_opcodes import PLAIN
from mbml.sources.pickles.values import GLOBALS, Global, PickleFaultError, set_dtype_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mbml.sources.pickles.machine import Machine

    Handler = Callable[[Machine], bool | None]

_Container = TypeVar("_Container", dict[object, object], list[object], set[object])

_u8 = struct.Struct("<Q").unpack_from

#: Integer keys stay below, so that no file can choose keys that all hash alike.
_LARGEST_KEY = 1 << 53
_LARGEST_NAME = 256
_NAMES: Final = {ord(one.code): one.name for one in pickletools.opcodes}
_PLAIN_KEYS: Final = frozenset({str, bytes, bool, type(None)})


def _proto(machine: Machine) -> None:
    version = machine.data[machine.position]
    machine.position += 1
    if machine.protocol or not 2 <= version <= 5:
        raise PickleFaultError(f"PROTO {version}, where one of 2 to 5 was expected once")
    machine.protocol = version


def _frame(machine: Machine) -> None:
    size = _u8(machine.data, machine.position)[0]
    machine.position += 8
    machine.join_frames(size)


def _stop(machine: Machine) -> bool:
    machine.result = machine.stack.pop()
    if machine.stack or machine.below or not machine.protocol:
        raise PickleFaultError("PROTO is missing, or values are left on the stack at the end")
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


def _short_tuple(size: int) -> Handler:
    def handler(machine: Machine) -> None:
        stack = machine.stack
        if len(stack) < size:
            raise IndexError
        stack[-size:] = [tuple(stack[-size:])]

    return handler


def _frozenset(machine: Machine) -> None:
    part = machine.close_mark()
    _check_keys(part)
    machine.stack.append(frozenset(part))


def _target(machine: Machine, kind: type[_Container]) -> _Container:
    target = machine.stack[-1]
    if type(target) is not kind:
        raise PickleFaultError(
            f"items are added to a {type(target).__name__}, not a {kind.__name__}"
        )
    return target


def _check_size(
    machine: Machine, target: dict[object, object] | list[object] | set[object]
) -> None:
    if len(target) > machine.limits.items:
        raise PickleFaultError(
            f"more than {machine.limits.items} items in one {type(target).__name__}"
        )


def _append(machine: Machine) -> None:
    value = machine.stack.pop()
    target = _target(machine, list)
    target.append(value)
    _check_size(machine, target)


def _appends(machine: Machine) -> None:
    part = machine.close_mark()
    target = _target(machine, list)
    target.extend(part)
    _check_size(machine, target)


def _additems(machine: Machine) -> None:
    part = machine.close_mark()
    target = _target(machine, set)
    _check_keys(part)
    target.update(part)
    _check_size(machine, target)


def _setitem(machine: Machine) -> bool:
    value = machine.stack.pop()
    key = machine.stack.pop()
    return _fill(machine, [key], [value])


def _setitems(machine: Machine) -> bool:
    part = machine.close_mark()
    if len(part) % 2:
        raise PickleFaultError("a key without a value")
    return _fill(machine, part[::2], part[1::2])


def _fill(machine: Machine, keys: list[object], values: list[object]) -> bool:
    target = _target(machine, dict)
    _check_keys(keys)
    target.update(zip(keys, values, strict=True))
    _check_size(machine, target)
    return machine.completed(target)


def _check_keys(keys: Iterable[object]) -> None:
    """Accept only keys whose hash is quick and which no file can make collide."""
    for key in keys:
        kind = type(key)
        if kind in _PLAIN_KEYS:
            continue
        if kind is int and -_LARGEST_KEY < key < _LARGEST_KEY:  # type: ignore[operator]
            continue
        if kind is tuple and len(key) <= 8 and tuple not in map(type, key):  # type: ignore[arg-type, call-overload]
            _check_keys(key)  # type: ignore[arg-type]
            continue
        raise PickleFaultError(f"a key of type {kind.__name__}, or too large an integer as key")


def _named(machine: Machine, module: object, name: object) -> None:
    known = GLOBALS.get(f"{module}.{name}") if isinstance(name, str) else None
    if known is None or not isinstance(module, str):
        raise PickleFaultError(
            f"it names {ascii(module)[:80]}.{ascii(name)[:80]}, which this format never does; "
            "nothing was imported"
        )
    machine.stack.append(known)


def _global(machine: Machine) -> None:
    names = []
    for _ in range(2):
        begin = machine.position
        end = machine.data.find(b"\n", begin, begin + _LARGEST_NAME)
        if end < 0:
            raise PickleFaultError("a global without the end of its name")
        names.append(machine.data[begin:end].decode("utf-8"))
        machine.position = end + 1
    _named(machine, *names)


def _stack_global(machine: Machine) -> None:
    name = machine.stack.pop()
    module = machine.stack.pop()
    _named(machine, module, name)


def _reduce(machine: Machine) -> None:
    arguments = machine.stack.pop()
    known = machine.stack.pop()
    if type(known) is not Global:
        raise PickleFaultError(f"REDUCE would call a {type(known).__name__}")
    if type(arguments) is not tuple:
        raise PickleFaultError("REDUCE without a tuple of arguments")
    value = known.build(arguments)
    if type(value) is dict:
        machine.open_dict()
    else:
        machine.stack.append(value)


def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    set_dtype_state(machine.stack[-1], state)


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
    b"\x80": _proto,
    b"\x95": _frame,
    b".": _stop,
    b"(": _mark,
    b"}": _empty_dict,
    b"]": _empty_list,
    b")": _empty_tuple,
    b"\x8f": _empty_set,
    b"t": _tuple,
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
