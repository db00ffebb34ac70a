"""The files that the benchmarks' authors publish, to be recognised by their checksums.

What the authors tell decides how: of some files the SHA-256, of others the MD5 or its last digits
alone. `docs/originals.md` says where they are published.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_md5 = partial(hashlib.md5, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """What is told of a published file.

    Attributes
    ----------
    name
        Its name.
    sizes
        How many bytes it may have.
    sha256
        Its SHA-256; None where nobody told.
    md5
        Its MD5 or the end of it; read where there is no SHA-256.
    """

    name: str
    sizes: range
    sha256: str | None = None
    md5: str | None = None


def _exactly(size: int) -> range:
    return range(size, size + 1)


PUBLISHED: Final = (
    PublishedFile(
        "nasbench_full.tfrecord",
        _exactly(2_085_986_016),
        sha256="3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
    ),
    PublishedFile(
        "nasbench_only108.tfrecord",
        _exactly(522_767_376),
        sha256="4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
    ),
    # Told as 2.2 GB: of decimal or of binary units.
    PublishedFile(
        "NAS-Bench-201-v1_0-e61699.pth", range(2_150_000_000, 2_420_000_000), md5="e61699"
    ),
    PublishedFile(
        "NAS-Bench-201-v1_1-096897.pth",
        _exactly(5_003_180_601),
        md5="55e847143ce1f7c2d89b676f6b096897",
    ),
)


def published_name(path: Path, size: int, sha256: str) -> str | None:
    """Return the name of the published file that a file is, whatever it is called here.

    Parameters
    ----------
    path
        The file; read again where a published file of such a size is known by its MD5 alone.
    size
        Its size in bytes.
    sha256
        Its SHA-256 in hexadecimal.
    """
    for one in PUBLISHED:
        if size not in one.sizes:
            continue
        if one.sha256 == sha256:
            return one.name
        if one.sha256 is None and one.md5 is not None:
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, _md5).hexdigest().endswith(one.md5):
                    return one.name
    return None
