"""A pickle written piece by piece, with the opcodes and the memo that Python's own pickler writes.

Python's pickler needs the whole object in memory; a full-size benchmark would take 27 GB. Here the
caller says what comes next: a name (written once, looked up after), a fresh text, a number, the
beginning and end of a container, or a whole dictionary of numbers from a prepared template.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

_FRAME_TARGET: Final = 64 << 10
_SHORTEST_SHARED: Final = 256


class PickleWriter:
    """Writes one pickle.

    Parameters
    ----------
    out
        Where to.
    protocol
        2, as old `torch.save` writes, or 4, as NATS-Bench does.
    """

    def __init__(self, out: BinaryIO, protocol: int) -> None:
        self._out = out
        self._protocol = protocol
        self._next = 0
        self._names: dict[str, int] = {}
        self._buffer = bytearray()
        self._scalar = -1
        self._dtype = -1
        self._encode = -1
        self._ordered = -1
        out.write(b"\x80" + bytes([protocol]))

    def raw(self, data: bytes) -> None:
        """Write opcodes as they are."""
        self._buffer += data
        if len(self._buffer) >= _FRAME_TARGET:
            self._flush()

    def _flush(self) -> None:
        if self._protocol >= 4:
            self._out.write(b"\x95" + struct.pack("<Q", len(self._buffer)))
        self._out.write(self._buffer)
        self._buffer.clear()

    def end(self) -> None:
        """Write STOP and what is left."""
        self._buffer += b"."
        self._flush()

    def put(self) -> int:
        """Memoise the value just written; return its index."""
        index = self._next
        self._next += 1
        if self._protocol >= 4:
            self._buffer += b"\x94"
        elif index < _SHORTEST_SHARED:
            self._buffer += b"q" + bytes([index])
        else:
            self._buffer += b"r" + struct.pack("<I", index)
        return index

    def get(self, index: int) -> None:
        """Look up a value."""
        self._buffer += _get(index)

    def name(self, text: str) -> None:
        """Write a text that is one object wherever it stands."""
        known = self._names.get(text)
        if known is None:
            self._names[text] = self.text(text)
        else:
            self.get(known)

    def text(self, text: str) -> int:
        """Write a text that is an object of its own; return its memo index."""
        data = text.encode()
        if self._protocol >= 4:
            self._buffer += b"\x8c" + bytes([len(data)]) + data
        else:
            self._buffer += b"X" + struct.pack("<I", len(data)) + data
        return self.put()

    def integer(self, value: int) -> None:
        """Write an integer of at most 31 bits."""
        if 0 <= value < 1 << 8:
            self._buffer += b"K" + bytes([value])
        elif 0 <= value < 1 << 16:
            self._buffer += b"M" + struct.pack("<H", value)
        else:
            self._buffer += b"J" + struct.pack("<i", value)

    def double(self, value: float) -> None:
        """Write a Python float."""
        self._buffer += b"G" + struct.pack(">d", value)

    def begin_dict(self) -> None:
        """Begin a dictionary of at least two items; its end is `raw(b"u")`."""
        self._buffer += b"}"
        self.put()
        self._buffer += b"("

    def list_of(self, pieces: Sequence[str] | Sequence[int]) -> None:
        """Write a list of fresh texts or of integers."""
        self._buffer += b"]"
        self.put()
        for place in range(0, len(pieces), 1000):
            batch = pieces[place : place + 1000]
            self._buffer += b"(" if len(batch) > 1 else b""
            for one in batch:
                if isinstance(one, str):
                    self.text(one)
                else:
                    self.integer(one)
            self.raw(b"e" if len(batch) > 1 else b"a")

    def _global(self, module: str, name: str) -> int:
        if self._protocol >= 4:
            self.name(module)
            self.name(name)
            self._buffer += b"\x93"
        else:
            self._buffer += f"c{module}\n{name}\n".encode()
        return self.put()

    def numpy_double(self, value: float) -> None:
        """Write a numpy float64 scalar, under the names that numpy 1 gave."""
        if self._scalar < 0:
            self._scalar = self._global("numpy.core.multiarray", "scalar")
            self._write_dtype()
        else:
            self.get(self._scalar)
            self.get(self._dtype)
        data = struct.pack("<d", value)
        if self._protocol >= 4:
            self._buffer += b"C\x08" + data
            self.put()
        else:
            if self._encode < 0:
                self._encode = self._global("_codecs", "encode")
            else:
                self.get(self._encode)
            self.text(data.decode("latin-1"))
            self.name("latin1")
            self._buffer += b"\x86"
            self.put()
            self._buffer += b"R"
            self.put()
        self._buffer += b"\x86"
        self.put()
        self._buffer += b"R"
        self.put()

    def _write_dtype(self) -> None:
        self._global("numpy", "dtype")
        self.name("f8")
        self._buffer += b"K\x00K\x01\x87"
        self.put()
        self._buffer += b"R"
        self._dtype = self.put()
        self._buffer += b"(K\x03"
        self.name("<")
        self._buffer += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"
        self.put()
        self._buffer += b"b"

    def begin_ordered(self) -> None:
        """Write an empty `collections.OrderedDict`."""
        if self._ordered < 0:
            self._ordered = self._global("collections", "OrderedDict")
        else:
            self.get(self._ordered)
        self._buffer += b")R"
        self.put()

    def epochs(self, values: NDArray[np.float64], *, ordered: bool = False) -> None:
        """Write a dictionary from epoch 0, 1, ... to numbers.

        Parameters
        ----------
        values
            At most 256 numbers.
        ordered
            Whether it is an `OrderedDict`.
        """
        if ordered:
            self.begin_ordered()
        else:
            self._buffer += b"}"
            self.put()
        template, floats, _ = _template("int", tuple(range(len(values))))
        self._items(template, floats, values)

    def keyed(self, keys: tuple[str, ...], values: NDArray[np.float64]) -> int:
        """Write a dictionary whose keys are fresh texts; return the index of the first.

        Parameters
        ----------
        keys
            Texts of under 256 bytes.
        values
            Numbers, one a key.
        """
        self._buffer += b"}"
        self.put()
        first = self._next
        if self._protocol < 4 and first + len(keys) <= _SHORTEST_SHARED:
            raise ValueError("templates hold long memo indexes: write the names before")
        form = "memoise" if self._protocol >= 4 else "put"
        template, floats, indexes = _template(form, keys)
        if self._protocol < 4:
            template = template.copy()
            memo = np.arange(first, first + len(keys), dtype="<u4")
            template[indexes] = memo.view(np.uint8).reshape(-1, 4)
        self._next += len(keys)
        self._items(template, floats, values)
        return first

    def keyed_again(self, first: int, values: NDArray[np.float64]) -> None:
        """Write a dictionary with the keys of one before; `first` is what `keyed` returned."""
        self._buffer += b"}"
        self.put()
        heads = [_get(first + place) for place in range(len(values))]
        doubles = values.astype(">f8").tobytes()
        items = [
            head + b"G" + doubles[8 * place : 8 * place + 8] for place, head in enumerate(heads)
        ]
        self._close(b"".join(items), len(items))

    def _items(
        self, template: NDArray[np.uint8], floats: NDArray[np.intp], values: NDArray[np.float64]
    ) -> None:
        data = template.copy()
        data[floats] = values.astype(">f8").view(np.uint8).reshape(-1, 8)
        items = data.tobytes()
        over = len(self._buffer) + len(items) + 1 - _FRAME_TARGET
        if self._protocol >= 4 and over > 0 and len(values) > 1:
            # Python's frames end after whichever value fills them, also within a dictionary.
            ends = floats[:, -1] + 1
            cut = int(ends[np.searchsorted(ends, len(items) - over)])
            self.raw(b"(" + items[:cut])
            self.raw(items[cut:] + b"u")
            return
        self._close(items, len(values))

    def _close(self, items: bytes, count: int) -> None:
        self.raw(b"(" + items + b"u" if count > 1 else items + b"s")


def _get(index: int) -> bytes:
    if index < _SHORTEST_SHARED:
        return b"h" + bytes([index])
    return b"j" + struct.pack("<I", index)


@lru_cache(maxsize=128)
def _template(
    form: str, keys: tuple[str, ...] | tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp]]:
    """Return the items with zeros for numbers, the places of floats, and of memo indexes."""
    data = bytearray()
    floats = []
    indexes = []
    for key in keys:
        text = str(key).encode()
        if form == "int":
            data += b"K" + bytes([int(key)])
        elif form == "memoise":
            data += b"\x8c" + bytes([len(text)]) + text + b"\x94"
        else:
            data += b"X" + struct.pack("<I", len(text)) + text + b"r"
            indexes.append(len(data))
            data += bytes(4)
        data += b"G"
        floats.append(len(data))
        data += bytes(8)
    return (
        np.frombuffer(bytes(data), np.uint8),
        np.add.outer(np.array(floats, np.intp), np.arange(8)),
        np.add.outer(np.array(indexes, np.intp), np.arange(4)),
    )
