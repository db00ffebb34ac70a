"""Pickles put together by hand, opcode by opcode."""

from __future__ import annotations

import struct


def text(value: str) -> bytes:
    """BINUNICODE."""
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def put(index: int) -> bytes:
    """LONG_BINPUT."""
    return b"r" + struct.pack("<I", index)


def get(index: int) -> bytes:
    """LONG_BINGET."""
    return b"j" + struct.pack("<I", index)


def named(name: str) -> bytes:
    """GLOBAL."""
    module, _, attribute = name.rpartition(".")
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def stack_named(name: str) -> bytes:
    """STACK_GLOBAL."""
    module, _, attribute = name.rpartition(".")
    return text(module) + text(attribute) + b"\x93"


def tupled(*parts: bytes) -> bytes:
    """MARK, the parts, TUPLE."""
    return b"(" + b"".join(parts) + b"t"


def call(name: str, *arguments: str) -> bytes:
    """GLOBAL and REDUCE."""
    return named(name) + tupled(*map(text, arguments)) + b"R"


def pickled(body: bytes, protocol: int = 2) -> bytes:
    """PROTO and STOP around opcodes; protocols 0 and 1 have no PROTO."""
    head = b"\x80" + bytes([protocol]) if protocol > 1 else b""
    return head + body + b"."


DTYPE = named("numpy.dtype") + b"(" + text("f8") + b"\x89\x88tR"
