"""MD5 of many equally long messages at once, for module hashes: no use as a safeguard.

`hashlib` takes about half a microsecond a call; NAS-Bench-101 needs twenty million of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_BYTES = 64
_LENGTH_BYTES = 8
_TILE = 16384  # large enough to hide NumPy's cost a call, small enough for the cache

_CONSTANTS = [np.uint32(int(abs(math.sin(step + 1)) * 2**32)) for step in range(64)]
_SHIFTS = [
    (np.uint32(left), np.uint32(32 - left))
    for group in ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
    for left in group * 4
]
_WORDS = [
    (start + stride * step) % 16
    for start, stride in ((0, 1), (1, 5), (5, 3), (0, 7))
    for step in range(16)
]
_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)

#: The two hexadecimal digits of every byte, as one number each.
_HEX = np.frombuffer(bytes(range(256)).hex().encode(), dtype=np.uint16)


def buffer(count: int, length: int) -> NDArray[np.uint8]:
    """Make room for `count` messages of `length` bytes, with MD5's padding already in place.

    Parameters
    ----------
    count, length
        Number of messages, and bytes of each.

    Returns
    -------
    numpy.ndarray
        Shape (count, multiple of 64); the caller fills columns 0 to `length` - 1.
    """
    blocks = (length + 1 + _LENGTH_BYTES + BLOCK_BYTES - 1) // BLOCK_BYTES
    messages = np.zeros((count, blocks * BLOCK_BYTES), dtype=np.uint8)
    messages[:, length] = 0x80
    bits = np.frombuffer((8 * length).to_bytes(_LENGTH_BYTES, "little"), dtype=np.uint8)
    messages[:, -_LENGTH_BYTES:] = bits
    return messages


def digests(messages: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Digest padded messages.

    Parameters
    ----------
    messages
        What `buffer` made, filled.

    Returns
    -------
    numpy.ndarray
        Shape (count, 16): the digests' bytes.
    """
    count = len(messages)
    words = messages.view("<u4")
    result = np.empty((count, 4), dtype="<u4")
    for start in range(0, count, _TILE):
        tile = np.ascontiguousarray(words[start : start + _TILE].T)
        state = [np.full(tile.shape[1], value, dtype=np.uint32) for value in _START]
        for block in range(0, len(tile), 16):
            _compress(state, tile[block : block + 16])
        for column, values in enumerate(state):
            result[start : start + _TILE, column] = values
    return result.view(np.uint8)


def hexadecimal(digest_bytes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Spell digests, shape (count, 16), as lower-case hexadecimal text, shape (count, 32)."""
    return _HEX[digest_bytes].view(np.uint8)


def _compress(state: list[NDArray[np.uint32]], words: NDArray[np.uint32]) -> None:
    """Take one block of every message into the four state arrays, in place."""
    a, b, c, d = (part.copy() for part in state)
    mix, spare = np.empty_like(a), np.empty_like(a)
    for step in range(64):
        if step < 16:
            np.bitwise_xor(c, d, out=mix)
            np.bitwise_and(mix, b, out=mix)
            np.bitwise_xor(mix, d, out=mix)
        elif step < 32:
            np.bitwise_xor(b, c, out=mix)
            np.bitwise_and(mix, d, out=mix)
            np.bitwise_xor(mix, c, out=mix)
        elif step < 48:
            np.bitwise_xor(b, c, out=mix)
            np.bitwise_xor(mix, d, out=mix)
        else:
            np.invert(d, out=mix)
            np.bitwise_or(mix, b, out=mix)
            np.bitwise_xor(mix, c, out=mix)
        np.add(mix, a, out=mix)
        np.add(mix, words[_WORDS[step]], out=mix)
        np.add(mix, _CONSTANTS[step], out=mix)
        left, right = _SHIFTS[step]
        np.left_shift(mix, left, out=spare)
        np.right_shift(mix, right, out=mix)
        np.bitwise_or(mix, spare, out=mix)
        np.add(mix, b, out=mix)
        # The oldest state array is free now and takes the next step's mix.
        a, d, c, b, mix = d, c, b, mix, a
    for part, change in zip(state, (a, b, c, d), strict=True):
        np.add(part, change, out=part)
