"""Archives and compressed files, with a table inside."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from packing import COMPRESSED, PACKED, tar, zipped
from tables import nasbench201_rows

from fuzzing.damage import Reader, damaged
from mbml.errors import MbmlError
from mbml.sources.containers.unpacking import find

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path


def _rows() -> bytes:
    return nasbench201_rows(12).write_csv().encode()


def _seeds() -> Iterable[bytes]:
    for pack in PACKED.values():
        yield pack("rows.csv", _rows())
    yield tar({f"folder/{number}.csv": _rows() for number in range(5)})
    yield zipped({f"folder/{number}.csv": _rows() for number in range(5)})


def _change(chance: random.Random, data: bytes) -> bytes:
    """Damage the bytes, or those inside a compression."""
    if data[:2] == b"\x1f\x8b" and chance.random() < 0.5:
        try:
            return gzip.compress(damaged(chance, gzip.decompress(data)), 1)
        except (OSError, EOFError, gzip.zlib.error):
            return damaged(chance, data)
    if chance.random() < 0.1:
        return COMPRESSED[chance.choice(list(COMPRESSED))](damaged(chance, data))
    head = chance.random() < 0.5
    at = 1024 if head else max(0, len(data) - 1024)
    if head:
        return damaged(chance, data[:at]) + data[at:]
    return data[:at] + damaged(chance, data[at:])


def _check(folder: Path, data: bytes) -> str:
    path = folder / "input"
    path.write_bytes(data)
    try:
        found = find(path)
    except MbmlError:
        return "refused"
    files = [found.path, *found.path.rglob("*")] if found.path.is_dir() else [found.path]
    assert not any(one.is_symlink() for one in files), "a link was unpacked"
    whole = any(one.read_bytes() == _rows() for one in files if one.is_file())
    found.remove()
    return "rows" if whole else "other"


READERS = (Reader("archive", _seeds, _change, _check),)
