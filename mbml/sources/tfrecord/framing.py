"""TFRecord framing: what stands around a payload.

A record is ``uint64 length | uint32 masked CRC-32C of the length | payload | uint32 masked CRC-32C
of the payload``, little-endian. A file is records one after the other. `pieces` reads.
"""

from __future__ import annotations

import functools
import struct
from typing import TYPE_CHECKING, Final

import google_crc32c
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER_BYTES: Final = 12
FOOTER_BYTES: Final = 4

_MASK = 0xA282EAD8
_WORD = 0xFFFFFFFF


def masked_crc(data: bytes) -> int:
    """Return the CRC-32C of some bytes as TFRecord stores it.

    Examples
    --------
    >>> hex(masked_crc((401).to_bytes(8, "little")))
    '0x9bed2598'
    """
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK) & _WORD


def mask_crcs(crcs: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return CRC-32Cs as TFRecord stores them."""
    rotated = crcs >> np.uint32(15) | crcs << np.uint32(17)
    return rotated + np.uint32(_MASK)


@functools.lru_cache(maxsize=4096)
def record_header(length: int) -> bytes:
    """Return the 12 bytes before a payload of a length."""
    field = struct.pack("<Q", length)
    return field + struct.pack("<I", masked_crc(field))
