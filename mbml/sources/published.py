"""The files that the benchmarks' authors publish: where they are, and how a copy is recognised.

What the authors tell decides how: of some files the SHA-256, of others the MD5 or its last digits
alone. `docs/originals.md` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mbml.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable

#: More bytes than any file that mbml downloads; of some, nobody publishes the size.
_UNKNOWN_SIZE: Final = range(1, 16 << 30)


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
    download
        What `mbml download` calls it.
    source
        What `mbml ingest` calls what is in it.
    url
        Where its authors publish it.
    """

    name: str
    sizes: range
    sha256: str | None = None
    md5: str | None = None
    download: str = ""
    source: str = ""
    url: str = ""

    @property
    def size(self) -> int | None:
        """Its size in bytes; None where it is not known exactly."""
        return self.sizes.start if len(self.sizes) == 1 else None


def _exactly(size: int) -> range:
    return range(size, size + 1)


PUBLISHED_FILES: Final = (
    PublishedFile(
        "nasbench_full.tfrecord",
        _exactly(2_085_986_016),
        sha256="3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
        download="nasbench101",
        source="nasbench101",
        url="https://storage.googleapis.com/nasbench/nasbench_full.tfrecord",
    ),
    PublishedFile(
        "nasbench_only108.tfrecord",
        _exactly(522_767_376),
        sha256="4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
        download="nasbench101-108epochs",
        source="nasbench101",
        url="https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord",
    ),
    PublishedFile(
        "NAS-Bench-201-v1_1-096897.pth",
        _exactly(5_003_180_601),
        md5="55e847143ce1f7c2d89b676f6b096897",
        download="nasbench201",
        source="nasbench201",
        url="https://drive.google.com/file/d/16Y0UwGisiouVRxW-W5hEtbxmcHw_0hF_/view",
    ),
    # Told as 2.2 GB: of decimal or of binary units.
    PublishedFile(
        "NAS-Bench-201-v1_0-e61699.pth",
        range(2_150_000_000, 2_420_000_000),
        md5="e61699",
        download="nasbench201-v1.0",
        source="nasbench201",
        url="https://drive.google.com/open?id=1SKW0Cu0u8-gb18zDpaAGi0f74UdXeGKs",
    ),
    PublishedFile(
        "NATS-tss-v1_0-3ffb9-simple.tar",
        _UNKNOWN_SIZE,
        download="natsbench-tss",
        source="natsbench",
        url="https://drive.google.com/file/d/17_saCsj_krKjlCBLOJEpNtzPXArMCqxU/view",
    ),
    PublishedFile(
        "NATS-tss-v1_0-3ffb9.pickle.pbz2",
        _UNKNOWN_SIZE,
        download="natsbench-tss-single",
        source="natsbench",
        url="https://drive.google.com/file/d/1vzyK0UVH2D3fTpa1_dSWnp1gvGpAxRul/view",
    ),
    PublishedFile(
        "NATS-sss-v1_0-50262-simple.tar",
        _UNKNOWN_SIZE,
        download="natsbench-sss",
        source="natsbench",
        url="https://drive.google.com/file/d/1scOMTUwcQhAMa_IMedp9lTzwmgqHLGgA/view",
    ),
    PublishedFile(
        "NATS-sss-v1_0-50262.pickle.pbz2",
        _UNKNOWN_SIZE,
        download="natsbench-sss-single",
        source="natsbench",
        url="https://drive.google.com/file/d/1IabIvzWeDdDAWICBzFtTCMXxYWPIOIOX/view",
    ),
)


def published_file(download: str) -> PublishedFile:
    """Look up a published file by what `mbml download` calls it.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    known = {one.download: one for one in PUBLISHED_FILES}
    if download not in known:
        raise unknown_name("download", download, known)
    return known[download]


def published_name(size: int, sha256: str, md5: Callable[[], str]) -> str | None:
    """Return the name of the published file that a file is, whatever it is called here.

    Parameters
    ----------
    size
        Its size in bytes.
    sha256
        Its SHA-256 in hexadecimal.
    md5
        Computes its MD5; called where a published file of such a size is known by its MD5 alone.
    """
    for one in PUBLISHED_FILES:
        if size not in one.sizes:
            continue
        if one.sha256 == sha256:
            return one.name
        if one.sha256 is None and one.md5 is not None and md5().endswith(one.md5):
            return one.name
    return None
